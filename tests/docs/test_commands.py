"""Every command of the documentation exists, and has the options it is shown with."""

from __future__ import annotations

import configparser
import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from akernel_ipy.core import modes
from akernel_ipy.magics.akernel import COMMANDS

from .documents import DOCUMENTS, ROOT, Block, blocks

SHELLS = ("sh", "bash", "")
PROGRAMS = ("akernel", "bash", "jupyter", "pip", "pre-commit", "pytest", "python", "python3")
BUILTIN = (".",)


def commands() -> Iterator[tuple[Block, list[str]]]:
    """Give the words of each command; output between commands is passed over."""
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.language not in SHELLS:
                continue
            for line in block.text.replace("\\\n", "").splitlines():
                for part in line.removeprefix("$ ").split("&&"):
                    if not block.language and part.split()[:1] not in ([name] for name in PROGRAMS):
                        continue
                    words = shlex.split(part, comments=True)
                    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                        del words[0]
                    if words:
                        yield block, words


@functools.cache
def help_of(*words: str) -> str:
    """What a command says about itself."""
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def extras() -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return dict(parser["options.extras_require"])


def check_options(words: list[str], described: str) -> None:
    for word in words:
        if re.match(r"-{1,2}[a-zA-Z]", word):
            option = word.partition("=")[0].strip("[]|.,")
            known = rf"(?<![\w-]){re.escape(option)}(?![\w-])"
            assert re.search(known, described), f"{option} is no option of {words[0]}"


def check_akernel(words: list[str]) -> None:
    command, *rest = words
    check_options(rest, help_of("akernel_ipy", command))
    if command == "install" and rest and not rest[0].startswith("-"):
        modes.parse(rest[0])
    for word in rest:
        if word.endswith(".ipynb") and "/" in word:
            assert (ROOT / word).exists(), word


def check_python(words: list[str]) -> None:
    assert words[0] == "-m", words
    if words[1] == "venv":
        return
    module, *rest = words[1:]
    if module == "akernel_ipy":
        check_akernel(rest)
    else:
        check_options(rest, help_of(module))


def check_pip(words: list[str]) -> None:
    assert words[0] == "install", words
    for word in words[1:]:
        wanted = re.fullmatch(r"(?:\.|akernel-ipy)(?:\[([\w,]+)\])?|-e|-q|.*>=.*", word)
        assert wanted, word
        for extra in (wanted[1] or "").split(",") if wanted[1] else ():
            assert extra in extras(), f"no extra {extra!r}"


def check_paths(words: list[str]) -> None:
    described = help_of("pytest")
    check_options(words, described)
    for word in words:
        if word.startswith(("tests", "--ignore=")):
            path = ROOT / word.removeprefix("--ignore=")
            assert path.exists(), path


def check(words: list[str]) -> None:
    program, rest = words[0], words[1:]
    if program == "akernel":
        check_akernel(rest)
    elif program in ("python", "python3"):
        check_python(rest)
    elif program == "pip":
        check_pip(rest)
    elif program == "pytest":
        check_paths(rest)
    elif program == "bash":
        assert (ROOT / rest[0]).exists(), rest[0]
    elif program == "jupyter":
        assert f"jupyter{rest[0]}" in extras()["lab"], rest
    elif program == "pre-commit":
        assert "pre-commit" in extras()["dev"]
    else:
        assert program in BUILTIN, f"what is {program!r}?"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        pytest.param(block, words, id=f"{block} {' '.join(words)[:50]}")
        for block, words in commands()
    ],
)
def test_a_command_exists_and_has_these_options(block: Block, words: list[str]) -> None:
    check(words)


def spans(start: str) -> list[tuple[str, list[str]]]:
    """Give the words of each piece of code within the text that begins so."""
    found = {}
    for document in DOCUMENTS:
        text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
        for span in re.findall(rf"`({re.escape(start)} [^`]+)`", text):
            found[" ".join(span.split())] = document.name
    return [(name, span.split()) for span, name in sorted(found.items())]


@pytest.mark.parametrize(("document", "words"), spans("akernel"), ids=str)
def test_a_command_within_the_text_exists(document: str, words: list[str]) -> None:
    check_akernel(words[1:])


@pytest.mark.parametrize(("document", "words"), spans("%akernel"), ids=str)
def test_a_magic_within_the_text_exists(document: str, words: list[str]) -> None:
    asked = words[1:]
    known = (c.match(asked) is not None or c.usage.split()[: len(asked)] == asked for c in COMMANDS)
    assert any(known), document


def test_every_block_is_of_a_kind_that_is_run_or_compared() -> None:
    found = {(block.language, str(block)) for document in DOCUMENTS for block in blocks(document)}
    unknown = {name for language, name in found if language not in {"python", "text", *SHELLS}}
    assert not unknown


def test_the_commands_of_a_fresh_machine_are_those_that_ci_runs() -> None:
    readme = [block for block in blocks(ROOT / "README.md") if block.section == "Set-up"]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    environment, ways = (block.text for block in readme[:2])
    assert environment.replace(".venv", "$work/venv") in script.replace('"', "")
    for line in ways.splitlines():
        # tests/frontends starts JupyterLab by itself, with the kernelspec of the installation.
        assert line in script or line.endswith("jupyter lab"), f".ci/run doesn't run {line!r}"
