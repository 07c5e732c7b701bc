"""Compute the scale–rate picture of one sound: scalogram, responses, energies."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.experiments.scale_rate import scale_rate as transform


def transform_scale_rate(*, sound: Path, scale_rate: Path) -> None:
    """Write the arrays of a `ScaleRate`."""
    io.save_arrays(scale_rate, **config.bound(transform)(read_sound(sound)).arrays())
