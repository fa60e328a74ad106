"""The magics of the reactive flavour: graph, why, lazy, eager, run stale."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from kernels import Kernel
from notebooks.lab import Lab, fresh_lab, reactive_kernel

from .client import Client
from .request import Request


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from reactive_kernel()


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    kernel.client().run("%akernel_mode async", silent=True)  # forgets the cells of other tests
    yield from fresh_lab(kernel)


def bundle(cell: Request) -> dict[str, str]:
    [shown] = cell.of("display_data")
    data: dict[str, str] = shown["content"]["data"]
    return data


def graph(lab: Lab) -> list[str]:
    """Draw, and give the lines of the text without the spaces between words."""
    text = bundle(lab.type("%akernel graph").result())["text/plain"]
    return [" ".join(line.split()) for line in text.splitlines()]


def why(lab: Lab, cell: Request | None = None) -> list[str]:
    number = "" if cell is None else cell.count
    request = lab.type(f"%akernel why {number}").result()
    assert request.status == "ok", request.reply
    return request.stdout.splitlines()


def complaint(cell: Request) -> str:
    assert cell.status == "error"
    return cell.stderr + "".join(cell.reply["traceback"])


# -- graph


def test_graph_lists_cells_with_their_status_and_readers(lab: Lab) -> None:
    first, second = lab.run("1", "a = b + 1\na"), lab.run("2", "b = 2")
    assert graph(lab) == [
        f"In [{first.count}] fresh a = b + 1",
        f"In [{second.count}] fresh b = 2",
        f"b → In [{first.count}]",
    ]


def test_graph_is_a_picture_in_rich_front_ends(lab: Lab) -> None:
    lab.run("1", "beta = 2")
    lab.run("2", "gamma = beta < 3")
    data = bundle(lab.type("%akernel graph").result())
    assert set(data) == {"text/plain", "image/svg+xml"}
    words = [text.text for text in ET.fromstring(data["image/svg+xml"]).iter() if text.text]
    assert {"beta", "gamma = beta < 3", "fresh"} <= set(words)


def test_graph_marks_failed_blocked_and_pending_cells(lab: Lab) -> None:
    lab.run("1", "a = 1")
    lab.run("2", "b = 1 / a")
    lab.run("3", "c = b")
    lab.run("4", "d = a + zeta")
    lab.run("1", "a = 0")
    text = "\n".join(graph(lab))
    assert "failed b = 1 / a" in text
    assert "blocked c = b" in text
    assert "pending d = a + zeta (zeta)" in text


def test_graph_marks_what_depends_on_a_cell_that_the_user_ran_and_that_failed(lab: Lab) -> None:
    lab.run("1", "a = 1")
    below, lowest = lab.run("2", "b = a"), lab.run("3", "c = b")
    failed = lab.run("1", "a = 1 / 0")
    assert [line.split()[2] for line in graph(lab) if "→" not in line] == [
        "failed",
        "blocked",
        "blocked",
    ]
    assert why(lab, below) == [
        f"In [{below.count}] did not run: In [{failed.count}], which it reads `a` from, failed"
    ]
    assert why(lab, lowest) == [
        f"In [{lowest.count}] did not run: In [{failed.count}], "
        "which it depends on through other cells, failed"
    ]


def test_graph_leaves_out_the_cells_that_only_ask(lab: Lab) -> None:
    lab.run("1", "a = 1")
    graph(lab)
    lab.type("# who is there?\n%akernel why").result()
    assert len(graph(lab)) == 1


def test_graph_of_an_empty_session_says_so(lab: Lab) -> None:
    assert graph(lab) == ["no cells yet"]


def test_graph_and_why_tell_of_names_with_two_definers(lab: Lab) -> None:
    first, second = lab.run("1", "df = 1"), lab.run("2", "df = 2")
    remark = f"`df` is defined by In [{first.count}] and In [{second.count}]"
    assert graph(lab)[-1] == remark
    assert remark in why(lab, first)


# -- why


def test_why_without_a_number_is_about_the_cell_before(lab: Lab) -> None:
    lab.run("1", "a = 1")
    last = lab.run("2", "b = 1")
    why(lab)
    assert why(lab) == [f"In [{last.count}] ran because you ran it"]


def test_why_names_the_change_that_made_a_cell_run_again(lab: Lab) -> None:
    lab.run("1", "b = 1")
    reader = lab.run("2", "a = b")
    cause = lab.run("1", "b = 2")
    assert why(lab, reader) == [
        f"In [{reader.count}] re-ran because `b` from In [{cause.count}] changed"
    ]


def test_why_names_the_cell_that_a_pending_one_had_waited_for(lab: Lab) -> None:
    reader = lab.run("1", "a = b")
    cause = lab.run("2", "b = 2")
    assert why(lab, reader) == [f"In [{reader.count}] ran because In [{cause.count}] defined `b`"]


def test_why_names_what_a_pending_cell_waits_for(lab: Lab) -> None:
    first = lab.run("1", "a = b")
    assert why(lab, first) == [f"In [{first.count}] waits for `b`, which no cell defines"]
    second = lab.run("2", "c = a")
    assert why(lab, second) == [
        f"In [{second.count}] waits for `a`, which In [{first.count}] defines; that waits for `b`"
    ]


def test_why_says_that_a_value_was_equal(lab: Lab) -> None:
    lab.run("1", "y = 1")
    reader = lab.run("2", "x = y")
    cause = lab.run("1", "y = 1")
    assert why(lab, reader) == [
        f"In [{reader.count}] ran because you ran it",
        f"In [{reader.count}] did not re-run: `y` from In [{cause.count}] got an equal value",
    ]


def test_why_blames_the_cell_that_failed(lab: Lab) -> None:
    lab.run("1", "a = 1")
    failed, below = lab.run("2", "x = 1 / a"), lab.run("3", "x + 1")
    cause = lab.run("1", "a = 0")
    assert why(lab, failed) == [
        f"In [{failed.count}] re-ran because `a` from In [{cause.count}] changed, and failed"
    ]
    assert why(lab, below) == [
        f"In [{below.count}] did not run: In [{failed.count}], which it reads `x` from, failed"
    ]


def test_why_names_the_cell_that_changed_an_object_in_place(lab: Lab) -> None:
    owner = lab.run("1", "items = [1]")
    reader = lab.run("2", "len(items)")
    changer = lab.run("3", "items.append(2)")
    assert why(lab, reader) == [
        f"In [{reader.count}] re-ran because `items` from In [{owner.count}] "
        f"was changed in place by In [{changer.count}]"
    ]


def test_why_tells_of_a_definer_that_was_deleted(lab: Lab) -> None:
    owner = lab.run("1", "a = 1")
    reader = lab.run("2", "a + 1")
    lab.run("3", "0", deleted=("1",))
    assert why(lab, reader) == [
        f"In [{reader.count}] waits for `a`, which In [{owner.count}] defined, which was deleted"
    ]


@pytest.mark.parametrize(
    ("argument", "message"),
    [("9999", "no cell shows In [9999]"), ("x", "'x' is not the number of a cell")],
)
def test_why_of_a_cell_that_is_not_there_is_refused(lab: Lab, argument: str, message: str) -> None:
    assert message in complaint(lab.type(f"%akernel why {argument}").result())


def test_why_before_any_cell_is_refused(lab: Lab) -> None:
    assert "no other cell" in complaint(lab.type("%akernel why").result())


# -- lazy


def test_lazy_marks_stale_instead_of_running(lab: Lab) -> None:
    lab.run("1", "b = 1")
    reader = lab.run("2", "b + 1")
    assert "run stale" in lab.type("%akernel lazy").result().stdout
    cause = lab.run("1", "b = 10")
    assert lab.texts("2") == ["2"]
    assert f"In [{reader.count}] stale b + 1" in graph(lab)
    assert why(lab, reader) == [
        f"In [{reader.count}] is stale: `b` from In [{cause.count}] changed; "
        "%akernel run stale runs it"
    ]


def test_run_stale_runs_all_stale_cells_before_its_reply(lab: Lab) -> None:
    lab.run("1", "b = 1")
    cells = [lab.run("2", "c = b + 1\nc"), lab.run("3", "d = c + 1\nd"), lab.run("4", "d + 1")]
    lab.type("%akernel lazy").result()
    lab.run("1", "b = 10")
    assert "\n".join(graph(lab)).count("stale") == 3
    running = lab.type("%akernel run stale").result()
    assert running.stdout == f"running {', '.join(f'In [{cell.count}]' for cell in cells)}\n"
    assert [lab.texts(cell) for cell in "234"] == [["11"], ["12"], ["13"]]
    assert "stale" not in "\n".join(graph(lab))
    assert len(running.of("update_display_data")) == 3


def test_run_stale_leaves_the_session_lazy(lab: Lab) -> None:
    lab.run("1", "b = 1")
    lab.run("2", "b + 1")
    lab.type("%akernel lazy").result()
    lab.type("%akernel run stale").result()
    lab.run("1", "b = 5")
    assert lab.texts("2") == ["2"]


def test_run_stale_works_in_a_request_that_makes_no_cell(lab: Lab) -> None:
    lab.run("1", "b = 1")
    lab.run("2", "b + 1")
    lab.type("%akernel lazy").result()
    lab.run("1", "b = 5")
    lab.client.run("%akernel run stale", store_history=False)
    lab.wait_text("2", "6")


def test_run_stale_says_when_there_is_nothing_to_do(lab: Lab) -> None:
    assert lab.type("%akernel run stale").result().stdout == "nothing is stale\n"


def test_eager_runs_what_had_become_stale_and_all_later_changes(lab: Lab) -> None:
    lab.run("1", "b = 1")
    lab.run("2", "b + 1")
    lab.type("%akernel lazy").result()
    lab.run("1", "b = 10")
    lab.type("%akernel eager").result()
    assert lab.texts("2") == ["11"]
    lab.run("1", "b = 20")
    assert lab.texts("2") == ["21"]


# -- in general


@pytest.mark.parametrize("command", ["graph", "why", "lazy", "eager", "run stale"])
def test_other_flavours_say_how_to_get_react(lab: Lab, command: str) -> None:
    lab.type("%akernel_mode chain").result()
    message = complaint(lab.type(f"%akernel {command}").result())
    assert f"%akernel {command}" in message
    assert "%akernel_mode chain-react" in message


def test_akernel_alone_lists_its_commands(lab: Lab) -> None:
    shown = lab.type("%akernel").result().stdout
    for command in ("tasks", "cancel N", "graph", "why [N]", "lazy", "eager", "run stale"):
        assert f"%akernel {command} " in shown


@pytest.mark.parametrize("line", ["draw", "graph now", "run", "run everything", "why 1 2"])
def test_an_unknown_command_is_refused_with_the_known_ones(lab: Lab, line: str) -> None:
    message = complaint(lab.type(f"%akernel {line}").result())
    assert repr(line) in message
    assert "%akernel graph" in message


def test_the_help_lists_all_commands(lab: Lab, kernel: Kernel) -> None:
    client: Client = lab.client
    [payload] = client.run("%akernel?").reply["payload"]
    text = payload["data"]["text/plain"]
    for command in ("tasks", "cancel N", "graph", "why [N]", "lazy", "eager", "run stale"):
        assert f"%akernel {command} " in text


def test_saying_react_again_keeps_the_cells(lab: Lab) -> None:
    lab.run("1", "b = 1")
    lab.run("2", "b + 1")
    lab.type("%akernel_mode react").result()
    lab.run("1", "b = 2")
    assert lab.texts("2") == ["3"]


def test_why_names_the_feed_that_made_a_cell_run(lab: Lab) -> None:
    feed = lab.run(
        "1", "async def count():\n    for n in range(3):\n        yield n\nn = live(count())"
    )
    reader = lab.run("2", "print(n)")
    lab.wait_text("2", "2\n")
    lab.run("1", "async def count():\n    yield 7\nn = live(count())")
    lab.wait_text("2", "7\n")
    [reason] = why(lab, reader)
    assert reason.startswith(f"In [{reader.count}] re-ran because `n` from In [")
    assert feed.status == "ok"
