"""Where faults are tried: a prepared copy of the project, an undisturbed run, fresh copies."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.faults.running import Ended
from tools.faults.tree import Plan, Tree, plant

SOUNDS = ("am_chirp", "dizi", "gull", "hawk")
LIGHT = Plan(
    targets=["data/smoke/chirps.npy", *(f"data/smoke/textures/{name}.wav" for name in SOUNDS)]
)
# the dear stages, with enough epochs and iterations that a checkpoint is worth having
DEAR = Plan(
    targets=[
        "results/smoke/knn_scores.csv",
        "results/smoke/soundfont_solos/predictions/cqt/seed-0.npz",
        "results/smoke/textures/gull/jtfs-lbfgs.wav",
    ],
    settings=["features=[jtfs]", "classifiers=[cqt]", "sounds=[gull]", "descents=[lbfgs]"],
    prepared=[
        "data/smoke/chirps.npy",
        "data/smoke/textures/gull.wav",
        "results/smoke/soundfont_solos/statistics/cqt.npz",
    ],
    checkpoints={
        "resynthesis": (
            "results/smoke/textures/gull/jtfs-lbfgs.wav",
            "results/smoke/partial/gull-jtfs-lbfgs.checkpoint",
        ),
        "training": (
            "results/smoke/soundfont_solos/predictions/cqt/seed-0.npz",
            "results/smoke/soundfont_solos/partial/cqt-0/**/last.ckpt",
        ),
    },
    edits={
        "gin/scale/smoke/train_cqt.gin": (
            "from __gin__ import dynamic_registration\n"
            "from jtfs_repro.training import settings\n"
            "settings.TrainingSettings.epochs = 6\n"
        ),
        "gin/scale/smoke/resynthesis.gin": (
            "from __gin__ import dynamic_registration\n"
            "from jtfs_repro.resynthesis import loop\n"
            "loop.LoopSettings.iterations = 40\n"
            "loop.LoopSettings.snapshots = (0, 1)\n"
            "loop.LoopSettings.checkpoint_iterations = 5\n"
        ),
    },
)
_FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/'\"]+/)+")
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


def tail(ended: Ended, length: int = 300) -> str:
    """Return what a command said last, its errors first, as one line without folders' names."""
    text = " | ".join(ended.errors) or " ".join(ended.text.split())[-length:]
    return _FOLDERS.sub("", text)[:length]
