"""How padding leaks spin: a chirp and its continuation, and spin -1 over spin +1 against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jtfs_repro import checks
from jtfs_repro.plots import style

HEIGHT, LABELS = 4.7, 0.42  # inches; room for the ticks and labels of time
MARGIN = 0.1  # seconds drawn beyond each border, as a share of the duration
BAND_OCT = 0.16  # half width of the drawn chirp where its amplitude is 1
TITLES = {"full": "full: constant up to both borders", "faded": "faded: Hann window"}
LOOKS: dict[str, dict[str, Any]] = {  # thinner lines lie on top, so that equal ones all show
    "reflect": {"color": style.ACCENT, "linewidth": 2.2},
    "zero": {"color": style.POINT, "linewidth": 2.2},
    "conj-reflect": {"color": style.INK, "linewidth": 0.7},
}
NOTE = (
    "Above: frequency of the chirp (black; as wide as its amplitude) and of what reflection puts"
    " beyond its borders (orange). Below: second-order energy of spin -1 over that of spin +1,"
    " frame by frame; dashed: analytic=True. Grey: the frames counted as border."
)
# where a name stands: at which share of the frames, and its offset in points
PLACES = {"reflect": (0.09, (8, 4)), "conj-reflect": (0.13, (8, 2)), "zero": (0.0, (3, -31))}
NAMES = {"reflect": "reflect", "conj-reflect": "conj-reflect (thin line)", "zero": "zero"}
Row = Mapping[str, str]


def figure_spin_leak(
    frames: Sequence[Row], *, stamp_line: str, lowest_db: float = -34.0, highest_db: float = 2.0
) -> Figure:
    """Draw one column per signal from `SpinLeak.frames`, as text.

    ValueError: there is no row, a name is unknown, or the axis is empty.
    """
    if not frames:
        checks.fail("frames", frames, "hold at least one row")
    for name, known in (("signal", TITLES), ("pad_mode", LOOKS)):
        for row in frames:
            checks.choice(name, row[name], known)
    if not lowest_db < highest_db:
        checks.fail("lowest_db", lowest_db, f"be < highest_db={highest_db:g}")
    signals = [name for name in TITLES if any(row["signal"] == name for row in frames)]
    with style.page(HEIGHT, stamp_line, NOTE) as (figure, foot):
        bottom = (foot + LABELS) / HEIGHT
        panels = figure.subplots(
            2, len(signals), sharex=True, sharey="row", squeeze=False, height_ratios=(1, 1.9)
        )
        figure.subplots_adjust(
            left=0.085, right=0.985, top=0.94, bottom=bottom, wspace=0.06, hspace=0.12
        )
        for (upper, lower), signal in zip(panels.T, signals, strict=True):
            rows = [row for row in frames if row["signal"] == signal]
            upper.set_title(TITLES[signal])
            _chirp(upper, rows)
            lower.set_ylim(lowest_db, highest_db)
            _ratios(lower, rows)
        panels[0, 0].set_ylabel("frequency (Hz)")
        panels[1, 0].set_ylabel("spin -1 over spin +1 (dB)")
        _name_the_chirp(panels[0, 0])
        _name_the_lines(panels[1, 0], [row for row in frames if row["signal"] == signals[0]])
    return figure


def _numbers(rows: Sequence[Row], column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in rows])


def _lines(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Return the rows of each (pad mode, analytic)."""
    lines: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        lines.setdefault((row["pad_mode"], row["analytic"]), []).append(row)
    return lines


def _chirp(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw the frequency of the chirp over its duration, and its mirror images beyond."""
    rows = next(iter(_lines(rows).values()))
    times_s, amplitude = _numbers(rows, "time_s"), _numbers(rows, "amplitude")
    half = np.abs(times_s).max()
    slope, middle = np.polyfit(times_s, np.log2(_numbers(rows, "frequency_hz")), 1)
    t = np.linspace(-half, half, 129)
    octave, width = middle + slope * t, BAND_OCT * np.interp(-np.abs(t), times_s, amplitude)
    low, high = np.exp2(octave - width), np.exp2(octave + width)
    for x, colour in ((t, style.INK), (2 * half - t, style.ACCENT), (-2 * half - t, style.ACCENT)):
        axes.fill_between(x, low, high, color=colour, linewidth=0)
    axes.set_xlim(-half * (1 + 2 * MARGIN), half * (1 + 2 * MARGIN))
    axes.set_yscale("log", base=2)
    axes.minorticks_off()
    ticks = np.exp2(np.arange(np.ceil(octave[0] - 0.01), octave[-1] + 0.01))
    axes.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axes.tick_params(axis="x", length=0)
    _borders(axes, half)


def _borders(axes: Axes, half: float) -> None:
    for border in (-half, half):
        axes.axvline(border, color=style.MUTED, linewidth=0.6, zorder=0)


def _ratios(axes: Axes, rows: Sequence[Row]) -> None:
    lines = _lines(rows)
    for (pad_mode, analytic), line in lines.items():
        dashes = (0, (3, 1.5)) if analytic == "True" else "solid"
        look = LOOKS[pad_mode] | {"linestyle": dashes, "zorder": 2 + (pad_mode == "conj-reflect")}
        axes.plot(_numbers(line, "time_s"), _numbers(line, "ratio_db"), **look)
    line = next(iter(lines.values()))
    times_s = _numbers(line, "time_s")
    half, is_border = np.abs(times_s).max(), [row["is_border"] == "True" for row in line]
    changes = np.flatnonzero(np.diff(is_border))  # the last frame before each change
    first, last = (times_s[changes] + times_s[changes + 1]) / 2
    for ends in ((-half, first), (last, half)):
        axes.axvspan(*ends, color="#f1f1f1", linewidth=0, zorder=-1)
    axes.axhline(0, color=style.FAINT, linewidth=0.6, zorder=0)
    axes.set_xlabel("time (s)")
    _borders(axes, half)


def _name_the_chirp(axes: Axes) -> None:
    place = {"transform": axes.transAxes, "fontsize": 7}
    axes.text(0.5, 0.42, "rises", ha="left", va="top", **place)
    axes.text(0.9, 0.5, "reflected:\nfalls", color=style.ACCENT, ha="right", va="top", **place)


def _name_the_lines(axes: Axes, rows: Sequence[Row]) -> None:
    """Name each pad mode beside its line near the first border, and the wavelets in the middle."""
    for (pad_mode, analytic), line in _lines(rows).items():
        times_s, ratio = _numbers(line, "time_s"), _numbers(line, "ratio_db")
        place = {"textcoords": "offset points", "fontsize": 7, "color": LOOKS[pad_mode]["color"]}
        if analytic == "False":
            k, offset = int(PLACES[pad_mode][0] * len(line)), PLACES[pad_mode][1]
            axes.annotate(NAMES[pad_mode], (times_s[k], ratio[k]), offset, va="center", **place)
        if pad_mode == "zero":
            place |= {"color": style.MUTED, "ha": "center", "va": "center"}
            text, offset = ("analytic=True", -9) if analytic == "True" else ("analytic=False", 9)
            axes.annotate(text, (0, ratio[len(line) // 2]), (0, offset), **place)
