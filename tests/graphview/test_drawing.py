"""The picture as a document, and as text."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.graphview import LIMIT, Box, Flow, Link, describe, draw, layout, mime_bundle
from akernel_ipy.graphview.model import STATUSES

SVG = "{http://www.w3.org/2000/svg}"


def flow_of(*links, statuses=None, count=None):
    """Cells ``c1, c2, ...`` with links given as ``(parent, child, "names")``."""
    statuses = statuses or {}
    count = count or max([end for link in links for end in link[:2]], default=0)
    boxes = tuple(
        Box(f"c{n}", f"In [{n}]", f"line_{n} = {n}", *statuses.get(n, ()))
        for n in range(1, count + 1)
    )
    return Flow(boxes, tuple(Link(f"c{a}", f"c{b}", tuple(n.split())) for a, b, n in links))


def parsed(flow):
    return ET.fromstring(draw(layout(flow)))


def of_class(root, name):
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == name]


def words(element):
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def test_each_cell_shows_its_number_its_first_line_and_its_status():
    for status in STATUSES:
        root = parsed(flow_of((1, 2, "a"), statuses={2: (status,)}))
        (cell,) = [c for c in of_class(root, "cell") if c.get("data-cell") == "c2"]
        assert words(cell) == ["In [2]", status, "line_2 = 2"]


def test_each_status_has_a_shape_of_its_own():
    shapes = set()
    for status in STATUSES:
        cell = of_class(parsed(flow_of((1, 2, "a"), statuses={2: (status,)})), "cell")[1]
        (shape,) = cell.findall(f"{SVG}g")
        shapes.add(tuple((part.tag, part.get("d")) for part in shape))
    assert len(shapes) == len(STATUSES)


def test_a_note_stands_beside_the_status():
    root = parsed(flow_of((1, 2, "a"), statuses={2: ("pending", "zeta")}))
    assert "pending: zeta" in words(root)


def test_each_link_is_a_path_and_its_names_are_written():
    root = parsed(flow_of((1, 2, "a"), (1, 3, "a b"), (2, 3, "c")))
    links = of_class(root, "link")
    assert {(link.get("data-parent"), link.get("data-child")) for link in links} == {
        ("c1", "c2"),
        ("c1", "c3"),
        ("c2", "c3"),
    }
    assert all(link.find(f"{SVG}path") is not None for link in links)
    ports = {text for port in of_class(root, "port") for text in words(port)}
    assert ports == {"a", "b", "c"}


def test_what_is_read_only_when_called_is_dashed_and_explained():
    boxes = (Box("a", "In [1]", "x = 1"), Box("b", "In [2]", "def f(): return x"))
    root = parsed(Flow(boxes, (Link("a", "b", ("x",), deferred=True),)))
    (link,) = of_class(root, "link")
    assert link.find(f"{SVG}path").get("stroke-dasharray")
    assert "read when called" in words(root)


def test_the_legend_counts_the_cells_of_each_status():
    root = parsed(flow_of((1, 2, "a"), (1, 3, "a"), statuses={3: ("failed",)}))
    assert {"2 fresh", "1 failed"} <= set(words(root))


def test_the_picture_has_a_background_of_its_own():
    (background,) = [r for r in parsed(flow_of((1, 2, "a"))).iter(f"{SVG}rect") if r.get("class")]
    assert background.get("fill").startswith("#f")


def test_a_wide_picture_is_shrunk_to_the_width_of_a_cell():
    fan_out = flow_of(*[(1, n, "hub") for n in range(2, 12)])
    root = parsed(fan_out)
    drawn = [float(number) for number in root.get("viewBox").split()]
    assert drawn[2] > 840
    assert float(root.get("width")) == 840
    assert float(root.get("height")) == pytest.approx(drawn[3] * 840 / drawn[2], abs=1)


def test_cells_that_share_no_names_are_listed_below():
    root = parsed(flow_of((1, 2, "a"), count=4))
    assert "share no names" in words(root)
    assert {cell.get("data-cell") for cell in of_class(root, "cell")} == {"c1", "c2", "c3", "c4"}


def test_a_lone_cell_that_waits_says_for_what():
    lone = flow_of((1, 2, "a"), count=3, statuses={3: ("pending", "zeta")})
    assert "pending: zeta · line_3 = 3" in words(parsed(lone))
    assert "share no names: In [3] (pending: zeta)" in describe(lone, LIMIT)


def test_of_very_many_lone_cells_the_rest_is_counted():
    root = parsed(flow_of((1, 2, "a"), count=1000))
    assert "share no names (958 more are not listed)" in words(root)
    assert float(root.get("height")) < 1500


ANY = st.text(st.characters(), max_size=12)


@settings(deadline=None)
@given(ids=st.lists(ANY, min_size=2, max_size=3, unique=True), label=ANY, line=ANY, name=ANY)
def test_any_text_makes_a_well_formed_document(ids, label, line, name):
    boxes = tuple(Box(cell, label, line, "pending", name) for cell in ids)
    links = (Link(ids[0], ids[1], (name,)),)
    source = draw(layout(Flow(boxes, links)))
    root = ET.fromstring(source.encode())
    assert len(of_class(root, "cell")) == len(ids)


def test_markup_in_a_cell_stays_text():
    boxes = (
        Box('"><script>', "In [1]", "</text><script>alert(1)</script>"),
        Box("b", "In [2]", "a & b"),
    )
    root = parsed(Flow(boxes, (Link('"><script>', "b", ("<b>",)),)))
    assert not list(root.iter(f"{SVG}script"))
    assert "a & b" in words(root)
    assert "<b>" in words(root)


# -- text ----------------------------------------------------------------------------------------


def test_the_text_says_who_reads_what():
    text = describe(flow_of((1, 2, "a"), (1, 3, "a"), (2, 3, "c"), count=4), LIMIT)
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["In", "[1]", "fresh", "line_1", "=", "1"]
    assert lines[1] == ["a", "→", "In", "[2],", "In", "[3]"]
    assert text.endswith("share no names: In [4]")


def test_the_text_marks_what_is_not_fresh():
    statuses = {2: ("pending", "zeta"), 3: ("failed",)}
    text = describe(flow_of((1, 2, "a"), statuses=statuses, count=3), LIMIT)
    assert "In [2]  pending  line_2 = 2  (zeta)" in text
    assert "In [3] (failed)" in text


def test_a_session_without_cells_says_so():
    assert mime_bundle(Flow(())) == {"text/plain": "no cells yet"}


def test_a_thousand_linked_cells_are_summed_up():
    links = [(1, n, "hub") for n in range(2, 1001)]
    bundle = mime_bundle(flow_of(*links, statuses={7: ("stale",)}))
    assert set(bundle) == {"text/plain"}
    text = bundle["text/plain"]
    assert "1000 cells" in text
    assert "999 fresh, 1 stale" in text
    assert "hub (999 cells)" in text
    assert "In [7]  stale" in text


@pytest.mark.parametrize("count", [2, 60, LIMIT])
def test_up_to_the_limit_there_is_a_picture(count):
    links = [(max(1, n // 2), n, f"v{n // 2}") for n in range(2, count + 1)]
    bundle = mime_bundle(flow_of(*links))
    root = ET.fromstring(bundle["image/svg+xml"])
    assert len(of_class(root, "cell")) == count
    assert len(of_class(root, "link")) == len(links)
