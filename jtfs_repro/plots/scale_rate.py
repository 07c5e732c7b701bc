"""Scalograms and responses: of one sound with all its energies, and of several (Figure 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from jtfs_repro import checks
from jtfs_repro.features.scale_rate import ScaleRate
from jtfs_repro.plots import style
from jtfs_repro.plots.images import (
    decibels,
    draw_matrix,
    draw_pair,
    hertz,
    levels,
    position,
    spin_name,
)

HEIGHT = 5.2  # inches
BLOCK, HEAD = 3.9, 0.06  # inches: three rows with their words, above them
MOST_IN_A_ROW, IN_EACH_ROW, MOST = 5, 4, 200  # columns of a lone block, of several, sounds at all
Pair = Sequence[float]
NONE: Mapping[str, Pair] = {}
TITLES = {
    "am_chirp": "rising chirp\nwith AM",
    "dizi": "falling glissando\n(dizi-like)",
    "gull": "falling calls\n(gull-like)",
    "hawk": "rising calls\n(hawk-like)",
}


def chosen_pair(
    result: ScaleRate, rate_hz: float | None, scale_cpo: float | None
) -> tuple[float, float]:
    """Return the rate and scale in the bank next to what was asked for, or the strongest pair.

    ValueError: only one of them is given, or one lies outside the filter bank.
    """
    if (rate_hz is None) != (scale_cpo is None):
        raise ValueError(
            f"rate_hz={rate_hz}, scale_cpo={scale_cpo} must be given together"
            " (or neither: the strongest pair is chosen)"
        )
    if rate_hz is None or scale_cpo is None:
        return result.strongest_pair()
    cell = result.index(rate_hz=rate_hz, scale_cpo=scale_cpo, spin=1)
    return float(result.rate_hz[cell]), float(result.scale_cpo[cell])


def figure_scale_rate(
    result: ScaleRate,
    *,
    title: str,
    stamp_line: str,
    rate_hz: float | None = None,
    scale_cpo: float | None = None,
    range_db: float = 45.0,
    matrix_range_db: float = 40.0,
    lowest_hz: float = 60.0,
) -> Figure:
    """Draw the scalogram, the matrix of energies, and ``|X * Psi|`` of one pair in both spins.

    The default pair is that of the strongest directional cell; colours span their ranges below the
    maximum; frequencies below ``lowest_hz`` are not drawn (two octaves are, whatever it is).
    ValueError: the rate or the scale lies outside the filter bank, or only one of them is given.
    """
    rate, scale = chosen_pair(result, rate_hz, scale_cpo)
    ratio, overall = result.spin_ratio_db(rate_hz=rate, scale_cpo=scale), result.spin_ratio_db()
    note = (
        f"Left: scalogram, {range_db:g} dB; un-averaged moduli at {hertz(rate)} Hz and {scale:.3g}"
        " cycles/octave, one linear scale for both. Right: energy of each 2-D wavelet below the"
        f" strongest (loudness, phi_t x phi_f, apart); frames: the pair"
        f" that is drawn. Energy of spin +1 over spin -1: {decibels(ratio)}"
        f" for this pair, {decibels(overall)} over all."
    )
    with style.page(HEIGHT, stamp_line, note) as (figure, foot):
        bottom = (foot + 0.42) / HEIGHT
        columns = figure.add_gridspec(
            1, 2, left=0.075, right=0.885, top=0.93, bottom=bottom, wspace=0.28, width_ratios=(1, 1)
        )
        left = columns[0].subgridspec(3, 1, hspace=0.36)
        panels = [figure.add_subplot(left[i]) for i in range(3)]
        _images(panels, result, (rate, scale), range_db, lowest_hz)
        panels[0].set_title(title.replace("$", r"\$"))
        matrix = figure.add_subplot(columns[1])
        _matrix(figure, matrix, result, (rate, scale), matrix_range_db)
    return figure


def _images(
    panels: list[Axes],
    result: ScaleRate,
    pair: tuple[float, float],
    range_db: float,
    lowest_hz: float,
) -> None:
    draw_pair(panels, result, pair, range_db=range_db, lowest_hz=lowest_hz)
    for panel, spin in zip(panels[1:], (1, -1), strict=True):
        panel.set_title(spin_name(spin), fontsize=8)
    panels[1].set_ylabel("frequency (Hz)")
    panels[-1].set_xlabel("time (s)")


def _matrix(
    figure: Figure, axes: Axes, result: ScaleRate, pair: tuple[float, float], range_db: float
) -> None:
    level = levels(result, result.energy, range_db=range_db)
    image = draw_matrix(axes, result, level, range_db=range_db, every=2)
    for spin in (1, -1):
        column, row = position(result, rate_hz=pair[0], scale_cpo=pair[1], spin=spin)
        frame = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=style.ACCENT)
        axes.add_patch(frame)
        frame.set_linewidth(1.6)
    axes.set_title("energy by rate, scale and spin")
    box = axes.get_position()
    bar = figure.colorbar(image, cax=figure.add_axes((0.9, box.y0, 0.014, box.height)))
    bar.set_label("energy (dB)", labelpad=1)
    ticks = range(0, int(range_db) + 1, 10)
    bar.set_ticks(list(ticks), labels=[f"{tick - range_db:g}" for tick in ticks])


def figure_four_sounds(
    results: Mapping[str, ScaleRate],
    *,
    stamp_line: str,
    pairs: Mapping[str, Pair] = NONE,
    titles: Mapping[str, str] = TITLES,
    range_db: float = 40.0,
    lowest_hz: float = 100.0,
) -> Figure:
    """Draw one column per sound: scalogram, ``|X * Psi|`` of spin +1, and of spin -1.

    More than five sounds are drawn in several blocks of four columns. ``pairs`` names the wavelet
    of a sound by rate (Hz) and scale (cycles/octave), by default that of the strongest directional
    cell; a name without a title is its own. ValueError: there is no sound or more than 200, or a
    pair lies outside a filter bank.
    """
    if not 1 <= len(results) <= MOST:
        rule = f"be 1 to {MOST} sounds"
        checks.fail("len(results)", len(results), rule, "each is one column")
    note = (
        f"Above: scalogram |x * psi_1|, {range_db:g} dB. Below: un-averaged moduli |X * Psi| at the"
        " rate and scale printed, both spins on one linear scale. Printed below: energy of spin +1"
        " over that of spin -1, at this pair and over all rates and scales."
    )
    columns = len(results) if len(results) <= MOST_IN_A_ROW else IN_EACH_ROW
    blocks = -(-len(results) // columns)
    with style.page(HEAD + BLOCK * blocks + 0.65, stamp_line, note) as (figure, foot):
        panels = _panels(figure, blocks, columns, foot)
        for i, (name, result) in enumerate(results.items()):
            column = panels[i // columns, :, i % columns]
            pair = chosen_pair(result, *pairs.get(name, (None, None)))
            _column(column, result, pair, range_db, lowest_hz)
            number = ascii_lowercase[i] if len(results) <= 26 else i + 1
            column[0].set_title(f"({number}) {titles.get(name, name)}".replace("$", r"\$"))
        for panel in panels.transpose(0, 2, 1).reshape(-1, 3)[len(results) :].flat:
            panel.set_visible(False)
        _share_labels(panels, list(results.values()))
        names = ("scalogram", *(spin_name(spin).replace(" (", "\n(") for spin in (1, -1)))
        for block in panels:
            for panel, name in zip(block[:, 0], names, strict=True):
                panel.set_ylabel(f"{name}\nfrequency (Hz)", fontsize=7)
    return figure


def _panels(figure: Figure, blocks: int, columns: int, foot: float) -> np.ndarray:
    """Return the axes [shape=(blocks, 3, columns)]."""
    height = figure.get_figheight()
    panels = []
    for block in range(blocks):
        top = height - HEAD - block * BLOCK
        grid = figure.add_gridspec(
            3,
            columns,
            left=0.115,
            right=0.985,
            top=(top - 0.36) / height,
            bottom=(max(top - BLOCK, foot) + 0.62) / height,
            wspace=0.12,
            hspace=0.12,
        )
        panels.append(
            [[figure.add_subplot(grid[row, i]) for i in range(columns)] for row in range(3)]
        )
    return np.array(panels)


def _column(
    column: np.ndarray,
    result: ScaleRate,
    pair: tuple[float, float],
    range_db: float,
    lowest_hz: float,
) -> None:
    draw_pair(list(column), result, pair, range_db=range_db, lowest_hz=lowest_hz)
    ratio = result.spin_ratio_db(rate_hz=pair[0], scale_cpo=pair[1])
    text = (
        f"time (s)\n{hertz(pair[0])} Hz, {pair[1]:.2g} cycles/octave\n"
        f"{decibels(ratio)} here, {decibels(result.spin_ratio_db())} in all"
    )
    column[-1].set_xlabel(text, fontsize=7)


def _share_labels(panels: np.ndarray, results: Sequence[ScaleRate]) -> None:
    """Label frequencies once where all columns have the same."""
    frequencies = [result.frequencies_hz for result in results]
    if all(np.array_equal(hz, frequencies[0]) for hz in frequencies):
        for panel in panels[:, :, 1:].flat:
            panel.tick_params(labelleft=False)
