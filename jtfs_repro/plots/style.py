"""One look for all figures: legible in greyscale print and by colour-blind readers.

Figures are built without pyplot, so nothing here depends on a display or a global state.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib import colormaps, rc_context, rcdefaults
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure

rcdefaults()  # a matplotlibrc of the user's would change pictures, or ask for LaTeX

PAGE_WIDTH = 7.0  # inches
NOTE_SIZE, NOTE_WIDTH = 6.5, 134  # points, characters
INK, MUTED, FAINT = "#1a1a1a", "#5a5a5a", "#d9d9d9"
POINT, ACCENT = "#5b8db8", "#b3400e"  # light blue and dark orange: apart in grey as well
LABELS = {
    "mfcc": "MFCC",
    "scattering1d": "Scattering1D",
    "scattering1d_q1": "Scattering1D\nQ = 1",
    "scattering1d_q8": "Scattering1D\nQ = 8",
    "jtfs": "JTFS",
    "strf": "STRF",
    "strf_real": "STRF\nreal mean",
    "strf_average_vector": "STRF\naverage vector",
    "openl3": "OpenL3",
    "index_grid_floor": "perfect\n(index grid)",
}
SYMBOLS = {"f_c": r"$f_c$", "f_m": r"$f_m$", "gamma": r"$\gamma$"}
PARAMETER_LABELS = {
    "f_c": r"carrier frequency $f_c$ (Hz)",
    "f_m": r"AM rate $f_m$ (Hz)",
    "gamma": r"chirp rate $\gamma$ (octaves/s)",
}
TICKS = {"f_c": (512, 724, 1024), "f_m": (4, 8, 16, 32), "gamma": (0.5, 1, 2, 4)}
_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "mathtext.fontset": "dejavusans",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the shared settings while a figure is built."""
    with rc_context(_SETTINGS):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of ``width`` x ``height`` inches."""
    return Figure(figsize=(width, height), facecolor="white")


@contextmanager
def page(height: float, stamp_line: str, note: str) -> Iterator[tuple[Figure, float]]:
    """Yield a figure as wide as a page, with its `foot`, and that foot's height in inches."""
    with house_style():
        figure = new_figure(PAGE_WIDTH, height)
        yield figure, foot(figure, stamp_line, note)


def sequential() -> Colormap:
    """Return viridis without its palest end: even steps of lightness, dark to light on white."""
    return ListedColormap(colormaps["viridis"](np.arange(240)), name="viridis_print")


def label(name: str) -> str:
    """Return the printed name of a representation, with line breaks."""
    return LABELS.get(name, name)


def foot(figure: Figure, line: str, note: str) -> float:
    """Print a note and, below it, the stamp; return their height in inches from the lower edge."""
    lines = [*textwrap.wrap(note, NOTE_WIDTH), line]
    figure.text(
        0.012,
        0.04 / figure.get_figheight(),
        "\n".join(lines),
        fontsize=NOTE_SIZE,
        color=MUTED,
        va="bottom",
        linespacing=1.35,
    )
    return 0.1 + len(lines) * NOTE_SIZE * 1.5 / 72


def say_not_run(axes: Axes, reason: str, *, width: int) -> None:
    """Write why a panel is empty."""
    text = "\n".join(textwrap.wrap(f"not run: {reason}", width, break_long_words=True))
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=MUTED)
