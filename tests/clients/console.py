"""``jupyter console`` in a terminal of its own, as a user types into it."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

import pexpect
import psutil
from notebooks.percent import plain

PROMPT = r"In \[\d+\]: "
PATIENCE = 90  # seconds
#: What sets a mode of the terminal.
MODES = re.compile(r"\x1b\[\?\d+[hl]")


class Console:
    """The console in a dumb terminal, one line at a time.

    Args:
        connection_file: of its kernel: written if ``options`` name a kernel to start, read
            if they say ``--existing``.
        simple: with its simple prompt; else with the one that users have, which asks the kernel
            whether a line is complete.
    """

    def __init__(self, connection_file: Path, *options: str, simple: bool = True) -> None:
        self._terminal = pexpect.spawn(
            sys.executable,
            ["-m", "jupyter_console", *["--simple-prompt"] * simple, *options],
            env={**os.environ, "TERM": "dumb"},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(50, 250),
            echo=False,
        )
        self._said: list[str] = []
        self._to_prompt()
        self._wait_subscribed(connection_file)

    @classmethod
    def start(cls, kernel: str, connection_file: Path, *, simple: bool = True) -> Console:
        """Open a console with a kernel of its own."""
        options = f"--kernel={kernel}", "-f", str(connection_file)
        return cls(connection_file, *options, simple=simple)

    @classmethod
    def join(cls, connection_file: Path) -> Console:
        """Open one more console on a kernel."""
        return cls(connection_file, "--existing", str(connection_file))

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        self._terminal.close(force=True)

    def _to_prompt(self) -> None:
        self._terminal.expect(PROMPT)
        self._said.append(self._terminal.before)

    def _wait_subscribed(self, connection_file: Path) -> None:
        # It waits for ever for the idle of a cell that it sends too early to hear of it.
        port = json.loads(connection_file.read_text())["iopub_port"]
        process = psutil.Process(self._terminal.pid)
        deadline = time.monotonic() + PATIENCE
        while not any(
            connection.raddr
            and connection.raddr.port == port
            and connection.status == "ESTABLISHED"
            for connection in process.net_connections()
        ):
            assert time.monotonic() < deadline, "the console has not connected to iopub"

    def type(self, line: str) -> None:
        """Type a line, and wait for the next prompt."""
        self._terminal.sendline(line)
        self._to_prompt()

    def printed(self) -> list[str]:
        """Give the lines that were printed for what was typed so far.

        The console looks for outputs until it sees an idle, perhaps that of an older request, so
        some may come late: an empty cell makes it look again.
        """
        self.type("print('all', 'said')")
        while "all said" not in self._said[-1]:
            self.type(" ")
        text = MODES.sub("", plain("".join(self._said[1:])).replace("\r", ""))
        del self._said[1:]
        return [line for line in map(str.strip, text.split("all said")[0].splitlines()) if line]

    def exit(self) -> None:
        """Leave the console; it ends its kernel if it has started it."""
        self._terminal.sendline("exit")
        self._terminal.expect(pexpect.EOF)
