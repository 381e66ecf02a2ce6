"""Compile, inside Pyodide, ``/job/jobs.json`` with the interpreter that will run the result.

Each job is ``[source, shown, target, keep_asserts]``: two paths below ``/job``, the file name that
tracebacks show, and whether assertions stay. Docstrings and annotations of functions go, because
they would be a third of what a visit downloads. Of a class's docstring one character stays:
dataclasses without one make one up at every start, which takes longer than all else they do.
"""

import ast
import importlib.util
import json
from importlib import _bootstrap_external
from pathlib import Path


def lean(tree: ast.Module) -> ast.Module:
    """Remove what nobody reads in a browser: docstrings, and annotations of functions, which are
    for type checkers. Docstrings of classes are shortened; line numbers stay."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
            continue
        value = body[0].value
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            continue
        if isinstance(node, ast.ClassDef):
            value.value = "."
        elif isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
            body[:1] = [] if len(body) > 1 else [ast.copy_location(ast.Pass(), body[0])]
    return tree


for source, shown, target, keep_asserts in json.loads(Path("/job/jobs.json").read_text("utf-8")):
    text = Path("/job", source).read_bytes()
    if keep_asserts:
        tree = lean(ast.parse(text, shown))
        code = compile(tree, shown, "exec", dont_inherit=True, optimize=0)
    else:
        code = compile(text, shown, "exec", dont_inherit=True, optimize=2)
    # Unchecked: a visit neither looks for the source nor compares with it.
    made = _bootstrap_external._code_to_hash_pyc(  # type: ignore[attr-defined]
        code, importlib.util.source_hash(text), checked=False
    )
    Path("/job", target).parent.mkdir(parents=True, exist_ok=True)
    Path("/job", target).write_bytes(made)
