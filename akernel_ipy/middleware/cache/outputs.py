"""What a run shows: kept message by message, and shown again in the same order."""

from __future__ import annotations

import json
import sys
from typing import Any

from jupyter_client.jsonutil import json_clean, json_default

from ...core.model import Run

#: A message of a cell: its type and its content.
Shown = tuple[str, dict[str, Any]]

#: What a front-end keeps alive together with the kernel; it can't be shown again later.
_LIVE = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")


class Recorder:
    """Keeps what is sent with a run's own header as parent."""

    def __init__(self, run: Run) -> None:
        self._header = run.request.message["header"]
        self._own = getattr(self._header, "kept", None) is None
        if self._own:
            self._header.kept = []
        self._start = len(self._header.kept)

    def stop(self) -> list[Shown]:
        """Give what was sent since, and keep nothing more."""
        kept = self._header.kept or []
        shown = list(kept[self._start :])
        if self._own:
            self._header.kept = None
        return shown


def condense(shown: list[Shown]) -> list[Shown]:
    """Join what was written to one stream without anything in between."""
    found: list[Shown] = []
    for kind, content in shown:
        if kind == "stream" and found and found[-1][0] == "stream":
            last = found[-1][1]
            if last["name"] == content["name"]:
                found[-1] = (kind, {**last, "text": last["text"] + content["text"]})
                continue
        found.append((kind, content))
    return found


def unstorable(shown: list[Shown]) -> str:
    """Say what among some outputs can't be shown again; empty if everything can."""
    for kind, content in shown:
        if kind == "error":
            return f"it shows an error ({content.get('ename')}), though it went on"
        if kind not in {"stream", "clear_output"} and any(m in content["data"] for m in _LIVE):
            return "it shows a widget"
    return ""


def pack(shown: list[Shown]) -> bytes:
    """Serialise outputs as they were sent.

    Raises:
        ValueError, TypeError: one is no JSON.
    """
    contents = [(kind, json_clean(_without_count(content))) for kind, content in shown]
    return json.dumps(contents, default=json_default).encode("utf-8", "surrogatepass")


def _without_count(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != "execution_count"}


def unpack(packed: bytes) -> list[Shown]:
    """Read what `pack` wrote."""
    return [
        (kind, content) for kind, content in json.loads(packed.decode("utf-8", "surrogatepass"))
    ]


def show(shell: Any, shown: list[Shown], result: Any, *, keep: bool) -> None:
    """Show outputs again, as the run at hand.

    Args:
        shell: its hook and publisher send them.
        shown: what to show.
        result: the value that the ``execute_result`` among them shows.
        keep: the result goes to ``Out`` and ``_``.
    """
    for kind, content in shown:
        if kind == "stream":
            stream = sys.stdout if content["name"] == "stdout" else sys.stderr
            stream.write(content["text"])
            stream.flush()
        elif kind == "clear_output":
            shell.display_pub.clear_output(wait=content["wait"])
        elif kind == "execute_result":
            _show_result(shell, content, result)
        else:
            shell.display_pub.publish(
                content["data"],
                content["metadata"],
                transient=content.get("transient") or {},
                update=kind == "update_display_data",
            )
    if keep and not any(kind == "execute_result" for kind, _ in shown):
        shell.displayhook.update_user_ns(result)
        shell.displayhook.fill_exec_result(result)


def _show_result(shell: Any, content: dict[str, Any], result: Any) -> None:
    # What `DisplayHook.__call__` of IPython 9 does, but for computing the representations.
    hook = shell.displayhook
    hook.check_for_underscore()
    hook.start_displayhook()
    hook.write_output_prompt()
    hook.update_user_ns(result)
    hook.fill_exec_result(result)
    hook.write_format_data(content["data"], content["metadata"])
    hook.log_output(content["data"])
    hook.finish_displayhook()
