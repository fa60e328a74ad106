"""The command ``akernel run``."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.application import base_aliases, base_flags
from traitlets import Bool, Dict, Float, Integer, Unicode

from akernel_ipy.app import Command
from akernel_ipy.core import modes
from akernel_ipy.core.errors import NotebookError

from . import report
from .job import NotebookJob
from .model import NotebookResult, Observer, Options
from .notebook import check_target, save
from .parameters import parse_value
from .progress import progress, say
from .schedule import write_schedule

RUN_ALIASES: dict[Any, Any] = {
    **base_aliases,
    ("o", "output"): (
        "RunApp.output",
        "Write the executed notebook here; a directory for several.",
    ),
    ("p", "parameter"): ("RunApp.parameters", "-p NAME VALUE: set a parameter (repeatable)."),
    "flavour": "RunApp.flavour",
    "kernel": "RunApp.kernel_name",
    "timeout": "RunApp.timeout",
    ("j", "jobs"): ("RunApp.jobs", "How many notebooks run at once."),
    "cwd": "RunApp.cwd",
    "graph": "RunApp.graph",
}
RUN_FLAGS: dict[Any, Any] = {
    **base_flags,
    "inplace": ({"RunApp": {"inplace": True}}, "Write each notebook over itself."),
    "allow-errors": ({"RunApp": {"allow_errors": True}}, "Go on after a cell that fails."),
}


@dataclass(frozen=True)
class Work:
    """A notebook to run, and where it is to be written."""

    job: NotebookJob
    target: Path | None
    graph: Path | None = None


class RunApp(Command):
    """Run notebooks; exit 0 if all went well, 1 if a cell failed, 2 if one couldn't be run."""

    name = "akernel-run"
    description = """Run notebooks, each on a kernel of its own, their cells concurrently.

    akernel run NOTEBOOK... [-o OUT | --inplace] [-p NAME VALUE]...

    All cells are sent at once: those that await run side by side, the others one after the other.
    """
    examples = cleandoc("""
    akernel run report.ipynb -o out.ipynb -p year 2024
    akernel run --jobs 2 --inplace a.ipynb b.ipynb
    akernel run analysis.ipynb --flavour flow --graph schedule.svg
    """)
    most_words: ClassVar[float] = float("inf")

    output = Unicode(help="Write the executed notebook here.").tag(config=True)
    inplace = Bool(False, help="Write each notebook over itself.").tag(config=True)
    allow_errors = Bool(False, help="Go on after a cell that fails.").tag(config=True)
    flavour = Unicode(
        help=f"Flavour of the kernel: {', '.join(modes.KNOWN)} (default: {modes.ORDERINGS[0]})."
    ).tag(config=True)
    kernel_name = Unicode(help="Use this installed kernelspec instead.").tag(config=True)
    timeout = Float(None, allow_none=True, help="Seconds that a cell may take.").tag(config=True)
    jobs = Integer(1, min=1, help="How many notebooks run at once.").tag(config=True)
    parameters = Dict(help="Parameters by name.").tag(config=True)
    cwd = Unicode(help="Where the kernel works (default: beside the notebook).").tag(config=True)

    graph = Unicode(
        help="Draw when which cell ran, and for what it waited, into this SVG file."
    ).tag(config=True)

    aliases = RUN_ALIASES
    flags = RUN_FLAGS

    def parse_command_line(self, argv: Any = None) -> None:
        """Take out the pairs of ``-p NAME VALUE``, which traitlets can't read."""
        self.pairs, rest = self.split_parameters(sys.argv[1:] if argv is None else argv)
        super().parse_command_line(rest)

    def split_parameters(self, argv: Sequence[str]) -> tuple[dict[str, object], list[str]]:
        """Give the parameters by name, and the other arguments."""
        pairs: dict[str, object] = {}
        rest: list[str] = []
        words = iter(argv)
        for word in words:
            if word not in ("-p", "--parameter"):
                rest.append(word)
                continue
            pair = [value for _, value in zip(range(2), words, strict=False)]
            if len(pair) < 2:
                self.usage_error(f"{' '.join([word, *pair])!r} needs two words: -p NAME VALUE")
            pairs[pair[0]] = parse_value(pair[1])
        return pairs, rest

    def start(self) -> None:
        """Run all notebooks, print how they went, and exit accordingly."""
        super().start()
        self.check_usage()
        with progress() as observer:
            works = [self.work(Path(word), observer) for word in self.extra_args]
            self.check_targets(works)
            outcomes = asyncio.run(run_all(works, self.jobs, observer))
        raise SystemExit(
            max(tell(work, outcome) for work, outcome in zip(works, outcomes, strict=True))
        )

    def check_usage(self) -> None:
        """Refuse options that contradict each other."""
        if not self.extra_args:
            self.usage_error("which notebook? akernel run NOTEBOOK...")
        if self.output and self.inplace:
            self.usage_error("-o and --inplace exclude each other; give one")
        if self.kernel_name and self.flavour:
            self.usage_error("--kernel names a kernelspec that has its own flavour; leave out one")
        for option, value in (("-o", self.output), ("--graph", self.graph)):
            if len(self.extra_args) > 1 and value and not is_directory(value):
                self.usage_error(
                    f"{option} {value} must be a directory for several notebooks; add a slash"
                )

    def work(self, path: Path, observer: Observer) -> Work:
        """Read a notebook and find out where it is to be written."""
        options = Options(
            flavour=str(modes.parse(self.flavour)),
            kernel=self.kernel_name or None,
            timeout=self.timeout,
            allow_errors=self.allow_errors,
            parameters={**self.parameters, **self.pairs},
            cwd=Path(self.cwd) if self.cwd else None,
        )
        job = NotebookJob(path, options, observer)
        target = path if self.inplace else within(self.output, path.name)
        return Work(job, target, within(self.graph, f"{path.stem}.svg"))

    def check_targets(self, works: Sequence[Work]) -> None:
        """Refuse, before anything runs, what couldn't be written afterwards."""
        targets = [t for work in works for t in (work.target, work.graph) if t]
        for target in targets:
            if targets.count(target) > 1:
                raise NotebookError(f"two files would be written to {target}; run them apart")
            if any(is_directory(place) for place in (self.output, self.graph)):
                target.parent.mkdir(parents=True, exist_ok=True)
            check_target(target)


