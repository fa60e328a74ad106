"""Questions to the user: ``input``, ``getpass`` and ``ainput``."""

from __future__ import annotations

from typing import Any

from ..core.model import find_run
from ..wire.stdin import StdinChannel
from .attribution import Attribution


class Prompts(Attribution):
    """Each question goes to the front-end of the cell that asks."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stdin = StdinChannel(self.stdin_socket, self.session, self.log)

    @property
    def _allow_stdin(self) -> bool:
        # ipykernel 7.4 keeps the last cell's answer for all.
        run = find_run()
        return run is not None and run.request.allow_stdin

    @_allow_stdin.setter
    def _allow_stdin(self, value: bool) -> None:
        """Ignore what ipykernel would set for all cells."""

    def _input_request(self, prompt: str, ident: Any, parent: Any, password: bool = False) -> str:
        _note_question()
        return self.stdin.ask(prompt, password, parent, ident)

    async def ainput(self, prompt: str = "") -> str:
        """Ask the user for a line; other cells go on meanwhile.

        Raises:
            StdinNotImplementedError: the front-end takes no questions.
            EOFError: the user answered with end-of-file.
        """
        if not self._allow_stdin:
            self._no_raw_input()
        _note_question()
        ident = self._get_shell_context_var(self._shell_parent_ident)
        return await self.stdin.ask_async(str(prompt), False, self.get_parent("shell"), ident)


def _note_question() -> None:
    run = find_run()
    if run is not None:
        run.state.effects["it asks the user"] = None
