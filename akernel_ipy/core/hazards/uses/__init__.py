"""How code uses the objects that its names are bound to: which does it only read?"""

from ._analysis import uses_of_cell, uses_of_function
from ._judge import Judge
from ._texts import Texts
from ._value import RESULTS, Pass, Use, Uses

__all__ = ["RESULTS", "Judge", "Pass", "Texts", "Use", "Uses", "uses_of_cell", "uses_of_function"]
