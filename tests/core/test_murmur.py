"""The hash in a cell's file name is the one that ipykernel and front-ends compute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipykernel.compiler import get_file_name, murmur2_x86

from akernel_ipy.core.murmur import murmur2
from akernel_ipy.threads import ThreadCompiler


@given(st.text(max_size=200), st.integers(0, 2**32 - 1))
def test_any_text_hashes_as_in_ipykernel(text: str, seed: int) -> None:
    assert murmur2(text.encode(), seed) == murmur2_x86(text, seed)


def test_a_cell_has_the_file_name_that_a_debugger_expects() -> None:
    code = "print(1)\nprint('ü')"
    assert ThreadCompiler().get_code_name(code, "transformed", 7) == get_file_name(code)


def test_the_environment_can_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYKERNEL_CELL_NAME", "<cell>")
    assert ThreadCompiler().get_code_name("1", "1", 1) == get_file_name("1") == "<cell>"
