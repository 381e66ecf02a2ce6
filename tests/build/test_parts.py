"""The builder's small parts: archives, names, the page's references, imports, npm's complaints."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from builder import models, page, trim
from builder.archive import read_zip, write_zip
from builder.build import ROOT
from builder.cache import cached, digest
from builder.errors import BuildError
from builder.npm import reason
from builder.own_models import remove_model
from builder.runtime import with_record
from builder.site import HASHED, Site, check_base, check_out, swapped_in

FACTS = '<script type="application/json" id="obscura-build"></script>'
END = "</body>"

# ---- archives ------------------------------------------------------------------------------------


def test_a_zip_depends_on_its_members_alone(tmp_path: Path) -> None:
    """Neither on the order in which they came nor on the clock."""
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    write_zip(one, {"b.py": b"2", "a.py": b"1"})
    write_zip(other, {"a.py": b"1", "b.py": b"2"})
    assert one.read_bytes() == other.read_bytes()
    assert read_zip(one) == {"a.py": b"1", "b.py": b"2"}
    with zipfile.ZipFile(one) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_wheel_gets_the_record_that_fits_it() -> None:
    """Every member with its size, the record itself without."""
    members = with_record({"pack/a.pyc": b"123", "pack-1.dist-info/METADATA": b""})
    rows = members["pack-1.dist-info/RECORD"].decode().splitlines()
    assert rows[0].startswith("pack-1.dist-info/METADATA,sha256=")
    assert rows[1].startswith("pack/a.pyc,sha256=")
    assert rows[1].endswith(",3")
    assert rows[2:] == ["pack-1.dist-info/RECORD,,"]


# ---- the cache -----------------------------------------------------------------------------------


def test_digests_tell_where_one_part_ends() -> None:
    assert digest([b"ab", b"c"]) != digest([b"a", b"bc"])


def test_what_is_cached_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("done", encoding="utf-8")

    first = cached(tmp_path, "thing", "a" * 64, make)
    assert cached(tmp_path, "thing", "a" * 64, make) == first
    assert len(made) == 1
    assert (first / "file").read_text(encoding="utf-8") == "done"


def test_a_new_entry_replaces_those_that_nobody_asks_for(tmp_path: Path) -> None:
    def entry(letter: str, hours: float) -> None:
        made = cached(tmp_path, "thing", 64 * letter, lambda folder: folder.touch())
        asked = time.time() - 3600 * hours
        os.utime(made, (asked, asked))

    entry("a", 2)
    entry("b", 0.5)  # a build beside this one reads it
    entry("c", 2)
    assert names(tmp_path) == ["thing-" + 16 * "b", "thing-" + 16 * "c"]

    cached(tmp_path, "thing", 64 * "c", lambda folder: folder.touch())
    entry("d", 0)
    assert names(tmp_path) == [f"thing-{16 * letter}" for letter in "bcd"], "one was asked for"


def test_builds_at_once_have_the_entry_that_came_first(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "slow").touch()
        first = tmp_path / ("thing-" + 16 * "a")
        first.mkdir()
        (first / "first").touch()

    found = cached(tmp_path, "thing", 64 * "a", make)

    assert names(tmp_path) == [found.name]
    assert names(found) == ["first"]


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_what_failed_is_not_cached(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path, "thing", "a" * 64, fail)
    assert list(tmp_path.iterdir()) == []


# ---- names ---------------------------------------------------------------------------------------


def test_a_name_changes_with_the_contents(tmp_path: Path) -> None:
    site = Site(tmp_path, "./")
    one, other = site.add("assets/a.css", b"1"), site.add("assets/a.css", b"2")
    assert one != other
    assert HASHED.search(one)
    assert (tmp_path / other).read_bytes() == b"2"


def test_a_folder_changes_with_any_of_its_files(tmp_path: Path) -> None:
    """Their names count, too, for they call each other by them."""
    site = Site(tmp_path, "/sub/")
    urls = set()
    for files in ({"a.js": b"1"}, {"a.js": b"2"}, {"a.js": b"1", "b.js": b""}):
        site.add_folder("lib", files)
        urls.add(site.url("lib/a.js"))
    assert len(urls) == 3
    assert all(url.startswith("/sub/lib-") and HASHED.search(url) for url in urls)


@pytest.mark.parametrize("base", ["./", "/", "/a/", "/a/b.c~d/"])
def test_a_base_is_a_path(base: str) -> None:
    assert check_base(base) == base


@pytest.mark.parametrize("base", ["", "a/", "/a", "//host/", "../", "https://host/a/", "/a b/"])
def test_anything_else_is_no_base(base: str) -> None:
    with pytest.raises(BuildError, match="--base"):
        check_base(base)


# ---- the swap into place -------------------------------------------------------------------------


def test_a_finished_site_takes_the_place_of_the_former(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    for text in ("old", "new"):
        with swapped_in(out) as folder:
            (folder / text).touch()
    assert [path.name for path in out.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def half_build(out: Path, stop: type[BaseException]) -> None:
    """Begin a site and come to a stop."""
    with swapped_in(out) as folder:
        (folder / "half").touch()
        raise stop


@pytest.mark.parametrize("stop", [KeyboardInterrupt, BuildError, OSError])
def test_an_unfinished_site_leaves_no_trace(tmp_path: Path, stop: type[BaseException]) -> None:
    """Whatever ends a build, the former site stays and nothing lies beside it."""
    out = tmp_path / "dist"
    with swapped_in(out) as folder:
        (folder / "old").touch()
    with pytest.raises(stop):
        half_build(out, stop)
    assert [path.name for path in out.iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_only_a_site_is_replaced(tmp_path: Path) -> None:
    """A folder with somebody's files, a file, the repository: none is swept away."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    (tmp_path / "file").touch()
    for name in ("mine", "file", "repository", "."):
        with pytest.raises(BuildError, match="--out"):
            check_out(tmp_path / name, tmp_path / "repository")
    (tmp_path / "empty").mkdir()
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "index.html").write_text(FACTS, encoding="utf-8")
    with pytest.raises(BuildError, match="--out"):
        check_out(tmp_path / "clone", tmp_path / "repository")
    check_out(tmp_path / "empty", tmp_path / "repository")
    check_out(tmp_path / "new", tmp_path / "repository")


