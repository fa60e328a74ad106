"""`Fingerprints`: what a session asks for digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from . import _hashing, _registry
from ._code import CodeFacts, Codes
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
        missing: the globals among them that nobody had defined.
        modules: modules that count, by version or by what they hold.
        globals: what local modules hold and code in them reads: (module, name).
    """

    digest: bytes
    names: frozenset[str]
    missing: frozenset[str]
    modules: frozenset[str]
    globals: frozenset[tuple[str, str]]


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
        self._origins = Origins(namespace, is_notebook)
        self._memo = Memo(self.algorithm, xxh3())
        self._codes = Codes()

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
        walk = self._walk()
        try:
            walk.walk(value)
        except Unhashable as error:
            error.within(name)
            raise
        except RecursionError as error:
            raise Unhashable("nested too deeply", name) from error
        except Exception as error:
            # A part of a library that isn't as it was: no fingerprint is better than no cell.
            reason = f"looking at it failed ({type(error).__name__}: {error})"
            raise Unhashable(reason, name) from error
        uses = walk.uses
        return Fingerprint(
            walk.digest(),
            frozenset(uses.names),
            frozenset(uses.missing),
            frozenset(uses.modules),
            frozenset(uses.globals),
        )

    def _walk(self) -> Walk:
        return Walk(self.algorithm, _registry.find, self._origins, self._memo, self._facts)

    def _facts(self, code: CodeType) -> CodeFacts:
        return self._codes.facts(code, self._walk)
