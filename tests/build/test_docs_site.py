"""`build.py docs`: every page and public name is in it, and it asks nothing of other hosts."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from docs_hook import on_page_markdown

import obscura
from builder.build import ROOT
from builder.docs import build
from builder.errors import BuildError

# What a browser fetches on its own: all but the targets of links that a person may follow.
FETCHED = {
    "audio",
    "embed",
    "iframe",
    "img",
    "input",
    "link",
    "object",
    "script",
    "source",
    "video",
}


class Fetched(HTMLParser):
    """Collects the addresses of what a page fetches, and those to which it links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.linked: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of one element."""
        table = {name: value or "" for name, value in attrs}
        if tag == "link" and table.get("rel") == "canonical":
            return
        addresses = [table[name] for name in ("src", "href", "srcset", "data") if name in table]
        if tag in FETCHED:
            self.fetched += addresses
        elif tag == "a":
            self.linked += addresses


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built documentation."""
    out = tmp_path_factory.mktemp("docs") / "site"
    build(ROOT, out)
    return out


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = re.findall(r"^ +- ([\w-]+\.md)$", text, re.MULTILINE)

    assert sorted(listed) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    assert yaml.safe_load(text)["theme"]["font"] is False


def test_every_page_is_built(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages <= {path.stem for path in site.glob("*.html")}


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    reference = (site / "reference.html").read_text("utf-8")
    names = [name for name in obscura.__all__ if not name.startswith("_")]
    missing = [name for name in names if not re.search(rf'id="obscura\.[\w.]*\b{name}"', reference)]
    assert missing == []
    assert "&gt;&gt;&gt;" in reference
    assert "<blockquote>" not in reference


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = {path: Fetched(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert all(page.fetched for page in pages.values())
    foreign = [
        (path.name, address)
        for path, page in pages.items()
        for address in page.fetched
        if re.match(r"(\w+:)?//", address)
    ]
    assert foreign == []


def test_no_style_sheet_fetches_anything_from_elsewhere(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text("utf-8")
        assert not re.search(r"@import|url\(\s*[\"']?(https?:)?//", text), sheet.name


def test_every_link_leads_to_a_page_of_the_site(site: Path) -> None:
    for path in site.glob("*.html"):
        for address in Fetched(path.read_text("utf-8")).linked:
            target = address.partition("#")[0]
            if target and not re.match(r"\w+:", target) and path.name != "404.html":
                assert (path.parent / target).exists(), (path.name, address)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[an example](../examples/a.md#top)", "an example (`examples/a.md`)"),
        ("[examples/a.md](../examples/a.md)", "`examples/a.md`"),
        ("[a page](guide.md)", "[a page](guide.md)"),
    ],
)
def test_links_to_files_outside_become_their_names(markdown: str, shown: str) -> None:
    assert on_page_markdown(markdown) == shown


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(BuildError, match="has files that are not documentation"):
        build(ROOT, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.usefixtures("site")  # its environment is there
def test_a_broken_link_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(ROOT / "docs", root / "docs")
    for name in ("mkdocs.yml", "tools/docs_hook.py", "tools/docs_examples.py", "requirements"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name)
        else:
            shutil.copy(ROOT / name, root / name)
    (root / "py").symlink_to(ROOT / "py", target_is_directory=True)
    (root / ".venv-docs").symlink_to(ROOT / ".venv-docs", target_is_directory=True)
    with (root / "docs" / "guide.md").open("a", encoding="utf-8") as guide:
        guide.write("\n[nowhere](no-such-page.md)\n")

    with pytest.raises(BuildError, match=r"no-such-page\.md"):
        build(root, tmp_path / "out")