# ---- index.html ----------------------------------------------------------------------------------

CAMERA = (
    '<!-- a licence -->\n<svg\n  class="lucide"\n>\n  <path d="M1" />\n  <circle r="3" />\n</svg>'
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with one style sheet."""
    site = Site(tmp_path / "site", "./")
    site.add("assets/style.css", b"")
    return site


@pytest.fixture
def icons(tmp_path: Path) -> Path:
    """A folder with one icon, as Lucide writes them."""
    folder = tmp_path / "icons"
    folder.mkdir()
    (folder / "camera.svg").write_text(CAMERA, encoding="utf-8")
    return folder


def test_references_become_hashed_names(site: Site, icons: Path) -> None:
    html = f'{FACTS}{END}<link href="./assets/style.css"><a href="./">top</a><a href="#x">x</a>'
    shipped = page.rewrite(html, site, icons, {}, [])
    assert f'<link href="{site.url("assets/style.css")}">' in shipped
    assert '<a href="./">top</a><a href="#x">x</a>' in shipped


def test_references_start_with_the_base(tmp_path: Path, icons: Path) -> None:
    site = Site(tmp_path / "site", "/cameras/")
    site.add("assets/style.css", b"")
    html = f'{FACTS}{END}<link href="./assets/style.css"><a href="./">top</a>'
    shipped = page.rewrite(html, site, icons, {}, [])
    assert 'href="/cameras/assets/style.' in shipped
    assert '<a href="/cameras/">' in shipped


def test_a_reference_to_nothing_is_told(site: Site, icons: Path) -> None:
    with pytest.raises(BuildError, match=r"\./assets/gone\.css"):
        page.rewrite(f'{FACTS}{END}<link href="./assets/gone.css">', site, icons, {}, [])


def test_icons_are_inlined(site: Site, icons: Path) -> None:
    """The page's own attributes stay and win over Lucide's."""
    html = f'{FACTS}{END}<svg data-icon="camera" class="icon" stroke-width="3"></svg>'
    shipped = page.rewrite(html, site, icons, {}, [])
    assert '<svg class="icon" stroke-width="3" viewBox="0 0 24 24"' in shipped
    assert '<path d="M1" /><circle r="3" /></svg>' in shipped
    assert 'stroke-width="2"' not in shipped
    assert "data-icon" not in shipped


@pytest.mark.parametrize("name", ["nonsense", "../camera", ""])
def test_an_unknown_icon_is_told(site: Site, icons: Path, name: str) -> None:
    with pytest.raises(BuildError, match="icon"):
        page.rewrite(f'{FACTS}{END}<svg data-icon="{name}"></svg>', site, icons, {}, [])


def test_facts_cannot_end_their_element(site: Site, icons: Path) -> None:
    shipped = page.rewrite(FACTS + END, site, icons, {"title": "</script><b>"}, [])
    assert shipped.count("</script>") == 1
    assert '{"title":"\\u003c/script>\\u003cb>"}' in shipped


def test_a_page_without_a_place_for_its_facts_is_told(site: Site, icons: Path) -> None:
    with pytest.raises(BuildError, match="obscura-build"):
        page.rewrite(f"<p>{END}", site, icons, {}, [])


# ---- models --------------------------------------------------------------------------------------


def add_model(root: Path, name: str, data: bytes, size: int | None = None) -> Path:
    """Write a model with the least that the builder reads of its card."""
    folder = root / "models" / name
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(data)
    mark = hashlib.sha256(data).hexdigest()
    length = len(data) if size is None else size
    card = (
        'family = "ssd"\nlabels = ["thing"]\ninput = {}\n'
        f'[file]\nname = "model.onnx"\nbytes = {length}\nsha256 = "{mark}"\n'
    )
    (folder / "model.toml").write_text(card, encoding="utf-8")
    return folder


def make_default(root: Path, name: str) -> None:
    (root / "models" / "default").write_text(f"{name}\n", encoding="utf-8")


def test_the_default_model_comes_first(tmp_path: Path) -> None:
    for name in ("zebra", "monkey", "ant"):
        add_model(tmp_path, name, name.encode())
    make_default(tmp_path, "monkey")
    assert [model.name for model in models.collect(tmp_path)] == ["monkey", "ant", "zebra"]


def test_a_default_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    add_model(tmp_path, "ant", b"ant")
    make_default(tmp_path, "bee")
    with pytest.raises(BuildError, match=r"models/default names 'bee'.*write one of ant"):
        models.collect(tmp_path)


def test_a_model_is_removed_unless_the_page_needs_it(tmp_path: Path) -> None:
    for name in ("ant", "zebra"):
        add_model(tmp_path, name, name.encode())
    make_default(tmp_path, "ant")
    remove_model(tmp_path, "zebra")
    assert [model.name for model in models.collect(tmp_path)] == ["ant"]
    with pytest.raises(BuildError, match="is the default model"):
        remove_model(tmp_path, "ant")
    with pytest.raises(BuildError, match=r"no model '\.\./x': choose one of ant"):
        remove_model(tmp_path, "../x")


def test_no_model_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="models/"):
        models.collect(tmp_path)


def test_half_a_model_is_told(tmp_path: Path) -> None:
    add_model(tmp_path, "half", b"12345", size=10)
    make_default(tmp_path, "half")
    with pytest.raises(BuildError, match=r"models/half/model\.onnx .*5 of 10 bytes"):
        models.collect(tmp_path)


def test_a_card_written_by_hand_is_completed(tmp_path: Path) -> None:
    folder = add_model(tmp_path, "one", b"12345")
    make_default(tmp_path, "one")
    (folder / "model.toml").write_text('family = "ssd"\nlabels = ["thing"]\ninput = {}\n')

    (model,) = models.collect(tmp_path)

    assert (model.card["name"], model.card["title"]) == ("one", "one")
    assert model.card["license"] == "NOASSERTION"
    assert model.card["file"] == {
        "name": "model.onnx",
        "bytes": 5,
        "sha256": hashlib.sha256(b"12345").hexdigest(),
    }


@pytest.mark.parametrize("card", ["name = ", "", "[file]\nname = 'model.onnx'"])
def test_a_damaged_card_is_told(tmp_path: Path, card: str) -> None:
    folder = add_model(tmp_path, "one", b"1")
    make_default(tmp_path, "one")
    (folder / "model.toml").write_text(card, encoding="utf-8")
    with pytest.raises(BuildError, match=r"models/one/model\.toml"):
        models.collect(tmp_path)


# ---- trimming ------------------------------------------------------------------------------------


def test_imports_are_found_wherever_they_stand() -> None:
    """At the top, in a function, relative; but not where only type checkers look."""
    text = b"""
from __future__ import annotations
import os.path
from typing import TYPE_CHECKING
from . import near
from ..far import thing
if TYPE_CHECKING:
    import unseen
def f():
    import late
"""
    found = trim.imports({"pack/sub/module.py": text})
    assert {"os.path", "late", "pack.sub.near", "pack.far", "pack.far.thing"} <= found
    assert "unseen" not in found


def test_what_waits_in_a_function_does_not_come_first() -> None:
    """What main.py imports at once, and what that imports at once; packages count."""
    sources = {
        "pack/__init__.py": b"import pack.base",
        "pack/base.py": b"",
        "pack/deep/__init__.py": b"",
        "pack/deep/user.py": b"def f():\n    import pack.late\nclass C:\n    import pack.inner",
        "pack/inner.py": b"",
        "pack/late.py": b"",
    }
    first = trim.first(sources, b"from pack.deep import user")
    assert set(sources) - set(first) == {"pack/late.py"}


def test_what_is_kept_of_videos_and_its_words_are_not_in_the_start() -> None:
    library = {
        path.relative_to(ROOT / "py").as_posix(): path.read_bytes()
        for path in (ROOT / "py" / "obscura").rglob("*.py")
    }

    first = trim.first(library, (ROOT / "py" / "main.py").read_bytes())

    later = {"obscura/export/reading.py", "obscura/page/live/results.py"}
    features = ("analyse", "cameras", "crop", "export", "keep", "photos", "record")
    later |= {f"obscura/page/features/{name}/words.py" for name in features}
    assert later <= library.keys()
    assert {f"obscura/page/features/{name}/__init__.py" for name in features} <= first.keys()
    assert not later & first.keys()


def test_a_module_that_a_table_names_may_be_imported_but_not_at_once() -> None:
    """By a function, by a string; and what those import."""
    sources = {
        "obscura/__init__.py": b"",
        "obscura/base.py": b"",
        "obscura/feature.py": b"import obscura.part",
        "obscura/part.py": b"",
        "obscura/late.py": b"",
        "obscura/other.py": b"",
    }
    main = b"import obscura.base\nTABLE = ('obscura.feature', 'obscura.gone', 'other')\n"
    main += b"def f():\n    import obscura.late"

    first, ever = trim.first(sources, main), trim.ever(sources, main)

    assert set(first) == {"obscura/__init__.py", "obscura/base.py"}
    assert set(sources) - set(ever) == {"obscura/other.py"}


def test_a_feature_brings_what_it_needs_of_the_standard_library() -> None:
    """Also what that needs; not what waits in a function."""
    stdlib = {"csv.py": b"import _base", "_base.py": b"", "xml/__init__.py": b"", "json.py": b""}
    sources = {"pack/late.py": b"import csv, numpy\ndef f():\n    import json"}

    assert trim.standard_files(sources, stdlib) == {"csv.py", "_base.py"}


def test_a_page_is_put_together_from_its_parts(tmp_path: Path) -> None:
    """Parts of parts, too, each indented as its place is."""
    parts = tmp_path / "assets" / "parts"
    parts.mkdir(parents=True)
    (tmp_path / "index.html").write_text("<main>\n  <!-- parts/one.html -->\n</main>\n", "utf-8")
    (parts / "one.html").write_text("<p>\n<!-- parts/two.html -->\n</p>\n", "utf-8")
    (parts / "two.html").write_text("<b>2</b>\n", "utf-8")

    html = page.assemble(tmp_path, "index.html")

    assert html == "<main>\n  <p>\n  <b>2</b>\n  </p>\n</main>\n"


def test_a_part_that_is_missing_is_reported(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!-- parts/gone.html -->\n", "utf-8")

    with pytest.raises(BuildError, match=r"assets/parts/gone\.html is missing"):
        page.assemble(tmp_path, "index.html")


def test_numpy_keeps_what_runs_and_its_licences() -> None:
    kept = ["numpy/__init__.py", "numpy/_core/a.so", "numpy-2.dist-info/licenses/x/LICENSE.rst"]
    left = [
        "numpy/__init__.pyi",
        "numpy/random/mtrand.so",
        "numpy/lib/tests/test_x.py",
        "numpy/linalg/_umath_linalg.so",
        "numpy-2.dist-info/licenses/numpy/linalg/x/LICENSE.txt",
    ]
    assert set(trim.numpy(dict.fromkeys(kept + left, b""))) == {*kept, *trim.NUMPY_INSTEAD}


def test_what_needs_linear_algebra_is_told() -> None:
    used = {"obscura/x.py": b"import numpy as np\nnp.linalg.inv(np.eye(2))"}
    with pytest.raises(BuildError, match=r"py/obscura/x\.py uses numpy\.linalg"):
        trim.check_imports(used, set())


def test_modules_that_can_wait_are_not_among_those_of_the_start() -> None:
    names = ["bz2.py", "ctypes/__init__.py", "re/__init__.py", "ssl.py", "tarfile.py"]
    assert trim.at_start(names) == ["re/__init__.py", "tarfile.py"]


def test_what_stands_in_for_a_module_says_what_is_left_out() -> None:
    tarfile = ModuleType("tarfile")
    exec(trim.STDLIB_INSTEAD["tarfile.py"], tarfile.__dict__)
    with pytest.raises(NotImplementedError, match=r"tarfile\.open is left out"):
        _ = tarfile.open

    entities = ModuleType("html.entities")
    exec(trim.STDLIB_INSTEAD["html/entities.py"], entities.__dict__)
    with pytest.raises(NotImplementedError, match=r"html\.unescape is left out"):
        _ = "amp;" in entities.html5


# ---- npm -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        ("npm warn x\nnpm error code EINTEGRITY\nnpm error sha512-...", "package-lock.json"),
        ("npm ERR! code ENOTFOUND\nnpm ERR! network", "check the network"),
        ("npm error code E418\nnpm error a teapot", "code E418: run npm ci by hand"),
        ("", "no message"),
    ],
)
def test_npm_complaints_become_one_line(stderr: str, told: str) -> None:
    assert told in reason(stderr)
    assert "\n" not in reason(stderr)
