"""Chromium, driven by Playwright; without one the tests are skipped, or fail where CI says so."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str:
    """Find the browser's program: the one of the environment's CHROMIUM, or an installed one."""
    names = (os.environ.get("CHROMIUM", ""), *NAMES)
    found = [program for program in map(shutil.which, names) if program]
    return (
        found[0]
        if found
        else missing("no browser here: neither $CHROMIUM nor any of: " + ", ".join(NAMES))
    )


def missing(what: str) -> NoReturn:
    """Skip, or fail if AKERNEL_REQUIRE_BROWSER is 1."""
    if os.environ.get("AKERNEL_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{what}, and AKERNEL_REQUIRE_BROWSER=1")
    pytest.skip(what)
