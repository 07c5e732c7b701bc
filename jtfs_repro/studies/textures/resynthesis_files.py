"""Resynthesis from file to file, for the script and the workflow; reading what it left."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import checks, config, io
from jtfs_repro.audio import check_wav_name, read_sound, to_mono, write_sound
from jtfs_repro.plots.error_curves import figure_error_history
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.textures.resynthesis import resynthesize

FILES = {  # option -> its suffixes, what is in it
    "history": ((".csv",), "output: a row per iteration (default: beside the sound)"),
    "plot": ((".png", ".pdf", ".svg"), "output: the error by iteration"),
    "snapshots": ((".npz",), "output: the sound along the way"),
    "facts": ((".json",), "output: settings and errors"),
    "cost": ((".json",), "output: seconds and bytes"),
}
NEEDED = ("sound", "representation", "descent", "status", "iterations", "best_iteration")
Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ResynthesisFiles:
    """The files of one resynthesis; ``input`` is read, what is None is not written.

    ValueError: an output has another suffix than its kind, or two files have the same name.
    """

    input: Path
    output: Path
    history: Path
    checkpoint: Path
    plot: Path | None = None
    snapshots: Path | None = None
    facts: Path | None = None
    cost: Path | None = None

    def __post_init__(self) -> None:
        check_wav_name(self.output)
        for name, (suffixes, _) in FILES.items():
            path = getattr(self, name)
            if path and path.suffix.lower() not in suffixes:
                checks.fail(name, str(path), f"end in {' or '.join(suffixes)}")
        named = [path.resolve() for path in vars(self).values() if path]
        twice = next((path for path in named if named.count(path) > 1), None)
        if twice:
            rule = "an output would overwrite another file"
            checks.fail("path", str(twice), "be named once", rule)


def resynthesize_file(
    files: ResynthesisFiles,
    *,
    name: str,
    stamp: Stamp,
    mono: bool = False,
    resume: bool = True,
    **settings: int,
) -> None:
    """Resynthesise a sound with the settings that were read; a warning goes to stderr.

    ``settings`` (``iterations``, ``seed``) replace those. FileError: see `audio.read_sound`.
    """
    sound = read_sound(files.input)
    found = config.bound(resynthesize)(
        to_mono(sound) if mono else sound,
        name=name,
        stamp=stamp,
        checkpoint=files.checkpoint,
        resume=resume,
        **settings,
    )
    io.save_csv(files.history, found.history)
    if files.plot:
        io.save_figure(files.plot, figure_error_history(found.history, stamp_line=stamp.line))
    if files.snapshots:
        io.save_arrays(files.snapshots, **found.snapshots)
    if files.facts:
        io.save_json(files.facts, found.facts)
    if files.cost:
        io.save_json(files.cost, found.cost)
    write_sound(files.output, found.sound)  # the last
    files.checkpoint.unlink(missing_ok=True)
    if found.warning:
        print(f"warning: {found.warning}", file=sys.stderr)


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredResynthesis:
    """One sound, resynthesised: samples and initial noise (``start``) [shape=(channels, N)].

    ``facts`` is the JSON file; ``history`` has one row per iteration, 0 is the initial noise.
    """

    facts: Mapping[str, Any]
    samples: np.ndarray
    sr: float
    start: np.ndarray
    history: Sequence[Row]

    def error_at(self, iteration: int) -> float | None:
        """Return the best error up to an iteration: that of the sound a run would return there.

        A run that ended before for its own reasons (early stop, divergence) has its last one; None
        where it was only given fewer iterations.
        """
        reached = [row for row in self.history if int(row["iteration"]) <= iteration]
        is_over = int(self.history[-1]["iteration"]) >= iteration
        if not is_over and self.facts["status"] == "finished":
            return None
        return float(reached[-1]["best_error"])


def load_facts(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the facts of a resynthesis.

    FileError: the file is missing, is no JSON, or holds something else.
    """
    facts = io.load_json(path)
    missing = [name for name in NEEDED if not isinstance(facts, dict) or name not in facts]
    if missing:
        what = ValueError(f"no {', '.join(missing)}")
        raise io.corrupt(path, "the facts of a resynthesis", what)
    return facts


def load_resynthesis(path: str | os.PathLike[str]) -> StoredResynthesis:
    """Read the facts at ``path`` and the other files of that resynthesis beside it.

    FileError: one of them is missing, truncated or holds something else.
    """
    facts, stem = load_facts(path), Path(path).with_suffix("")
    sound, snapshots = read_sound(f"{stem}.wav"), io.load_arrays(f"{stem}.snapshots.npz")
    history = io.load_csv(f"{stem}.csv")
    if "samples" not in snapshots or snapshots["samples"].shape[1:] != sound.samples.shape:
        shapes = ValueError(f"no 'samples' of shape (k, {sound.n_channels}, {sound.n_samples})")
        raise io.corrupt(f"{stem}.snapshots.npz", "the snapshots of this sound", shapes)
    if not history or history[0].get("iteration") != "0":
        raise io.corrupt(f"{stem}.csv", "a history", ValueError("no iteration 0"))
    start = snapshots["samples"][0]
    return StoredResynthesis(
        facts=facts, samples=sound.samples, sr=sound.sr, start=start, history=history
    )


def load_cost(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a resynthesis cost: the ``.cost.json`` beside its facts at ``path``."""
    return io.load_json(f"{Path(path).with_suffix('')}.cost.json")
