"""A wasm module in two halves: the same answers, whichever functions are in which."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder import core, exports, halves, wasm
from builder.errors import BuildError
from builder.wasm import Export, Import, Module, Signature

ROOT = Path(__file__).parents[2]
PYODIDE = ROOT / "node_modules" / "pyodide"

I32 = bytes([wasm.I32])
ONE, PAIR = Signature(I32, I32), Signature(I32 * 2, I32)
GET, ADD, MULTIPLY, SUBTRACT, END = b"\x20\0", b"\x6a", b"\x6c", b"\x6b", b"\x0b"
CONST_1 = b"\x41\x01"


def call(function: int) -> bytes:
    """The function's index: `env.twice` is 0, the module's own begin at 1."""
    return bytes([0x10, function])


BODIES = (
    # plus_one(x): a leaf.
    GET + CONST_1 + ADD,
    # counted(x): adds x to a global, and returns it.
    b"\x23\0" + GET + ADD + b"\x24\0\x23\0",
    # stored(x): memory[0] = x; then twice(memory[0]), which is imported.
    b"\x41\0" + GET + b"\x36\x02\0\x41\0\x28\x02\0" + call(0),
    # chosen(x): through the module's own table, whose one entry is plus_one, then counted.
    GET + b"\x41\0\x11\0\0" + call(2),
    # factorial(x): calls itself, and sum, which has two parameters and a local variable.
    GET + b"\x45\x04\x7f" + CONST_1 + b"\x05" + GET + GET + CONST_1 + SUBTRACT + call(5) + MULTIPLY
    # The constant is another one than any slot.
    + b"\x41\0" + call(6) + END,
    # the sum of x and y
    GET + b"\x20\x01" + ADD + b"\x21\x02\x20\x02",
)  # fmt: skip
NAMES = ("plus_one", "counted", "stored", "chosen", "factorial")
CALLS = [[name, value] for value in (0, 3, 5) for name in NAMES]


def module() -> Module:
    """A module with an import, a memory, a table, a variable and a constant."""
    locals_of = {5: b"\x01\x01" + I32}
    return Module(
        custom=(),
        types=(ONE, PAIR),
        imports=(Import(b"env", b"twice", wasm.FUNCTIONS, b"\0"),),
        functions=(0, 0, 0, 0, 0, 1),
        tables=(bytes([wasm.FUNCREF, 0, 1]),),
        globals=(I32 + b"\x01\x41\x07\x0b", I32 + b"\0\x41\x09\x0b"),
        tags=(),
        exports=tuple(Export(n.encode(), wasm.FUNCTIONS, 1 + i) for i, n in enumerate(NAMES)),
        bodies=tuple(locals_of.get(at, b"\0") + body + END for at, body in enumerate(BODIES)),
        sections={wasm.MEMORY: b"\x01\0\x01", wasm.ELEMENT: b"\x01\0\x41\0\x0b\x01\x01"},
    )


def run(folder: Path, pairs: list[tuple[Module, Module]], calls: list[list[Any]]) -> dict[str, Any]:
    """Make the calls of the module, whole and in halves; see halves.mjs."""

    def text(each: Module) -> str:
        return base64.b64encode(wasm.write(each)).decode()

    cases = {"whole": text(module()), "pairs": [[*map(text, pair)] for pair in pairs]}
    (folder / "cases.json").write_text(json.dumps(cases | {"calls": calls}), encoding="utf-8")
    node = shutil.which("node")
    assert node
    script = Path(__file__).with_name("halves.mjs")
    done = subprocess.run(
        [node, script, folder / "cases.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


EVERY = [
    {*hot}
    for size in range(len(BODIES) + 1)
    for hot in itertools.combinations(range(len(BODIES)), size)
]


def test_halves_answer_like_the_whole_whichever_functions_are_in_which(tmp_path: Path) -> None:
    told = run(tmp_path, [halves.split(module(), hot) for hot in EVERY], CALLS)

    assert told["whole"][:5] == [1, 7, 0, 8, 1]
    assert [each["answers"] for each in told["pairs"]] == [told["whole"]] * len(EVERY)


def test_the_second_half_is_asked_for_once_and_only_if_needed(tmp_path: Path) -> None:
    """`plus_one` is in the first, `stored` in the second."""
    calls = [["plus_one", 1], ["plus_one", 2], ["stored", 3], ["counted", 4], ["stored", 5]]
    told = run(tmp_path, [halves.split(module(), {0}), halves.split(module(), {0, 1, 2})], calls)

    assert [each["loads"] for each in told["pairs"]] == [[0, 0, 1, 1, 1], [0] * 5]


def test_a_recording_module_tells_what_ran(tmp_path: Path) -> None:
    recorder = halves.recording(module())
    (tmp_path / "module.wasm").write_bytes(wasm.write(recorder))
    script = """
      const module = new WebAssembly.Module(require("node:fs").readFileSync(process.argv[1]));
      const { exports } = new WebAssembly.Instance(module, { env: { twice: (x) => 2 * x } });
      exports.chosen(1);
      const ran = Object.keys(exports).filter((name) => exports[name].value);
      console.log(JSON.stringify(ran));
    """
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, "-e", script, tmp_path / "module.wasm"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == ["ran:0", "ran:1", "ran:3"]


def test_places_that_a_module_does_not_have_are_refused() -> None:
    with pytest.raises(BuildError, match="defines 6"):
        halves.split(module(), {6})


# ---- modules -------------------------------------------------------------------------------------


def test_a_module_is_written_as_it_was_read() -> None:
    data = wasm.write(module())
    assert wasm.read(data) == module()
    whole = (PYODIDE / core.WHOLE).read_bytes()
    assert wasm.write(wasm.read(whole)) == whole


@pytest.mark.parametrize("value", [0, 1, 63, 64, 127, 128, 300, 2**31])
def test_numbers_are_written_as_they_are_read(value: int) -> None:
    data = wasm.unsigned(value)
    assert wasm.number(data, 0) == (value, len(data))
    assert int.from_bytes(wasm.signed(value)[-1:]) & 0x40 == 0  # else it would be negative


def test_what_is_not_understood_is_refused() -> None:
    good = wasm.write(module())
    for bad in (b"", b"\0asm\2\0\0\0", good[:-1], good + b"\x0f\0", good + b"\x01\x01\0"):
        with pytest.raises(BuildError, match="cannot be read"):
            wasm.read(bad)


# ---- Pyodide's -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> Module:
    return wasm.read((PYODIDE / core.WHOLE).read_bytes())


def test_every_function_of_python_is_in_one_half(whole: Module, dist: Path) -> None:
    """And a start's are in the first."""
    [folder] = dist.glob("pyodide-*")
    first, second = (wasm.read((folder / name).read_bytes()) for name in (core.WHOLE, core.REST))
    start = core.read_list(core.LIST.read_text(encoding="ascii"), PYODIDE / core.WHOLE)
    for place, body in enumerate(whole.bodies):
        one, other = (first, second) if place in start else (second, first)
        assert one.bodies[place] == body
        assert len(other.bodies[place]) < 80


