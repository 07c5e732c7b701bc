"""Verdicts on the claims of the paper's Section 4, Medley-solos-DB.

The rules, fixed before any result was known. All numbers are percent or points; intervals are the
95 % bootstrap intervals over songs of `table2`.

a cell of Table 2, a gain
    |ours - paper's| is at most the larger of two published standard deviations and half the width
    of our interval. The published deviation of a gain is that of two independent rows.
an order
    The lower end of the paired interval of every difference is above 0.
above a published number
    The lower end of our interval is above it.

Numbers are set against the paper's on Medley-solos-DB only; on another clip set those claims are
'not run'. Orders between our own models are judged on any clip set, which the row names. Without
an interval (a class of one song, as at smoke scale) an order is 'not run'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jtfs_repro import io
from jtfs_repro.experiments.medley_claims import (
    GAIN_CLAIMS,
    LINEAR_CLAIM,
    ORDER_CLAIMS,
    VALUE_CLAIMS,
    AboveClaim,
    GainClaim,
    OrderClaim,
    ValueClaim,
)
from jtfs_repro.experiments.published import (
    CLIP_SETS,
    PAPER_TEST_CLIPS,
    REAL,
    REMEDY,
    Published,
    key,
)
from jtfs_repro.provenance import Stamp

SD_FACTOR = 2.0
ROUNDING = 1e-9  # decimal fractions are not exact: 81.4 - 80.2 > 1.2
NO_TABLES = "Section 4 is not part of this run; name classifiers in config/config.yaml"
ONE_SONG = "no interval: a class has clips of one song only; run at a larger scale"
Row = Mapping[str, Any]
WITHIN, OUTSIDE = "within", "outside"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A verdict with its value and tolerance; ``why`` says why there is none."""

    value: float | None = None
    tolerance: str = ""
    verdict: str = io.NOT_RUN
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables that are judged: `Table2.rows`, `.differences` and `.seeds`, numbers or text."""

    table2: Sequence[Row] = ()
    differences: Sequence[Row] = ()
    seeds: Sequence[Row] = ()

    @property
    def clip_set(self) -> str:
        """The clip set of the tables, empty if there is none."""
        return str(self.table2[0]["clip_set"]) if self.table2 else ""

    @property
    def absence(self) -> str:
        """Why nothing can be judged, or empty."""
        return "" if self.table2 else NO_TABLES

    @property
    def other_data(self) -> str:
        """Why our numbers cannot be set against the paper's, or empty."""
        if self.absence or self.clip_set == REAL:
            return self.absence
        return f"Medley-solos-DB not at hand: this run has {self.clip_set}; {REMEDY}"

    @property
    def scope(self) -> str:
        """How far the numbers are from the paper's clips, empty if they are the same."""
        row = next((row for row in self.table2 if row["status"] == io.RUN), None)
        if row is None or row["at_paper_scale"] == "yes":
            return ""
        if self.clip_set != REAL:
            return f"judged on {CLIP_SETS[self.clip_set].split(',')[0]}, not on Medley-solos-DB"
        return f"scale {row['scale']}, {row['n_test_clips']} of {PAPER_TEST_CLIPS} test clips"


def medley_verdicts(tables: Tables, *, stamp: Stamp) -> list[dict[str, Any]]:
    """Judge every claim.

    Parameters
    ----------
    tables : Tables
        Empty where Section 4 has not run: every claim is then 'not run'.
    stamp : Stamp
        Used where there are no tables; else theirs is.

    Returns
    -------
    rows : list of dict
        The columns of `verdicts.verdicts`; ``published`` is the paper's number, ``representation``
        the model or the models compared, ``parameter`` the class or 'average'.
    """
    stamp = Stamp.common(tables.table2) if tables.table2 else stamp
    judged = [_row(claim, claim.published.mean, _value(claim, tables)) for claim in VALUE_CLAIMS]
    judged += [_row(claim, claim.published.mean, _gain(claim, tables)) for claim in GAIN_CLAIMS]
    judged += [_row(claim, "", _order(claim, tables)) for claim in ORDER_CLAIMS]
    judged += [_row(LINEAR_CLAIM, LINEAR_CLAIM.published, _above(LINEAR_CLAIM, tables))]
    scale = next((row["at_paper_scale"] for row in tables.table2), "no")
    tail = {"mean": "", "at_paper_scale": scale, **stamp.as_dict()}
    return [{**row, "why": row["why"] or tables.scope, **tail} for row in judged]


