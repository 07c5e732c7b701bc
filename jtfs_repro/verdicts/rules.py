"""The few ways in which a value of ours is compared with a claim's; `COMPARISONS` names them.

An entry of ``claims/rules.yaml`` chooses one by ``compare`` and gives its numbers and words. Every
comparison takes a `Case` and returns a `VerdictRow`, or raises `NotRun`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from jtfs_repro.verdicts.cases import Case
from jtfs_repro.verdicts.rows import VerdictRow, number, number_or_none

ROUNDING = 1e-9  # decimal fractions are not exact: 81.4 - 80.2 > 1.2
SIGNS = {
    "at least": (">=", operator.ge),
    "at most": ("<=", operator.le),
    "below": ("<", operator.lt),
    "within": ("+-", lambda value, limit: abs(value) < limit),
}


def _equal(case: Case) -> VerdictRow:
    """Hold the same number, or the same words."""
    value, row = case.our()
    value = shown(value)
    ours, theirs = number_or_none(value), number_or_none(case.expected)
    is_number = ours is not None and theirs is not None
    holds = ours == theirs if is_number else str(value) == case.expected
    return case.judged(value, row, holds=holds, shown=case.rule.get("shown", "equal"))


def _near(case: Case) -> VerdictRow:
    """Hold the same number but for a relative difference."""
    value, row = case.our_number()
    wanted, relative = case.limit("wanted"), case.limit("relative")
    holds = abs(value - wanted) <= relative * abs(wanted)
    return case.judged(value, row, holds=holds, shown=f"within {100 * relative:g} %")


def _bounded(name: str) -> Callable[[Case], VerdictRow]:
    """Return the comparison with a number, or with one of another row (``of``)."""

    def compare(case: Case) -> VerdictRow:
        value, row = case.our_number()
        times = float(case.rule.get("times", 1))
        if "of" in case.rule and not case.is_fact:
            column = case.rule.get("column", case.cell.columns[0])
            limit = case.number(case.row({**case.cell.rows[0], **case.rule["of"]}), column)
        else:
            limit = case.limit()
        sign, holds = SIGNS[name]
        n = 1 if case.is_fact else len(case.select(case.cell.rows[0]))
        words = {"sign": sign, "limit": times * limit, "other": limit, "unit": case.claim.unit}
        text = case.filled(case.rule.get("shown", "{sign} {limit:.3g}"), words | {"n": n})
        return case.judged(value, row, holds=bool(holds(value, times * limit)), shown=text)

    return compare


def _published(case: Case) -> VerdictRow:
    """Hold what is within published deviations of a mean, or half our own interval if wider."""
    value, row = case.our_number()
    mean, _, deviation = case.expected.partition(" ± ")
    if number_or_none(mean) is None or number_or_none(deviation) is None:
        raise case.claim.error(f"{case.expected!r} must be 'mean ± deviation'")
    low, high = case.interval(row)
    half = 0.0 if low is None or high is None else (high - low) / 2
    factor = case.limit("deviations")
    limit = max(factor * float(deviation), half)
    kind = "half our interval" if limit == half else f"{factor:g} published sd"
    holds = abs(value - float(mean)) <= limit + ROUNDING
    return case.judged(value, row, holds=holds, shown=f"{float(mean):.1f} ± {limit:.2g} ({kind})")


def _interval_beyond(name: str) -> Callable[[Case], VerdictRow]:
    """Return the comparison of an interval's end with the claim's number."""
    is_above = name == "interval above"
    word, sign, holds = ("lower", ">", operator.gt) if is_above else ("upper", "<", operator.lt)

    def compare(case: Case) -> VerdictRow:
        value, row = case.our_number()
        end = case.end(row, case.cell.low if is_above else case.cell.high)
        limit = case.limit()
        text = f"{word} end {end:.3g} of the 95 % interval {sign} {limit:g}"
        return case.judged(value, row, holds=bool(holds(end, limit)), shown=text)

    return compare


def _order(case: Case) -> VerdictRow:
    """Hold differences that are all certainly above 0; shown is the one that reaches lowest."""
    lows = [(case.end(row, case.cell.low), row) for row in case.pair()]
    low, row = min(lows, key=lambda pair: pair[0])
    text = f"lower end {low:.2g} of the 95 % interval of {row['pair']} > 0{_agreement(case)}"
    value = case.number(row, case.cell.columns[0])
    return case.judged(value, row, holds=low > 0, shown=text)


def _agreement(case: Case) -> str:
    """Say on how many of the seeds that all models share the order holds."""
    rows = case.tables[case.rule["each seed in"]].rows
    models = [case.cell.rows[0]["model"], *(cells["minus"] for cells in case.cell.rows)]
    found = {(row["model"], int(row["seed"])): number(row["average"]) for row in rows}
    columns = [[found.get((model, seed)) for model in models] for seed in {s for _, s in found}]
    whole = [[a for a in column if a is not None] for column in columns if None not in column]
    held = sum(all(a > b for a, b in pairwise(column)) for column in whole)
    return f" (holds on {held} of {len(whole)} seeds)" if whole else ""


def _kept(case: Case) -> VerdictRow:
    """Hold a first row that keeps enough, and more than the second, from some iterations on."""
    rows, column, few = case.pair(), case.cell.columns[0], case.limit("iterations")
    for row in rows:
        if int(row["iterations"]) < few and row["status"] == "finished":
            raise case.missing(case.table.spec["blank"], row)
    first, second = (case.number(row, column, blank=f"blank {column}") for row in rows)
    least, more = case.limit("least"), case.limit("more")
    text = (
        f">= {more:g}, and JTFS >= {least:g} (JTFS {first:.2f},"
        f" Scattering1D {second:.2f} of the original's)"
    )
    holds = first - second >= more and first >= least
    return case.judged(first - second, rows[0], holds=holds, shown=text)


def _ratio(case: Case) -> VerdictRow:
    """Hold a quotient above 1 of two rows that have the same cell in ``same``."""
    if case.is_fact:
        raise case.claim.error("this rule compares rows of a table (name one in ours)")
    above, below = (case.select(cells) for cells in case.cell.rows)
    same = case.rule["same"]
    both = [(a, b) for b in below for a in above if a[same] == b[same]]
    if not both:
        raise case.missing(case.table.spec["absent"], case.cell.rows[1])
    peer, row = both[0]
    column = case.cell.columns[0]
    value = float(peer[column]) / float(row[column])
    low, high = case.interval(peer)
    first, third = case.interval(row)
    interval = ""
    if low and high and first and third:
        interval = f"{low / third:.3g} to {high / first:.3g} (quartiles)"
    words = {**row, "other_calls": peer["calls"]}
    return case.judged(value, words, holds=value > 1, shown="> 1", interval=interval)


COMPARISONS: Mapping[str, Callable[[Case], VerdictRow]] = {
    "equal": _equal,
    "near": _near,
    **{name: _bounded(name) for name in SIGNS},
    "published": _published,
    "interval above": _interval_beyond("interval above"),
    "interval below": _interval_beyond("interval below"),
    "order": _order,
    "kept": _kept,
    "ratio": _ratio,
}


def shown(value: Any) -> float | str:
    """Return a value as it stands in a cell: numbers stay numbers.

    >>> shown((4.0, 32.0)), shown(8), shown(None), shown(True)
    ('4, 32', 8, 'none', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, dict):
        return "; ".join(f"{key} {shown(part)}" for key, part in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value)
    return "none" if value is None else str(value)
