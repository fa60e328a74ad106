"""A front-end with widgets: it keeps their models, and what ``Output`` widgets capture."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from notebooks.lab import Lab, Output
from notebooks.percent import essence, plain
from protocol.client import Client
from protocol.request import OUTPUTS, PATIENCE, Message

from .noise import in_order, quiet
from .script import Step

#: Parts of an anywidget's state: megabytes of JavaScript.
CODE = ("_css", "_esm")


class Front(Lab):
    """Runs the steps of a notebook one by one, as a user does who looks at each result."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        #: The widgets' state by the id of their comm, in the order of their making.
        self.models: dict[str, dict[str, Any]] = {}
        #: What the kernel said of widgets and other comms.
        self.traffic: list[str] = []
        self.captured: defaultdict[str, list[Output]] = defaultdict(list)
        self._capturing: dict[str, str] = {}
        self.questions: defaultdict[str, list[Any]] = defaultdict(list)

    # -- what the user does

    def take_step(self, name: str, step: Step) -> None:
        """Do what a step says, and wait until all has happened that comes of it."""
        if step.deed == "press":
            self._tell("Button", {"description": step.words}, method="custom", event="click")
        elif step.deed == "move":
            kind, trait, value = step.change
            self._tell(kind, {}, method="update", **{trait: value})
        else:
            request = self.send(name, step.code, stop_on_error=False)
            for answer in step.answers:
                asked = request.question()["content"]
                self.questions[name].append([asked["prompt"], asked["password"]])
                request.answer(answer)
            if step.deed == "until":
                request.until(step.words)
            request.result()
        self.outputs(name)

    def _tell(self, kind: str, state: dict[str, Any], method: str, **content: Any) -> None:
        wanted = {"_model_name": f"{kind}Model", **state}
        model = next(
            comm_id
            for comm_id, known in reversed(self.models.items())
            if all(known.get(name) == value for name, value in wanted.items())
        )
        part = {"content": content} if method == "custom" else {"state": content}
        data = {"method": method, "buffer_paths": [], **part}
        request = self.client.send("comm_msg", {"comm_id": model, "data": data})
        request.background = True
        self.client.wait(lambda: "idle" in request.states, PATIENCE, f"idle of {request!r}")

    # -- what is shown

    def outputs(self, cell: str) -> list[Output]:
        self._take_in()
        return self._shown.get(cell, [])

    def summary(self, cells: list[str]) -> dict[str, Any]:
        """Say what each cell shows and asked, and what widgets were made and did."""
        shown: dict[str, Any] = {
            cell: [
                *map(quiet, self.questions[cell]),
                *quiet(in_order(essence(self.outputs(cell)))),
                *self._details(cell),
            ]
            for cell in cells
        }
        for number, comm_id in enumerate(self.models):
            if captured := self.captured[comm_id]:
                shown[f"widget {number} captured"] = quiet(essence(captured))
        shown["comms"] = self._by_number(self.traffic)
        return shown

    def _details(self, cell: str) -> list[Any]:
        """Say what `essence` leaves out: tracebacks, metadata, and the reply with its payload."""
        details: list[Any] = []
        for output in self.outputs(cell):
            if output["output_type"] == "error":
                details.append(["traceback", *output["traceback"]])
            elif metadata := output.get("metadata"):
                details.append(["metadata", metadata])
        reply = self.requests[cell].reply
        details.append(["reply", reply["status"], reply.get("payload"), reply.get("evalue")])
        return [quiet(_plain(detail)) for detail in details]

    def _by_number(self, lines: list[str]) -> list[Any]:
        numbered = []
        for line in lines:
            for number, comm_id in enumerate(self.models):
                line = line.replace(comm_id, f"comm {number}")
            numbered.append(quiet(line))
        return numbered

    # -- what the kernel says

    def _take(self, message: Message) -> None:
        kind, parent = message["msg_type"], message["parent_header"].get("msg_id", "")
        if kind.startswith("comm_"):
            self._take_comm(kind, message["content"])
        elif kind in OUTPUTS and parent in self._capturing:
            self._keep(self.captured[self._capturing[parent]], self._capturing[parent], message)
        else:
            super()._take(message)

    def _take_comm(self, kind: str, content: dict[str, Any]) -> None:
        comm_id, data = content["comm_id"], content.get("data", {})
        state = data.get("state", {})
        if kind == "comm_open":
            self.models[comm_id] = {}
        self.models[comm_id].update(state)
        if "msg_id" in state:
            self._capturing = {m: c for m, c in self._capturing.items() if c != comm_id}
            if state["msg_id"]:
                self._capturing[state["msg_id"]] = comm_id
        said = {
            "msg_id": bool(state.get("msg_id")),
            **{k: len(v) if k in CODE else v for k, v in state.items() if k != "msg_id"},
        }
        known = self.models[comm_id].get("_model_name", content.get("target_name"))
        self.traffic.append(
            f"{kind} {known} {comm_id} {data.get('method')} {json.dumps(said, sort_keys=True)}"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [*map(_plain, value)] if isinstance(value, list) else value
