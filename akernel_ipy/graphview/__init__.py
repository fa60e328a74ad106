"""The dataflow of a session as a picture and as text; pure, and without graphviz.

`mime_bundle` gives both. `layout` places the boxes (longest-path layering in rows of limited
width, barycentre ordering, least-squares positions), `draw` writes the SVG, `describe` the text.
"""

from .layout import layout
from .model import Box, Flow, Link, Status
from .svg import draw
from .text import describe

__all__ = ["LIMIT", "Box", "Flow", "Link", "Status", "describe", "draw", "layout", "mime_bundle"]

#: More linked cells than this are told in words only.
LIMIT = 150


def mime_bundle(flow: Flow) -> dict[str, str]:
    """Give the representations of the dataflow, by mime type."""
    bundle = {"text/plain": describe(flow, LIMIT)}
    if flow.boxes and len(flow.linked) <= LIMIT:
        bundle["image/svg+xml"] = draw(layout(flow))
    return bundle
