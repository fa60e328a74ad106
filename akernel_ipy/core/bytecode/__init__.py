"""What code does with names, read off its bytecode: nothing is run, and no source is needed.

Only this package, and what `core/fingerprint` compares bytecode by, knows CPython's instructions.
"""

from ._globals import Globals, globals_of
from ._parts import Instructions, inner, instructions, once, parts
from ._uses import Use, uses, uses_of

__all__ = [
    "Globals",
    "Instructions",
    "Use",
    "globals_of",
    "inner",
    "instructions",
    "once",
    "parts",
    "uses",
    "uses_of",
]