SCRIPT = """
var before=_used(1);var _used,_unused,_two,_more,_data;function assignWasmExports(wasmExports){\
_used=Module["_used"]=wasmExports["used"];_unused=Module["_unused"]=wasmExports["unused"];\
_two=Module["_two"]=_more=wasmExports["two"];_data=Module["_data"]=wasmExports["data"].value>>>0}\
var after=wasmExports["linked"];
"""


def test_exports_stay_if_a_script_or_a_package_names_them() -> None:
    named = ("used", "unused", "two", "data", "linked", "package", "other")
    some = replace(module(), exports=tuple(Export(n.encode(), wasm.FUNCTIONS, 1) for n in named))
    user = wasm.write(
        replace(module(), imports=(Import(b"env", b"package", wasm.FUNCTIONS, b"\0"),))
    )

    less, script = exports.trim(some, SCRIPT, [user], "other()")

    assert [each.name.decode() for each in less.exports] == ["used", "linked", "package", "other"]
    assert "_unused" not in script
    assert "var before=_used(1);var _used;function assignWasmExports(wasmExports){_used=" in script


def test_a_script_of_another_form_is_refused() -> None:
    with pytest.raises(BuildError, match=r"exports\.py"):
        exports.trim(module(), "nothing", [], "")
    with pytest.raises(BuildError, match=r"exports\.py"):
        exports.trim(module(), "var _a;function assignWasmExports(wasmExports){a()}", [], "")


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "module.wasm"
    path.write_bytes(b"some")
    places = {0, 1, 2, 5, 7, 8, *range(100, 400, 2)}
    text = core.write_list(places, path)
    assert core.read_list(text, path) == places
    assert max(map(len, text.splitlines())) <= 100

    path.write_bytes(b"another")
    with pytest.raises(BuildError, match=r"record_start\.py"):
        core.read_list(text, path)
