"""How seconds and memory grow with the length of a signal and with the batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from jtfs_repro.io import csv_to_markdown
from tools.benchmarks.contenders import CONTENDERS
from tools.benchmarks.records import Row
from tools.benchmarks.tables import memory_cell, seconds_cell

STUDIES = {"samples": "samples", "batch": "signals at once"}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Measurements of one contender and mode over one size.

    Parameters
    ----------
    study : {'samples', 'batch'}
    contender, mode : str
    rows : list of Row
        Those that ran, by size.
    """

    study: str
    contender: str
    mode: str
    rows: list[Row]

    @property
    def sizes(self) -> list[int]:
        """Samples, or signals at once."""
        return [size(row) for row in self.rows]

    @property
    def seconds(self) -> list[float]:
        """Medians."""
        return [row.median or np.nan for row in self.rows]

    @property
    def megabytes(self) -> list[float]:
        """Peaks."""
        return [(row.result.peak_bytes or np.nan) / 1e6 for row in self.rows]


def size(row: Row) -> int:
    """Return what the row's study varies."""
    return row.job.configuration.n_samples if row.job.study == "samples" else row.job.batch


def curves(rows: Sequence[Row]) -> list[Curve]:
    """Return the curves of all rows of growth, in a fixed order."""
    chosen = [row for row in rows if row.job.study in STUDIES and row.result.is_run]
    ordered = sorted(chosen, key=lambda row: (*_curve(row), size(row)))
    return [Curve(**_names(key), rows=list(group)) for key, group in groupby(ordered, _curve)]


def _curve(row: Row) -> tuple[int, str, str]:
    study = list(STUDIES).index(row.job.study)
    return study, row.job.contender, row.job.mode


def _names(key: tuple[int, str, str]) -> dict[str, str]:
    return {"study": list(STUDIES)[key[0]], "contender": key[1], "mode": key[2]}


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """Return p of the least-squares fit ``values = c * sizes**p`` in logarithms.

    Examples
    --------
    >>> round(exponent([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    if len(sizes) < 2:
        return None
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def upper_exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """Return the exponent over the upper half of the sizes, where constant costs weigh less."""
    half = len(sizes) // 2
    return exponent(sizes[half:], values[half:])


def growth_text(rows: Sequence[Row]) -> str:
    """Return the tables of growth: measurements, and the exponents fitted to them."""
    chosen = [row for row in rows if row.job.study in STUDIES]
    lines = [_line(row) for row in chosen]
    fits = [_fit(curve) for curve in curves(rows)]
    parts = ["### Exponents", csv_to_markdown(fits)] if fits else []
    note = "Seconds or memory as a power of the size; upper half: fitted to the larger sizes."
    return "\n\n".join([*parts, *([note] if fits else []), "### Measured", csv_to_markdown(lines)])


def _line(row: Row) -> dict[str, str]:
    return {
        "varied": row.job.study,
        "samples": str(row.job.configuration.n_samples),
        "batch": str(row.job.batch),
        "mode": row.job.mode,
        "program": CONTENDERS[row.job.contender].label,
        "seconds": seconds_cell(row),
        "MB": memory_cell(row),
        "gap": "" if row.result.is_run else row.result.status,
    }


def _fit(curve: Curve) -> dict[str, str]:
    return {
        "in": curve.study,
        "program": CONTENDERS[curve.contender].label,
        "mode": curve.mode,
        **{name: "" if p is None else f"{round(p, 2) + 0.0:.2f}" for name, p in _exponents(curve)},
    }


def _exponents(curve: Curve) -> Iterator[tuple[str, float | None]]:
    for name, values in (("time", curve.seconds), ("memory", curve.megabytes)):
        yield name, exponent(curve.sizes, values)
        yield f"{name}, upper half", upper_exponent(curve.sizes, values)
