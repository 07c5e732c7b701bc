"""Synthesise the chirps of Section 3 and their table of parameters."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.chirp_dataset import chirp_dataset
from jtfs_repro.runs import stamp_of


def synthesise_chirps(*, run: str, chirps: Path, parameters: Path, facts: Path) -> None:
    """Write signals [shape=(n, N)], parameters (f_c, f_m, gamma), sample rate and grid."""
    chirp_set = config.bound(chirp_dataset)()
    io.save_array(chirps, chirp_set.chirps)
    io.save_csv(parameters, chirp_set.rows())
    io.save_json(facts, chirp_set.facts() | stamp_of(run).as_dict())
