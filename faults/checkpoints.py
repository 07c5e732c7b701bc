"""Checkpoints that are damaged between a kill and the run that would go on from them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

from faults.records import Trial
from faults.rig import Rig, tail
from faults.running import Running, wait_for_orphans
from faults.shards import Damage, flip, truncate
from faults.tree import Tree

DAMAGES: dict[str, Damage] = {"a bit flipped": flip, "truncated": truncate}
_POLL_S = 0.01


def corrupted_checkpoints(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Kill a resynthesis and a training, damage what they would go on from, run again."""
    left = rounds
    for job, (target, checkpoint) in rig.base.plan.checkpoints.items():
        for what, damage in DAMAGES.items():
            if left > 0:
                with rig.fresh("checkpoint", source=rig.undisturbed) as tree:
                    yield _try(rig, tree, tree.folder / target, tree.folder / checkpoint, damage,
                               f"{job}, {what}")  # fmt: skip
            left -= 1


def _try(rig: Rig, tree: Tree, target: Path, checkpoint: Path, damage: Damage, what: str) -> Trial:
    target.unlink()
    first = tree.start()
    _wait_for(checkpoint, first)
    first.signal_group(signal.SIGKILL)
    first.wait()
    wait_for_orphans()
    if not checkpoint.exists():
        return Trial(survived=False, note=f"{what}: it ended before its first checkpoint")
    damage(checkpoint)
    second, _ = tree.resume()
    is_named = any(f"{checkpoint.name}:" in line for line in second.text.splitlines())
    faults = [] if is_named else [f"the file is not named: {tail(second)}"]
    faults += ["a traceback was shown"] if second.has_traceback else []
    return rig.judge(tree, second, *faults, note=f"{what}: refused, the file named")


def _wait_for(checkpoint: Path, running: Running) -> None:
    """Wait until the checkpoint is there, or the run has ended."""
    while not checkpoint.exists() and not running.is_over:
        time.sleep(_POLL_S)
