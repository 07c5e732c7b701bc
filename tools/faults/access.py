"""Folders and files that may not be written or read."""

from __future__ import annotations

from collections.abc import Iterator

from tools.faults import machine
from tools.faults.records import Trial
from tools.faults.rig import Rig, tail
from tools.faults.running import Ended


def read_only_results(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Mount the folder of the outputs read-only and run; then run without it."""
    with machine.mounts() as own, rig.fresh("read_only") as tree:
        for name in ("data", "results"):
            (tree.folder / name).mkdir(exist_ok=True)
            own.read_only(tree.folder / name)
        first = tree.run(within=own.within(tree.folder))
        faults = _complaints(first, "read-only", "Read-only")
        yield rig.judge(tree, tree.run(), *faults, note="said so")


def no_permission(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Take away the right to write the outputs' folder, and to read a gin file; give it back."""
    within = machine.bound_by_permissions()
    for name, mode in (("data/smoke", 0o555), ("gin/experiments/chirps.gin", 0o000)):
        with rig.fresh("no_permission") as tree:
            path = tree.folder / name
            if not path.exists():
                path.mkdir(parents=True)
            before = path.stat().st_mode
            path.chmod(mode)
            try:
                first = tree.run(within=within)
            finally:
                path.chmod(before)
            faults = _complaints(first, "ermission denied", "not readable", "not writable")
            yield rig.judge(tree, tree.run(), *faults, note=f"{name}: said so")


def _complaints(ended: Ended, *texts: str) -> list[str]:
    """Return what a run that may not write did that it should not have done."""
    found = []
    if ended.status == 0:
        found.append("the run did not notice")
    if not any(text in ended.text for text in texts):
        found.append(f"no clear error: {tail(ended)}")
    if ended.has_traceback:
        found.append("a traceback was shown")
    return found
