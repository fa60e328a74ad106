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
from ._sharing import sharing
from ._walk import Walk


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The digest of a value, and what it took in beside the value itself.

    Attributes:
        digest: 32 bytes.
        names: globals of the notebook which functions, classes and methods in it read.
        missing: the globals among them that nobody had defined.
        modules: modules that count, by version or by what they hold.
        globals: what local modules hold and code in them reads: (module, name).
    """

    digest: bytes
    names: frozenset[str]
    missing: frozenset[str]
    modules: frozenset[str]
    globals: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, digest: bytes, walk: Walk) -> Fingerprint:
        """What a walk found."""
        uses = walk.uses
        return cls(
            digest,
            frozenset(uses.names),
            frozenset(uses.missing),
            frozenset(uses.modules),
            frozenset(uses.globals),
        )


@dataclass(frozen=True, slots=True)
class Together:
    """The fingerprints of several values.

    Attributes:
        prints: by name, those of the values that have one.
        sharing: what these have in common: another digest if ``b is a`` is no longer so, or if an
            array no longer looks at the memory of another one.
        refused: by name, why a value has none.
    """

    prints: Mapping[str, Fingerprint]
    sharing: bytes
    refused: Mapping[str, Unhashable]


class Fingerprints:
    """Content digests for one namespace; keeps what need not be found out twice.

    A digest does not depend on process, hash seed, object identity or place in a file, and differs
    between blake3 and blake2b, between Python versions and between byte orders.

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
        return self._walked(Walk(self._context), value, name)

    def together(self, values: Mapping[str, Any]) -> Together:
        """Digest the values that a cell reads, by name; what has no fingerprint is told apart.

        Asked again after the cell ran, it tells what the cell changed in place: memory that is
        known from before is then only compared with a checksum.
        """
        walks: dict[str, Walk] = {}
        prints: dict[str, Fingerprint] = {}
        refused: dict[str, Unhashable] = {}
        for name in sorted(values):
            walk = Walk(self._context)
            try:
                prints[name] = self._walked(walk, values[name], name)
            except Unhashable as error:
                refused[name] = error
            else:
                walks[name] = walk
        return Together(prints, sharing(self.algorithm, walks), refused)

    @staticmethod
    def _walked(walk: Walk, value: Any, name: str) -> Fingerprint:
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
        return Fingerprint.of(digest, walk)
