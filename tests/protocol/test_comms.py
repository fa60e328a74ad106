"""Comms and widgets: callbacks run while cells wait, and print into the cell that made them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from .client import Client
from .request import Request

names = (f"target-{n}" for n in itertools.count())

SLIDER = "import ipywidgets\nslider = ipywidgets.IntSlider(0, 0, 100)\nseen = []\n"
OBSERVE = "slider.observe(lambda change: seen.append(change['new']), 'value')\n"


@pytest.fixture
def target() -> str:
    return next(names)


def open_comm(
    client: Client, target: str, data: dict[str, Any] | None = None
) -> tuple[str, Request]:
    comm_id = f"comm of {target}"
    content = {"comm_id": comm_id, "target_name": target, "data": data or {}}
    return comm_id, client.send("comm_open", content)


def tell(client: Client, comm_id: str, data: Any) -> Request:
    return client.send("comm_msg", {"comm_id": comm_id, "data": data})


def update(client: Client, model_id: str, **state: Any) -> Request:
    """Change a widget as its view does."""
    return tell(client, model_id, {"method": "update", "state": state, "buffer_paths": []})


def until_idle(*requests: Request) -> None:
    for request in requests:
        request.client.wait(lambda r=request: "idle" in r.states, 20, f"idle of {request!r}")
        assert request.states == ["busy", "idle"]


def test_a_comm_opened_by_the_front_end_reaches_its_target_while_a_cell_waits(
    client: Client, target: str
) -> None:
    gate = client.gate()
    client.run(
        "got = []\ndef on_open(comm, message):\n    got.append(message['content']['data'])\n"
        "    comm.on_msg(lambda message: got.append(message['content']['data']))\n"
        f"get_ipython().kernel.comm_manager.register_target('{target}', on_open)"
    )
    waiting = client.execute(gate.wait).until_busy()
    comm_id, opening = open_comm(client, target, {"n": 0})
    until_idle(opening, tell(client, comm_id, {"n": 1}), tell(client, comm_id, {"n": 2}))
    assert client.run("got").value == "[{'n': 0}, {'n': 1}, {'n': 2}]"
    assert not waiting.done
    gate.open()
    assert waiting.result().status == "ok"


def test_a_cell_can_wait_for_the_answer_of_the_front_end(client: Client, target: str) -> None:
    cell = client.execute(
        "from comm import create_comm\n"
        "answer = asyncio.get_running_loop().create_future()\n"
        f"asking = create_comm(target_name='{target}', data={{}})\n"
        "asking.on_msg(lambda message: answer.set_result(message['content']['data']))\n"
        "await answer"
    )
    client.wait(lambda: bool(cell.of("comm_open")), 20, "comm_open")
    comm_id = cell.of("comm_open")[0]["content"]["comm_id"]
    until_idle(tell(client, comm_id, "the answer"))
    assert cell.result().value == "'the answer'"


def test_a_callback_prints_and_displays_in_the_cell_that_opened_the_comm(
    client: Client, target: str
) -> None:
    cell = client.execute(
        "from comm import create_comm\n"
        f"speaking = create_comm(target_name='{target}', data={{}})\n"
        "def speak(message):\n"
        "    print('heard', message['content']['data'])\n    display('shown')\n"
        "speaking.on_msg(speak)"
    )
    cell.background = True
    comm_id = cell.result().of("comm_open")[0]["content"]["comm_id"]
    client.run("print('a later cell')")
    message = tell(client, comm_id, 7)
    until_idle(message)
    cell.until("heard 7")
    client.wait(lambda: cell.displays == ["'shown'"], 20, "the display")
    assert message.outputs == []


def test_an_error_in_a_callback_leaves_the_kernel_alive(client: Client, target: str) -> None:
    cell = client.execute(
        "from comm import create_comm\n"
        f"failing = create_comm(target_name='{target}', data={{}})\n"
        "failing.on_msg(lambda message: 1 / 0)"
    )
    cell.background = True
    comm_id = cell.result().of("comm_open")[0]["content"]["comm_id"]
    until_idle(tell(client, comm_id, 1), tell(client, comm_id, 2))
    assert client.run("'alive'").value == "'alive'"
    client.wait(lambda: cell.stderr.count("ZeroDivisionError") == 2, 20, "both errors")


def test_a_message_to_an_unknown_comm_is_answered_with_idle(client: Client) -> None:
    until_idle(tell(client, "no such comm", {}))
    assert client.run("'alive'").value == "'alive'"


def test_comm_info_lists_open_comms_and_forgets_closed_ones(client: Client, target: str) -> None:
    client.run(
        f"get_ipython().kernel.comm_manager.register_target('{target}', lambda comm, message: None)"
    )
    comm_id, opening = open_comm(client, target)
    until_idle(opening)
    comms = client.ask("comm_info_request", {"target_name": target}).reply["comms"]
    assert comms == {comm_id: {"target_name": target}}
    until_idle(client.send("comm_close", {"comm_id": comm_id, "data": {}}))
    assert client.ask("comm_info_request", {"target_name": target}).reply["comms"] == {}


def test_every_move_of_a_slider_acts_while_a_cell_waits(client: Client) -> None:
    gate = client.gate()
    model_id = eval(client.run(SLIDER + OBSERVE + "slider.model_id").value or "")
    waiting = client.execute(gate.wait).until_busy()
    for value in range(1, 21):
        until_idle(update(client, model_id, value=value))
    assert client.run("seen == list(range(1, 21))").value == "True"
    gate.open()
    assert waiting.result().status == "ok"


def test_moves_sent_in_one_go_act_in_their_order(client: Client) -> None:
    model_id = eval(client.run(SLIDER + OBSERVE + "slider.model_id").value or "")
    until_idle(*[update(client, model_id, value=value) for value in range(1, 51)])
    assert client.run("seen == list(range(1, 51))").value == "True"


def test_a_cell_sees_a_slider_move_while_it_runs(client: Client) -> None:
    cell = client.execute(
        SLIDER + "moved = asyncio.Event()\nslider.observe(lambda change: moved.set(), 'value')\n"
        "print(slider.model_id)\nawait moved.wait()\nslider.value"
    )
    client.wait(lambda: cell.stdout.endswith("\n"), 20, "the model's id")
    update(client, cell.stdout.strip(), value=42)
    assert cell.result().value == "42"


def test_print_in_an_observer_appears_in_the_cell_that_made_the_widget(client: Client) -> None:
    cell = client.execute(
        SLIDER + "slider.observe(lambda change: print('now', change['new']), 'value')\n"
        "slider.model_id"
    )
    cell.background = True
    model_id = eval(cell.result().value or "")
    gate = client.gate()
    waiting = client.execute(gate.wait).until_busy()
    until_idle(update(client, model_id, value=5))
    cell.until("now 5")
    gate.open()
    assert waiting.result().stdout == ""


def test_a_task_started_by_a_callback_prints_into_the_cell_of_the_widget(client: Client) -> None:
    cell = client.execute(
        SLIDER
        + "async def later(value):\n    await asyncio.sleep(0.01)\n    print('later', value)\n"
        "def start(change):\n    global started\n"
        "    started = asyncio.get_running_loop().create_task(later(change['new']))\n"
        "slider.observe(start, 'value')\nslider.model_id"
    )
    cell.background = True
    model_id = eval(cell.result().value or "")
    until_idle(update(client, model_id, value=3))
    cell.until("later 3")


def test_an_output_widget_captures_in_a_callback(client: Client) -> None:
    cell = client.execute(
        SLIDER + "out = ipywidgets.Output()\ndef show(change):\n"
        "    with out: print('captured', change['new'])\n    print('beside')\n"
        "slider.observe(show, 'value')\nslider.model_id"
    )
    cell.background = True
    model_id = eval(cell.result().value or "")
    seen = len(client.iopub)
    until_idle(update(client, model_id, value=9))
    heard = client.iopub[seen:]
    # the widget names the message whose outputs the front-end shall put into it
    captured = [
        m["content"]["data"]["state"]["msg_id"]
        for m in heard
        if m["msg_type"] == "comm_msg" and "msg_id" in m["content"]["data"].get("state", {})
    ]
    assert len(captured) == 2, captured
    assert captured[1] == ""
    (stream,) = [m for m in heard if "captured 9" in m["content"].get("text", "")]
    assert stream["parent_header"]["msg_id"] == captured[0] != ""


def test_an_output_widget_captures_in_a_cell_while_another_prints(client: Client) -> None:
    gate = client.gate()
    client.run("import ipywidgets; out = ipywidgets.Output()")
    waiting = client.execute(f"print('before')\n{gate.wait}\nprint('mine')").until("before")
    cell = client.run("with out: print('captured')")
    gate.open()
    assert waiting.result().stdout == "before\nmine\n"
    updates = [m["content"]["data"]["state"] for m in cell.of("comm_msg")]
    assert [state["msg_id"] for state in updates if "msg_id" in state] == [cell.msg_id, ""]


def test_interact_reruns_its_function_when_the_slider_moves(client: Client) -> None:
    cell = client.execute(
        "import ipywidgets\n"
        "made = ipywidgets.interactive(lambda x: print('x is', x), x=(0, 10))\ndisplay(made)\n"
        "made.children[0].model_id"
    )
    cell.background = True
    model_id = eval(cell.result().value or "")
    message = update(client, model_id, value=8)
    until_idle(message)
    texts = [m["content"]["text"] for m in client.iopub if m["msg_type"] == "stream"]
    assert any("x is 8" in text for text in texts)


def test_a_callback_sees_the_context_variables_that_plain_cells_have_set(
    client: Client, target: str
) -> None:
    cell = client.execute(
        "import decimal\nfrom comm import create_comm\n"
        f"counting = create_comm(target_name='{target}', data={{}})\n"
        "counting.on_msg(lambda message: precisions.append(decimal.getcontext().prec))"
    )
    comm_id = cell.result().of("comm_open")[0]["content"]["comm_id"]
    client.run("precisions = []\ndecimal.getcontext().prec = 7")
    until_idle(tell(client, comm_id, 1))
    assert client.run("precisions").value == "[7]"
    client.run("decimal.getcontext().prec = 28")


def test_what_a_callback_opens_is_not_of_the_cell_that_ended_when_its_message_came(
    client: Client, target: str
) -> None:
    gate = client.file_gate()
    cell = client.execute(
        "from comm import create_comm\n"
        "def open_another(message):\n"
        f"    another = create_comm(target_name='{target}', data={{}})\n"
        "    another.on_msg(lambda message: print('heard', message['content']['data']))\n"
        f"outer = create_comm(target_name='{target}', data={{}})\n"
        "outer.on_msg(open_another)"
    )
    cell.background = True
    comm_id = cell.result().of("comm_open")[0]["content"]["comm_id"]
    blocking = client.execute(
        f"import os, time\nprint('in', flush=True)\n"
        f"while not os.path.exists({str(gate.path)!r}): time.sleep(0.005)"
    ).until("in")
    message = tell(client, comm_id, 1)
    client.ask("connect_request", channel="control")  # the message has arrived
    gate.open()
    blocking.result()
    until_idle(message)
    until_idle(tell(client, message.of("comm_open")[0]["content"]["comm_id"], 2))
    cell.until("heard 2")
    assert blocking.stdout == "in\n"
