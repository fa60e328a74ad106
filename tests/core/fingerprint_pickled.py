"""A program that pickles the table's values, or reads them back; it prints fingerprints."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import cloudpickle
from fingerprint_table import table

import __main__
from akernel_ipy.core.fingerprint import Fingerprints

#: What cloudpickle can't pickle, or gives back as something else (slots become a dict).
LEFT = ["dispatched", "cached", "Derived", "Frozen", "Slotted", "memoryview"]
if sys.version_info >= (3, 12):
    # cloudpickle 3.1 copies the class method of `typing` that every protocol has from here on.
    LEFT.append("Proto")
if sys.version_info >= (3, 14):
    # cloudpickle 3.1 evaluates the annotations of functions, and drops those of classes.
    LEFT += ["annotated", "Box", "Point", "Triple", "Typed"]


def main(what: str, path: Path) -> None:
    """``write`` or ``read`` the file."""
    names: dict[str, Any] = vars(__main__)
    prints = Fingerprints(lambda: names, lambda name: name == "__main__")
    found = {}
    if what == "write":
        lines = [line for line in table(names) if not any(word in line for word in LEFT)]
        values = {line: eval(line, names) for line in lines}
        found = {line: prints.of(value, line).hex() for line, value in values.items()}
        path.write_bytes(pickle.dumps({k: cloudpickle.dumps(v) for k, v in values.items()}))
    else:
        for line, pickled in pickle.loads(path.read_bytes()).items():
            # At once: with the next pickle, cloudpickle may change the classes of this one.
            found[line] = prints.of(pickle.loads(pickled), line).hex()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
