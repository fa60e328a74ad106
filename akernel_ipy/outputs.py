"""Outputs of earlier cells: replaced in place, in every front-end that can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .core.model import Outcome, Run


class LiveOutputs:
    """What a re-run shows takes the place of what its cell showed before.

    In JupyterLab and Notebook 7: ``clear_output(wait)``, then the new outputs, all with the header
    of the cell's own request as parent. In nbclient and its kin, which read only what answers the
    request they wait for: ``update_display_data`` of the result's id, with that request as parent.

    Args:
        shell: its publisher and its displayhook send the messages.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def begin(self, run: Run) -> None:
        """Let the next output of a re-run replace the old ones, also in IPython's history."""
        self._shell.history_manager.outputs.pop(run.count, None)
        self._shell.display_pub.clear_output(wait=True)

    def end(
        self,
        run: Run,
        outcome: Outcome,
        listener: Run | None,
        *,
        replaces: bool,
        placed: bool,
        displays: Sequence[str],
    ) -> None:
        """Empty a cell that showed nothing this time, and tell who waits for another cell.

        Args:
            run: the re-run, which has ended.
            outcome: how it ended.
            listener: the run whose request is being answered, if any.
            replaces: the cell showed something before.
            placed: it has shown a result to who reads only what answers his own requests.
            displays: the ids of what it has displayed to him; ``display_id=True`` makes new ones
                each time.
        """
        self._shell.flush()
        if replaces and not run.request.message["header"].outputs:
            self._shell.display_pub.clear_output(wait=False)
        header = run.request.message["header"]
        kept, header.kept = _final(header.kept or []), None
        known = dict(zip(header.displays, displays, strict=False))
        if placed:
            result = _as_result(run, outcome, kept, displayed=bool(known))
            self._update(run, *result, listener)
        for msg_type, content in kept:
            display_id = _display_id(content)
            if msg_type == "display_data" and display_id is not None:
                display_id = known.get(display_id, display_id)
                self._update(run, content["data"], content["metadata"], listener, display_id)

    def pending(self, run: Run, waits: Mapping[str, str], listener: Run | None) -> None:
        """Show ``None`` for a cell that waits for names; say at a prompt what others read in HTML.

        Args:
            run: what the output belongs to.
            waits: the names, each with the label of the cell that defined it, if it was deleted.
            listener: the run whose request is being answered, if any.
        """
        matters = {
            name: f" (deleted with {label}; if you restored that, run it)" if label else ""
            for name, label in waits.items()
        }
        rich = ", ".join(f"<code>{escape(n)}</code>{escape(m)}" for n, m in matters.items())
        data = {
            "text/plain": "None",
            "text/html": f"<pre style='margin: 0'>None</pre><small>waits for {rich}</small>",
        }
        hook = self._shell.displayhook
        hook.start_displayhook()
        hook.write_output_prompt()
        hook.write_format_data(data, {})
        hook.finish_displayhook()
        self._update(run, data, {}, listener)
        if run.request.at_prompt:
            plain = ", ".join(f"`{name}`{matter}" for name, matter in matters.items())
            self._shell.display_pub.publish({"text/plain": f"waits for {plain}"})

    def blocked(self, run: Run, blame: str) -> None:
        """Say under a cell's old outputs why it was not re-run."""
        self._shell.display_pub.publish(
            {
                "text/plain": f"not re-run: {blame}",
                "text/html": f"<small>not re-run: {escape(blame)}</small>",
            },
        )

    def error(self, error: BaseException) -> Outcome:
        """Show an error in the cell of the calling context, and give it as that cell's outcome."""
        name, lines = type(error).__name__, [f"{type(error).__name__}: {error}"]
        self._shell._showtraceback(type(error), error, lines)
        return Outcome(status="error", ename=name, evalue=str(error), traceback=tuple(lines))

    def _update(
        self,
        run: Run,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any],
        listener: Run | None,
        display_id: str | None = None,
    ) -> None:
        # Only while a request of the same client is being answered.
        if listener is None or run.state.display_id is None:
            return
        if listener.request.session_id != run.request.session_id:
            return
        publisher = self._shell.display_pub
        token = publisher.set_thread_parent(listener.request.message["header"])
        try:
            publisher.publish(
                dict(data),
                dict(metadata),
                transient={"display_id": display_id or run.state.display_id},
                update=True,
            )
        finally:
            publisher.reset_thread_parent(token)


def _final(kept: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """What is left of some outputs: cleared ones are gone, updated ones have their last data."""
    left: list[tuple[str, dict[str, Any]]] = []
    for kind, content in kept:
        if kind == "clear_output":
            left.clear()
        elif kind == "update_display_data":
            left = [
                (shown, {**old, "data": content["data"], "metadata": content["metadata"]})
                if _display_id(old) == _display_id(content)
                else (shown, old)
                for shown, old in left
            ]
        else:
            left.append((kind, content))
    return left


def _display_id(content: Mapping[str, Any]) -> str | None:
    found: str | None = content.get("transient", {}).get("display_id")
    return found


def _is_handle(data: Mapping[str, Any]) -> bool:
    """Whether a result is only what ``display(..., display_id=...)`` returned."""
    return str(data.get("text/plain", "")).startswith("<DisplayHandle display_id=")


def _as_result(
    run: Run, outcome: Outcome, kept: list[tuple[str, dict[str, Any]]], *, displayed: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What takes the place of a cell's result; ``displayed``: its displays have their own."""
    if outcome.status == "error":
        text = "\n".join(outcome.traceback) or f"{outcome.ename}: {outcome.evalue}"
        return {"text/plain": text}, {}
    if run.state.shown is not None and (displayed or not _is_handle(run.state.shown[0])):
        return run.state.shown
    return _in_one(kept)


def _in_one(kept: list[tuple[str, dict[str, Any]]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a cell without a result showed, as the data of one output.

    A client that reads no other cell's messages has one place for it: where the result was, or
    ``None`` while the cell was pending.
    """
    kept = [(kind, content) for kind, content in kept if kind != "execute_result"]
    displays = [content for kind, content in kept if kind == "display_data"]
    if len(kept) == len(displays) == 1:
        return displays[0]["data"], displays[0]["metadata"]
    texts = [
        content["text"] if kind == "stream" else content["data"].get("text/plain", "") + "\n"
        for kind, content in kept
        if kind in {"stream", "display_data"}
    ]
    return {"text/plain": "".join(texts).removesuffix("\n")}, {}
