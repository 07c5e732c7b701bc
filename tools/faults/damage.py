"""Files that are damaged between one run and the next: shards, checkpoints."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jtfs_repro.layout import sidecar_of
from tools.faults.layout import ARRAY, SHARDS
from tools.faults.rig import Rig, Tree, Trial
from tools.faults.running import Running, tail, wait_for_orphans

_POLL_S = 0.01
Damage = Callable[[Path], None]


def truncate(path: Path) -> None:
    """Cut a file to half its length."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """Change one bit of a file, in its third quarter."""
    content = bytearray(path.read_bytes())
    content[3 * len(content) // 4] ^= 1
    path.write_bytes(bytes(content))


def swap(path: Path) -> None:
    """Exchange the shard with the other one, but not their sidecars."""
    _exchange(path, path.with_name(Path(SHARDS[1]).name))


def swap_all(path: Path) -> None:
    """Exchange the shard with the other one, and their sidecars."""
    swap(path)
    _exchange(sidecar_of(path), sidecar_of(path.with_name(Path(SHARDS[1]).name)))


def _exchange(one: Path, two: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)


CHECKPOINT_DAMAGES: dict[str, Damage] = {"a bit flipped": flip, "truncated": truncate}
SHARD_DAMAGES: dict[str, Damage] = {
    "a bit flipped": flip,
    "swapped with their sidecars": swap_all,
    "swapped without": swap,
    "truncated": truncate,
}


def corrupted_shards(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Damage a shard, or exchange two, before they are put together; delete them; run again."""
    with rig.fresh("shards", source=rig.undisturbed) as tree:
        command = [*tree.command(targets=[ARRAY]), "features=[mfcc]"]
        whole = tree.start(command).wait()
        if whole.status:
            yield Trial(survived=False, note=tail(whole))
            return
        before = (tree.folder / ARRAY).read_bytes()
        for what, damage in list(SHARD_DAMAGES.items())[:rounds]:
            yield _try_shard(tree, command, before, what, damage)


def _try_shard(tree: Tree, command: list[str], before: bytes, what: str, damage: Damage) -> Trial:
    """Try one damage: the error must name the file, and what it advises must help."""
    shard, other = (tree.folder / name for name in SHARDS)
    array = tree.folder / ARRAY
    array.unlink()
    damage(shard)
    faults = tree.start(command).wait().complaints(shard.name)
    if array.exists():
        faults.append("the damaged shard was used")
    for path in (shard, other):
        path.unlink()
        sidecar_of(path).unlink(missing_ok=True)
    second = tree.start(command).wait()
    lost = 0 if array.exists() and array.read_bytes() == before else len(before)
    faults += [f"not mended: {tail(second)}"] if second.status or lost else []
    note = "; ".join([what, *faults]) if faults else f"{what}: refused, the file named"
    return Trial(survived=not faults, bytes_lost=lost, note=note)


def corrupted_checkpoints(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Kill a resynthesis and a training, damage what they would go on from, run again."""
    jobs = rig.base.plan.checkpoints.items()
    pairs = [(job, files, what) for job, files in jobs for what in CHECKPOINT_DAMAGES]
    for job, (target, pattern), what in pairs[:rounds]:
        with rig.fresh("checkpoint", source=rig.undisturbed) as tree:
            (tree.folder / target).unlink()
            yield _try_checkpoint(rig, tree, pattern, what, job)


def _try_checkpoint(rig: Rig, tree: Tree, pattern: str, what: str, job: str) -> Trial:
    first = tree.start()
    checkpoint = _wait_for(tree, pattern, first)
    first.signal_group(signal.SIGKILL)
    first.wait()
    wait_for_orphans()
    if checkpoint is None or not checkpoint.exists():
        return Trial(survived=False, note=f"{job}, {what}: no checkpoint was left")
    CHECKPOINT_DAMAGES[what](checkpoint)
    second, _ = tree.resume()
    is_named = any(f"{checkpoint.name}:" in line for line in second.text.splitlines())
    faults = [] if is_named else [f"the file is not named: {tail(second)}"]
    faults += ["a traceback was shown"] if second.has_traceback else []
    return rig.judge(tree, second, *faults, note=f"{job}, {what}: refused, the file named")


def _wait_for(tree: Tree, pattern: str, running: Running) -> Path | None:
    """Return the checkpoint as soon as it is there, None if the run ends without one."""
    while not running.is_over:
        found = list(tree.folder.glob(pattern))
        if found:
            return found[0]
        time.sleep(_POLL_S)
    return None
