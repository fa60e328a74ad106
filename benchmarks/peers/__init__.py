"""Other reactive notebooks, to compare waves with; what isn't installed is left out."""

from __future__ import annotations

from .ipyflow_notebook import ipyflow
from .marimo_notebook import marimo

__all__ = ["ipyflow", "marimo"]
