"""Rates, scales and spins as time goes by: a matrix under a scalogram with a moving cursor."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from jtfs_repro import checks
from jtfs_repro.features.scale_rate import ScaleRate
from jtfs_repro.io import Unavailable, atomic_path
from jtfs_repro.plots import style
from jtfs_repro.plots.images import (
    COLOURS,
    compressed,
    draw_image,
    draw_matrix,
    levels,
    limits,
    spin_name,
)

WIDTH, HEIGHT, DPI = 5.6, 5.4, 90  # inches, pixels per inch
SHADES = 160  # of the colour map, in the palette; greys and the cursor share the rest
GREYS = 64
KINDS = (".gif", ".mp4")


def save_animation(
    path: str | os.PathLike[str],
    result: ScaleRate,
    *,
    title: str,
    stamp_line: str,
    seconds: float = 6.0,
    frames: int = 64,
    range_db: float = 35.0,
    scalogram_range_db: float = 45.0,
    lowest_hz: float = 60.0,
) -> None:
    """Write a GIF, or an MP4 where ffmpeg is installed.

    Each frame shows the energy of all responses at one time; a GIF repeats for ever and has equal
    bytes for equal results. ``seconds`` is the duration of the animation, whatever that of the
    sound; colours span ``range_db`` below the strongest cell at any time and ``scalogram_range_db``
    below the maximum; frequencies below ``lowest_hz`` are not drawn. ValueError: another suffix, or
    a setting out of its range. Unavailable: an MP4 is wanted and ffmpeg is not installed.
    """
    kind = Path(path).suffix.lower()
    if kind not in KINDS:
        checks.fail("path", os.fspath(path), "end in .gif or .mp4")
    checks.number("seconds", seconds, above=0)
    count = min(checks.integer("frames", frames, low=2), len(result.times_s))
    ranges = (range_db, scalogram_range_db, lowest_hz)
    film = _Film(result, title=title, stamp_line=stamp_line, ranges=ranges)
    positions = np.linspace(0, len(result.times_s) - 1, count).round().astype(int)
    if kind == ".gif":
        _save_gif(path, film.pictures(positions), milliseconds=seconds * 1000 / count)
    else:
        _save_mp4(path, film, positions, frames_per_s=max(1, round(count / seconds)))


class _Film:
    """The figure, drawn once; a frame changes the matrix, the cursor and the time."""

    def __init__(
        self, result: ScaleRate, *, title: str, stamp_line: str, ranges: tuple[float, float, float]
    ) -> None:
        range_db, scalogram_range_db, lowest_hz = ranges
        self.result = result
        energy = np.square(result.response, dtype=np.float64).sum(axis=1)
        self.level = levels(result, energy, range_db=range_db)  # cells x frames
        with style.house_style():
            self.figure = style.new_figure(WIDTH, HEIGHT)
            self.canvas = FigureCanvasAgg(self.figure)
            self.figure.set_dpi(DPI)
            self.upper, self.lower = self.figure.subplots(2, 1, height_ratios=(1, 2.1))
            self.figure.subplots_adjust(left=0.125, right=0.985, top=0.94, bottom=0.135, hspace=0.3)
            fine = (result.fine_times_s, result.fine_frequencies_hz)
            high = float(result.fine_scalogram.max())
            level = compressed(result.fine_scalogram, high, range_db=scalogram_range_db)
            options: dict[str, Any] = {"limits_hz": limits(result, lowest_hz)}
            draw_image(self.upper, level, *fine, high=scalogram_range_db, **options)
            self.upper.set_title(title.replace("$", r"\$"))
            self.upper.set_ylabel("frequency (Hz)")
            self.cursor = self.upper.axvline(0, color=style.ACCENT, linewidth=2)
            self.image = draw_matrix(self.lower, result, self.level[:, 0], range_db=range_db)
            self.lower.set_ylabel(self.lower.get_ylabel(), fontsize=6.5)
            self.time = self.lower.set_title("")
            note = f"{spin_name(1)}; {spin_name(-1)}\n{stamp_line}"
            self.figure.text(0.012, 0.01, note, fontsize=6, color=style.MUTED, va="bottom")

    def turn_to(self, frame: int) -> None:
        """Show the responses of one frame."""
        time_s = float(self.result.times_s[frame])
        self.cursor.set_xdata([time_s, time_s])
        self.image.set_data(self.level[:, frame][self.result.grid()])
        self.time.set_text(f"energy of |X * Psi| at {time_s:.2f} s")

    def pictures(self, positions: np.ndarray) -> Iterator[Image.Image]:
        """Yield the frames in colours; the scalogram is drawn once."""
        moving = (self.cursor, self.lower)
        for artist in moving:
            artist.set_animated(True)
        self.canvas.draw()
        still = self.canvas.copy_from_bbox(self.figure.bbox)
        for frame in positions:
            self.turn_to(int(frame))
            self.canvas.restore_region(still)
            for artist in moving:
                self.figure.draw_artist(artist)
            yield Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3])


def _save_gif(
    path: str | os.PathLike[str], pictures: Iterator[Image.Image], *, milliseconds: float
) -> None:
    """Write frames in one palette, so that equal colours stay equal from frame to frame."""
    palette = _palette()
    first, *others = (p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures)
    # a GIF counts hundredths of a second
    duration = max(20, 10 * round(milliseconds / 10))
    options: dict[str, Any] = {"duration": duration, "loop": 0, "optimize": True}
    with atomic_path(path) as part, part.open("wb") as file:
        first.save(file, format="GIF", save_all=True, append_images=others, **options)


def _palette() -> Image.Image:
    """Return an image whose palette is the colour map, greys, and the cursor's colour."""
    shades = colormaps[COLOURS](np.linspace(0, 1, SHADES))[:, :3]
    greys = np.repeat(np.linspace(0, 1, GREYS)[:, None], 3, axis=1)
    accent = np.array([int(style.ACCENT[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    blends = np.linspace(accent, np.ones(3), 256 - SHADES - GREYS)
    colours = np.concatenate([shades, greys, blends])
    palette = Image.new("P", (1, 1))
    palette.putpalette((255 * colours).round().astype(np.uint8).ravel().tolist())
    return palette


def _save_mp4(
    path: str | os.PathLike[str], film: _Film, positions: np.ndarray, *, frames_per_s: int
) -> None:
    if shutil.which("ffmpeg") is None:
        raise Unavailable("ffmpeg is not installed, an MP4 needs it", "install it or write .gif")
    from matplotlib.animation import FFMpegWriter

    writer = FFMpegWriter(fps=frames_per_s, extra_args=["-f", "mp4", "-bitexact"])
    with atomic_path(path) as part, writer.saving(film.figure, os.fspath(part), DPI):
        for frame in positions:
            film.turn_to(int(frame))
            writer.grab_frame()
