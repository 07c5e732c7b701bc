"""Pictures over time and log-frequency, and the matrix of rates, scales and spins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from jtfs_repro import checks
from jtfs_repro.features.scale_rate import SPIN_NAMES, THETA, ScaleRate
from jtfs_repro.plots import style

COLOURS = "magma_r"  # its lightness falls evenly
_HZ = [step * 10**power for power in range(-1, 6) for step in (1, 2, 5)]


def spin_name(spin: int) -> str:
    """Return how figures name a spin: ours, its meaning, and the paper's sign.

    Examples
    --------
    >>> spin_name(1)
    'spin +1, rising (paper: θ = -1)'
    """
    return f"spin {spin:+d}, {SPIN_NAMES[spin]} (paper: θ = {THETA[spin]:+d})"


def decibels(ratio: float) -> str:
    """Return a ratio as text; NaN is that of two energies that are zero.

    Examples
    --------
    >>> decibels(3.14159), decibels(math.nan)
    ('+3.1 dB', 'no ratio (no energy)')
    """
    return "no ratio (no energy)" if math.isnan(ratio) else f"{ratio:+.1f} dB"


def hertz(value: float) -> str:
    """Return a number of Hz in three digits, all of them from 100 Hz on.

    Examples
    --------
    >>> [hertz(value) for value in (0.47, 3.768, 1929.4, 0)]
    ['0.47', '3.77', '1929', '0']
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def draw_image(
    axes: Axes,
    values: np.ndarray,
    times_s: np.ndarray,
    frequencies_hz: np.ndarray,
    *,
    high: float,
    limits_hz: tuple[float, float] | None = None,
    colours: Any = COLOURS,
) -> None:
    """Draw values from 0 (palest) to `high` (darkest) over time and log-frequency."""
    limits = {"vmin": 0, "vmax": high or 1, "cmap": colours}
    axes.pcolormesh(times_s, frequencies_hz, values, shading="gouraud", rasterized=True, **limits)
    axes.set_xlim(times_s[0], times_s[-1])
    axes.set_yscale("log", base=2)
    axes.minorticks_off()
    low, top = limits_hz or (float(frequencies_hz.min()), float(frequencies_hz.max()))
    axes.set_ylim(low, top)
    ticks = [hz for hz in _HZ if low <= hz <= top]
    while len(ticks) > 6:
        ticks = ticks[::-2][::-1]
    axes.set_yticks(ticks, labels=[_kilo(hz) for hz in ticks])


def limits(result: ScaleRate, lowest_hz: float) -> tuple[float, float]:
    """Return the frequencies between which a sound is drawn: two octaves at least."""
    top, low = float(result.frequencies_hz.max()), float(result.frequencies_hz.min())
    return max(low, min(lowest_hz, top / 4)), top


def _kilo(hz: float) -> str:
    return f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}"


def compressed(values: np.ndarray, high: float, *, range_db: float) -> np.ndarray:
    """Return levels in dB above ``-range_db`` of `high`: 0 and below is not to be seen."""
    checks.number("range_db", range_db, above=0, mistake="decibels below the maximum")
    floor = 10 ** (-range_db / 20)
    return range_db + 20 * np.log10(np.maximum(values / (high or 1), floor))


def draw_pair(
    panels: Sequence[Axes],
    result: ScaleRate,
    pair: tuple[float, float],
    *,
    range_db: float,
    lowest_hz: float,
) -> None:
    """Draw the scalogram and, below it, the moduli of one (rate, scale) for spin +1 and spin -1.

    The two moduli share one linear scale; time is labelled in the last panel only.
    """
    limits_hz = limits(result, lowest_hz)
    level = compressed(result.fine_scalogram, float(result.fine_scalogram.max()), range_db=range_db)
    fine = (result.fine_times_s, result.fine_frequencies_hz)
    draw_image(panels[0], level, *fine, high=range_db, limits_hz=limits_hz)
    images = [result.of_pair(*pair, spin) for spin in (1, -1)]
    high = max(float(image.max()) for image in images)
    for panel, image in zip(panels[1:], images, strict=True):
        draw_image(
            panel, image, result.times_s, result.frequencies_hz, high=high, limits_hz=limits_hz
        )
    for panel in panels[:-1]:
        panel.tick_params(labelbottom=False)


def levels(result: ScaleRate, energy: np.ndarray, *, range_db: float) -> np.ndarray:
    """Return what the matrix shows of energies: dB above ``-range_db`` of the strongest.

    phi_t x phi_f, the mere loudness, is not taken for the strongest.
    """
    wavelets = (result.rate_hz > 0) | (result.scale_cpo > 0)
    return compressed(np.sqrt(energy), float(np.sqrt(energy[wavelets].max())), range_db=range_db)


def draw_matrix(
    axes: Axes, result: ScaleRate, level: np.ndarray, *, range_db: float, every: int = 1
) -> Any:
    """Draw one level per cell, rates in columns (every n-th labelled) and scales in rows."""
    grid = result.grid()
    image = axes.imshow(
        level[grid], cmap=COLOURS, vmin=0, vmax=range_db, aspect="auto", interpolation="nearest"
    )
    rates = ["0", *(hertz(rate) for rate in result.rates_hz)]
    shown = [0, *range(len(rates) - 1, 0, -every)]
    axes.set_xticks(shown, labels=[rates[i] for i in shown])
    scales = [f"{scale:.2g}" for scale in result.scales_cpo]
    axes.set_yticks(range(len(grid)), labels=[*scales[::-1], "0", *scales])
    axes.tick_params(length=0)
    axes.set_xlabel(r"rate (Hz); 0: $\phi_t$")
    axes.set_ylabel(
        r"spin -1, falling   $\longleftarrow$   scale (cycles/octave); 0: $\phi_f$"
        r"   $\longrightarrow$   spin +1, rising"
    )
    middle = len(scales)
    for edge in (middle - 0.5, middle + 0.5):
        axes.axhline(edge, color=style.MUTED, linewidth=0.6)
    axes.axvline(0.5, color=style.MUTED, linewidth=0.6)
    return image


def position(result: ScaleRate, *, rate_hz: float, scale_cpo: float, spin: int) -> tuple[int, int]:
    """Return (column, row) of a cell in the matrix."""
    cell = result.index(rate_hz=rate_hz, scale_cpo=scale_cpo, spin=spin)
    row, column = np.argwhere(result.grid() == cell)[-1]
    return int(column), int(row)
