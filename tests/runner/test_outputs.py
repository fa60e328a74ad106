from __future__ import annotations

from typing import Any

import nbformat

from akernel_ipy.runner.outputs import Displays, Outputs


def message(kind: str, **content: Any) -> dict[str, Any]:
    return {"header": {"msg_type": kind}, "msg_type": kind, "content": content}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return message("stream", name=name, text=text)


def shown(text: str, display_id: str | None = None, kind: str = "display_data") -> dict[str, Any]:
    transient = {"display_id": display_id} if display_id else None
    count = {"execution_count": 1} if kind == "execute_result" else {}
    data = {"text/plain": text}
    return message(kind, data=data, metadata={}, transient=transient, **count)


def cleared(*, wait: bool) -> dict[str, Any]:
    return message("clear_output", wait=wait)


def texts(outputs: Outputs) -> list[str]:
    return [
        node.get("text") or node.get("data", {}).get("text/plain") or node["ename"]
        for node in outputs.nodes()
    ]


def received(*messages: dict[str, Any]) -> Outputs:
    outputs = Outputs(Displays())
    for each in messages:
        outputs.receive(each)
    return outputs


def test_neighbours_of_one_stream_become_one_output() -> None:
    outputs = received(stream("a"), stream("b\n"), stream("e", "stderr"), stream("c"))
    assert [(node["name"], node["text"]) for node in outputs.nodes()] == [
        ("stdout", "ab\n"),
        ("stderr", "e"),
        ("stdout", "c"),
    ]


def test_a_display_ends_a_stream() -> None:
    assert texts(received(stream("a"), shown("figure"), stream("b"))) == ["a", "figure", "b"]


def test_a_progress_bar_keeps_its_last_state_alone() -> None:
    outputs = received(stream("start\n\r 1%"), stream("\r50%"), stream("\r99%\nend\r\n"))
    assert texts(outputs) == ["start\n99%\nend\n"]


def test_clearing_with_wait_happens_at_the_next_output() -> None:
    outputs = received(stream("old"), cleared(wait=True))
    assert texts(outputs) == ["old"]
    outputs.receive(stream("new"))
    assert texts(outputs) == ["new"]


def test_clearing_at_once_leaves_nothing() -> None:
    assert texts(received(stream("old"), shown("figure"), cleared(wait=False))) == []


def test_an_update_reaches_the_display_of_another_cell() -> None:
    displays = Displays()
    first, second = Outputs(displays), Outputs(displays)
    first.receive(shown("old", "id"))
    second.receive(shown("new", "id", kind="update_display_data"))
    assert (texts(first), texts(second)) == (["new"], [])


def test_showing_an_id_again_updates_where_it_is_shown_already() -> None:
    displays = Displays()
    first, second = Outputs(displays), Outputs(displays)
    first.receive(shown("old", "id"))
    second.receive(shown("new", "id"))
    assert (texts(first), texts(second)) == (["new"], ["new"])


def test_an_update_finds_its_output_after_others_were_cleared() -> None:
    outputs = received(shown("a", "a"), cleared(wait=True), shown("b", "b"))
    outputs.receive(shown("gone", "a", kind="update_display_data"))
    outputs.receive(shown("B", "b", kind="update_display_data"))
    assert texts(outputs) == ["B"]


def test_an_update_of_an_unknown_id_is_nothing() -> None:
    assert texts(received(shown("x", "unknown", kind="update_display_data"))) == []


def test_every_kind_of_output_is_stored_as_nbformat_wants_it() -> None:
    error = message("error", ename="E", evalue="v", traceback=["line"])
    outputs = received(stream("s"), shown("d", "id"), shown("r", kind="execute_result"), error)
    cell = nbformat.v4.new_code_cell("", outputs=outputs.nodes())
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    assert [node["output_type"] for node in outputs.nodes()] == [
        *("stream", "display_data", "execute_result", "error"),
    ]
