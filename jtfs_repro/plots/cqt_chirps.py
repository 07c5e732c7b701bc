"""Figure 2: constant-Q transform of two chirps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from jtfs_repro import checks
from jtfs_repro.plots import style

HEIGHT, LABELS = 2.9, 0.42  # inches; room for the ticks and labels of time
OCTAVES_HZ = (128, 256, 512, 1024, 2048)
SPAN = 2.3  # the frequency axis covers f_c / SPAN to f_c * SPAN: the chirp's two octaves
COLOURS = "magma_r"


def figure_cqt_chirps(
    magnitude: np.ndarray,
    frequencies_hz: np.ndarray,
    times_s: np.ndarray,
    theta: np.ndarray,
    *,
    stamp_line: str,
    range_db: float = 60.0,
) -> Figure:
    """Draw Figure 2, one panel per chirp; magnitude [shape=(n, n_bins, n_frames)].

    Colours span ``range_db`` below the maximum of each panel. ValueError: shapes disagree.
    """
    checks.number("range_db", range_db, above=0, mistake="decibels below the maximum")
    expected = (len(theta), len(frequencies_hz), len(times_s))
    if magnitude.shape != expected:
        checks.fail("magnitude.shape", magnitude.shape, f"be {expected}")
    with style.page(HEIGHT, stamp_line, _note(theta, range_db)) as (figure, foot):
        bottom = (foot + LABELS) / HEIGHT
        panels = figure.subplots(1, len(theta), sharey=True, squeeze=False)[0]
        figure.subplots_adjust(left=0.085, right=0.885, top=0.9, bottom=bottom, wspace=0.1)
        for axes, image, parameters in zip(panels, magnitude, theta, strict=True):
            _panel(axes, image, frequencies_hz, times_s, range_db)
            axes.set_ylim(parameters[0] / SPAN, parameters[0] * SPAN)
            axes.set_title(rf"$\gamma$ = {parameters[2]:g} octaves/s")
        panels[0].set_ylabel("frequency (Hz)")
        _colour_bar(figure, range_db, bottom)
    return figure


def _panel(
    axes: Axes, image: np.ndarray, frequencies_hz: np.ndarray, times_s: np.ndarray, range_db: float
) -> None:
    level = 20 * np.log10(np.maximum(image / image.max(), 10 ** (-range_db / 20)))
    audible = np.where(level > -range_db, level, np.nan)  # the rest stays white
    limits = {"vmin": -range_db, "vmax": 0, "cmap": COLOURS}
    axes.pcolormesh(times_s, frequencies_hz, audible, shading="nearest", rasterized=True, **limits)
    axes.set_yscale("log", base=2)
    axes.minorticks_off()
    axes.set_yticks(OCTAVES_HZ, labels=[str(f) for f in OCTAVES_HZ])
    axes.set_xlabel("time (s)")


def _note(theta: np.ndarray, range_db: float) -> str:
    f_c, f_m, _ = theta[0]
    return (
        f"Constant-Q transform of Eq. (5): f_c = {f_c:g} Hz, f_m = {f_m:g} Hz, 2 octaves;"
        f" level below each panel's maximum, white beyond -{range_db:g} dB."
    )


def _colour_bar(figure: Figure, range_db: float, bottom: float) -> None:
    axes = figure.add_axes((0.905, bottom, 0.014, 0.9 - bottom))
    bar = figure.colorbar(ScalarMappable(Normalize(-range_db, 0), COLOURS), cax=axes)
    bar.set_label("level (dB)")
