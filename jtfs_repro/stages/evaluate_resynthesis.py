"""Score the resyntheses of one sound: synchrony, spins, spectra, both scatterings."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.experiments.evaluate_resynthesis import evaluate_resynthesis as evaluate
from jtfs_repro.experiments.stored_resynthesis import load_resynthesis


def evaluate_resynthesis(*, sound: Path, facts: list[Path], scores: Path) -> None:
    """Write a table; what belongs to a sound or to the facts of a resynthesis lies beside it."""
    about = io.load_json(sound.with_suffix(".json"))
    resyntheses = [load_resynthesis(path) for path in facts]
    rows = config.bound(evaluate)(read_sound(sound), resyntheses, facts=about)
    io.save_csv(scores, rows)
