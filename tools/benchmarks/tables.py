"""Readable tables: Markdown, one per device, batch and allocator; how costs grow with size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from jtfs_repro.tables import to_markdown
from tools.benchmarks.contenders import BY_STUDY, CONTENDERS, Contender
from tools.benchmarks.records import RUN, SATURATING, Job, Rates, Row, quantile

NOT_RUN = "not run"
GROWTH = {"samples": "samples", "batch": "signals at once"}  # studies, and what they vary
_DIGITS = 3
Cells = dict[str, str]


def significant(value: float | None, digits: int = _DIGITS) -> str:
    """Return a number with few digits and no exponent where it reads well without.

    Examples
    --------
    >>> [significant(value) for value in (1234.5, 0.012345, 12.0, 2.4e-7, None)]
    ['1234', '0.0123', '12', '2.4e-07', '']
    """
    if value is None:
        return ""
    if abs(value) >= 10**digits:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def ratio(value: float | None, reference: float | None) -> float | None:
    """Return the quotient, None where one is missing or zero is divided by."""
    return None if value is None or not reference else value / reference


def seconds_cell(row: Row | None) -> str:
    """Return the median and the quartiles of a row's seconds."""
    if row is None or not row.result.is_run:
        return NOT_RUN
    low, high = (quantile(row.result.seconds, share) for share in (0.25, 0.75))
    return f"{significant(row.median)} [{significant(low)}, {significant(high)}]"


def memory_cell(row: Row | None) -> str:
    """Return the peak in MB."""
    return significant(_megabytes(row)) if row and row.result.is_run else NOT_RUN


def _megabytes(row: Row | None) -> float | None:
    return row.result.peak_bytes / 1e6 if row and row.result.peak_bytes is not None else None


def transform_tables(rows: Sequence[Row], rates: Mapping[str, Rates]) -> str:
    """Return the tables of the transform: ours, its peers, and the bound of the machine."""
    chosen = [row for row in rows if row.job.study == "transform"]
    peers = [c for c in BY_STUDY["transform"] if any(r.job.contender == c.name for r in chosen)]
    parts = []
    for title, group in _by_place(chosen):
        lines = _used([_transform_line(pair, peers[1:], rates) for pair in _pairs(group)])
        parts.append(_section(title, group, lines))
    return "\n\n".join(parts)


def _used(lines: Sequence[Cells], optional: str = "paper, its GPU (s)") -> list[Cells]:
    """Return the lines without the optional column, if no line has anything in it."""
    if any(line[optional] for line in lines):
        return list(lines)
    return [{name: text for name, text in line.items() if name != optional} for line in lines]


def loss_tables(rows: Sequence[Row]) -> str:
    """Return the tables of the loss steps: exact distances beside SCRAPL's random path."""
    parts = []
    for title, group in _by_place([row for row in rows if row.job.study == "loss"]):
        lines = [line for pair in _pairs(group) for line in _loss_lines(pair)]
        parts.append(_section(title, group, lines))
    return "\n\n".join(parts)


