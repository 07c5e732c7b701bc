"""Scratch copies of the project: what is run in them, and what came out, byte by byte."""

from __future__ import annotations

import hashlib
import os
import re
import runpy
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faults.running import Ended, Running

ROOT = Path(__file__).parent.parent
PARTS = (
    "Snakefile",
    "claims",
    "config",
    "gin",
    "jtfs_repro",
    "notebooks",
    "profiles",
    "rules",
    "scripts",
)
SOUNDFONT = "tiny.sf2"
# not compared: what holds wall times and memory (costs, reports, sidecars, the manifest), and what
# a run keeps to go on from
UNCOMPARED = re.compile(
    r"cost\.(csv|md|html|json)$|manifest\.json$|\.provenance\.json$|/partial/|\.part$"
    r"|(shard|seed)-[^/]*\.json$|\.lock$"
)
LOCKED = "cannot be locked"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is run in a copy of the project.

    Parameters
    ----------
    targets : sequence of str
        Files that snakemake is asked for.
    settings : sequence of str
        ``name=value`` of the config, besides smoke scale on the CPU without downloads.
    prepared : sequence of str
        Files that are made before any fault comes, once for all copies.
    edits : mapping
        Gin file -> settings that replace its content in the copies.
    checkpoints : mapping
        Name of a job -> the target that it makes, and the pattern of the file from which it goes
        on after a kill.
    script : sequence of str
        A script and its options, run instead of snakemake: cheaper, for tests.
    """

    targets: Sequence[str]
    settings: Sequence[str] = ()
    prepared: Sequence[str] = ()
    edits: Mapping[str, str] = field(default_factory=dict)
    checkpoints: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    script: Sequence[str] = ()


SETTINGS = (
    "scale=smoke",
    "device=cpu",
    "shards=2",
    "clip_shards=2",
    "seeds=1",
    "openl3_download=never",
    "soundfont_download=never",
    f"test_soundfont={SOUNDFONT}",
)


@dataclass(frozen=True)
class Tree:
    """A copy of the project in a folder, with the plan of what is run there."""

    folder: Path
    plan: Plan
    cores: int = 2

    def command(self, *options: str, targets: Sequence[str] | None = None) -> list[str]:
        """Return the command that makes the plan's targets, or others."""
        if self.plan.script:
            return [sys.executable, *self.plan.script]
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
        if LOCKED not in ended.text:
            return ended, False
        self.run("--unlock")
        return self.run(), True

    def files(self) -> dict[str, Path]:
        """Return name -> path of every output that must be the same in every run."""
        tops = [self.folder / top for top in ("data", "results", "img")]
        found = [path for top in tops for path in top.rglob("*") if path.is_file()]
        names = {path.relative_to(self.folder).as_posix(): path for path in sorted(found)}
        return {name: path for name, path in names.items() if not UNCOMPARED.search(name)}

    def digests(self) -> dict[str, tuple[str, int]]:
        """Return name -> (SHA-256, bytes) of every output that must be the same in every run."""
        found = {name: path.read_bytes() for name, path in self.files().items()}
        return {name: (hashlib.sha256(b).hexdigest(), len(b)) for name, b in found.items()}

    def parts(self) -> list[str]:
        """Return the half-written files that were left."""
        tops = [self.folder / top for top in ("data", "results")]
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
    for name, text in plan.edits.items():
        (folder / name).write_text(text, encoding="utf-8")
    make = runpy.run_path(os.fspath(ROOT / "tests/tiny_soundfont.py"))["tiny_soundfont"]
    (folder / SOUNDFONT).write_bytes(make())
    return Tree(folder, plan)
