"""Where boxes and curves go, for any dataflow."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.graphview import Box, Flow, Link, layout
from akernel_ipy.graphview.layers import backward, rows
from akernel_ipy.graphview.layout import HEIGHT, LIMIT, PITCH, PORT
from akernel_ipy.graphview.model import STATUSES, columns, join, shorten
from akernel_ipy.graphview.ordering import Rows, ascending

NAMES = st.sampled_from(["a", "np", "a_rather_long_name", "größe", "数"])


@st.composite
def flows(draw, most=14):
    """Any cells and links, with cycles too."""
    count = draw(st.integers(0, most))
    boxes = tuple(
        Box(f"c{n}", f"In [{n}]", draw(st.text(max_size=40)), draw(st.sampled_from(STATUSES)))
        for n in range(count)
    )
    pairs = [(a.id, b.id) for a in boxes for b in boxes if a is not b]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=24)) if pairs else []
    links = tuple(
        Link(a, b, tuple(draw(st.lists(NAMES, min_size=1, unique=True))), draw(st.booleans()))
        for a, b in chosen
    )
    return Flow(boxes, links)


@settings(deadline=None)
@given(flows())
def test_no_two_boxes_overlap(flow):
    boxes = layout(flow).boxes
    for one, two in combinations(boxes, 2):
        beside = one.x + one.width <= two.x or two.x + two.width <= one.x
        assert beside or abs(one.y - two.y) >= HEIGHT


@settings(deadline=None)
@given(flows())
def test_no_two_ports_overlap_and_each_is_under_its_box(flow):
    picture = layout(flow)
    boxes = {placed.box.id: placed for placed in picture.boxes}
    for one, two in combinations(picture.ports, 2):
        beside = one.x + one.group.width <= two.x or two.x + two.group.width <= one.x
        assert beside or one.y != two.y
    for port in picture.ports:
        box = boxes[port.group.parent]
        assert box.x <= port.x
        assert port.x + port.group.width <= box.x + box.width
        assert port.y == box.y + HEIGHT


@settings(deadline=None)
@given(flows())
def test_every_name_of_every_link_has_a_way_from_its_definer_to_its_reader(flow):
    picture = layout(flow)
    boxes = {placed.box.id: placed for placed in picture.boxes}
    drawn = {(route.link.parent, route.link.child): set() for route in picture.routes}
    for route in picture.routes:
        drawn[route.link.parent, route.link.child].update(route.names)
        ends = (route.link.parent, route.link.child)
        upper, lower = (boxes[end] for end in (reversed(ends) if route.up else ends))
        (x1, y1), (x2, y2) = route.points[0], route.points[-1]
        assert y1 == upper.y + HEIGHT + PORT
        assert upper.x <= x1 <= upper.x + upper.width
        assert y2 == lower.y
        assert lower.x <= x2 <= lower.x + lower.width
    assert drawn == {(link.parent, link.child): set(link.names) for link in flow.links}


@settings(deadline=None)
@given(flows())
def test_no_curve_passes_a_box(flow):
    picture = layout(flow)
    for route in picture.routes:
        for (x1, y1), (x2, y2) in pairwise(route.points):
            assert y1 < y2
            if x1 != x2:  # a curve stays between two rows
                assert y2 - y1 <= PITCH - HEIGHT - PORT
            for box in picture.boxes:
                outside = y2 <= box.y or y1 >= box.y + HEIGHT
                assert outside or not box.x < x1 < box.x + box.width


@settings(deadline=None)
@given(flows())
def test_everything_is_inside_the_picture(flow):
    picture = layout(flow)
    for box in picture.boxes:
        assert box.x >= 0
        assert box.x + box.width <= picture.width
        assert box.y >= 0
        assert box.y + HEIGHT <= picture.height
    for route in picture.routes:
        assert all(0 <= x <= picture.width for x, _ in route.points)


@given(flows())
def test_what_points_upwards_breaks_every_cycle(flow):
    pairs = [(link.parent, link.child) for link in flow.links]
    left = set(pairs) - backward([box.id for box in flow.boxes], pairs)
    found = rows({box.id: 100.0 for box in flow.boxes}, left, LIMIT)
    assert all(found[parent] < found[child] for parent, child in left)


def test_without_cycles_nothing_points_upwards():
    assert backward("abc", [("a", "b"), ("b", "c"), ("a", "c")]) == set()


def test_a_row_is_not_wider_than_the_limit():
    pairs = [("top", f"c{n}") for n in range(60)]
    found = rows({"top": 100.0} | {f"c{n}": 100.0 for n in range(60)}, pairs, 500.0)
    assert max(list(found.values()).count(row) for row in found.values()) <= 4


def test_what_reads_nothing_stands_right_above_its_first_reader():
    chain = [(f"c{n}", f"c{n + 1}") for n in range(5)]
    names = ["late", *(f"c{n}" for n in range(6))]
    found = rows(dict.fromkeys(names, 100.0), [*chain, ("late", "c5")], LIMIT)
    assert found["late"] == found["c5"] - 1


def test_the_order_in_the_rows_undoes_a_crossing():
    grid = Rows([["a", "b"], ["c", "d"]], [("a", "d", 1.0), ("b", "c", 1.0)])
    assert grid.crossings() == 1
    grid.arrange()
    assert grid.crossings() == 0


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12))
def test_pooling_gives_the_nearest_numbers_that_never_fall(wishes):
    found = ascending(wishes, [1.0] * len(wishes))
    assert len(found) == len(wishes)
    assert all(a <= b + 1e-9 for a, b in pairwise(found))
    assert sum(found) == pytest.approx(sum(wishes))
    if sorted(wishes) == wishes:
        assert found == pytest.approx(wishes)


@pytest.mark.parametrize(
    ("names", "limit", "text"),
    [
        (("a",), 10, "a"),
        (("a", "b", "c"), 10, "a, b, c"),
        (("alpha", "beta", "gamma"), 12, "alpha, +2"),
        (("a_very_long_name", "b"), 10, "a_very… +1"),
    ],
)
def test_names_that_do_not_fit_are_counted(names, limit, text):
    assert join(names, limit) == text
    assert columns(text) <= limit


def test_a_long_line_is_cut_and_wide_characters_count_twice():
    assert shorten("x = 1", 10) == "x = 1"
    assert shorten("a  =\t1", 10) == "a = 1"
    assert shorten("x = some_function()", 10) == "x = some_…"
    assert columns(shorten("数" * 20, 10)) <= 10
