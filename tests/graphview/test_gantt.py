"""A run over time, as a picture."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.graphview.gantt import CRITICAL, PAINTS, PALE, draw_schedule, ticks
from akernel_ipy.graphview.schedule import Bar, Schedule, Wait, critical

SVG = "{http://www.w3.org/2000/svg}"


def bar(number, start, end, *waits, look="loop", line=""):
    told = tuple(Wait(n, f"it reads `x{n}`") for n in waits)
    return Bar(number, line or f"line_{number}", look, start, end, told)


def run_of(*bars, seconds=None):
    return Schedule("n.ipynb", bars, seconds or max((b.end for b in bars), default=0.0))


def drawn(schedule):
    root = ET.fromstring(draw_schedule(schedule))
    groups = list(root.iter(f"{SVG}g"))
    cells = {g.get("data-cell"): g for g in groups if g.get("class") == "cell"}
    waits = {
        (int(g.get("data-for")), int(g.get("data-cell"))): g
        for g in groups
        if g.get("class") == "wait"
    }
    return root, cells, waits


def words(element):
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def span(cell):
    box = cell.find(f"{SVG}rect")
    return float(box.get("x")), float(box.get("x")) + float(box.get("width"))


THREE = run_of(bar(1, 0, 1), bar(2, 0, 2), bar(3, 2.0, 3, 1, 2))


def test_each_cell_has_a_row_with_its_line_and_its_time():
    _, cells, _ = drawn(THREE)
    assert words(cells["2"]) == ["[2]", "line_2", "2.00 s"]
    heights = [float(cells[n].find(f"{SVG}rect").get("y")) for n in "123"]
    assert heights == sorted(set(heights))


def test_bars_are_as_long_as_the_cells_ran():
    _, cells, _ = drawn(THREE)
    (a, b), (c, d), (e, f) = (span(cells[n]) for n in "123")
    assert a == c
    assert d - c == pytest.approx(2 * (b - a), abs=0.2)
    assert e == pytest.approx(d, abs=0.2)
    assert f > e


def test_each_wait_is_a_line_with_its_reason():
    _, _, waits = drawn(THREE)
    assert set(waits) == {(1, 3), (2, 3)}
    assert waits[2, 3].find(f"{SVG}title").text == "[3] waited for [2]: it reads `x2`"


def test_a_wait_that_others_imply_is_told_and_not_drawn():
    run = run_of(bar(1, 0, 1), bar(2, 1, 2, 1), bar(3, 2, 3, 1, 2), bar(4, 1, 2, 1, look="aborted"))
    _, cells, waits = drawn(run)
    assert set(waits) == {(1, 2), (2, 3), (1, 4)}
    told = cells["3"].find(f"{SVG}title").text
    assert "waited for [1]: it reads `x1`\nwaited for [2]: it reads `x2`" in told


def test_lines_go_down_where_a_cell_starts_at_once_and_to_the_right_where_it_starts_later():
    _, _, waits = drawn(THREE)
    later, at_once = (waits[n, 3].find(f"{SVG}path").get("d") for n in (1, 2))
    assert ("H" in later, "H" in at_once) == (True, False)


def test_the_waits_that_lead_to_the_end_are_drawn_last_and_in_their_own_colour():
    root, cells, waits = drawn(THREE)
    strokes = {key: group.find(f"{SVG}path").get("stroke") for key, group in waits.items()}
    assert strokes == {(1, 3): PALE, (2, 3): CRITICAL}
    assert list(waits) == [(1, 3), (2, 3)]
    edges = {n: cell.find(f"{SVG}rect").get("stroke") == CRITICAL for n, cell in cells.items()}
    assert edges == {"1": False, "2": True, "3": True}
    assert "the way to the last cell: 3.00 s in 2 cells" in words(root)


def test_the_summary_says_what_was_saved():
    root, _, _ = drawn(THREE)
    assert "3 cells in 3.00 s; the sum of their times 4.00 s" in words(root)
    assert "speed-up 1.3" in words(root)


@pytest.mark.parametrize("look", PAINTS)
def test_the_legend_tells_the_looks_that_occur(look):
    root, cells, _ = drawn(run_of(bar(1, 0, 1, look=look)))
    said = {paint.words for paint in PAINTS.values()} & set(words(root))
    assert said - {"aborted"} == {PAINTS[look].words} - {"aborted"}
    assert cells["1"].get("data-look") == look


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        ((), []),
        ((bar(1, 0, 1),), [1]),
        ((bar(1, 0, 1), bar(2, 0, 2), bar(3, 2, 3, 1, 2)), [2, 3]),
        ((bar(1, 0, 3), bar(2, 0, 1), bar(3, 1, 2, 2)), [1]),
        ((bar(1, 0, 1), bar(2, 1, 2, 1), bar(3, 2, 4, 2, 1)), [1, 2, 3]),
        ((bar(1, 0, 1, look="aborted"), bar(2, 1, 2, 1)), [2]),
    ],
)
def test_the_waits_before_the_cell_that_ended_last_are_found(bars, expected):
    assert [b.number for b in critical(run_of(*bars))] == expected


def test_an_empty_run_and_one_without_any_time_can_be_drawn():
    assert drawn(run_of())[1] == {}
    assert "1 cell in 0 ms" in " ".join(words(drawn(run_of(bar(1, 0, 0)))[0]))


@given(st.floats(1e-3, 1e6))
def test_ticks_are_round_few_and_within_the_time(longest):
    found = ticks(longest)
    assert found[0] == 0
    assert 4 <= len(found) <= 10
    assert found[-1] <= longest * (1 + 1e-6)


LINES = st.text(max_size=200)
TIMES = st.floats(0, 1e4)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(LINES, TIMES, TIMES, st.sets(st.integers(1, 8)), st.sampled_from([*PAINTS])))
)
def test_any_run_is_well_formed_xml_and_shows_every_cell(cells):
    bars = [
        bar(n, start, start + length, *waits, look=look, line=line or "x")
        for n, (line, start, length, waits, look) in enumerate(cells, start=1)
    ]
    assert len(drawn(run_of(*bars))[1]) == len(bars)
