"""The few ways in which a value of ours is compared with a claim's; `COMPARISONS` names them.

An entry of ``claims/rules.yaml`` chooses one by ``compare`` and gives its numbers and words. Every
comparison takes a `Case` and returns a `Judgement`, or raises `NotRun`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from jtfs_repro.verdicts.claims import COUNT, Cell, Claim
from jtfs_repro.verdicts.rows import Judgement, ends, number
from jtfs_repro.verdicts.tables import NotRun, Row, Table, filled

ROUNDING = 1e-9  # decimal fractions are not exact: 81.4 - 80.2 > 1.2
SIGNS = {
    "at least": (">=", operator.ge),
    "at most": ("<=", operator.le),
    "below": ("<", operator.lt),
    "within": ("+-", lambda value, limit: abs(value) < limit),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A claim with what it is compared with."""

    claim: Claim
    rule: Mapping[str, Any]  # its entry of rules.yaml
    fact: Any = None  # our setting or count, for claims without a table
    cell: Cell = field(default_factory=lambda: Cell(rows=(), columns=()))
    table: Table | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)  # all, by name

    @property
    def expected(self) -> str:
        """What ours has to be: the claim's ``expected``, or the stated value."""
        return self.claim.expected or self.claim.there

    def limit(self, name: str = "limit") -> float:
        """Return a number of the rule, or else the claim's own."""
        text = self.rule.get(name, self.expected)
        value = _number(text)
        if value is None:
            raise self.claim.error(f"{text!r} must be a number (write it in there or expected)")
        return value

    def our(self) -> tuple[Any, Row]:
        """Return our value and the row that it stands in, empty for settings and counts."""
        if self.table is None:
            return self.fact, {}
        if len(self.cell.rows) != 1:
            raise self.claim.error(f"item={self.claim.item!r} must name one row for this rule")
        if self.cell.columns == (COUNT,):
            return self._count(self.table), {}
        if self.cell.pick:
            value, row = self._picked(self.table)
        else:
            row = self.table.row(self.claim, self.cell.rows[0])
            value = self.table.value(self.claim, row, self.cell.columns[0])
        if isinstance(value, str):
            return value, row
        value *= self.cell.factor
        return (1 / value if self.cell.is_inverse else value), row

    def our_number(self) -> tuple[float, Row]:
        """Return our value, which has to be a number, and its row."""
        value, row = self.our()
        if isinstance(value, str) or _number(value) is None:
            raise self.claim.error(f"our value {value!r} must be a number for this rule")
        return value, row

    def _picked(self, table: Table) -> tuple[float, Row]:
        """Return the lowest or highest of all named cells that are not blank, and its row."""
        rows = table.select(self.claim, self.cell.rows[0])
        cells = [(row, name) for row in rows for name in self.cell.columns]
        filled = [(row, name) for row, name in cells if not _is_blank(row.get(name, 0))]
        values = [(table.number(self.claim, *one), one[0]) for one in filled or cells[:1]]
        choose = max if self.cell.pick == "highest" else min
        return choose(values, key=lambda pair: pair[0])

    def _count(self, table: Table) -> int:
        try:
            return len(table.select(self.claim, self.cell.rows[0]))
        except NotRun:
            if table.rows:
                return 0
            raise

    def interval(self, row: Row) -> tuple[float | None, float | None]:
        """Return the ends of the claim's interval, None where they are blank or not named."""
        if self.table is None or not self.cell.low:
            return None, None
        for name in (self.cell.low, self.cell.high):
            self.table.has(self.claim, name)
        return number(row[self.cell.low]), number(row[self.cell.high])

    def end(self, row: Row, column: str) -> float:
        """Return an end of the claim's interval; a blank one is `NotRun`."""
        if self.table is None or not column:
            raise self.claim.error("this rule needs an interval ('COLUMN in LOW to HIGH' in item)")
        return self.table.number(self.claim, row, column, blank="no interval")

    def pair(self) -> tuple[Table, list[Row]]:
        """Return the rows that an order or a ratio compares."""
        if self.table is None:
            raise self.claim.error("this rule compares rows of a table (name one in ours)")
        return self.table, [self.table.row(self.claim, cells) for cells in self.cell.rows]

    def judged(self, value: Any, row: Row, *, holds: bool, shown: str, **cells: Any) -> Judgement:
        """Return the judgement in the rule's words; ``shown`` is the tolerance."""
        low, high = self.interval(row)
        known = {"interval": ends(low, high), "seeds": self._seeds(row)} | cells
        say = filled(self.claim, self.rule.get("say", ""), row)
        return Judgement(
            value=value,
            holds=holds,
            tolerance=shown,
            tolerance_reason=self.rule["why"],
            reason="; ".join(filter(None, [self.claim.note, *self._scope(row), say])),
            row=row,
            **known,
        )

    def _scope(self, row: Row) -> list[str]:
        if self.table is None:
            return []
        if other := self.table.spec.get("described by"):
            rows = self.tables[other].rows
            row = next((r for r in rows if r["status"] == "run"), rows[0] if rows else {})
        return self.table.scope(self.claim, row) if row else []

    def _seeds(self, row: Row) -> str:
        """Return the seeds in the rule's or the table's words, or how many the models have."""
        spec = self.table.spec if self.table else {}
        if other := spec.get("models in"):
            models = [c[name] for c in self.cell.rows for name in ("model", "minus")]
            rows = [r for r in self.tables[other].rows if r["model"] in models and r["n_seeds"]]
            counts = [int(r["n_seeds"]) for r in rows]
            return f"{min(counts)} to {max(counts)} per model" if counts else ""
        if "n_seeds" in row and "seeds" not in spec:
            n = int(row["n_seeds"] or 0)
            return f"{n} seed{'s' * (n > 1)}" if n else ""
        return filled(self.claim, self.rule.get("seeds", spec.get("seeds", "")), row)


