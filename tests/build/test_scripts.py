"""The pages' scripts: joined from small files, and what they share with Python."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from builder import npm
from builder.build import ROOT, early_notices
from builder.errors import BuildError
from builder.scripts import join
from obscura.engine.plans import Facts, wasm_threads
from obscura.page.words.notices import ACTIONS, NOTICES

FIND_FACTS = """
Object.defineProperty(globalThis, "navigator", {{ value: {navigator}, configurable: true }});
const {{ findFacts }} = await import({module});
console.log(JSON.stringify(await findFacts()));
"""


@pytest.fixture(scope="module")
def modules() -> Path:
    """The packages from npm, esbuild among them."""
    return npm.install(ROOT)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one script of two files."""
    folder = tmp_path / "assets" / "boot"
    folder.mkdir(parents=True)
    (folder / "index.js").write_text(
        'import { twice } from "./twice.js"; // a comment\nconsole.log(twice(2));\n', "utf-8"
    )
    (folder / "twice.js").write_text("export const twice = (n) => 2 * n;\n", "utf-8")
    return tmp_path


def build_facts(dist: Path, name: str) -> dict[str, Any]:
    """Return what the build wrote into a page."""
    html = (dist / name).read_text(encoding="utf-8")
    match = re.search(r'id="obscura-build">(.*?)</script>', html)
    assert match
    found: dict[str, Any] = json.loads(match[1])
    return found


# ---- joining -------------------------------------------------------------------------------------


def test_files_become_one_script(repository: Path, modules: Path) -> None:
    joined = join(repository, modules)

    assert set(joined) == {"assets/boot.js"}
    script = joined["assets/boot.js"].decode()
    assert "import" not in script
    assert "a comment" not in script
    node = [npm.find_tool("node"), "--input-type=module", "--eval", script]
    assert subprocess.run(node, capture_output=True, text=True, check=True).stdout == "4\n"


def test_the_same_files_give_the_same_bytes_anywhere(
    repository: Path, modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("elsewhere") / "deeper" / "repository"
    shutil.copytree(repository, copy)

    assert join(copy, modules) == join(repository, modules)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('import "./gone.js";\n', r'assets/boot/twice\.js:1:7: Could not resolve "\./gone\.js"'),
        ("export const twice = ;\n", r"assets/boot/twice\.js:1:21: Unexpected"),
    ],
)
def test_a_slip_in_a_script_is_reported_with_its_place(
    repository: Path, modules: Path, text: str, complaint: str
) -> None:
    (repository / "assets" / "boot" / "twice.js").write_text(text, "utf-8")

    with pytest.raises(BuildError, match=complaint):
        join(repository, modules)


def test_no_source_of_a_script_or_page_is_shipped_by_itself(dist: Path) -> None:
    shipped = {
        re.sub(r"\.[0-9a-f]{10}(?=\.)", "", path.relative_to(dist).as_posix())
        for path in (dist / "assets").rglob("*")
    }

    assert {"assets/boot.js", "assets/offline.js", "assets/bench.js"} <= shipped
    assert [name for name in shipped if re.match(r"assets/.*/.*\.(js|html)$", name)] == []


# ---- what scripts and Python share ---------------------------------------------------------------


@pytest.mark.parametrize("page", ["index.html", "bench.html"])
def test_the_table_of_threads_is_the_policy_of_the_plans(dist: Path, page: str) -> None:
    table = build_facts(dist, page)["threads"]

    assert len(table) == 65
    for cores, threads in enumerate(table):
        assert threads == wasm_threads(Facts(isolated=True, cores=cores))[0]


def test_more_cores_than_the_table_has_change_nothing() -> None:
    """So that its last entry serves for all of them."""
    chosen = {wasm_threads(Facts(isolated=True, cores=cores))[0] for cores in range(64, 300)}

    assert len(chosen) == 1


@pytest.mark.parametrize("page", ["index.html", "bench.html"])
def test_errors_before_python_have_the_words_of_the_table(dist: Path, page: str) -> None:
    notices = build_facts(dist, page)["notices"]

    assert notices == early_notices()
    assert set(notices) == {"no-simd", "python", "part-missing"}
    for code, words in notices.items():
        assert words["title"] == NOTICES[code].title
        assert words["why"] == NOTICES[code].why
        assert words["action"] == ACTIONS[NOTICES[code].action]


@pytest.mark.parametrize(
    ("navigator", "expected"),
    [
        ("{}", {"cores": 1, "gpu": False, "memory_gb": 0, "gpu_name": "", "ios": False}),
        (
            "{ hardwareConcurrency: 8, deviceMemory: 4, userAgent: 'iPhone', gpu: { "
            "requestAdapter: async () => ({ info: { vendor: 'a', architecture: 'b' }, "
            "features: new Set(['shader-f16']) }) } }",
            {"cores": 8, "memory_gb": 4, "ios": True, "gpu": True, "half": True, "gpu_name": "a b"},
        ),
    ],
    ids=["knows nothing", "has all"],
)
def test_the_facts_of_a_device_have_the_names_that_python_reads(
    modules: Path, tmp_path: Path, navigator: str, expected: dict[str, Any]
) -> None:
    folder = tmp_path / "assets" / "facts"
    shutil.copytree(ROOT / "assets" / "common", tmp_path / "assets" / "common")
    folder.mkdir()
    (folder / "index.js").write_text('export * from "../common/facts.js";\n', "utf-8")
    module = tmp_path / "facts.mjs"
    module.write_bytes(join(tmp_path, modules)["assets/facts.js"])

    script = FIND_FACTS.format(navigator=navigator, module=json.dumps(module.as_uri()))
    node = [npm.find_tool("node"), "--input-type=module", "--eval", script]
    found = json.loads(subprocess.run(node, capture_output=True, text=True, check=True).stdout)

    assert set(found) == {*Facts._fields, "memory_gb", "gpu_name"}
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("name", ["media", "recorder"])
def test_what_python_asks_the_video_script_for_is_there(name: str) -> None:
    asked = (ROOT / "py" / "obscura" / "page" / "browser" / f"{name}.py").read_text("utf-8")
    wanted = set(re.findall(r"\bmodule\.(\w+)|_module\.(\w+)", asked))
    folder = ROOT / "assets" / "media"
    offered = set()
    for names, every, file in re.findall(
        r'^export (?:\{ (.+) \}|(\*)) from "\./(\w+\.js)";$',
        (folder / "index.js").read_text("utf-8"),
        re.M,
    ):
        made = re.findall(
            r"^export (?:async )?(?:function|class|const) (\w+)",
            (folder / file).read_text("utf-8"),
            re.M,
        )
        offered |= set(made) if every else set(names.split(", ")) & set(made)

    assert wanted
    assert {first or second for first, second in wanted} <= offered
