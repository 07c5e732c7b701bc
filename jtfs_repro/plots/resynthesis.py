"""Figure 6: spectrograms of sounds and of what two scatterings make of them, side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import mlab
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from jtfs_repro import checks
from jtfs_repro.plots import style

NFFT, OVERLAP = 256, 128
COLUMNS = ("scattering1d", "jtfs")  # the representations drawn, in order
ROW, HEAD, LABELS = 1.75, 0.3, 0.4  # inches
DESCENTS = {"lbfgs": "L-BFGS", "bold_driver": "bold driver", "adam": "Adam"}
RANGE_DB = 40.0
TITLE_WIDTH = 26  # characters
VIEW_LENGTH = 4
View = Sequence[float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Version:
    """A resynthesis [shape=(channels, N)] and the relative error of its coefficients."""

    representation: str
    descent: str
    samples: np.ndarray
    error: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Texture:
    """A sound [shape=(channels, N)] and its resyntheses; channels are averaged for drawing."""

    name: str
    title: str
    sr: float
    samples: np.ndarray
    versions: Sequence[Version]

    def version(self, representation: str) -> Version | None:
        """Return the version that is drawn, None if there is none."""
        return next((v for v in self.versions if v.representation == representation), None)


def figure_resynthesis(
    textures: Sequence[Texture],
    *,
    stamp_line: str,
    views: Mapping[str, View] | None = None,
    ranges_db: Mapping[str, float] | None = None,
    arrow_s: float = 0.37,
) -> Figure:
    """Draw one row per sound: the original, then one column per representation.

    ValueError: there is no sound, or a view is empty or outside its sound.

    Parameters
    ----------
    views : mapping, optional
        Name of a sound -> (start_s, end_s, low_hz, high_hz); other sounds are drawn whole.
    ranges_db : mapping, optional; name of a sound -> range; colours are ``log(1 + spectrum / c)``
        with c that many dB below the peak of the original, 40 dB unless given
    arrow_s : float > 0; length of the arrow in seconds: the support T of the averaging
    """
    if not textures:
        checks.fail("textures", [], "hold at least one sound")
    checks.number("arrow_s", arrow_s, above=0, mistake="seconds")
    height = HEAD + ROW * len(textures) + LABELS + 0.55
    with style.page(height, stamp_line, _note(textures, arrow_s)) as (figure, foot):
        bottom = (foot + LABELS) / height
        panels = figure.subplots(len(textures), 1 + len(COLUMNS), squeeze=False)
        figure.subplots_adjust(
            left=0.11, right=0.985, top=1 - HEAD / height, bottom=bottom, wspace=0.08, hspace=0.3
        )
        for axes, title in zip(panels[0], ("original", *map(style.label, COLUMNS)), strict=True):
            axes.set_title(title)
        for row, texture in zip(panels, textures, strict=True):
            view = _view(texture, (views or {}).get(texture.name))
            range_db = (ranges_db or {}).get(texture.name, RANGE_DB)
            _row(row, texture, view, checks.number("ranges_db", range_db, above=0), arrow_s)
        for axes in panels[-1]:
            axes.set_xlabel("time (s)")
    return figure


def _note(textures: Sequence[Texture], arrow_s: float) -> str:
    found = [t.version(name) for t in textures for name in COLUMNS]
    used = list(dict.fromkeys(v.descent for v in found if v is not None))
    names = " and ".join(DESCENTS.get(name, name) for name in used) or "nothing"
    return (
        f"Spectrograms (windows of {NFFT} samples), log(1 + spectrum / c), darker: more energy; one"
        f" scale of colours per row. Descent: {names}. Percentage: relative"
        " error of the coefficients that the sound was made from."
        f" Arrow: {1000 * arrow_s:.0f} ms, the support T of the averaging."
    )


def _view(texture: Texture, view: View | None) -> tuple[float, float, float, float]:
    """Return (start_s, end_s, low_hz, high_hz) of a sound's row."""
    duration, nyquist = texture.samples.shape[1] / texture.sr, texture.sr / 2
    if view is None:
        return 0.0, duration, 0.0, nyquist
    name = f"views[{texture.name!r}]"
    if len(view) != VIEW_LENGTH:
        checks.fail(name, view, "be (start_s, end_s, low_hz, high_hz)")
    start, end, low, high = view
    if not 0 <= start < duration or not start < end or not 0 <= low < min(high, nyquist):
        rule = f"lie within {duration:.3g} s and {nyquist:g} Hz"
        checks.fail(name, view, rule, "(start_s, end_s, low_hz, high_hz)")
    return start, min(end, duration), low, min(high, nyquist)


