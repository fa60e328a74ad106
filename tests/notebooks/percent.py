"""Notebooks as ``# %%`` scripts: read them, run them with a kernel, compare what they show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOTEBOOKS = sorted(HERE.glob("*.ipy"))


def cells_of(path: Path) -> dict[str, str]:
    """Read a notebook: its cells by id."""
    parts = re.split(r"^# %%.*\n", path.read_text(), flags=re.MULTILINE)
    return {f"cell-{n}": part.strip("\n") for n, part in enumerate(parts[1:], 1)}


#: What differs between two runs of the same kernel.
NOISE = (
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    (re.compile(r"\b\d[\d.]*(e[+-]?\d+)? ?(ns|us|µs|μs|ms|s|min)\b"), "<time>"),
    (re.compile(r"<(ipython-input|stdin)[^>]*>"), "<input>"),
    (re.compile(r"/tmp/ipykernel_\d+/\d+\.py"), "<input>"),
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
)


def plain(text: str) -> str:
    """Take out of a text what differs between any two runs."""
    for pattern, word in NOISE:
        text = pattern.sub(word, text)
    return text


def essence(outputs: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Say what a cell shows, without what differs between any two runs.

    Streams of one name that follow each other count as one; of an error its name and value.
    """
    shown: list[Any] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            if shown and shown[-1][0] == output["name"]:
                shown[-1][1] += plain(output["text"])
            else:
                shown.append([output["name"], plain(output["text"])])
        elif kind == "error":
            shown.append(["error", output["ename"], plain(output["evalue"])])
        else:
            shown.append([kind, {key: _datum(key, v) for key, v in output["data"].items()}])
    return shown


def _datum(key: str, value: Any) -> Any:
    if isinstance(value, list):
        value = "".join(value)
    return plain(value) if isinstance(value, str) and not key.startswith("image/") else str(value)
