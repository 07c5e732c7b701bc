"""Try all faults and write docs/reliability.md: ``make faults``, ``python -m tools.faults``.

Copies of the project are disturbed in a folder of their own (kill, fill, corrupt, forbid) and their
outputs compared, byte by byte, with those of an undisturbed run. No
process and no copy is left behind.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jtfs_repro import checks, io
from jtfs_repro.config import ERROR_STATUS
from tools import command
from tools.faults import report, running
from tools.faults.catalogue import BY_NAME, FAULTS, Fault
from tools.faults.layout import DEAR, LIGHT, ROOT
from tools.faults.report import Result
from tools.faults.rig import Rig, Trial

ROUNDS = 20
ALL = 1000  # of a fault without rounds: every variant
Show = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is tried, how often, where, and where the page goes (None: it is only shown)."""

    faults: tuple[Fault, ...] = FAULTS
    rounds: int = ROUNDS
    seed: int = 0
    work: Path | None = None
    keep: bool = False
    output: Path | None = ROOT


def read(arguments: Sequence[str] | None = None) -> Options:
    """Return the options of a command line.

    Raises
    ------
    ValueError
        A fault is unknown or there are no rounds; one line says which.
    """
    given = _parser().parse_args(arguments)
    for name in given.only or ():
        checks.choice("only", name, BY_NAME)
    faults = tuple(fault for fault in FAULTS if given.only is None or fault.name in given.only)
    return Options(
        faults=faults,
        rounds=checks.integer("rounds", given.rounds, low=1),
        seed=given.seed,
        work=given.work,
        keep=given.keep,
        output=given.output or (ROOT if given.only is None else None),
    )


def _parser() -> command.Parser:
    parser = command.Parser(prog="python -m tools.faults", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="kills and interruptions, of all kinds together"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        help=f"of {', '.join(BY_NAME)}; the page stays as it is",
    )
    parser.add_argument("--seed", type=int, default=0, help="of moments and choices")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="for the copies of the project")
    parser.add_argument(
        "--keep", action="store_true", help="keep the copies of what went well, too"
    )
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="docs/ below it is written")
    return parser


def show(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr, flush=True)


def try_faults(options: Options, *, show: Show = show) -> list[Result]:
    """Return what came of every fault.

    Raises
    ------
    ValueError
        ``options.work`` is a folder with something in it.
    RuntimeError
        The project does not run even without a fault.
    """
    with workplace(options) as work:
        rigs = _Rigs(work, options, show)
        results = []
        for fault, rounds in shares(options):
            show(f"{fault.name}: {fault.done}")
            results.append(_try(fault, rigs, rounds, show))
    return results


def shares(options: Options) -> list[tuple[Fault, int]]:
    """Return every fault with its number of tries: the rounds are shared among the signals.

    Examples
    --------
    >>> [n for fault, n in shares(Options(rounds=22)) if fault.is_signal]
    [6, 6, 5, 5]
    """
    signals = [fault for fault in options.faults if fault.is_signal]
    order = {fault.name: number for number, fault in enumerate(signals)}
    every, more = divmod(options.rounds, max(len(signals), 1))
    numbers = {name: every + (number < more) for name, number in order.items()}
    return [(fault, numbers.get(fault.name, ALL)) for fault in options.faults]


class _Rigs:
    """The two rigs, each prepared when it is first asked for."""

    def __init__(self, work: Path, options: Options, show: Show) -> None:
        self._work, self._options, self._show = work, options, show
        self._made: dict[str, Rig] = {}

    def rig(self, fault: Fault) -> Rig:
        """Return the rig of a fault."""
        is_dear = fault.is_signal or fault.is_dear
        name, plan = ("dear", DEAR) if is_dear else ("light", LIGHT)
        if name not in self._made:
            folder = self._work / name
            self._made[name] = Rig(folder, plan, seed=self._options.seed, keep=self._options.keep)
            rig = self._made[name]
            self._show(f"  undisturbed: {rig.jobs} jobs in {rig.seconds:.0f} s")
        return self._made[name]


def _try(fault: Fault, rigs: _Rigs, rounds: int, show: Show) -> Result:
    begin = time.monotonic()
    trials: list[Trial] = []
    try:
        for trial in _guarded(fault, rigs.rig(fault), rounds):
            trials.append(trial)
            show(f"  {'kept' if trial.survived else 'BROKEN'}: {trial.note}")
    except io.Unavailable as error:
        show(f"  not run: {error}")
        if not trials:
            return Result(fault=fault, status=f"{io.NOT_RUN}: {error}")
    return Result(fault=fault, trials=trials, seconds=time.monotonic() - begin)


def _guarded(fault: Fault, rig: Rig, rounds: int) -> Iterator[Trial]:
    """Yield the tries; an error of the try itself is one that was not survived."""
    try:
        yield from fault.trials(rig, rounds)
    except io.Unavailable:
        raise
    except Exception as error:  # whatever it is, the other faults are tried
        yield Trial(survived=False, note=f"the try itself failed: {error}")
    finally:
        running.kill_all()


@contextmanager
def workplace(options: Options) -> Iterator[Path]:
    """Yield an empty folder for the copies; kill what was started, remove it at the end."""
    folder = options.work
    if folder is not None and folder.exists() and any(folder.iterdir()):
        checks.fail("work", str(folder), "be an empty folder", "an earlier run kept its copies?")
    work = folder or Path(tempfile.mkdtemp(prefix="jtfs-faults-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        yield work.resolve()
    finally:
        running.kill_all()
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


def main(chosen: Options) -> int:
    """Try the faults of the options and report them; return 1 if a promise was broken."""
    show(f"seed {chosen.seed}: every moment and choice is drawn from it")
    results = try_faults(chosen)
    print(report.page(results, seed=chosen.seed))
    if chosen.output is not None:
        report.write(chosen.output, results, seed=chosen.seed)
    return 0 if all(result.is_kept for result in results) else ERROR_STATUS


if __name__ == "__main__":
    command.run(lambda: main(read()), when_interrupted="(nothing was written)")
