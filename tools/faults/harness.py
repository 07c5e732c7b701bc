"""Try the faults, one after the other; show each try; leave no process and no folder behind."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jtfs_repro import checks, io
from tools.faults import running
from tools.faults.options import Options
from tools.faults.records import Fault, Result, Trial
from tools.faults.rig import DEAR, LIGHT, Rig

ALL = 1000  # of a fault without rounds: every variant
Show = Callable[[str], None]


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
