"""Verdicts on the claims of the paper's Section 4, Medley-solos-DB.

The rules, fixed before any result was known. All numbers are percent or points; intervals are the
95 % bootstrap intervals over songs of `table2`.

a cell of Table 2, a gain
    |ours - paper's| is at most the larger of two published standard deviations and half the width
    of our interval. The published deviation of a gain is that of two independent rows.
an order
    The lower end of the paired interval of every difference is above 0.
above a published number, or below it
    The lower end of our interval is above it, or the upper end below it.

Numbers are set against the paper's on Medley-solos-DB only; on another clip set those claims are
'not run'. Orders between our own models are judged on any clip set, which the row names. Without
an interval (a class of one song, as at smoke scale) an order is 'not run'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from jtfs_repro import io
from jtfs_repro.experiments.medley_claims import (
    ABOVE_CLAIMS,
    GAIN_CLAIMS,
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
    Published,
    key,
)
from jtfs_repro.experiments.verdict_rows import (
    PAPER,
    PAPER_SCALE,
    Judgement,
    VerdictRow,
    ends,
    missing,
    number,
    run_command,
)
from jtfs_repro.provenance import Stamp

SD_FACTOR = 2.0
ROUNDING = 1e-9  # decimal fractions are not exact: 81.4 - 80.2 > 1.2
ARCHIVE = "Medley-solos-DB (Zenodo record 3464194, 21 571 clips, 11 GB)"
NO_TABLES = f"Section 4 is not part of this run; its clips, {ARCHIVE}, have to be fetched"
ONE_SONG = "no interval: a class has clips of one song only; a larger scale has more"
ALL_CLASSIFIERS = "classifiers=[mfcc_svm,cqt,scattering1d,jtfs_linear,jtfs]"
WHY_NUMBER = "two published deviations hold 95 % of repeated runs; ours may be the wider interval"
WHY_INTERVAL = "the sign is certain on these songs if the 95 % interval does not reach the bound"
Row = Mapping[str, Any]
Claim = ValueClaim | GainClaim | OrderClaim | AboveClaim


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
        return f"{ARCHIVE}; this run has {self.clip_set}"

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
        The columns of `verdict_rows.VerdictRow`; ``representation`` is the model or the models
        compared, ``parameter`` the class or 'average'.
    """
    stamp = Stamp.common(tables.table2) if tables.table2 else stamp
    claims = (*VALUE_CLAIMS, *GAIN_CLAIMS, *ORDER_CLAIMS, *ABOVE_CLAIMS)
    return [_row(claim, _judgement(claim, tables, stamp), tables, stamp) for claim in claims]


def _judgement(claim: Claim, tables: Tables, stamp: Stamp) -> Judgement:
    why, is_other = _absence(claim, tables)
    if why:
        link = "" if is_other else "table2"  # a table of other clips answers nothing
        return missing(why, _command(stamp, is_other=is_other), link=link)
    match claim:
        case ValueClaim():
            found = _value(claim, tables)
        case GainClaim():
            found = _gain(claim, tables)
        case OrderClaim():
            found = _order(claim, tables)
        case AboveClaim():
            found = _above(claim, tables)
    if found.holds is None:
        return replace(found, command=run_command(stamp, scale=_larger(stamp.scale)))
    return replace(found, reason=tables.scope)


def _absence(claim: Claim, tables: Tables) -> tuple[str, bool]:
    """Return what is missing, or empty, and whether it is the clips."""
    if isinstance(claim, OrderClaim):
        rows = [_pair(tables, *pair) for pair in claim.pairs]
        absent = next(filter(None, map(_missing, rows)), "")
        return tables.absence or absent, bool(tables.absence)
    is_gain = isinstance(claim, GainClaim)
    row = _pair(tables, claim.model, claim.minus) if is_gain else _model(tables, claim.model)
    return tables.other_data or _missing(row), bool(tables.other_data)


def _command(stamp: Stamp, *, is_other: bool) -> str:
    """Return the command that brings the clips of the paper, or the classifiers."""
    if is_other:
        preset = "as_coded" if stamp.preset == "as_coded" else "paper"
        return run_command(replace(stamp, preset=preset, variant=""), scale=PAPER_SCALE)
    return run_command(stamp, ALL_CLASSIFIERS)


def _larger(scale: str) -> str:
    return "demo" if scale == "smoke" else PAPER_SCALE


def _row(claim: Claim, judgement: Judgement, tables: Tables, stamp: Stamp) -> dict[str, Any]:
    is_difference = isinstance(claim, GainClaim | OrderClaim)
    is_paper = next((row["at_paper_scale"] for row in tables.table2), "no") == "yes"
    return VerdictRow.judged(
        judgement,
        stamp=stamp,
        is_paper_scale=is_paper,
        id=claim.id,
        kind=PAPER,
        section=claim.section,
        claim=claim.text,
        representation=claim.subject,
        parameter=claim.quantity if isinstance(claim, ValueClaim) else "average",
        quantity="difference_points" if is_difference else "recall_percent",
        unit="points" if is_difference else "%",
        value_there=_published(claim),
    ).as_dict()


