"""Links lead somewhere, pictures are there, and every page is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .documents import DOCUMENTS, ROOT, anchors

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PICTURES = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<"}
#: No picture of a cell or of a graph is smaller.
SMALLEST = 2_000


def links(document: Path) -> Iterator[str]:
    yield from _LINK.findall(document.read_text(encoding="utf-8"))


def targets(document: Path) -> Iterator[tuple[Path, str]]:
    """Give the files that a document refers to, and the anchors in them."""
    for link in links(document):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        yield ((document.parent / path).resolve() if path else document), anchor


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for path, anchor in targets(document):
        assert path.exists(), f"{document.name} refers to {path}"
        assert path.is_relative_to(ROOT), f"{document.name} refers outside: {path}"
        if anchor:
            assert anchor in anchors(path), f"{document.name}: {path.name} has no #{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_to_elsewhere_is_https(document: Path) -> None:
    for link in links(document):
        scheme = re.match(r"(\w+):", link)
        assert scheme is None or scheme[1] == "https", link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_picture_is_one(document: Path) -> None:
    for path, _ in targets(document):
        if path.suffix in PICTURES:
            content = path.read_bytes()
            assert content.startswith(PICTURES[path.suffix]), path
            assert len(content) > SMALLEST, path


@pytest.mark.parametrize("start", ["README.md", "docs/index.md"])
def test_every_page_is_found(start: str) -> None:
    found, todo = set[Path](), [ROOT / start]
    while todo:
        page = todo.pop()
        if page not in found:
            found.add(page)
            todo += [path for path, _ in targets(page) if path.suffix == ".md"]
    assert {page.name for page in DOCUMENTS} <= {page.name for page in found}
