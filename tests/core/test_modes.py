"""Flavours are read in any order and case, and have one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.errors import AkernelError, ModeError
from akernel_ipy.core.modes import ADDITIONS, KNOWN, ORDERINGS, Mode, parse

flavours = st.builds(Mode, st.sampled_from(ORDERINGS), st.frozensets(st.sampled_from(ADDITIONS)))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", "async"),
        ("   ", "async"),
        ("async", "async"),
        ("ASYNC", "async"),
        (" chain\n", "chain"),
        ("chain-chain", "chain"),
        ("react", "react"),
        ("async-react", "react"),
        ("react-async", "react"),
        ("React-Chain", "chain-react"),
        ("-chain-", "chain"),
    ],
)
def test_a_flavour_has_one_spelling(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@given(flavours, st.randoms(use_true_random=False))
def test_order_case_and_repetition_do_not_matter(mode: Mode, random: object) -> None:
    words = [mode.ordering, *mode.additions, *mode.additions]
    random.shuffle(words)  # type: ignore[attr-defined]
    assert parse("-".join(word.upper() for word in words)) == mode


@given(flavours)
def test_the_spelling_means_what_was_spelt(mode: Mode) -> None:
    assert parse(str(mode)) == mode


@given(flavours)
def test_a_mode_contains_its_words_and_no_others(mode: Mode) -> None:
    assert {word for word in KNOWN if word in mode} == {mode.ordering, *mode.additions}
    assert "" not in mode


@pytest.mark.parametrize("text", ["cached", "reactive", "chain react", "async,chain", "lazy-react"])
def test_an_unknown_word_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(ModeError) as caught:
        parse(text)
    assert all(word in str(caught.value) for word in KNOWN)


@given(st.text().filter(lambda text: not set(text.strip().lower().split("-")) <= {"", *KNOWN}))
def test_whatever_is_said_is_a_flavour_or_refused(text: str) -> None:
    with pytest.raises(ModeError, match="unknown flavour"):
        parse(text)


def test_two_orderings_at_once_are_refused_by_name() -> None:
    with pytest.raises(ModeError, match="async and chain"):
        parse("chain-async")


def test_a_refusal_is_a_value_error_and_one_of_ours() -> None:
    assert issubclass(ModeError, ValueError)
    assert issubclass(ModeError, AkernelError)
