"""Animate the rates, scales and spins of one sound over time."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.animation import save_animation
from jtfs_repro.runs import stamp_of
from jtfs_repro.scale_rates import ScaleRate


def animate_scale_rate(
    *, run: str, scale_rate: Path, title: str | None = None, animation: Path
) -> None:
    """Write a .gif, or an .mp4 with ffmpeg; the ``title`` is by default the file's name."""
    sound = ScaleRate.of_arrays(io.load_arrays(scale_rate))
    title, line = title or scale_rate.stem, stamp_of(run).line
    config.bound(save_animation)(animation, sound, title=title, stamp_line=line)
