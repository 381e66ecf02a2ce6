"""Make the site: which files it has, under which names, and in which order they are made."""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from builder import (
    core,
    hosts,
    litert,
    manifest,
    models,
    npm,
    own_page,
    page,
    remote,
    runtime,
    sbom,
    scripts,
    wheel,
    worker,
)
from builder.cache import digest
from builder.errors import BuildError
from builder.site import Site, check_base, check_out, swapped_in
from builder.sources import read, read_toml

ROOT = Path(__file__).resolve().parents[2]

# The builds of onnxruntime-web: the module, and the stem of its glue code and its wasm.
RUNTIMES = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded"),
    "jspi": ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi"),
    "asyncify": ("ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify"),
}

# The build with WebGL, all JavaScript: it computes a part of a network, and wasm the rest.
WEBGL = "ort.webgl.min.mjs"

# The files of PyScript that a page without plugins loads; one for each pattern.
PYSCRIPT = ("core.js", "core.css", "core-*.js", "error-*.js")

PYODIDE = "pyodide.mjs"

STYLE = "assets/style.css"

HEADS = "heads/heads.json"

# The pages: the script of each, py/NAME.py, and the archives of Python that it unpacks. The start
# page is last because it refers to the others.
PAGES = {
    "bench.html": ("bench", ("py/obscura.zip", "py/bench.zip")),
    "index.html": ("main", ("py/obscura.zip",)),
}

"""Devices with more are treated as if they had so many."""

SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")


def build(
    out: Path,
    base: str = "./",
    root: Path = ROOT,
    *,
    host: str | None = None,
    compressed: bool = False,
    unpack: bool = False,
    share_target: bool = False,
    fast_cpu: bool = True,
    server: str | None = None,
    own: Path | None = None,
) -> Site:
    """Build the site of ``root`` into the folder ``out``, replaced whole or left unchanged.

    Args:
        out: the folder to make.
        base: what URLs start with; ``./`` works under any path.
        root: the repository.
        host: one of ``hosts.HOSTS``; also write the file from which it reads its headers.
        compressed: also write precompressed files.
        unpack: also write ``.gz`` files beside the large ones, for the service worker to unpack.
        share_target: let the system share files to the installed app.
        fast_cpu: ship LiteRT, the engine that is faster on many processors.
        server: the server that the page may ask if a person agrees, see ``remote.Server``; None for
            a page without any of that.
        own: the ``page.toml`` of a page of one's own.

    Returns:
        the site, whose ``folder`` is ``out``.

    Raises:
        BuildError: something is missing or damaged, or ``out`` must not be replaced.
    """
    check_base(base)
    check_out(out, root)
    html = {name: page.assemble(root, name) for name in PAGES}
    asked = remote.server(server)
    html["index.html"] = asked.insert(html["index.html"], root)
    added = asked.features
    npm.check_node()
    mine = own_page.read(own, wheel.version(root)) if own else own_page.OwnPage(root)
    html["index.html"] = mine.page(html["index.html"])
    collected, heads = mine.collect(root), models.collect_heads(root)
    modules = npm.install(root)
    python = runtime.python_runtime(root, modules, added)
    halved = runtime.pyodide_core(root, modules)
    archives = runtime.archives(root, modules, python, added)
    joined = scripts.join(root, modules)
    if not fast_cpu:
        joined.pop(litert.MODULE, None)
    joined |= asked.styles(root)
    with swapped_in(out) as folder:
        site = Site(folder, base)
        add_browser_parts(site, modules, [python / "pyodide", halved])
        for archive in archives:
            site.add(f"py/{archive.name}", archive.read_bytes())
        config = add_page_parts(site, root, joined, mine.style())
        manifest.add(site, mine.manifest(read(root, manifest.NAME)), share_target=share_target)
        for model in collected:
            site.add(model_file(model), model.path.read_bytes())
        add_heads(site, heads)
        for name in ("LICENSE", "NOTICE"):
            site.add_plain(name, read(root, name))
        faster = litert.add(site, modules, collected) if fast_cpu else None
        facts = page_facts(site, collected, html, faster, mine.wishes(site)) | asked.facts()
        icons = modules / "lucide-static" / "icons"
        facts["python"] = python_facts(site, config)
        for name, text in html.items():
            shipped = page.rewrite(text, site, icons, facts, config["plugins"], name)
            site.add_plain(name, shipped.encode())
        # These two are not needed offline, so the service worker does not list them.
        without = () if fast_cpu else litert.PACKAGES
        parts = parts_list(root, modules, [*collected, *heads], facts["version"], without)
        site.write(sbom.NAME, parts)
        wheel.write(root, wheel.version(root), folder)
        policy = hosts.policy(html["index.html"])
        copies = root / "build" / "cache" / "compressed"
        packed = hosts.pack(site, copies) if unpack else ()
        script = read(root, worker.SOURCE).decode()
        worker.add(site, modules, script, facts["version"], policy, packed)
        if host:
            hosts.write_host_file(host, site, out.resolve(), html["index.html"])
        if compressed:
            hosts.precompress(site, copies)
    site.folder = out
    return site


