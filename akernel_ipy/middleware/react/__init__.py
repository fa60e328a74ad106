"""Cell-level dataflow: cells that re-run when what they read changes."""

from .react import React

__all__ = ["React"]
