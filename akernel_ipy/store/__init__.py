"""Entries of the cache: kept, shared by processes, bounded, and verified before they are used.

`Store` is what the middleware uses, `CacheStore` makes one by the settings.
`docs/caching-internals.md` describes the format.

Importing this package imports nothing else: the parts are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import CacheStore as CacheStore
    from .model import NOTE as NOTE
    from .model import Record as Record
    from .model import Removed as Removed
    from .model import Stats as Stats
    from .model import Stored as Stored
    from .store import Store as Store
    from .writing import Publication as Publication

_WHERE = {
    "NOTE": "model",
    "CacheStore": "config",
    "Publication": "writing",
    "Record": "model",
    "Removed": "model",
    "Stats": "model",
    "Store": "store",
    "Stored": "model",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