def add_heads(site: Site, heads: list[models.Model]) -> None:
    """Add the networks that look closer, and a file of their cards, which the page fetches when
    the first of them is wanted."""
    for head in heads:
        site.add(f"heads/{head.name}/{head.path.name}", head.path.read_bytes())
    cards = [head.card | {"url": site.url(f"heads/{head.name}/{head.path.name}")} for head in heads]
    site.add(HEADS, json.dumps(cards, ensure_ascii=False, sort_keys=True).encode())


def add_browser_parts(site: Site, modules: Path, python: list[Path]) -> None:
    """Add PyScript, Pyodide (from the folders ``python``), onnxruntime-web, idb-keyval and
    uPlot."""
    files = {path.name: without_map(path) for path in pyscript_files(modules)}
    site.add_folder("pyscript", files)

    made = [modules / "pyodide" / PYODIDE, *(path for each in python for path in each.iterdir())]
    site.add_folder("pyodide", {path.name: without_map(path) for path in sorted(made)})

    site.add("idb-keyval.js", (modules / "idb-keyval" / "dist" / "index.js").read_bytes())

    chart = modules / "uplot" / "dist"
    site.add("uplot.js", scripts.minified(modules, chart / "uPlot.esm.js"))
    site.add("uplot.css", (chart / "uPlot.min.css").read_bytes())

    ort = modules / "onnxruntime-web" / "dist"
    names = [
        name
        for module, stem in RUNTIMES.values()
        for name in (module, f"{stem}.mjs", f"{stem}.wasm")
    ] + [WEBGL]
    site.add_folder("ort", {name: without_map(ort / name) for name in names})


def pyscript_files(modules: Path) -> list[Path]:
    """Return the files of PyScript that are shipped."""
    folder = modules / "@pyscript" / "core" / "dist"
    return [one_file(folder, pattern) for pattern in PYSCRIPT]


def parts_list(
    root: Path,
    modules: Path,
    collected: list[models.Model],
    version: str,
    without: Collection[str] = (),
) -> bytes:
    """Return the SBOM, without these npm packages."""
    ort = modules / "onnxruntime-web" / "dist"
    scripts = {
        "@pyscript/core": pyscript_files(modules),
        "onnxruntime-web": [ort / module for module in [*(m for m, _ in RUNTIMES.values()), WEBGL]],
    }
    return sbom.parts_list(root, collected, scripts, version, without)


