"""Cells that chaos runs: each says what it shows if nobody disturbs it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from protocol.request import Request

#: A word that only one cell says.
WORD = re.compile(r"\bt\d+t\b")


#: What IPython prints when it can't format a traceback, of a frame without a line, say.
NO_FORMAT = "Unexpected exception formatting exception. Falling back to standard exception\n"


@dataclass(frozen=True)
class Kind:
    """What cells of a kind do; each WORD in it becomes one that no other cell has."""

    code: str
    stdout: str = ""
    value: str | None = None
    #: Class name of its error.
    error: str | None = None
    #: It ends only if somebody ends it.
    endless: bool = False
    #: Something of it goes on when it has ended.
    background: bool = False

    @property
    def plain(self) -> bool:
        """Whether a subshell can run it.

        It ends by itself, needs nothing of others, and writes to no file descriptor: while the main
        shell runs a cell, nobody knows whose that text is.
        """
        needs = self.endless or self.background
        return not needs and not any(word in self.code for word in ("__task__", "input", ".write("))


TIME = "__import__('time')"

KINDS = [
    Kind("'WORD'", value="'WORD'"),
    Kind("for n_WORD in range(3): print('WORD', n_WORD)", "WORD 0\nWORD 1\nWORD 2\n"),
    Kind(
        "for n_WORD in range(5):\n    print('WORD', n_WORD); await asyncio.sleep(0.002)\n'WORD'",
        "WORD 0\nWORD 1\nWORD 2\nWORD 3\nWORD 4\n",
        "'WORD'",
    ),
    Kind("print('WORD'); await asyncio.sleep(600)", "WORD\n", endless=True),
    Kind("print('WORD'); await asyncio.Event().wait()", "WORD\n", endless=True),
    Kind(f"print('WORD'); {TIME}.sleep(0.05); print('WORD')", "WORD\nWORD\n"),
    Kind(f"print('WORD'); {TIME}.sleep(600)", "WORD\n", endless=True),
    Kind("print('WORD')\nwhile True: pass", "WORD\n", endless=True),
    Kind("print('WORD'); 1 / 0", "WORD\n", error="ZeroDivisionError"),
    Kind("await asyncio.sleep(0.001)\nraise LookupError('WORD')", error="LookupError"),
    Kind("def WORD(:", error="SyntaxError"),
    Kind(
        "async def later_WORD():\n    await asyncio.sleep(0.01); print('WORD late')\n"
        "task_WORD = asyncio.create_task(later_WORD())\nprint('WORD')",
        "WORD\nWORD late\n",
        background=True,
    ),
    Kind(
        "thread_WORD = __import__('threading').Thread(target=print, args=('WORD',))\n"
        "thread_WORD.start(); thread_WORD.join()",
        "WORD\n",
    ),
    Kind("await asyncio.to_thread(print, 'WORD')", "WORD\n"),
    Kind(f"%%thread\nprint('WORD'); {TIME}.sleep(0.02); print('WORD')", "WORD\nWORD\n"),
    Kind("%%thread\nprint('WORD')\nwhile True: pass", "WORD\n", endless=True),
    Kind("_ = __import__('os').write(1, b'WORD\\n')", "WORD\n"),
    Kind("print(await ainput('WORD?'))", "WORD\n"),
    Kind("print(input('WORD?'))", "WORD\n"),
    Kind("__task__(-1).cancel(); print('WORD')", "WORD\n"),
    Kind("await __task__(-1); print('WORD')", "WORD\n"),
    Kind("try:\n    await asyncio.sleep(600)\nfinally:\n    print('WORD')", "WORD\n", endless=True),
    Kind("print('WORD ' * 20_000)", "WORD " * 20_000 + "\n"),
]


class Sent:
    """A cell on its way, and what may come of it."""

    def __init__(self, kind: Kind, number: int) -> None:
        self.kind, self.word = kind, f"t{number}t"
        self.code = self._filled(kind.code)
        self.request: Request | None = None
        #: Its client has gone, or its kernel was restarted: who knows how far it came.
        self.lost = False

    def __repr__(self) -> str:
        return f"{self.code!r}: {self.request!r} {self.request and self.request.replies}"

    def _filled(self, text: str) -> str:
        return text.replace("WORD", self.word)

    def check(self) -> None:
        """Check that what it shows is its own, all of it if it was left to its end."""
        request, kind = self.request, self.kind
        assert request is not None
        said = {word for m in request.outputs for word in WORD.findall(str(m["content"]))}
        assert said <= {self.word}, f"{self} shows another cell's {said}"
        wanted = self._filled(kind.stdout)
        printed = request.stdout.removesuffix(NO_FORMAT)
        assert wanted.startswith(printed), f"{self} printed {printed!r}"
        if self.lost or not request.replies:
            return
        status, ename = request.status, request.ename
        if status == "aborted":
            assert not request.outputs, f"{self} was aborted"
        elif status == "ok":
            assert not kind.error, f"{self} went well"
            assert not kind.endless, f"{self} has come to an end"
            assert request.stdout == wanted or kind.background, f"{self} printed too little"
            assert request.value == (kind.value and self._filled(kind.value)), f"{self}"
        else:
            assert ename in {kind.error, "KeyboardInterrupt"}, f"{self} failed with {ename}"
            assert ename != kind.error or request.stdout == wanted, f"{self} printed too little"


#: Switches to another flavour, which it prints.
SWITCHES = [
    Kind(f"%akernel_mode {mode}", f"{mode}\n")
    for mode in ("async", "chain", "flow", "react", "cache", "chain-react", "flow-cache-react")
]


def some_cell(
    chance: random.Random, number: int, *, subshell: bool = False, switches: bool = False
) -> Sent:
    """Choose a cell; one for a subshell, or perhaps one that switches to another flavour."""
    if switches and not subshell and chance.random() < 0.1:
        return Sent(chance.choice(SWITCHES), number)
    return Sent(chance.choice([kind for kind in KINDS if kind.plain or not subshell]), number)