def _row(
    claim: ValueClaim | GainClaim | OrderClaim | AboveClaim,
    published: float | str,
    judgement: Judgement,
) -> dict[str, Any]:
    is_difference = isinstance(claim, GainClaim | OrderClaim)
    return {
        "section": claim.section,
        "claim": claim.text,
        "representation": claim.subject,
        "parameter": claim.quantity if isinstance(claim, ValueClaim) else "average",
        "quantity": "difference_points" if is_difference else "recall_percent",
        "value": judgement.value,
        "published": published,
        "tolerance": judgement.tolerance,
        "verdict": judgement.verdict,
        "why": judgement.why,
    }


def _number(cell: Any) -> float | None:
    """Return a cell as a number; None where it is blank or NaN."""
    number = None if cell in (None, "") else float(cell)
    return None if number is None or number != number else number


def _missing(row: Row | None) -> str:
    """Return why a row gives no number, or empty."""
    if row is None:
        return "not in the list of classifiers; add it in config/config.yaml"
    return "" if row["status"] == io.RUN else str(row["status"]).removeprefix(f"{io.NOT_RUN}: ")


def _model(tables: Tables, model: str) -> Row | None:
    return next((row for row in tables.table2 if row["model"] == model), None)


def _pair(tables: Tables, model: str, minus: str) -> Row | None:
    rows = (row for row in tables.differences if (row["model"], row["minus"]) == (model, minus))
    return next(rows, None)


def _compare(value: float | None, ends: tuple[Any, Any], published: Published) -> Judgement:
    """Set a value with its interval against a published mean and standard deviation."""
    low, high = map(_number, ends)
    half = None if low is None or high is None else (high - low) / 2
    limit = max(SD_FACTOR * published.sd, half or 0.0)
    kind = "half our interval" if limit == half else f"{SD_FACTOR:g} published sd"
    if value is None:
        return Judgement(why="a class has no test clip")
    is_near = abs(value - published.mean) <= limit + ROUNDING
    return Judgement(
        value=value,
        tolerance=f"{published.mean:.1f} ± {limit:.2g} ({kind})",
        verdict=WITHIN if is_near else OUTSIDE,
    )


def _value(claim: ValueClaim, tables: Tables) -> Judgement:
    row = _model(tables, claim.model)
    why = tables.other_data or _missing(row)
    if row is None or why:
        return Judgement(why=why)
    name = key(claim.quantity)
    ends = (row[f"{name}_low"], row[f"{name}_high"])
    return _compare(_number(row[f"{name}_mean"]), ends, claim.published)


def _gain(claim: GainClaim, tables: Tables) -> Judgement:
    row = _pair(tables, claim.model, claim.minus)
    why = tables.other_data or _missing(row)
    if row is None or why:
        return Judgement(why=why)
    return _compare(_number(row["difference"]), (row["low"], row["high"]), claim.published)


def _order(claim: OrderClaim, tables: Tables) -> Judgement:
    """Judge by the pair whose interval reaches lowest."""
    rows = [_pair(tables, *pair) for pair in claim.pairs]
    reasons = [tables.absence] + [_missing(row) for row in rows]
    why = next(filter(None, reasons), "")
    found = [row for row in rows if row is not None]
    lows = [low for low in (_number(row["low"]) for row in found) if low is not None]
    if not why and len(lows) < len(rows):
        why = ONE_SONG
    if why:
        return Judgement(why=why)
    low, row = min(zip(lows, found, strict=True), key=lambda pair: pair[0])
    return Judgement(
        value=_number(row["difference"]),
        tolerance=f"lower end {low:.2g} of the 95 % interval of {row['pair']} > 0"
        f"{_agreement(claim, tables)}",
        verdict=WITHIN if low > 0 else OUTSIDE,
    )


def _agreement(claim: OrderClaim, tables: Tables) -> str:
    """Say on how many of the seeds that all models share the order holds."""
    found = {(r["model"], int(r["seed"])): _number(r["average"]) for r in tables.seeds}
    seeds = {seed for _, seed in found}
    columns = [[found.get((model, seed)) for model in claim.models] for seed in seeds]
    whole = [[a for a in column if a is not None] for column in columns if None not in column]
    held = sum(all(a > b for a, b in pairwise(column)) for column in whole)
    return f" (holds on {held} of {len(whole)} seeds)" if whole else ""


def _above(claim: AboveClaim, tables: Tables) -> Judgement:
    row = _model(tables, claim.model)
    why = tables.other_data or _missing(row)
    if row is None or why:
        return Judgement(why=why)
    low = _number(row["average_low"])
    if low is None:
        return Judgement(why=ONE_SONG)
    return Judgement(
        value=_number(row["average_mean"]),
        tolerance=f"lower end {low:.3g} of the 95 % interval > {claim.published:g}",
        verdict=WITHIN if low > claim.published else OUTSIDE,
    )
