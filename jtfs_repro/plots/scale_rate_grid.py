"""The scale–rate figure: a grid of 2-D wavelets, and a grid of their responses."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from jtfs_repro import checks
from jtfs_repro.plots import style
from jtfs_repro.plots.filterbank import SIGNED, Pictures, draw_signed
from jtfs_repro.plots.images import hertz, spin_name

WIDTH, LEFT, TOP, LABELS = 11.0, 0.75, 0.12, 0.5  # inches; room for the labels
GAP = 0.02  # of a panel
COEFFICIENTS = "turbo"
SPINS = f"Upper half: {spin_name(1)}; lower half: {spin_name(-1)}; middle row: phi_f; left: phi_t."


def figure_grid_filters(wavelets: Pictures, *, stamp_line: str) -> Figure:
    """Draw the real part of each wavelet, in blue, white and red, limits of each panel its own."""
    span_s = wavelets.times_s[-1] - wavelets.times_s[0]
    span_oct = np.ptp(wavelets.octaves)
    note = (
        "Real part of psi_t(t) psi_f(log-frequency); blue negative, red positive, limits of each"
        f" panel its own; each panel shows {span_s:.2g} s by {span_oct:.2g} octaves. {SPINS}"
    )
    with style.house_style():
        figure, panels = _grid(wavelets, stamp_line, note)
        draw_signed(panels, wavelets, colours=SIGNED)
    return figure


def figure_grid_coefficients(
    wavelets: Pictures,
    response: np.ndarray,
    times_s: np.ndarray,
    frequencies_hz: np.ndarray,
    *,
    stamp_line: str,
    share: float = 0.8,
) -> Figure:
    """Draw each response over time and log-frequency, all on one scale.

    ``response`` [shape=(2 scales + 1, 1 + rates, n1, frames)]; colours end at ``share`` of the
    largest value. ValueError: shapes disagree.
    """
    checks.number("share", share, above=0, high=1)
    expected = (*wavelets.psi.shape[:2], len(frequencies_hz), len(times_s))
    if response.shape != expected:
        checks.fail("response.shape", response.shape, f"be {expected}")
    middle = len(response) // 2
    shown = response.copy()
    shown[:middle, 0] = 0
    shown[middle + 1 :, 0] *= np.sqrt(2)  # both spins of phi_t, in one half
    loudness = shown[middle, 0].copy()
    shown[middle, 0] = 0
    high = share * shown.max()
    shown[middle, 0] = loudness
    note = (
        f"Un-averaged moduli |X * Psi|, {times_s[0]:.2g} to {times_s[-1]:.2g} s by"
        f" {frequencies_hz.min():.3g} to {frequencies_hz.max():.4g} Hz (log), 0 to {share:g} of the"
        " largest value (phi_t x phi_f, the mere loudness, apart: it may exceed it). phi_t has no"
        f" spin: drawn once, times sqrt 2. {SPINS}"
    )
    with style.house_style():
        figure, panels = _grid(wavelets, stamp_line, note)
        for axes, image in zip(panels.flat, shown.reshape(-1, *shown.shape[2:]), strict=True):
            if not image.any():
                axes.set_visible(False)
            axes.imshow(
                image, cmap=COEFFICIENTS, vmin=0, vmax=high, aspect="auto", interpolation="bilinear"
            )
    return figure


def _grid(wavelets: Pictures, stamp_line: str, note: str) -> tuple[Figure, np.ndarray]:
    """Return a figure 11 inches wide, its panels square, with axes in Hz and cycles/octave."""
    rows, columns = wavelets.psi.shape[:2]
    height = WIDTH * rows / columns
    figure = style.new_figure(WIDTH, height)
    foot = style.foot(figure, stamp_line, note)
    panels = figure.subplots(rows, columns, squeeze=False)
    bottom = (foot + LABELS) / height
    figure.subplots_adjust(
        left=LEFT / WIDTH, right=0.995, top=1 - TOP / height, bottom=bottom, wspace=GAP, hspace=GAP
    )
    for axes in panels.flat:
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
    _name_axes(figure, panels, wavelets, bottom)
    return figure, panels


def _name_axes(figure: Figure, panels: np.ndarray, wavelets: Pictures, bottom: float) -> None:
    height = figure.get_figheight()
    scales = [f"{scale:.2g}" for scale in wavelets.scales_cpo[1:]]
    for axes, text in zip(panels[:, 0], [*scales[::-1], "0", *scales], strict=True):
        box = axes.get_position()
        place = {"ha": "right", "va": "center", "fontsize": 11}
        figure.text(box.x0 - 0.08 / WIDTH, (box.y0 + box.y1) / 2, text, **place)
    for axes, rate in zip(panels[-1], wavelets.rates_hz, strict=True):
        box = axes.get_position()
        place = {"ha": "center", "va": "top", "fontsize": 11}
        text = hertz(rate) if rate else "0"
        figure.text((box.x0 + box.x1) / 2, bottom - 0.05 / height, text, **place)
    centre = (panels[0, 0].get_position().x0 + panels[0, -1].get_position().x1) / 2
    place = {"ha": "center", "va": "top", "fontsize": 13}
    figure.text(centre, bottom - 0.24 / height, "temporal modulation: rate (Hz)", **place)
    top = panels[0, 0].get_position().y1
    names = {"falling, spin -1": 0.2, "scale (cycles/octave)": 0.5, "spin +1, rising": 0.8}
    for words, share in names.items():
        y = bottom + share * (top - bottom)
        figure.text(0.012, y, words, rotation=90, va="center", ha="left", fontsize=13)
