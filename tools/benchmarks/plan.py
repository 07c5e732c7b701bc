"""The command line, and the jobs that a run consists of; programs to compare are neighbours."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from jtfs_repro import checks
from jtfs_repro.config import USAGE_STATUS
from tools.benchmarks.configurations import CONFIGURATIONS, DEFAULT, Configuration
from tools.benchmarks.contenders import BY_STUDY, PEERS, Contender
from tools.benchmarks.records import SATURATING, Job

MODES = ("forward", "training")
DEVICES = ("cpu", "cuda")
# glibc hands large buffers back to the system and faults them in again at every use, unless told.
_LARGE = str(2**30)
ALLOCATORS = {
    "default": {},
    "tuned": {"MALLOC_MMAP_THRESHOLD_": _LARGE, "MALLOC_TRIM_THRESHOLD_": _LARGE},
}
CACHING = "caching"  # torch's own, on a GPU
GROWTH_SAMPLES = tuple(2**k for k in range(13, 21))
GROWTH_BATCHES = (1, 2, 4, 8, 16)
OUTPUT = Path("results/benchmarks")
PEER_PYTHON = Path(".venv-peers/bin/python")
LIMIT_S = 900.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line asks for, checked; see `read`."""

    configurations: tuple[str, ...] = DEFAULT
    modes: tuple[str, ...] = MODES
    allocators: tuple[str, ...] = tuple(ALLOCATORS)
    devices: tuple[str, ...] = DEVICES
    peers: tuple[str, ...] = PEERS
    repeats: int = 5
    threads: int = 2
    batch: int = 1
    seed: int = 0
    growth: bool = True
    growth_of: str = "msdb"
    growth_samples: tuple[int, ...] = GROWTH_SAMPLES
    growth_batches: tuple[int, ...] = GROWTH_BATCHES
    growth_peers: tuple[str, ...] = ()

    @property
    def growth_allocator(self) -> str:
        """The allocator that does not blur how costs grow, if it is asked for."""
        return "tuned" if "tuned" in self.allocators else self.allocators[0]


def jobs(settings: Settings) -> list[Job]:
    """Return all jobs of a run; none twice."""
    found = [*_comparisons(settings), *(_growth(settings) if settings.growth else ())]
    return list({job.key: job for job in found}.values())


def contenders(study: str, peers: tuple[str, ...]) -> list[Contender]:
    """Return ours and the peers that are asked for, in the order in which they run."""
    return [c for c in BY_STUDY[study] if not c.peer or c.peer in peers]


def _comparisons(settings: Settings) -> Iterator[Job]:
    for name in settings.configurations:
        configuration = CONFIGURATIONS[name]
        for device in settings.devices:
            for mode in settings.modes:
                yield from _comparison(settings, configuration, device, mode)


def _comparison(
    settings: Settings, configuration: Configuration, device: str, mode: str
) -> Iterator[Job]:
    studies = ["transform"]
    if configuration.has_loss and "scrapl" in settings.peers:
        studies.append("loss")
    for study in studies:
        for allocator in _allocators(settings, device):
            for batch in _batches(settings, study, device):
                for contender in contenders(study, settings.peers):
                    job = _job(settings, contender, configuration, mode)
                    place = {"device": device, "allocator": allocator, "batch": batch}
                    yield replace(job, study=study, **place)


def _allocators(settings: Settings, device: str) -> tuple[str, ...]:
    return settings.allocators if device == "cpu" else (CACHING,)


def _batches(settings: Settings, study: str, device: str) -> tuple[int, ...]:
    """Return the given batch and, for transforms on a GPU, one that keeps it busy."""
    saturates = device == "cuda" and study == "transform"
    return (settings.batch, SATURATING) if saturates else (settings.batch,)


def _growth(settings: Settings) -> Iterator[Job]:
    base = CONFIGURATIONS[settings.growth_of]
    sizes = [(base.resized(n), 1, "samples") for n in settings.growth_samples]
    sizes += [(base, batch, "batch") for batch in settings.growth_batches]
    device = settings.devices[0]
    allocator = settings.growth_allocator if device == "cpu" else CACHING
    for configuration, batch, study in sizes:
        for mode in settings.modes:
            for contender in contenders("transform", settings.growth_peers):
                job = _job(settings, contender, configuration, mode)
                place = {"device": device, "allocator": allocator, "batch": batch}
                yield replace(job, study=study, **place)


def _job(settings: Settings, contender: Contender, configuration: Configuration, mode: str) -> Job:
    return Job(
        contender=contender.name,
        configuration=configuration,
        mode=mode,
        threads=settings.threads,
        repeats=settings.repeats,
        seed=settings.seed,
    )


@dataclass(frozen=True, kw_only=True)
class Options:
    """All options: what to measure, where to write, how long to wait."""

    settings: Settings
    output: Path = OUTPUT
    peer_python: Path = PEER_PYTHON
    limit_s: float = LIMIT_S
    resume: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one line."""
        print(f"error: {message} (see --help)", file=sys.stderr)
        sys.exit(USAGE_STATUS)


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
    parser = _Parser(
        prog="python -m tools.benchmarks",
        description="Measure, then write tables and figures to results/benchmarks.",
    )
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
