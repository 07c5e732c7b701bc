"""Embed one representation by Isomap."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.isomap import isomap


def embed_isomap(*, features: Path, facts: Path, manifold: Path) -> None:
    """Write embedding, neighbours and measures of features [shape=(n, D)]."""
    not_run = io.why_not_run(io.load_json(facts))
    made = config.bound(isomap)(io.load_array(features), not_run=not_run)
    io.save_arrays(manifold, **made.arrays())
