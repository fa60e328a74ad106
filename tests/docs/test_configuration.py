"""The page of settings is what the code says."""

from __future__ import annotations

import re
import runpy

from .documents import ROOT

GENERATOR = runpy.run_path(str(ROOT / "docs" / "configuration.py"))
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_the_page_of_settings_is_up_to_date() -> None:
    assert GENERATOR["page"]() == PAGE, "run: python docs/configuration.py"


def test_every_variable_of_the_environment_is_on_the_page() -> None:
    sources = (path.read_text() for path in (ROOT / "akernel_ipy").rglob("*.py"))
    named = {name for text in sources for name in re.findall(r'"(AKERNEL_[A-Z_]+)"', text)}
    assert named
    assert {name for name in named if f"`{name}`" not in PAGE} == set()


def test_every_setting_that_a_page_names_exists() -> None:
    known = {
        f"{owner.__name__}.{name}"
        for owner, _ in GENERATOR["CLASSES"]
        for name in owner.class_traits(config=True)
    }
    owners = {name.partition(".")[0] for name in known}
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = document.read_text(encoding="utf-8")
        named = re.findall(r"(?:c\.|--|`)(\w+\.[a-z]\w+)\s*(?:=|`)", text)
        settings = {name for name in named if name.partition(".")[0] in owners}
        assert settings <= known, f"{document.name}: {settings - known}"
