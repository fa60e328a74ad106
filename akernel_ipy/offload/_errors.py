"""Errors of cells on workers, with their tracebacks and causes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ._pickling import CellPickler, CellUnpickler, namespace

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_IPYTHON = os.sep + os.path.join("IPython", "core", "interactiveshell.py")


@dataclass
class Place:
    """A line of a traceback."""

    file: str
    function: str
    qualified: str
    first_line: int
    line: int


@dataclass
class SentError:
    """An exception as it travels.

    Attributes:
        name: of its class.
        text: what ``str`` gives.
        pickle: the exception itself, empty if it can't be pickled and read again.
        places: its traceback.
        cause: as in ``raise ... from cause``.
        context: the exception that was being handled.
        suppressed: the context is not to be shown.
        missing: a NameError's name.
    """

    name: str
    text: str
    pickle: bytes
    places: list[Place]
    cause: SentError | None
    context: SentError | None
    suppressed: bool
    missing: str | None


class RemoteError(Exception):
    """Stands for an error whose class can't be sent."""


def send_error(
    error: BaseException, own: dict[str, Any], known: Sequence[Any], depth: int = 20
) -> SentError:
    """Take an exception apart.

    Args:
        error: the exception.
        own: the namespace.
        known: objects that the other side has.
        depth: how many causes of causes to send.
    """
    if isinstance(error, KeyboardInterrupt):
        error = KeyboardInterrupt(*error.args).with_traceback(error.__traceback__)

    def related(other: BaseException | None) -> SentError | None:
        return send_error(other, own, known, depth - 1) if other is not None and depth else None

    return SentError(
        name=type(error).__name__,
        text=str(error),
        pickle=_pickled(error, own, known),
        places=_places(error.__traceback__),
        cause=related(error.__cause__),
        context=related(error.__context__),
        suppressed=error.__suppress_context__,
        missing=error.name if isinstance(error, NameError) else None,
    )


def _pickled(error: BaseException, own: dict[str, Any], known: Sequence[Any]) -> bytes:
    pickler = CellPickler(own, None, known)
    try:
        pickler.dump(error)
        data = pickler.file.getvalue()
        _load(data, own, known)
    except Exception:  # many exceptions can be pickled and not be read: a third of them, perhaps
        return b""
    return data


def _places(traceback: TracebackType | None) -> list[Place]:
    found: list[Place] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        ours = code.co_filename.startswith(_PACKAGE) or code.co_filename.endswith(_IPYTHON)
        if found or not ours:  # the frames that led to the cell are left out
            names = code.co_filename, code.co_name, code.co_qualname
            found.append(Place(*names, code.co_firstlineno, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found


def receive_error(sent: SentError, own: dict[str, Any], known: Sequence[Any]) -> BaseException:
    """Put an exception together again."""
    try:
        error = _load(sent.pickle, own, known) if sent.pickle else _stand_in(sent)
    except Exception:  # a class that this process doesn't have
        error = _stand_in(sent)
    error.__traceback__ = _traceback(sent.places)
    if sent.cause is not None:
        error.__cause__ = receive_error(sent.cause, own, known)
    if sent.context is not None:
        error.__context__ = receive_error(sent.context, own, known)
    error.__suppress_context__ = sent.suppressed
    if isinstance(error, NameError):
        error.name = sent.missing
    return error


def _load(data: bytes, own: dict[str, Any], known: Sequence[Any]) -> BaseException:
    token = namespace.set(own)
    try:
        error: BaseException = CellUnpickler(data, (), known).load()
    finally:
        namespace.reset(token)
    return error


def _stand_in(sent: SentError) -> BaseException:
    kind: type[BaseException] = type(sent.name, (RemoteError,), {"__module__": "builtins"})
    return kind(sent.text)


def _traceback(places: list[Place]) -> TracebackType | None:
    """Make a traceback of the given lines; its frames have no variables."""
    traceback: TracebackType | None = None
    for place in reversed(places):
        made = _frame_of(place)
        traceback = TracebackType(traceback, made.tb_frame, made.tb_lasti, place.line)
    return traceback


def _frame_of(place: Place) -> TracebackType:
    down = max(place.line - place.first_line, 0)
    code = compile("\n" * down + "raise __error", place.file, "exec")
    named = code.replace(
        co_name=place.function, co_qualname=place.qualified, co_firstlineno=place.first_line
    )
    scope = {"__error": RemoteError(), "__name__": "__main__", "__file__": place.file}
    try:
        exec(named, scope)
    except RemoteError as error:
        made = error.__traceback__
    assert made is not None
    assert made.tb_next is not None
    return made.tb_next
