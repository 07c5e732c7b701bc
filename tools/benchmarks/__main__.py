"""Measure seconds and memory of the transform, then write the tables and figures.

``make benchmark``, ``python -m tools.benchmarks``. Programs of others run beside ours if their
environment is there (`make peers`). Every measurement is a process of its own; --resume goes on
where a run was stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from jtfs_repro import checks
from tools import command
from tools.benchmarks import report
from tools.benchmarks.configurations import CONFIGURATIONS, DEFAULT
from tools.benchmarks.contenders import PEERS
from tools.benchmarks.harness import Harness
from tools.benchmarks.plan import (
    ALLOCATORS,
    DEVICES,
    GROWTH_BATCHES,
    GROWTH_SAMPLES,
    MODES,
    Settings,
    jobs,
)
from tools.benchmarks.store import Store

OUTPUT = Path("results/benchmarks")
PEER_PYTHON = Path(".venv-peers/bin/python")
LIMIT_S = 900.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """All options: what to measure, where to write, how long to wait."""

    settings: Settings
    output: Path = OUTPUT
    peer_python: Path = PEER_PYTHON
    limit_s: float = LIMIT_S
    resume: bool = False


def read(arguments: Sequence[str] | None = None) -> Options:
    """Return the options of a command line.

    Raises
    ------
    ValueError
        An option is out of range; one line says which.
    """
    given = _parser().parse_args(arguments)
    settings = Settings(
        configurations=_choices("configurations", given.configurations, CONFIGURATIONS),
        modes=_choices("modes", given.modes, MODES),
        allocators=_choices("allocators", given.allocators, ALLOCATORS),
        devices=_choices("device", given.device, DEVICES),
        peers=_peers("peers", given.peers),
        repeats=checks.integer("repeats", given.repeats, low=1),
        threads=checks.integer("threads", given.threads, low=1),
        batch=checks.integer("batch", given.batch, low=1),
        growth=given.growth,
        growth_of=checks.choice("growth-of", given.growth_of, CONFIGURATIONS),
        growth_samples=_sizes("growth-samples", given.growth_samples),
        growth_batches=_sizes("growth-batches", given.growth_batches),
        growth_peers=tuple(set(_peers("growth-peers", given.growth_peers)) & {"kymatio"}),
    )
    if settings.growth:
        _check_lengths(settings)
    return Options(
        settings=settings,
        output=given.output,
        peer_python=given.peer_python,
        limit_s=checks.number("limit", given.limit, above=0),
        resume=given.resume,
    )


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m tools.benchmarks", description=__doc__)
    many = _lists(parser)
    many("--configurations", DEFAULT, f"of {', '.join(CONFIGURATIONS)}")
    many("--modes", MODES, "training: forward, and backward to the input")
    many("--allocators", ALLOCATORS, "of the C library; tuned: it keeps large buffers")
    many("--device", DEVICES, "a missing GPU is said in the tables")
    many("--peers", PEERS, "or 'none'; a missing peer is said in the tables")
    parser.add_argument("--peer-python", type=Path, default=PEER_PYTHON, metavar="FILE")
    parser.add_argument("--repeats", type=int, default=5, help="timed calls, after a first one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1, help="signals at once")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds per measurement")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER")
    parser.add_argument("--resume", action="store_true", help="keep what was measured before")
    parser.add_argument("--growth", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--growth-of", default="msdb", help="configuration that is varied")
    many("--growth-samples", GROWTH_SAMPLES, "lengths of a signal")
    many("--growth-batches", GROWTH_BATCHES, "signals at once")
    many("--growth-peers", ("none",), "'kymatio' to measure its growth too")
    return parser


def _lists(parser: argparse.ArgumentParser) -> Callable[[str, Collection[object], str], object]:
    """Return a function that adds an option of comma-separated values."""

    def many(name: str, default: Collection[object], text: str) -> object:
        values = ",".join(map(str, default))
        return parser.add_argument(name, default=values, metavar="A,B", help=text)

    return many


def _choices(name: str, text: str, known: Collection[str]) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    return tuple(checks.choice(name, part, known) for part in parts)


def _peers(name: str, text: str) -> tuple[str, ...]:
    return () if text == "none" else _choices(name, text, PEERS)


def _sizes(name: str, text: str) -> tuple[int, ...]:
    try:
        sizes = sorted({int(part) for part in text.split(",")})
    except ValueError:
        checks.fail(name, text, "be integers with commas between them")
    return tuple(checks.integer(name, size, low=1) for size in sizes)


def _check_lengths(settings: Settings) -> None:
    least = 2 ** CONFIGURATIONS[settings.growth_of].J
    checks.integer(
        "growth-samples",
        settings.growth_samples[0],
        low=least,
        mistake=f"J = log2 {least} of {settings.growth_of} stays as it is",
    )


def main(chosen: Options) -> None:
    """Run all jobs of the options and report them."""
    store = Store(chosen.output, resume=chosen.resume)
    harness = Harness(store, peer_python=chosen.peer_python, limit_s=chosen.limit_s)
    rates = harness.rates(chosen.settings)
    rows = harness.run(jobs(chosen.settings), rates)
    report.write(chosen.output, rows, rates, chosen.settings)
    store.finish()


if __name__ == "__main__":
    command.run(lambda: main(read()), when_interrupted="(run again with --resume)")
