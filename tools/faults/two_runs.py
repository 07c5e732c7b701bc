"""Two runs at once in one folder."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

from tools.faults.records import Trial
from tools.faults.rig import Rig, tail
from tools.faults.running import Running
from tools.faults.tree import Tree

_POLL_S = 0.02


def two_runs(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Start a second run while the first is at work."""
    with rig.fresh("two_runs") as tree:
        first = tree.start()
        _wait_for_lock(tree, first)
        first.signal_group(signal.SIGSTOP)  # it must not end before the second has met it
        second = tree.run()
        first.signal_group(signal.SIGCONT)
        ended = first.wait()
        faults = []
        if second.status == 0:
            faults.append("the second run did not refuse")
        elif second.has_traceback:
            faults.append("the second run showed a traceback")
        said = "with its number" if str(first.process.pid) in second.text else "by snakemake"
        note = f"the second refused, the first named {said}"
        yield rig.judge(tree, ended, *faults, note=note if not faults else tail(second))


def _wait_for_lock(tree: Tree, running: Running) -> None:
    """Wait until the run has locked its folder."""
    locks = tree.folder / ".snakemake/locks"
    while not running.is_over and not (locks.is_dir() and any(locks.iterdir())):
        time.sleep(_POLL_S)
