"""How code uses the objects that its names are bound to: which does it only read?"""

from ._analysis import uses_of_cell
from ._judge import Behind, Judge
from ._texts import Texts
from ._value import RESULTS, Use

__all__ = ["RESULTS", "Behind", "Judge", "Texts", "Use", "uses_of_cell"]
