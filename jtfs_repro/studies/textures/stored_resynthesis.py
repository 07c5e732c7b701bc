"""Reading of stored resyntheses: sound, history, snapshots and facts under one stem."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import io
from jtfs_repro.audio import read_sound

NEEDED = ("sound", "representation", "descent", "status", "iterations", "best_iteration")
Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Resynthesis:
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


def load_resynthesis(path: str | os.PathLike[str]) -> Resynthesis:
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
    return Resynthesis(
        facts=facts, samples=sound.samples, sr=sound.sr, start=start, history=history
    )


def load_cost(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a resynthesis cost: the ``.cost.json`` beside its facts at ``path``."""
    return io.load_json(f"{Path(path).with_suffix('')}.cost.json")