def within(place: str, name: str) -> Path | None:
    """Give the file that an option names, perhaps by its directory."""
    if not place:
        return None
    return Path(place) / name if is_directory(place) else Path(place)


def is_directory(output: str) -> bool:
    """Tell whether ``-o`` names a directory."""
    return bool(output) and (output.endswith(("/", "\\")) or Path(output).is_dir())


async def run_all(
    works: Sequence[Work], jobs: int, observer: Observer
) -> list[NotebookResult | BaseException]:
    """Run notebooks, so many at once, and write them; a signal stops them all."""
    limit = asyncio.Semaphore(jobs)

    async def run(work: Work) -> NotebookResult:
        async with limit:
            result = await work.job.run()
        if work.target:
            save(result.notebook, work.target)
        if work.graph:
            write_schedule(result, work.graph)
        return result

    handle_signals([work.job for work in works], observer)
    return await asyncio.gather(*map(run, works), return_exceptions=True)


def handle_signals(jobs: Sequence[NotebookJob], observer: Observer) -> None:
    """Let Ctrl-C interrupt the kernels, and a second one or SIGTERM kill them."""

    def interrupt() -> None:
        observer.note("akernel run", "interrupting; press Ctrl-C again to kill the kernels")
        for job in jobs:
            job.stop()

    def terminate() -> None:
        for job in jobs:
            job.stop()
            job.stop()

    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows
        loop.add_signal_handler(signal.SIGINT, interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, terminate)


def tell(work: Work, outcome: NotebookResult | BaseException) -> int:
    """Print how a notebook went; give the exit status that it asks for."""
    if isinstance(outcome, NotebookError):
        print(f"akernel: {work.job.path}: {outcome}", file=sys.stderr)
        return 2
    if isinstance(outcome, asyncio.CancelledError):
        print(f"akernel: {work.job.path}: stopped before its cells were sent", file=sys.stderr)
        return 130
    if isinstance(outcome, BaseException):
        raise outcome
    written = str(work.target) if work.target else None
    for line in report.lines(outcome, written, colours=sys.stdout.isatty()):
        say(line)
    if work.graph:
        say(f"{outcome.name}: schedule drawn into {work.graph}")
    return 130 if outcome.interrupted else int(not outcome.ok)
