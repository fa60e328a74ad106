"""The command line: ``python -m benchmarks --kernel akernel``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .case import Case
from .cases import CASES
from .errors import BenchmarkError, UnknownKernelError
from .machine import load, machine
from .report import as_json, as_text
from .run import Result, Runner
from .sides import Setting
from .targets import Target, parse, parse_base

EXIT_FAULT, EXIT_USAGE = 1, 2
KERNEL_HELP = (
    "a kernel to measure: an installed kernelspec, or any name with a script, a module or a whole "
    "command line; may be repeated (default: akernel)"
)
PEER_HELP = (
    "a Python in which marimo and ipyflow are installed, for the waves of reactive notebooks "
    "(default: the running one); what isn't there is left out, with a note"
)


def arguments() -> argparse.ArgumentParser:
    """The options, with their help."""
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--kernel", action="append", metavar="NAME[=COMMAND]", help=KERNEL_HELP)
    add("--base", default="python3", metavar="NAME[=COMMAND]", help="the kernel to compare with")
    add("--only", action="append", choices=names, metavar="CASE", help=f"one of {', '.join(names)}")
    add("--peer-python", default=sys.executable, metavar="PATH", help=PEER_HELP)
    add("--rounds", type=_positive, metavar="N", help="rounds of every case (default: its own)")
    add("--json", type=Path, metavar="FILE", help="write summary and raw samples to FILE")
    add("--quick", action="store_true", help="small sizes, two rounds: whether it works at all")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least one round")
    return value


def choose(only: Sequence[str] | None) -> list[Case]:
    """The cases named, or all of them, in their own order."""
    return [case for case in CASES if not only or case.name in only]


def targets_of(options: argparse.Namespace) -> list[Target]:
    """The base, then the other kernels; no name twice."""
    targets = [parse_base(options.base), *map(parse, options.kernel or ["akernel"])]
    names = [target.name for target in targets]
    if len(set(names)) < len(names):
        raise UnknownKernelError(f"a kernel is named twice: {', '.join(names)}; use NAME=COMMAND")
    return targets


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measure(options: argparse.Namespace, targets: Sequence[Target]) -> list[Result]:
    """Run the chosen cases, in a home that is gone afterwards."""
    with TemporaryDirectory(prefix="benchmarks-") as home:
        setting = Setting(tuple(targets), options.peer_python)
        runner = Runner(setting, Path(home), _tell)
        runner.warm_up()
        cases = choose(options.only)
        return [runner.run(case, quick=options.quick, rounds=options.rounds) for case in cases]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell; 0 however slow a kernel is, 1 if one lost or misordered a message."""
    options = arguments().parse_args(argv)
    facts = machine() | {"load before": load()}
    try:
        targets = targets_of(options)
        results = measure(options, targets)
    except BenchmarkError as error:
        _tell(f"benchmarks: {error}")
        return EXIT_USAGE
    facts["load after"] = load()
    print(as_text(results))
    print("; ".join(f"{name} {value}" for name, value in facts.items()))
    if options.json:
        report = {"machine": facts, "quick": options.quick, **as_json(results, targets)}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return EXIT_FAULT if any(result.faults for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
