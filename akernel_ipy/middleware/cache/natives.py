"""Files that are read by libraries in other languages: no audit event tells of them.

Their paths are looked for among the strings that the cell has at hand. If the cell calls a reader
and none of the strings leads to a file, it isn't cached: nobody knows what it read.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable

from . import files
from .inputs import Refused
from .observation import Observation

#: What reads files, by library: names of functions and classes.
_READERS = {
    "polars": re.compile(r"(read|scan)_\w+"),
    "pyarrow": re.compile(
        r"read_\w+|dataset|ParquetFile|ParquetDataset|open_file|open_csv|memory_map|OSFile"
    ),
    "duckdb": re.compile(r"read_\w+|from_(csv|parquet)\w*|connect"),
    "h5py": re.compile("File"),
    "tables": re.compile("open_file"),
    "netCDF4": re.compile("Dataset"),
    "xarray": re.compile(r"open_\w+|load_\w+"),
    "cv2": re.compile(r"imread\w*|VideoCapture|FileStorage"),
    "geopandas": re.compile("read_file"),
    "rasterio": re.compile("open"),
    "pandas": re.compile("read_(hdf|parquet|feather|orc|spss)|HDFStore"),
    "fiona": re.compile("open"),
    "osgeo": re.compile(r"Open\w*"),
    "pysam": re.compile(r"\w+File"),
    "pyreadstat": re.compile(r"read_\w+"),
    "faiss": re.compile(r"read_\w+"),
    "soundfile": re.compile("read|SoundFile|info"),
    "lightgbm": re.compile("Dataset|Booster"),
    "xgboost": re.compile("DMatrix|Booster"),
    "safetensors": re.compile(r"safe_open|load_file"),
}

_QUOTED = re.compile(r"'([^'\n]+)'")

#: Strings looked at, and files of a directory.
_MOST_STRINGS, _MOST_FILES = 10_000, 1000


def depend(
    observation: Observation,
    libraries: Iterable[str],
    mentions: Iterable[str],
    strings: Iterable[str],
) -> None:
    """Note the files that a cell may read without an event.

    Args:
        observation: takes them.
        libraries: roots of the modules that the cell uses.
        mentions: names and attributes in its code.
        strings: all strings it has at hand.

    Raises:
        Refused: it reads, and nobody knows what.
    """
    reader = _reader(set(libraries), list(mentions))
    sql = "duckdb" in set(libraries)
    if not reader and not sql:
        return
    found = False
    for number, text in enumerate(strings):
        if number > _MOST_STRINGS:
            raise Refused(f"it calls {reader or 'duckdb'}, and has too many strings for paths")
        quoted = _QUOTED.findall(text) if sql else []
        for path in (text, *quoted):
            found = _depend_on(observation, path) or found
    if reader and not found:
        raise Refused(
            f"it calls {reader}, and which file that reads can't be seen; "
            "name it in a string, or %%cache force"
        )


def _reader(libraries: set[str], mentions: list[str]) -> str:
    """Name a reader that is mentioned; empty if there is none."""
    for library in sorted(libraries & _READERS.keys()):
        for name in mentions:
            if _READERS[library].fullmatch(name):
                return f"{library}.{name}"
    return ""


def _depend_on(observation: Observation, path: str) -> bool:
    if not path or len(path) > 4096 or "\0" in path or "\n" in path or path in {".", "..", "/"}:
        return False
    path = os.path.expanduser(path)
    if glob.has_magic(path):
        found = glob.glob(path, recursive=True)
        observation.depend(path, files.PATTERN)
        for name in found[:_MOST_FILES]:
            observation.depend(name, files.CONTENT)
        return 0 < len(found) <= _MOST_FILES
    if os.path.isdir(path):
        return _depend_on_directory(observation, path)
    if os.path.exists(path):
        observation.depend(path, files.CONTENT)
        return True
    return False


def _depend_on_directory(observation: Observation, path: str) -> bool:
    count = 0
    for directory, _, names in os.walk(path):
        observation.depend(directory, files.LISTING)
        for name in names:
            count += 1
            if count > _MOST_FILES:
                return False
            observation.depend(os.path.join(directory, name), files.CONTENT)
    return True