def _row(
    panels: Sequence[Axes],
    texture: Texture,
    view: tuple[float, float, float, float],
    range_db: float,
    arrow_s: float,
) -> None:
    start, end, low, high = view
    versions = [texture.version(name) for name in COLUMNS]
    whole = _spectrum(texture.samples, texture.sr)
    c = whole.max() * 10 ** (-range_db / 10)
    limit = math.log1p(_inside(whole, texture, view).max() / c)
    for k, axes in enumerate(panels):
        version = None if k == 0 else versions[k - 1]
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda time_s, _: f"{time_s:g}"))
        axes.tick_params(labelleft=k == 0)
        axes.set_xlim(start, end)
        axes.set_ylim(low / 1000, high / 1000)
        if k and version is None:
            style.say_not_run(axes, "this run has no such resynthesis; see config.yaml", width=26)
            continue
        spectrum = whole if version is None else _spectrum(version.samples, texture.sr)
        half = OVERLAP / texture.sr / 2
        axes.imshow(
            np.log1p(spectrum / c),
            extent=(half, half + spectrum.shape[1] * 2 * half, 0, texture.sr / 2000),
            aspect="auto",
            origin="lower",
            cmap="magma_r",
            vmin=0,
            vmax=limit,
            interpolation="nearest",
        )
        axes.set_xlim(start, end)
        axes.set_ylim(low / 1000, high / 1000)
        if version is not None:
            _say(axes, f"{100 * version.error:.2g} %")
    title = "\n".join(textwrap.wrap(texture.title, TITLE_WIDTH, max_lines=2, placeholder=" …"))
    panels[0].set_ylabel(f"{title}\nfrequency (kHz)")
    _arrow(panels[0], view, arrow_s)


def _spectrum(samples: np.ndarray, sr: float) -> np.ndarray:
    """Return the power spectrogram of the mean over channels [shape=(bins, frames)]."""
    x = samples.mean(axis=0, dtype=np.float64)
    x = np.pad(x, (0, max(0, NFFT + OVERLAP - len(x))))  # two windows at least
    return np.asarray(mlab.specgram(x, NFFT=NFFT, Fs=sr, noverlap=OVERLAP)[0])


def _inside(spectrum: np.ndarray, texture: Texture, view: Sequence[float]) -> np.ndarray:
    """Return the part of a spectrogram that a view shows, at least one cell."""
    start, end, low, high = view
    hop, bin_hz = (NFFT - OVERLAP) / texture.sr, texture.sr / NFFT
    first = min(int(start / hop), spectrum.shape[1] - 1)
    rows = slice(int(low / bin_hz), int(high / bin_hz) + 1)
    return spectrum[rows, first : max(int(end / hop), first + 1)]


def _say(axes: Axes, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.85}
    place = {"transform": axes.transAxes, "ha": "right", "va": "top", "fontsize": 7}
    axes.text(0.98, 0.96, text, bbox=box, **place)


def _arrow(axes: Axes, view: Sequence[float], arrow_s: float) -> None:
    """Draw T as a double arrow above the first panel's content, where it fits."""
    start, end, low, high = view
    if arrow_s > end - start:
        return
    y, x = (low + 0.9 * (high - low)) / 1000, start + 0.04 * (end - start)
    looks = {"arrowstyle": "<->", "color": style.INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x + arrow_s, y), xytext=(x, y), arrowprops=looks)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
    middle = (x + arrow_s / 2, y - 0.03 * (high - low) / 1000)
    axes.text(*middle, f"T = {1000 * arrow_s:.0f} ms", ha="center", va="top", fontsize=7, bbox=box)