def _is_blank(cell: Any) -> bool:
    return cell in ("", None) or cell != cell  # NaN differs from itself


def _number(text: Any) -> float | None:
    try:
        return number(text)
    except ValueError:
        return None


def _equal(case: Case) -> Judgement:
    """Hold the same number, or the same words."""
    value, row = case.our()
    value = shown(value)
    ours, theirs = _number(value), _number(case.expected)
    is_number = ours is not None and theirs is not None
    holds = ours == theirs if is_number else str(value) == case.expected
    return case.judged(value, row, holds=holds, shown=case.rule.get("shown", "equal"))


def _near(case: Case) -> Judgement:
    """Hold the same number but for a relative difference."""
    value, row = case.our_number()
    wanted, relative = case.limit("wanted"), case.limit("relative")
    holds = abs(value - wanted) <= relative * abs(wanted)
    return case.judged(value, row, holds=holds, shown=f"within {100 * relative:g} %")


def _bounded(name: str) -> Callable[[Case], Judgement]:
    """Return the comparison with a number, or with one of another row (``of``)."""

    def compare(case: Case) -> Judgement:
        value, row = case.our_number()
        limit, times = 0.0, float(case.rule.get("times", 1))
        if "of" in case.rule and case.table:
            column = case.rule.get("column", case.cell.columns[0])
            cells = {**case.cell.rows[0], **case.rule["of"]}
            limit = case.table.number(case.claim, case.table.row(case.claim, cells), column)
        else:
            limit = case.limit()
        sign, holds = SIGNS[name]
        words = {"sign": sign, "limit": times * limit, "other": limit, "unit": case.claim.unit}
        n = len(case.table.select(case.claim, case.cell.rows[0])) if case.table else 1
        text = filled(case.claim, case.rule.get("shown", "{sign} {limit:.3g}"), words | {"n": n})
        return case.judged(value, row, holds=bool(holds(value, times * limit)), shown=text)

    return compare


def _published(case: Case) -> Judgement:
    """Hold what is within published deviations of a mean, or half our own interval if wider."""
    value, row = case.our_number()
    mean, _, deviation = case.expected.partition(" ± ")
    if _number(mean) is None or _number(deviation) is None:
        raise case.claim.error(f"{case.expected!r} must be 'mean ± deviation'")
    low, high = case.interval(row)
    half = 0.0 if low is None or high is None else (high - low) / 2
    factor = case.limit("deviations")
    limit = max(factor * float(deviation), half)
    kind = "half our interval" if limit == half else f"{factor:g} published sd"
    holds = abs(value - float(mean)) <= limit + ROUNDING
    return case.judged(value, row, holds=holds, shown=f"{float(mean):.1f} ± {limit:.2g} ({kind})")


def _interval_beyond(name: str) -> Callable[[Case], Judgement]:
    """Return the comparison of an interval's end with the claim's number."""
    is_above = name == "interval above"
    word, sign, holds = ("lower", ">", operator.gt) if is_above else ("upper", "<", operator.lt)

    def compare(case: Case) -> Judgement:
        value, row = case.our_number()
        end = case.end(row, case.cell.low if is_above else case.cell.high)
        limit = case.limit()
        text = f"{word} end {end:.3g} of the 95 % interval {sign} {limit:g}"
        return case.judged(value, row, holds=bool(holds(end, limit)), shown=text)

    return compare


def _order(case: Case) -> Judgement:
    """Hold differences that are all certainly above 0; shown is the one that reaches lowest."""
    table, rows = case.pair()
    lows = [case.end(row, case.cell.low) for row in rows]
    low, row = min(zip(lows, rows, strict=True), key=lambda pair: pair[0])
    text = f"lower end {low:.2g} of the 95 % interval of {row['pair']} > 0{_agreement(case)}"
    value = table.number(case.claim, row, case.cell.columns[0])
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


def _kept(case: Case) -> Judgement:
    """Hold a first row that keeps enough, and more than the second, from some iterations on."""
    table, rows = case.pair()
    column, few = case.cell.columns[0], case.limit("iterations")
    for row in rows:
        if int(row["iterations"]) < few and row["status"] == "finished":
            raise table.missing(case.claim, table.spec["blank"], row)
    first, second = (table.number(case.claim, row, column, blank=f"blank {column}") for row in rows)
    least, more = case.limit("least"), case.limit("more")
    text = (
        f">= {more:g}, and JTFS >= {least:g} (JTFS {first:.2f},"
        f" Scattering1D {second:.2f} of the original's)"
    )
    holds = first - second >= more and first >= least
    return case.judged(first - second, rows[0], holds=holds, shown=text)


def _ratio(case: Case) -> Judgement:
    """Hold a quotient above 1 of two rows that have the same cell in ``same``."""
    if case.table is None:
        raise case.claim.error("this rule compares rows of a table (name one in ours)")
    above, below = (case.table.select(case.claim, cells) for cells in case.cell.rows)
    same = case.rule["same"]
    both = [(a, b) for b in below for a in above if a[same] == b[same]]
    if not both:
        raise case.table.missing(case.claim, case.table.spec["absent"], case.cell.rows[1])
    peer, row = both[0]
    value = float(peer[case.cell.columns[0]]) / float(row[case.cell.columns[0]])
    low, high = case.interval(peer)
    first, third = case.interval(row)
    interval = ""
    if low and high and first and third:
        interval = f"{low / third:.3g} to {high / first:.3g} (quartiles)"
    words = {**row, "other_calls": peer["calls"]}
    return case.judged(value, words, holds=value > 1, shown="> 1", interval=interval)


COMPARISONS: Mapping[str, Callable[[Case], Judgement]] = {
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