def _published(claim: Claim) -> float | str:
    match claim:
        case ValueClaim():
            return f"{claim.published.mean:.1f} ± {claim.published.sd:.1f}"
        case GainClaim():
            return claim.published.mean
        case OrderClaim():
            return "> 0"
        case AboveClaim():
            return claim.published


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


def _compare(value: float | None, low: Any, high: Any, published: Published) -> Judgement:
    """Set a value with its interval against a published mean and standard deviation."""
    lower, upper = number(low), number(high)
    half = 0.0 if lower is None or upper is None else (upper - lower) / 2
    limit = max(SD_FACTOR * published.sd, half)
    kind = "half our interval" if limit == half else f"{SD_FACTOR:g} published sd"
    if value is None:
        return Judgement(reason="a class has no test clip", link="table2")
    return Judgement(
        value=value,
        tolerance=f"{published.mean:.1f} ± {limit:.2g} ({kind})",
        tolerance_reason=WHY_NUMBER,
        holds=abs(value - published.mean) <= limit + ROUNDING,
        interval=ends(low, high),
    )


def _value(claim: ValueClaim, tables: Tables) -> Judgement:
    row, name = _model(tables, claim.model) or {}, key(claim.quantity)
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    found = _compare(number(row[f"{name}_mean"]), low, high, claim.published)
    return replace(found, seeds=_seeds(row), link="table2")


def _seeds(row: Row) -> str:
    n = row.get("n_seeds", "")
    return f"{n} seeds" if n and int(n) > 1 else f"{n} seed" if n else ""


def _gain(claim: GainClaim, tables: Tables) -> Judgement:
    row = _pair(tables, claim.model, claim.minus) or {}
    found = _compare(number(row["difference"]), row["low"], row["high"], claim.published)
    return replace(found, seeds=_common_seeds(claim, tables), link="differences")


def _common_seeds(claim: GainClaim | OrderClaim, tables: Tables) -> str:
    models = (claim.model, claim.minus) if isinstance(claim, GainClaim) else claim.models
    rows = [_model(tables, model) or {} for model in models]
    counts = [int(row["n_seeds"]) for row in rows if row.get("n_seeds")]
    return f"{min(counts)} to {max(counts)} per model" if counts else ""


def _order(claim: OrderClaim, tables: Tables) -> Judgement:
    """Judge by the pair whose interval reaches lowest."""
    rows = [row for row in (_pair(tables, *pair) for pair in claim.pairs) if row is not None]
    lows = [low for low in (number(row["low"]) for row in rows) if low is not None]
    if len(lows) < len(rows):
        return Judgement(reason=ONE_SONG, link="differences")
    low, row = min(zip(lows, rows, strict=True), key=lambda pair: pair[0])
    return Judgement(
        value=number(row["difference"]),
        tolerance=f"lower end {low:.2g} of the 95 % interval of {row['pair']} > 0"
        f"{_agreement(claim, tables)}",
        tolerance_reason=WHY_INTERVAL,
        holds=low > 0,
        interval=ends(low, row["high"]),
        seeds=_common_seeds(claim, tables),
        link="differences",
    )


def _agreement(claim: OrderClaim, tables: Tables) -> str:
    """Say on how many of the seeds that all models share the order holds."""
    found = {(r["model"], int(r["seed"])): number(r["average"]) for r in tables.seeds}
    seeds = {seed for _, seed in found}
    columns = [[found.get((model, seed)) for model in claim.models] for seed in seeds]
    whole = [[a for a in column if a is not None] for column in columns if None not in column]
    held = sum(all(a > b for a, b in pairwise(column)) for column in whole)
    return f" (holds on {held} of {len(whole)} seeds)" if whole else ""


def _above(claim: AboveClaim, tables: Tables) -> Judgement:
    row = _model(tables, claim.model) or {}
    low, high = number(row["average_low"]), number(row["average_high"])
    if low is None or high is None:
        return Judgement(reason=ONE_SONG, link="table2")
    name, end, sign = ("lower", low, ">") if claim.is_above else ("upper", high, "<")
    return Judgement(
        value=number(row["average_mean"]),
        tolerance=f"{name} end {end:.3g} of the 95 % interval {sign} {claim.published:g}",
        tolerance_reason=WHY_INTERVAL,
        holds=low > claim.published if claim.is_above else high < claim.published,
        interval=ends(low, high),
        seeds=_seeds(row),
        link="table2",
    )
