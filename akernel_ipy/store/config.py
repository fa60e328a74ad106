"""The settings of the store: traits of the kernel, with the environment as defaults."""

from __future__ import annotations

import os

from traitlets import Bool, Float, Int, Unicode, default
from traitlets.config import LoggingConfigurable

from ..core.units import parse_bytes
from .places import default_directory
from .store import MAX_BYTES, RESERVE, Store


class CacheStore(LoggingConfigurable):
    """Where the cache is, and how large it may grow."""

    directory = Unicode(
        help="The cache directory (default: AKERNEL_CACHE_DIR, else below Jupyter's data)."
    ).tag(config=True)
    max_bytes = Int(
        min=0,
        help="Bytes that the cache may take; what was used least recently goes first "
        "(default: AKERNEL_CACHE_SIZE, else 10 GiB).",
    ).tag(config=True)
    reserve = Int(
        RESERVE, min=0, help="Bytes of the disk to leave free; nothing is stored beyond that."
    ).tag(config=True)
    min_seconds = Float(
        0.0, help="Cells that take less, in seconds, than this are not stored."
    ).tag(config=True)
    remote = Unicode(
        help="A second tier behind the directory: any fsspec URL, such as s3://bucket/cache."
    ).tag(config=True)

    note = Bool(
        True, help="Say beside a cell that it came from the cache, where the front-end can."
    ).tag(config=True)

    @default("directory")
    def _default_directory(self) -> str:
        return str(default_directory())

    @default("max_bytes")
    def _default_max_bytes(self) -> int:
        text = os.environ.get("AKERNEL_CACHE_SIZE", "")
        try:
            return parse_bytes(text) if text else MAX_BYTES
        except ValueError as error:
            self.log.warning(f"AKERNEL_CACHE_SIZE: {error}; it is taken as {MAX_BYTES}")
            return MAX_BYTES

    def open(self) -> Store:
        """Give the store. Nothing is opened before it is used."""
        return Store(
            self.directory,
            max_bytes=self.max_bytes,
            reserve=self.reserve,
            remote=self.remote,
            warn=self.log.warning,
        )
