"""Where faults are tried: scratch copies of the project, byte by byte beside an undisturbed run."""

from __future__ import annotations

import hashlib
import os
import re
import runpy
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jtfs_repro import checks
from tools.faults.layout import OUTPUTS, PARTS, ROOT, SETTINGS, SOUNDFONT, UNCOMPARED, Plan
from tools.faults.running import Ended, Running, tail

_LOCKED = "cannot be locked"
_FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One try of a fault.

    Parameters
    ----------
    survived : bool
        Whether all that the fault promises came true.
    bytes_lost : int
        Size of the outputs that are missing or other than in the undisturbed run, at the end.
    repeated : int
        Jobs that had finished before the fault and were run again all the same.
    note : str
        What was seen, in a few words; for a failure, what was wrong.
    """

    survived: bool
    bytes_lost: int = 0
    repeated: int = 0
    note: str = ""


@dataclass(frozen=True)
class Tree:
    """A copy of the project in a folder, with the plan of what is run there."""

    folder: Path
    plan: Plan
    cores: int = 2

    def command(self, *options: str, targets: Sequence[str] | None = None) -> list[str]:
        """Return the command that makes the plan's targets, or others."""
        if self.plan.command:
            return [sys.executable, *self.plan.command]
        wanted = self.plan.targets if targets is None else targets
        program = [sys.executable, "-m", "snakemake", *wanted, "--cores", str(self.cores)]
        return [*program, *options, "--config", *SETTINGS, *self.plan.settings]

    def start(
        self,
        command: Sequence[str] | None = None,
        *,
        within: Sequence[str] = (),
        folder: Path | None = None,
        changes: Mapping[str, str | None] | None = None,
    ) -> Running:
        """Start a command, by default the plan's, in the copy or another ``folder``.

        Parameters
        ----------
        command : sequence of str, optional
        within : sequence of str
            A command that executes it, e.g. ``unshare --net``.
        folder : path, optional
        changes : mapping, optional
            Variables of the environment; None removes one.
        """
        logs = self.folder.parent / "logs"
        logs.mkdir(exist_ok=True)
        log = logs / f"{len(list(logs.iterdir()))}.txt"
        whole = [*within, *(self.command() if command is None else command)]
        own = {"PYTHONPATH": os.fspath(self.folder), **(changes or {})}
        return Running(whole, folder=folder or self.folder, log=log, changes=own)

    def run(self, *options: str, within: Sequence[str] = ()) -> Ended:
        """Run the plan to its end."""
        return self.start(self.command(*options), within=within).wait()

    def resume(self) -> tuple[Ended, bool]:
        """Run again as a user does; return the end, and whether the folder had to be unlocked."""
        ended = self.run()
        if _LOCKED not in ended.text:
            return ended, False
        self.run("--unlock")
        return self.run(), True

    def files(self) -> dict[str, Path]:
        """Return name -> path of every output that must be the same in every run."""
        tops = [self.folder / top for top in OUTPUTS]
        found = [path for top in tops for path in top.rglob("*") if path.is_file()]
        names = {path.relative_to(self.folder).as_posix(): path for path in sorted(found)}
        return {name: path for name, path in names.items() if not UNCOMPARED.search(name)}

    def digests(self) -> dict[str, tuple[str, int]]:
        """Return name -> (SHA-256, bytes) of every output that must be the same in every run."""
        found = {name: path.read_bytes() for name, path in self.files().items()}
        return {name: (hashlib.sha256(b).hexdigest(), len(b)) for name, b in found.items()}

    def parts(self) -> list[str]:
        """Return the half-written files that were left."""
        tops = [self.folder / top for top in OUTPUTS]
        return [path.name for top in tops for path in top.rglob("*.part")]

    def copy(self, folder: Path) -> Tree:
        """Return a copy, dates included: snakemake takes what is finished for finished."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.folder, folder, symlinks=True)
        return Tree(folder, self.plan, self.cores)


def plant(folder: Path, plan: Plan) -> Tree:
    """Copy the project without its results to ``folder``, with the plan's edits."""
    ignored = shutil.ignore_patterns("__pycache__", "*.part")
    for name in PARTS:
        source, goal = ROOT / name, folder / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, goal, ignore=ignored)
        else:
            shutil.copy2(source, goal)
    for name, edits in plan.edits.items():
        _edit(folder / name, edits)
    make = runpy.run_path(os.fspath(ROOT / "tests/tiny_soundfont.py"))["tiny_soundfont"]
    (folder / SOUNDFONT).write_bytes(make())
    return Tree(folder, plan)


