"""Take the pictures of docs/images: ``python -m frontends.screenshots [NAME ...]`` in tests."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .photographer import studio
from .scenes import SCENES


def main(names: list[str]) -> None:
    """Take the pictures of these names, or all."""
    with tempfile.TemporaryDirectory() as directory, studio(Path(directory)) as photographer:
        for name in names or SCENES:
            SCENES[name](photographer)
            print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