def _by_place(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Return rows that share device, batch and allocator, below a title."""
    ordered = sorted(rows, key=lambda row: _place(row.job))
    return [(_title(place), list(group)) for place, group in groupby(ordered, _row_place)]


def _row_place(row: Row) -> tuple[str, bool, int, str]:
    return _place(row.job)


def _place(job: Job) -> tuple[str, bool, int, str]:
    return job.device, job.batch == SATURATING, job.batch, job.allocator


def _title(place: tuple[str, bool, int, str]) -> str:
    device, saturates, batch, allocator = place
    return (
        f"{device}, {'saturating batch' if saturates else f'batch {batch}'}, {allocator} allocator"
    )


def _pairs(rows: Sequence[Row]) -> list[dict[str, Row]]:
    """Return contender -> row for each configuration and mode, in the order measured."""
    pairs: dict[str, dict[str, Row]] = {}
    for row in rows:
        pairs.setdefault(row.job.group, {})[row.job.contender] = row
    return list(pairs.values())


def _transform_line(
    pair: Mapping[str, Row], peers: Sequence[Contender], rates: Mapping[str, Rates]
) -> Cells:
    ours, job = pair.get("ours"), next(iter(pair.values())).job
    cells = {"configuration": job.configuration.name, "mode": job.mode}
    if job.batch == SATURATING:
        cells["batches"] = " / ".join(str(row.result.batch or "-") for row in pair.values())
    cells["ours (s)"] = seconds_cell(ours)
    for c in peers:
        cells[f"{c.label} (s)"] = seconds_cell(pair.get(c.name))
        cells[f"{c.label} / ours"] = significant(
            ratio(per_signal(pair.get(c.name)), per_signal(ours))
        )
    published = job.configuration.published_training_s
    cells["paper, its GPU (s)"] = significant(published if job.mode == "training" else None)
    cells["ours (MB)"] = memory_cell(ours)
    for c in peers:
        cells[f"{c.label} (MB)"] = memory_cell(pair.get(c.name))
        cells[f"MB, {c.label} / ours"] = significant(
            ratio(megabytes_per_signal(pair.get(c.name)), megabytes_per_signal(ours))
        )
    for c in peers:
        cells[f"difference from {c.label}"] = _difference(pair.get(c.name))
    return {**cells, **_bound_cells(ours, rates.get(job.device))}


def per_signal(row: Row | None) -> float | None:
    """Return seconds per signal."""
    return ratio(row.median, row.result.batch) if row else None


def megabytes_per_signal(row: Row | None) -> float | None:
    """Return the peak in MB per signal."""
    return ratio(_megabytes(row), row.result.batch) if row else None


def _difference(row: Row | None) -> str:
    if row is None or row.job.mode != "forward":
        return ""
    return row.result.note or significant(row.result.relative_difference, 2)


def _bound_cells(ours: Row | None, rates: Rates | None) -> Cells:
    if ours is None or rates is None:
        return {"bound (s)": "", "ours / bound": ""}
    bound = rates.bound(ours.result.flops, ours.result.least_bytes)
    return {
        "bound (s)": significant(bound),
        "ours / bound": significant(ratio(ours.median, bound)),
    }


def _loss_lines(pair: Mapping[str, Row]) -> list[Cells]:
    scrapl = pair.get("scrapl")
    return [
        {
            "configuration": row.job.configuration.name,
            "mode": row.job.mode,
            "loss step": CONTENDERS[name].label,
            "seconds": seconds_cell(row),
            "time / SCRAPL": significant(ratio(row.median, scrapl.median if scrapl else None)),
            "MB": memory_cell(row),
            "memory / SCRAPL": significant(ratio(_megabytes(row), _megabytes(scrapl))),
        }
        for name, row in pair.items()
    ]


def _section(title: str, rows: Sequence[Row], lines: Sequence[Cells]) -> str:
    """Return a titled table with its gaps below; one line if there is nothing but one gap."""
    statuses = {row.result.status for row in rows}
    if RUN not in statuses and len(statuses) == 1:
        return f"### {title}\n\n{statuses.pop()}"
    return "\n\n".join(filter(None, [f"### {title}", to_markdown(lines), _gaps(rows)]))


def _gaps(rows: Sequence[Row]) -> str:
    """Return why rows are missing, equal reasons together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if not row.result.is_run:
            what = f"{row.job.configuration.name} {row.job.mode}"
            reasons.setdefault((row.job.contender, row.result.status), []).append(what)
    return "\n".join(
        f"- {CONTENDERS[name].label} ({', '.join(where)}): {status}"
        for (name, status), where in reasons.items()
    )


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
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in sorted(rows, key=size):
        if row.job.study in GROWTH and row.result.is_run:
            key = row.job.study, row.job.contender, row.job.mode
            groups.setdefault(key, []).append(row)
    studies = list(GROWTH)
    order = sorted(groups, key=lambda key: (studies.index(key[0]), *key[1:]))
    return [Curve(study=s, contender=c, mode=m, rows=groups[s, c, m]) for s, c, m in order]


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
    chosen = [row for row in rows if row.job.study in GROWTH]
    lines = [_line(row) for row in chosen]
    fits = [_fit(curve) for curve in curves(rows)]
    parts = ["### Exponents", to_markdown(fits)] if fits else []
    note = "Seconds or memory as a power of the size; upper half: fitted to the larger sizes."
    return "\n\n".join([*parts, *([note] if fits else []), "### Measured", to_markdown(lines)])


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
