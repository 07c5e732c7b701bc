"""Filter banks: curves with Littlewood–Paley sums, pictures of 2-D wavelets and their responses."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jtfs_repro import checks
from jtfs_repro.features.filterbank import Bank, Wavelets2d
from jtfs_repro.plots import style
from jtfs_repro.plots.images import hertz, spin_name

HEIGHT_1D, HEIGHT_2D = 5.6, 6.6  # inches
GREY, SIGNED = "gray", "bwr"  # the second is that of the original grid
WIDTH, LEFT, TOP, LABELS = 11.0, 0.75, 0.12, 0.5  # inches; room for the labels
GAP = 0.02  # of a panel
COEFFICIENTS = "turbo"
SPINS = f"Upper half: {spin_name(1)}; lower half: {spin_name(-1)}; middle row: phi_f; left: phi_t."


def figure_filterbank_1d(
    first: Bank, second: Bank, log_frequency: Bank, *, stamp_line: str
) -> Figure:
    """Draw the three banks over Hz, Hz and cycles/octave, each with its Littlewood–Paley sum."""
    note = (
        "Moduli of the filters' spectra (unit l1 norm); dashed: low-pass; orange: Littlewood-Paley"
        " sum A, for the first two that of a real input. Pale: second-order wavelets that no path"
        " of the transform uses (no first-order wavelet varies as fast)."
    )
    titles = (
        ("first order, $\\psi_{n_1}$", "frequency (Hz)", first),
        ("second order in time, $\\psi_{n_2}$", "rate (Hz)", second),
        ("along log-frequency, $\\psi_{fr}$", "scale times spin (cycles/octave)", log_frequency),
    )
    with style.page(HEIGHT_1D, stamp_line, note) as (figure, foot):
        bottom = (foot + 0.42) / HEIGHT_1D
        panels = figure.subplots(3, 1)
        figure.subplots_adjust(left=0.07, right=0.985, top=0.95, bottom=bottom, hspace=0.68)
        for axes, (title, label, bank) in zip(panels, titles, strict=True):
            _curves(axes, bank)
            total = bank.littlewood_paley
            axes.set_title(f"{title};  {total.min():.2f} $\\leq$ A $\\leq$ {total.max():.2f}")
            axes.set_xlabel(label)
        for axes in panels[:2]:
            axes.set_xscale("log")
        rising, falling = spin_name(1), spin_name(-1)
        place = {"transform": panels[2].transAxes, "fontsize": 7, "va": "top"}
        panels[2].text(0.985, 0.97, rising, ha="right", **place)
        panels[2].text(0.015, 0.97, falling, ha="left", **place)
    return figure


def _curves(axes: Axes, bank: Bank) -> None:
    for psi, is_live in zip(bank.psi, bank.live, strict=True):
        colour = style.INK if is_live else "#b9b9b9"
        axes.plot(bank.axis, psi, color=colour, linewidth=0.45)
    axes.plot(bank.axis, bank.phi, color=style.INK, linewidth=0.9, linestyle=(0, (3, 1.5)))
    axes.plot(bank.axis, bank.littlewood_paley, color=style.ACCENT, linewidth=1.4)
    top = max(1.0, float(bank.littlewood_paley.max()))
    axes.set_ylim(0, 1.12 * top)
    axes.set_xlim(bank.axis[0], bank.axis[-1])


def figure_filterbank_2d(wavelets: Wavelets2d, *, stamp_line: str) -> Figure:
    """Draw the real parts of 2-D wavelets in time and log-frequency."""
    note = (
        "Real part of psi_t(t) psi_f(log-frequency); black negative, white positive, limits of each"
        f" panel its own. Upper half: {spin_name(1)}; lower half: {spin_name(-1)}; middle row:"
        " phi_f; left column: phi_t."
    )
    with style.page(HEIGHT_2D, stamp_line, note) as (figure, foot):
        bottom = (foot + 0.62) / HEIGHT_2D
        panels = figure.subplots(*wavelets.psi.shape[:2], sharex=True, sharey=True, squeeze=False)
        figure.subplots_adjust(
            left=0.12, right=0.985, top=0.975, bottom=bottom, wspace=0.06, hspace=0.08
        )
        draw_signed(panels, wavelets, colours=GREY)
        _name_axes(figure, panels, wavelets)
    return figure


def draw_signed(panels: np.ndarray, wavelets: Wavelets2d, *, colours: str) -> None:
    """Draw each wavelet in its panel, zero in the middle of the colours."""
    expected = wavelets.psi.shape[:2]
    if panels.shape != expected:
        checks.fail("panels.shape", panels.shape, f"be {expected}")
    times, octaves = wavelets.times_s, wavelets.octaves
    extent = (times[0], times[-1], octaves.min(), octaves.max())
    for axes, psi in zip(panels.flat, wavelets.psi.reshape(-1, *wavelets.psi.shape[2:])):  # noqa: B905
        high = float(np.abs(psi).max()) or 1.0
        axes.imshow(
            psi,
            cmap=colours,
            vmin=-high,
            vmax=high,
            extent=extent,
            aspect="auto",
            origin="upper",
            interpolation="bilinear",
        )


def _name_axes(figure: Figure, panels: np.ndarray, wavelets: Wavelets2d) -> None:
    scales = [f"{scale:.2g}" for scale in wavelets.scales_cpo[1:]]
    for axes, text in zip(panels[:, 0], [*scales[::-1], "0 ($\\phi_f$)", *scales], strict=True):
        axes.set_ylabel(text, fontsize=7)
    for axes, rate in zip(panels[-1], wavelets.rates_hz, strict=True):
        text = hertz(rate) if rate else "0 ($\\phi_t$)"
        axes.set_xlabel(f"{text}", fontsize=7)
    for axes in panels.flat:
        axes.tick_params(labelsize=5.5, length=2)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        for spine in axes.spines.values():
            spine.set_visible(False)
    box, low = panels[0, 0].get_position(), panels[-1, 0].get_position()
    middle = (low.y0 + box.y1) / 2
    words = "spin -1, falling      scale (cycles/octave)      spin +1, rising"
    figure.text(0.012, middle, words, rotation=90, va="center", ha="left", fontsize=8)
    figure.text(0.037, middle, "octaves", rotation=90, va="center", ha="left", fontsize=6.5)
    last = panels[-1, -1].get_position()
    centre = (low.x0 + last.x1) / 2
    y = low.y0 - 0.5 / figure.get_figheight()
    figure.text(centre, y, "time (s), below it the rate (Hz)", ha="center", va="top", fontsize=8)


def figure_grid_filters(wavelets: Wavelets2d, *, stamp_line: str) -> Figure:
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
    wavelets: Wavelets2d,
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


def _grid(wavelets: Wavelets2d, stamp_line: str, note: str) -> tuple[Figure, np.ndarray]:
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
    _name_grid(figure, panels, wavelets, bottom)
    return figure, panels


def _name_grid(figure: Figure, panels: np.ndarray, wavelets: Wavelets2d, bottom: float) -> None:
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
