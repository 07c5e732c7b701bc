"""A disk that fills up, and a file that may not grow."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.faults import machine
from tools.faults.records import Trial
from tools.faults.rig import Rig, tail
from tools.faults.running import Ended
from tools.faults.tree import Tree

DISK_BYTES = 64 << 20
FREE_BYTES = (1 << 20, 200_000, 40_000)  # of the rounds: the first fails late, the last early
FILE_LIMIT_BYTES = 1 << 20
BALLAST = "ballast"
_SAYS = ("no space left", "No space left", "larger than a file may be", "File too large")


def disk_full(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run on a disk of a few MB with less room than the outputs need; make room; run again."""
    for free in FREE_BYTES[:rounds]:
        with machine.mounts() as own, rig.fresh("disk_full") as tree:
            source = tree.folder.with_name("source")
            tree.folder.rename(source)
            tree.folder.mkdir()
            own.small_disk(tree.folder, DISK_BYTES)
            own.run("cp", "-a", f"{source}/.", os.fspath(tree.folder))
            seen = Tree(own.seen(tree.folder), tree.plan)
            fill(seen.folder, free)
            within = own.within(tree.folder)
            first = tree.run(within=within)
            faults = _complaints(rig, seen, first)
            (seen.folder / BALLAST).unlink()
            second = tree.run(within=within)
            note = f"{free // 1000} kB free; clear errors: {errors(first)}"
            yield rig.judge(seen, second, *faults, note=note)
            shutil.rmtree(source)


def file_limit(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Run with files limited to 1 MB (``ulimit -f``), then without the limit."""
    with rig.fresh("file_limit") as tree:
        within = ("prlimit", f"--fsize={FILE_LIMIT_BYTES}")
        first = tree.run(within=within)
        faults = _complaints(rig, tree, first)
        yield rig.judge(tree, tree.run(), *faults, note=f"clear errors: {errors(first)}")


def fill(folder: Path, free: int) -> None:
    """Write a file that leaves so many bytes of a file system free."""
    facts = os.statvfs(folder)
    size = facts.f_bavail * facts.f_frsize - free
    with (folder / BALLAST).open("wb") as file:
        while size > 0:
            size -= file.write(bytes(min(size, 1 << 20)))


def errors(ended: Ended) -> int:
    """Return how many errors say, in one line, that there is no room."""
    return sum(any(text in line for text in _SAYS) for line in ended.errors)


def _complaints(rig: Rig, tree: Tree, ended: Ended) -> list[str]:
    """Return what the run on the full disk did that it should not have done."""
    found = [f"not whole: {name}" for name in rig.wrong(tree)]
    if ended.status == 0:
        found.append("the disk did not fill up")
    elif not errors(ended):
        found.append(f"no clear error: {tail(ended)}")
    if ended.has_traceback:
        found.append("a traceback was shown")
    return found
