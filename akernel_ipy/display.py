"""The displayhook and the display publisher, numbered and addressed by the run they serve."""

from __future__ import annotations

from typing import Any

from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.zmqshell import ZMQDisplayPublisher
from IPython.core import formatters
from IPython.core.formatters import DisplayFormatter
from IPython.lib import pretty

from .core.aliases import known_as
from .core.model import current_run, header_of_caller, set_header


class AsyncDisplayHook(ZMQShellDisplayHook):
    """Shows the value of a cell's last expression; what belongs to one run is kept in that run.

    ipykernel 7.4 `ZMQShellDisplayHook` and IPython 9 `DisplayHook` keep ``exec_result`` and ``msg``
    in one attribute: with two cells in flight the first to end clears the second's result.
    """

    parent_header = property(header_of_caller, set_header)

    #: ``In [n]`` of what ``___``, ``__`` and ``_`` are.
    _counts: tuple[int, ...] = (0, 0, 0)

    @property
    def exec_result(self) -> Any:
        """The ExecutionResult to fill in, of the run at hand."""
        run = current_run.get(None)
        return None if run is None else run.state.exec_result

    @exec_result.setter
    def exec_result(self, value: Any) -> None:
        run = current_run.get(None)
        if run is not None:
            run.state.exec_result = value

    @property
    def msg(self) -> Any:
        """The ``execute_result`` under construction, of the run at hand."""
        run = current_run.get(None)
        return self.__dict__.get("_msg") if run is None else run.state.display_message

    @msg.setter
    def msg(self, value: Any) -> None:
        run = current_run.get(None)
        if run is None:
            self.__dict__["_msg"] = value
        else:
            run.state.display_message = value

    def start_displayhook(self) -> None:
        """Begin an ``execute_result``; its id lets a re-run update it in nbclient."""
        super().start_displayhook()
        run = current_run.get(None)
        if run is not None and run.state.display_id is not None and self.msg is not None:
            self.msg["content"]["transient"] = {"display_id": run.state.display_id}

    def finish_displayhook(self) -> None:
        """Send the ``execute_result``, and keep what it showed for `LiveOutputs`."""
        run = current_run.get(None)
        if run is not None and run.state.display_id is not None and self.msg is not None:
            content = self.msg["content"]
            run.state.shown = (content["data"], content["metadata"] or {})
        super().finish_displayhook()

    def update_user_ns(self, result: Any) -> None:
        """Keep a result as ``_``, ``_n`` and ``Out[n]``.

        IPython 9 takes results in the order in which they come: under flow a cell that overtook
        others would leave its own as ``_`` for the cell behind them.
        """
        before = list(zip(self._counts, (self.___, self.__, self._), strict=True))
        super().update_user_ns(result)
        number, shell = self.prompt_count, self.shell
        run = current_run.get(None)
        in_turn = run is None or not run.state.ordered or number >= self._counts[-1]
        if in_turn or shell is None:
            self._counts = (*self._counts[1:], number)
            return
        shown = shell.user_ns.get("_") is self._
        kept = sorted([*before, (number, result)], key=lambda item: item[0])[1:]
        self._counts = tuple(count for count, _ in kept)
        self.___, self.__, self._ = (value for _, value in kept)
        if shown:
            variables = {"_": self._, "__": self.__, "___": self.___}
            shell.push(variables, interactive=False)
        results = shell.user_ns["_oh"]
        in_order = sorted(results.items())
        results.clear()
        results.update(in_order)

    def quiet(self) -> bool:
        """Whether the cell ends in ``;``.

        IPython 9 asks the newest entry of the history, so the ``;`` of the cell that started last
        would silence the others.
        """
        run = current_run.get(None)
        if run is None:
            return bool(super().quiet())
        source = run.state.source
        return ";" in source and bool(self.semicolon_at_end_of_expression(source))


#: Types without any ``_repr_*_`` method: unless somebody registers more, they show as text alone.
_PLAIN = (int, float, bool, complex, str, bytes, type(None))

#: The names that they and their bases can be registered by.
_NAMES = {kind: [(base.__module__, base.__name__) for base in kind.__mro__] for kind in _PLAIN}

#: Formatters known to ask for a registered printer, then for such a method, and for nothing else.
_STOCK = frozenset(
    {
        formatters.IPythonDisplayFormatter,
        formatters.MimeBundleFormatter,
        formatters.HTMLFormatter,
        formatters.MarkdownFormatter,
        formatters.SVGFormatter,
        formatters.PNGFormatter,
        formatters.PDFFormatter,
        formatters.JPEGFormatter,
        formatters.LatexFormatter,
        formatters.JSONFormatter,
        formatters.JavascriptFormatter,
    }
)


@known_as(DisplayFormatter)
class PlainFirstFormatter(DisplayFormatter):
    """Formats numbers and strings as text, without asking the formatters that have no answer.

    IPython 9 `DisplayFormatter.format` asks twelve formatters for each object, and each looks along
    the type's bases through traitlets: 45 us for an ``int``, where this takes 4.
    """

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> Any:
        """Give the MIME bundle of an object, and its metadata."""
        kind = type(obj)
        text: Any = self.formatters.get("text/plain")
        if kind not in _NAMES or include or exclude or not self._shows_as_text(kind, text):
            return super().format(obj, include, exclude)
        data = repr(obj) if _shows_as_repr(obj, kind, text) else text(obj)
        return ({} if data is None else {"text/plain": data}), {}

    def _shows_as_text(self, kind: type, text: Any) -> bool:
        """Tell whether nobody registered anything else for a type, or for a base of it."""
        if type(text) is not formatters.PlainTextFormatter:
            return False
        bases, names = kind.__mro__, _NAMES[kind]
        rich = (f for f in self.formatters.values() if f is not text)
        for formatter in (self.ipython_display_formatter, self.mimebundle_formatter, *rich):
            if type(formatter) not in _STOCK:
                return False
            by_type, by_name = _registered(formatter)
            if by_type and not by_type.keys().isdisjoint(bases):
                return False
            if by_name and not by_name.keys().isdisjoint(names):
                return False
        return True


def _registered(formatter: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Give the printers of a formatter, without traitlets' descriptors if they are there."""
    values = formatter._trait_values
    try:
        return values["type_printers"], values["deferred_printers"]
    except KeyError:
        return formatter.type_printers, formatter.deferred_printers


def _shows_as_repr(obj: Any, kind: type, text: Any) -> bool:
    """Tell whether the pretty printer would take a number or a string to its ``repr``."""
    # Integers of many digits may have no text at all, which the formatter reports.
    if kind is not str and not (kind is int and obj.bit_length() < 1000):
        return False
    stock = pretty._type_pprinters[kind]
    return text.type_printers.get(kind) is stock and id(obj) not in text.singleton_printers


@known_as(ZMQDisplayPublisher)
class AsyncDisplayPublisher(ZMQDisplayPublisher):
    """Publishes ``display_data`` for the cell that the caller belongs to."""

    parent_header = property(header_of_caller, set_header)
