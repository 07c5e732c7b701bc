"""What faults know of the project's layout: copied files, outputs, stages, command lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jtfs_repro import config

ROOT = Path(__file__).parents[2]
PARTS = (
    *("Snakefile", "claims", "config", "gin", "jtfs_repro", "notebooks", "profiles", "rules"),
    "scripts",
)
OUTPUTS = ("data", "results", "img")
# not compared: what holds wall times and memory (costs, reports, sidecars, the manifest), and what
# a run keeps to go on from
UNCOMPARED = re.compile(
    r"cost\.(csv|md|html|json)$|manifest\.json$|\.provenance\.json$|/partial/|\.part$"
    r"|(shard|seed)-[^/]*\.json$|\.lock$"
)
SOUNDFONT = "tiny.sf2"
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
CHIRPS = "data/smoke/chirps.npy"
SOUND = "data/smoke/textures/{}.wav"
ARRAY = "results/smoke/features/mfcc.npy"
SHARDS = (
    "results/smoke/features/mfcc/shard-0-of-2.npy",
    "results/smoke/features/mfcc/shard-1-of-2.npy",
)
PREDICTION = "results/smoke/soundfont_solos/predictions/cqt/seed-0.npz"
TEXTURE = "results/smoke/textures/gull/jtfs-lbfgs.wav"
FIGURE = "img/smoke/fig2_cqt_chirps.png"  # by way of matplotlib and librosa, which keep caches
DOWNLOADS = {
    "medley_download=always": "data/smoke/medley_solos_db.json",
    "openl3_download=always": "data/smoke/openl3_weights.json",
    "soundfont_download=always": "data/soundfonts/status.json",
}
UNWRITABLE, UNREADABLE = "data/smoke", "gin/chirps/chirps.gin"
RECORDINGS = "data/recordings"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is run in a copy of the project.

    Parameters
    ----------
    targets : sequence of str
        Files that snakemake is asked for.
    settings : sequence of str
        ``name=value`` of the config, besides `SETTINGS`.
    prepared : sequence of str
        Files that are made before any fault comes, once for all copies.
    edits : mapping
        File -> texts in it, and by what they are replaced in the copies.
    checkpoints : mapping
        Name of a job -> the target that it makes, and the pattern of the file from which it goes
        on after a kill.
    command : sequence of str
        Python's arguments, run instead of snakemake: cheaper, for tests.
    """

    targets: Sequence[str]
    settings: Sequence[str] = ()
    prepared: Sequence[str] = ()
    edits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    checkpoints: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    command: Sequence[str] = ()


LIGHT = Plan(targets=[CHIRPS, *map(SOUND.format, ("am_chirp", "dizi", "gull", "hawk"))])
# the dear stages, with enough epochs and iterations that a checkpoint is worth having
DEAR = Plan(
    targets=["results/smoke/knn_scores.csv", PREDICTION, TEXTURE],
    settings=["features=[jtfs]", "classifiers=[cqt]", "sounds=[gull]", "descents=[lbfgs]"],
    prepared=[CHIRPS, SOUND.format("gull"), "results/smoke/soundfont_solos/statistics/cqt.npz"],
    checkpoints={
        "resynthesis": (TEXTURE, "results/smoke/partial/gull-jtfs-lbfgs.checkpoint"),
        "training": (PREDICTION, "results/smoke/soundfont_solos/partial/cqt-0/**/last.ckpt"),
    },
    edits={
        "gin/scale/smoke.gin": {
            "TrainingSettings.epochs = 1\n": "TrainingSettings.epochs = 6\n",
            "loop.LoopSettings.iterations = 3\n": "loop.LoopSettings.iterations = 40\n"
            "loop.LoopSettings.checkpoint_iterations = 5\n",
        }
    },
)


def stage_of(arguments: Sequence[str]) -> str:
    """Return the name of the stage that a process with these arguments runs, '' if none."""
    return arguments[3] if list(arguments[1:3]) == ["-m", "jtfs_repro"] else ""


def extraction(features: Path, *, gin: Path, n_shards: int, memory_gb: float) -> list[str]:
    """Return Python's arguments that extract a first shard of JTFS of the chirps."""
    stack = config.stack("jtfs", scale="smoke", root=gin)
    return [
        *("-m", "jtfs_repro", "extract_features", "--run", "smoke", "--gin", *stack),
        *("--signals", CHIRPS, "--facts", CHIRPS.replace(".npy", ".json"), "--device", "cpu"),
        *("--shard", "0", "--shards", str(n_shards), "--memory-gb", str(memory_gb)),
        *("--features", str(features)),
    ]
