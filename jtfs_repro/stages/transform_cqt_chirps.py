"""Compute the constant-Q transforms of Figure 2."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.cqt_chirps import cqt_chirps


def transform_cqt_chirps(*, transforms: Path) -> None:
    """Write the transforms of two chirps."""
    io.save_arrays(transforms, **config.bound(cqt_chirps)().arrays())
