"""Estimate the chirps' parameters from their nearest neighbours in one representation."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.knn import knn_ratios
from jtfs_repro.experiments.stored import stored_theta


def score_knn(*, manifold: Path, parameters: Path, ratios: Path) -> None:
    """Write estimated over true parameters, from the neighbours of a manifold."""
    stored = io.load_arrays(manifold)
    not_run = str(stored["not_run"])
    made = config.bound(knn_ratios)(stored["neighbours"], stored_theta(parameters), not_run=not_run)
    io.save_arrays(ratios, **made.arrays())
