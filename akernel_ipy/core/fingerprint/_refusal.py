"""`Unhashable`: what has no fingerprint, and why."""

from __future__ import annotations

from akernel_ipy.core.errors import AkernelError


class Unhashable(AkernelError, TypeError):
    """A value has no fingerprint: a part of it has no content that could be compared.

    Attributes:
        path: the part: ``x.lock``, ``xs[3]``, ``f -> connection`` (a global that f reads).
        reason: what it is: ``a lock``.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self._steps = [path] if path else []

    @property
    def path(self) -> str:
        """The way from the value that was asked about to the part that has no fingerprint."""
        return "".join(reversed(self._steps)).removeprefix(".")

    def within(self, step: str) -> None:
        """Say where the part was found, from the inside out."""
        self._steps.append(step)

    def __str__(self) -> str:
        return f"{self.path or 'the value'}: {self.reason}"
