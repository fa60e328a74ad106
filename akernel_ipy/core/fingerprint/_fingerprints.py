"""`Fingerprints`: what a session asks for digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import _hashing, _registry
from ._context import Context
from ._memo import Memo, xxh3
from ._origin import Origins
from ._refusal import Unhashable
from ._walk import Walk


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The digest of a value, and what it took in beside the value itself.

    Attributes:
        digest: 32 bytes.
        names: globals of the notebook which functions, classes and methods in it read.
        modules: modules that count, by version or by what they hold.
    """

    digest: bytes
    names: frozenset[str]
    modules: frozenset[str]


class Fingerprints:
    """Content digests for one namespace; keeps what need not be found out twice.

    A digest does not depend on process, hash seed, object identity or place in a file, and differs
    between blake3 and blake2b, between Python versions and between byte orders. What several values
    share counts in the digest of a list of them.

    Args:
        namespace: gives the notebook's globals.
        is_notebook: whether a module's name means the notebook (``__main__``).
        algorithm: the hash; the best one there is if not given.
    """

    def __init__(
        self,
        namespace: Callable[[], Mapping[str, Any]],
        is_notebook: Callable[[str], bool],
        algorithm: _hashing.Algorithm | None = None,
    ) -> None:
        self.algorithm = algorithm or _hashing.best()
        self._context = Context(
            self.algorithm,
            _registry.find,
            Origins(namespace, is_notebook),
            Memo(self.algorithm, xxh3()),
        )

    def of(self, value: Any, name: str = "") -> bytes:
        """Digest a value: 32 bytes.

        Args:
            value: anything.
            name: what messages call it.

        Raises:
            Unhashable: the value, or a part of it, has no content to go by.
        """
        return self.examine(value, name).digest

    def examine(self, value: Any, name: str = "") -> Fingerprint:
        """Digest a value, and tell what else the digest depends on; see `of`."""
        walk = Walk(self._context)
        try:
            digest = walk.digest(value)
        except Unhashable as error:
            error.within(name)
            raise
        except RecursionError as error:
            raise Unhashable("nested too deeply", name) from error
        except Exception as error:
            # A part of a library that isn't as it was: no fingerprint is better than no cell.
            reason = f"looking at it failed ({type(error).__name__}: {error})"
            raise Unhashable(reason, name) from error
        return Fingerprint(digest, frozenset(walk.uses.names), frozenset(walk.uses.modules))