def add_page_parts(
    site: Site, root: Path, joined: Mapping[str, bytes], style: bytes = b""
) -> dict[str, Any]:
    """Add the pages' own files and the configurations that start PyScript.

    Args:
        joined: the files that were joined from several, by name.
        style: added to the style sheet.

    Returns:
        the start page's configuration. It differs from that in the repository in its interpreter,
        which assets/boot/ begins to load.
    """
    assets = root / "assets"
    files = dict(joined)
    for path in sorted(assets.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name != worker.SOURCE and not scripts.is_source(path, assets):
            files.setdefault(name, path.read_bytes())
    files[STYLE] += style
    for name, data in sorted(files.items()):
        site.add(name, data)
    config = read_toml(root, "pyscript.toml")
    files = config["files"]
    interpreters = {"bench": config["interpreter"], "main": "./assets/interpreter.js"}
    for script, archives in PAGES.values():
        site.add(f"py/{script}.py", read(root, f"py/{script}.py"))
        config["interpreter"] = site.resolve(interpreters[script], "pyscript.toml")
        own = {f"./{archive}": "./*" for archive in archives} | files
        config["files"] = {
            site.resolve(source, "pyscript.toml"): target for source, target in own.items()
        }
        # JSON, so that PyScript does not fetch a TOML parser; the pages still refer to a .toml.
        data = json.dumps(config, sort_keys=True).encode()
        stem = "pyscript" if script == "main" else script
        site.add(f"{stem}.json", data)
        site.names[f"{stem}.toml"] = site.names[f"{stem}.json"]
    return config


def python_facts(site: Site, config: dict[str, Any]) -> dict[str, Any]:
    """Return what assets/boot/ needs to start Python.

    These are Pyodide's module, the packages to load, and the modules and files that neither Pyodide
    nor PyScript asks for at once.
    """
    wheels = [name for name in site.names if name.endswith(".whl")]
    modules = ["pyodide/pyodide.asm.mjs"]
    modules += [name for name in site.names if re.fullmatch(r"pyscript/core.*\.js", name)]
    return {
        "module": site.url(f"pyodide/{PYODIDE}"),
        "rest": site.url(f"pyodide/{core.REST}"),
        "packages": config["packages"],
        "modules": [site.url(name) for name in modules],
        "files": [
            *(site.url(name) for name in [*wheels, "py/main.py", "pyscript.json"]),
            *config["files"],
        ],
    }


def page_facts(
    site: Site,
    collected: list[models.Model],
    html: dict[str, str],
    faster: dict[str, Any] | None,
    wishes: dict[str, str],
) -> dict[str, Any]:
    """Return what the page needs to know about its build.

    Args:
        html: the pages before they were rewritten.
        faster: of LiteRT; None if it is left out.
        wishes: parameters with which the page opens.
    """
    facts: dict[str, Any] = {
        "default_model": collected[0].name,
        "models": [model.card | {"url": site.url(model_file(model))} for model in collected],
        "engine": site.resolve("./assets/engine.js", "the page"),
        "gpu": site.resolve("./assets/gpu.js", "the page"),
        "webgl": site.resolve("./assets/webgl.js", "the page"),
        "media": site.resolve("./assets/media.js", "the page"),
        "disk": site.resolve("./assets/disk.js", "the page"),
        "clip": site.resolve("./assets/clip/people.webm", "the page"),
        "sample": site.resolve("./assets/sample.jpg", "the page"),
        "store": site.url("idb-keyval.js"),
        "chart": {"module": site.url("uplot.js"), "style": site.url("uplot.css")},
        "rest": site.url("py/obscura-rest.zip"),
        "heads": site.url(HEADS),
        "features": {
            match[1]: site.url(name)
            for name in site.names
            if (match := re.fullmatch(r"py/feature-(\w+)\.zip", name))
        },
        "worker": f"{site.base}{worker.NAME}",
        "pyscript": site.url("pyscript/core.js"),
        "ort": runtimes(site),
        "litert": faster,
        "parts": parts(site, collected),
        "threads": thread_table(),
        "wishes": wishes,
        "notices": early_notices(),
    }
    # Every name except the pages' contains a hash, so names, facts and pages determine the version.
    names = "\n".join(sorted(site.names.values()))
    written = json.dumps(facts, sort_keys=True)
    return facts | {
        "version": digest(part.encode() for part in (names, written, *html.values()))[:10]
    }


def runtimes(site: Site) -> dict[str, dict[str, str]]:
    """Return the addresses of each build of onnxruntime-web."""
    builds = {
        name: {
            "module": site.url(f"ort/{module}"),
            "glue": site.url(f"ort/{stem}.mjs"),
            "wasm": site.url(f"ort/{stem}.wasm"),
        }
        for name, (module, stem) in RUNTIMES.items()
    }
    return builds | {"webgl": builds["wasm"] | {"webgl": site.url(f"ort/{WEBGL}")}}


def thread_table() -> list[int]:
    """Return the library's table of wasm threads, with which the page starts its engine early."""
    from obscura.engine import plans  # only once the library has been checked

    return plans.thread_table()


def early_notices() -> dict[str, dict[str, str]]:
    """Return the wording of the errors that scripts report because Python is not running."""
    from obscura.page.words.notices import ACTIONS, EARLY, NOTICES

    return {
        code: {
            "title": NOTICES[code].title,
            "why": NOTICES[code].why,
            "action": ACTIONS[NOTICES[code].action],
        }
        for code in EARLY
    }


def parts(site: Site, collected: list[models.Model]) -> list[dict[str, Any]]:
    """Return the large files of a first visit with their sizes, which the progress bar counts."""
    stages: list[tuple[str, Mapping[str, str]]] = []
    rest = f"pyodide/{core.REST}"
    python = [name for name in site.names if name.startswith("pyodide/") and name != rest]
    stages += [(name, {"stage": "python"}) for name in [*python, "py/obscura.zip"]]
    stages += [
        (f"ort/{stem}.wasm", {"stage": "engine", "runtime": runtime_name})
        for runtime_name, (_, stem) in RUNTIMES.items()
    ]
    stages += [
        (f"litert/{stem}.wasm", {"stage": "engine", "runtime": build_name})
        for build_name, stem in litert.BUILDS.items()
        if f"litert/{stem}.wasm" in site.names
    ]
    stages += [(model_file(model), {"stage": "model", "model": model.name}) for model in collected]
    return [
        {"url": site.url(name), "bytes": site.path(name).stat().st_size, **labels}
        for name, labels in stages
    ]


def model_file(model: models.Model) -> str:
    """Return a model file's name in `Site.names`."""
    return f"models/{model.name}/{model.path.name}"


def one_file(folder: Path, pattern: str) -> Path:
    """Return the one file in ``folder`` that matches ``pattern``."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise BuildError(
            f"{len(found)} files of {folder} match {pattern}: delete node_modules and build again."
        )
    return found[0]


def without_map(path: Path) -> bytes:
    """Return a file without its reference to a source map, which is not shipped."""
    data = path.read_bytes()
    return SOURCE_MAP.sub(b"\n", data) if path.suffix in (".js", ".mjs") else data
