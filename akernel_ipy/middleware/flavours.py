"""Flavours are imported when they are first asked for: a kernel that has none starts sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .flow import Flow
    from .react import React


def flow(session: Any) -> Flow:
    """Make the ordering of the flavour flow."""
    from .flow import Flow

    return Flow(session)


def react(session: Any, redefinition: str) -> React:
    """Make the reactive middleware, with what a second definition of a name does."""
    from .react import React

    return React(session, redefinition)