def _edit(path: Path, edits: Mapping[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in edits.items():
        if old not in text:
            checks.fail("edits", old, f"be in {path.name}", "a setting that was renamed?")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


class Rig:
    """A prepared copy of the project, and what an undisturbed run of the plan gives.

    Parameters
    ----------
    work : path
        An empty folder for all copies.
    plan : Plan
    files : mapping
        Name in the copies -> a file that is put there.
    seed : int
        Of the random moments and choices.
    keep : bool
        Whether copies stay when their try is over.

    Raises
    ------
    RuntimeError
        The undisturbed run failed: there is nothing to compare with.
    """

    def __init__(
        self,
        work: Path,
        plan: Plan,
        *,
        files: Mapping[str, Path] | None = None,
        seed: int = 0,
        keep: bool = False,
    ) -> None:
        self.work = work
        self.seed = seed
        self.keep = keep
        self.base = plant(work / "base", plan)
        for name, path in (files or {}).items():
            shutil.copy2(path, self.base.folder / name)
        if plan.prepared:
            self._check(self.base.start(self.base.command(targets=plan.prepared)).wait())
        undisturbed = self.base.copy(work / "undisturbed")
        ended = undisturbed.run()
        self._check(ended)
        self.seconds = ended.seconds
        self.jobs = finished_jobs(ended)
        self.digests = undisturbed.digests()
        self.undisturbed = undisturbed
        self._count = 0

    def _check(self, ended: Ended) -> None:
        if ended.status:
            raise RuntimeError(f"the undisturbed run failed: {tail(ended)}")

    @contextmanager
    def fresh(
        self, name: str, *, source: Tree | None = None, folder: str = "tree"
    ) -> Iterator[Tree]:
        """Yield a copy of the prepared tree, or of another, in a folder of that name.

        It is removed when the try is over, unless copies are kept.
        """
        self._count += 1
        place = self.work / f"{name}-{self._count}"
        tree = (source or self.base).copy(place / folder)
        yield tree
        if not self.keep:
            shutil.rmtree(place)

    def lost(self, tree: Tree) -> int:
        """Return the bytes of outputs that are missing or other than in the undisturbed run."""
        found = tree.digests()
        return sum(size for n, (sha, size) in self.digests.items() if found.get(n) != (sha, size))

    def wrong(self, tree: Tree) -> list[str]:
        """Return the outputs that are there under their final names with another content."""
        known = self.digests
        return [n for n, found in tree.digests().items() if n in known and known[n] != found]

    def judge(
        self, tree: Tree, ended: Ended, *faults: str, note: str = "", repeated: int = 0
    ) -> Trial:
        """Return the try whose last run is ``ended``; ``faults`` says what else went wrong."""
        lost, parts = self.lost(tree), tree.parts()
        found = [fault for fault in faults if fault]
        if ended.status:
            found.append(f"the run ended with status {ended.status}: {tail(ended)}")
        if lost:
            found.append(f"{lost} bytes differ")
        if parts:
            found.append(f"left: {', '.join(parts)}")
        text = "; ".join(found) or note
        return Trial(survived=not found, bytes_lost=lost, repeated=repeated, note=text)


def finished_jobs(ended: Ended) -> int:
    """Return how many jobs a run of snakemake finished."""
    return len(_FINISHED.findall(ended.text))
