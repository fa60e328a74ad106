"""What differs between two runs of one kernel, and is no matter."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

_NOISE = (
    (r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "<uuid>"),
    (r"\b[0-9a-f]{32}\b", "<hex>"),
    (r"T_[0-9a-f]{5}", "T_<id>"),
    (r" *(?:[\d.?]+(?:it/s|s/it)|<time>/it)", "<rate>"),
    (r"\b\d+:\d\d(:\d\d)?\b|-:--:--", "<clock>"),
    (r"<time>( ±)? <time>", "<time>"),
    (r"(Compiler|Parser)( time)? *: .*\n", ""),
    (r"The slowest run took .*\n", ""),
    (r"IOStream\.flush timed out\n", ""),
    (r"/tmp/kernel\w+", "<directory>"),
    (r"Process-\d+|ForkPoolWorker-\d+|Thread-\d+", "<worker>"),
    (r" +(?=[\r\n])", ""),
    (r"In ?\[\d+\]", "In[n]"),
    (r"\bpid=\d+", "<pid>"),
    (r"127\.0\.0\.1:\d+", "<address>"),
)
NOISE = [(re.compile(pattern), word) for pattern, word in _NOISE]

STREAMS = ("stdout", "stderr")


def quiet(value: Any) -> Any:
    """Take out of a value, all the way down, what differs between any two runs."""
    if isinstance(value, str):
        for pattern, word in NOISE:
            value = pattern.sub(word, value)
        return value
    if isinstance(value, dict):
        return {quiet(k): quiet(v) for k, v in value.items()}
    return [*map(quiet, value)] if isinstance(value, list) else value


def in_order(outputs: list[Any]) -> list[Any]:
    """Put stdout before stderr where nothing comes between: stock ipykernel leaves it to timers."""
    ordered: list[Any] = []
    for is_stream, group in groupby(outputs, lambda output: output[0] in STREAMS):
        found = list(group)
        if not is_stream:
            ordered += found
            continue
        for name in STREAMS:
            if text := "".join(output[1] for output in found if output[0] == name):
                ordered.append([name, text])
    return ordered
