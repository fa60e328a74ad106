"""Run the real command, away from the kernelspecs and settings of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "akernel_ipy"]


class Command:
    """The command ``akernel`` with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.user_kernels = home / "data" / "kernels"
        self.env = {
            **os.environ,
            "HOME": str(home),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_PATH": str(home / "prefix" / "share" / "jupyter"),
        }

    def __call__(self, *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run to the end; what it prints is in the result."""
        return subprocess.run(
            [*COMMAND, *map(str, words)],
            input=stdin,
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=90,
        )

    def ok(self, *words: str | Path, stdin: str = "") -> str:
        """Run what must succeed; give what it printed."""
        done = self(*words, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *words: str | Path, status: int, stdin: str = "") -> str:
        """Run what must fail with a message and no traceback; give the message."""
        done = self(*words, stdin=stdin)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr + done.stdout
        assert done.stderr.strip()
        return done.stderr
