"""A disk that fills up, a file that may not grow, folders and files that are forbidden."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.faults import machine
from tools.faults.layout import UNREADABLE, UNWRITABLE
from tools.faults.rig import Rig, Tree, Trial
from tools.faults.running import Ended

DISK_BYTES = 64 << 20
FREE_BYTES = (1 << 20, 200_000, 40_000)  # of the rounds: the first fails late, the last early
FILE_LIMIT_BYTES = 1 << 20
BALLAST = "ballast"
_FORBIDDEN = ("ermission denied", "not readable", "not writable")
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
    return [f"not whole: {name}" for name in rig.wrong(tree)] + ended.complaints(*_SAYS)


def read_only_results(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Mount the folder of the outputs read-only and run; then run without it."""
    with machine.mounts() as own, rig.fresh("read_only") as tree:
        for name in ("data", "results"):
            (tree.folder / name).mkdir(exist_ok=True)
            own.read_only(tree.folder / name)
        first = tree.run(within=own.within(tree.folder))
        faults = first.complaints("read-only", "Read-only", anywhere=True)
        yield rig.judge(tree, tree.run(), *faults, note="said so")


def no_permission(rig: Rig, rounds: int) -> Iterator[Trial]:
    """Take away the right to write the outputs' folder, and to read a gin file; give it back."""
    within = machine.bound_by_permissions()
    for name, mode in ((UNWRITABLE, 0o555), (UNREADABLE, 0o000)):
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
            faults = first.complaints(*_FORBIDDEN, anywhere=True)
            yield rig.judge(tree, tree.run(), *faults, note=f"{name}: said so")
