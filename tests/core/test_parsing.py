"""`core.parsing`: what is warned of while a cell's text is only looked at."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable

import pytest

from akernel_ipy.core.parsing import parse, quietly

Say = Callable[[str], None]


@pytest.fixture
def say(recwarn: pytest.WarningsRecorder) -> Say:
    """Warn as a module does whose warnings are shown once for each place."""
    warnings.simplefilter("default")
    registry: dict[object, object] = {}
    return lambda text: warnings.warn_explicit(text, UserWarning, "m.py", 1, "m", registry)


def test_nothing_is_said_quietly(recwarn: pytest.WarningsRecorder) -> None:
    with quietly() as silence:
        assert not silence.broken
        warnings.warn("careful", stacklevel=1)
    assert silence.broken
    parse("'\\d'")
    assert not recwarn.list


def test_what_was_not_said_is_said_the_next_time(
    say: Say, recwarn: pytest.WarningsRecorder
) -> None:
    with quietly():
        say("careful")
    say("careful")
    assert len(recwarn) == 1


def test_what_was_said_once_is_remembered(say: Say, recwarn: pytest.WarningsRecorder) -> None:
    say("careful")
    with quietly() as silence:
        say("careful")
    say("careful")
    assert len(recwarn) == 1
    assert not silence.broken


def test_other_threads_are_heard(say: Say, recwarn: pytest.WarningsRecorder) -> None:
    with quietly() as silence:
        thread = threading.Thread(target=say, args=("careful",))
        thread.start()
        thread.join()
    assert len(recwarn) == 1
    assert not silence.broken


def test_a_copy_of_the_filters_silences_nobody_later(
    recwarn: pytest.WarningsRecorder,
) -> None:
    with quietly() as silence:
        copied = warnings.catch_warnings()
        copied.__enter__()
    warnings.warn("careful", stacklevel=1)
    copied.__exit__(None, None, None)
    assert len(recwarn) == 1
    assert not silence.broken


def test_only_one_category_is_not_to_be_said(recwarn: pytest.WarningsRecorder) -> None:
    with quietly(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("careful", stacklevel=1)
    assert [str(each.message) for each in recwarn] == ["careful"]
