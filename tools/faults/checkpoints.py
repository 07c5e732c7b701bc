"""Checkpoints that are damaged between a kill and the run that would go on from them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

from tools.faults.records import Trial
from tools.faults.rig import Rig, tail
from tools.faults.running import Running, wait_for_orphans
from tools.faults.shards import Damage, flip, truncate
from tools.faults.tree import Tree

DAMAGES: dict[str, Damage] = {"a bit flipped": flip, "truncated": truncate}
_POLL_S = 0.01


def corrupted_checkpoints(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Kill a resynthesis and a training, damage what they would go on from, run again."""
    jobs = rig.base.plan.checkpoints.items()
    pairs = [(job, files, what) for job, files in jobs for what in DAMAGES]
    for job, (target, pattern), what in pairs[:rounds]:
        with rig.fresh("checkpoint", source=rig.undisturbed) as tree:
            (tree.folder / target).unlink()
            yield _try(rig, tree, pattern, DAMAGES[what], f"{job}, {what}")


def _try(rig: Rig, tree: Tree, pattern: str, damage: Damage, what: str) -> Trial:
    first = tree.start()
    checkpoint = _wait_for(tree, pattern, first)
    first.signal_group(signal.SIGKILL)
    first.wait()
    wait_for_orphans()
    if checkpoint is None or not checkpoint.exists():
        return Trial(survived=False, note=f"{what}: no checkpoint was left")
    damage(checkpoint)
    second, _ = tree.resume()
    is_named = any(f"{checkpoint.name}:" in line for line in second.text.splitlines())
    faults = [] if is_named else [f"the file is not named: {tail(second)}"]
    faults += ["a traceback was shown"] if second.has_traceback else []
    return rig.judge(tree, second, *faults, note=f"{what}: refused, the file named")


def _wait_for(tree: Tree, pattern: str, running: Running) -> Path | None:
    """Return the checkpoint as soon as it is there, None if the run ends without one."""
    while not running.is_over:
        found = list(tree.folder.glob(pattern))
        if found:
            return found[0]
        time.sleep(_POLL_S)
    return None
