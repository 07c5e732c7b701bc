"""Tabulate on which spin the energy of made signals and of sounds falls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.spin_of_chirps import spin_of_chirps
from jtfs_repro.runs import stamp_of
from jtfs_repro.scale_rates import ScaleRate


def tabulate_spins(*, run: str, scale_rates: Sequence[Path] = (), table: Path) -> None:
    """Write one row per signal, then one per sound."""
    stamp = stamp_of(run)
    sounds = {path.stem: ScaleRate.of_arrays(io.load_arrays(path)) for path in scale_rates}
    io.save_table(table, config.bound(spin_of_chirps)(sounds, stamp=stamp), caption=stamp.line)
