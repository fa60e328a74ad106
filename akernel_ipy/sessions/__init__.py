"""All sessions of a kernel: one for all clients, or under ``multi`` one for each notebook."""

from .registry import Sessions

__all__ = ["Sessions"]
