"""A claim beside the table of ours that it names: its rows and numbers, or why one is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jtfs_repro import tables
from jtfs_repro.provenance import Stamp
from jtfs_repro.verdicts.claims import COUNT, Cell, Claim, unknown
from jtfs_repro.verdicts.rows import (
    OUTSIDE,
    PAPER_SCALE,
    WITHIN,
    VerdictRow,
    number,
    number_or_none,
    run_command,
)

Row = Mapping[str, Any]


class NotRun(Exception):
    """A number of ours is missing: the reason, the one command, and the table to look at."""

    def __init__(self, reason: str, command: str, link: str = "") -> None:
        super().__init__(reason)
        self.reason, self.command, self.link = reason, command, link


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of the run, with its entry of ``tables.yaml``; no rows if the run has none.

    A setting or count is a table without rows, of the name of the file that it stands in.
    """

    name: str  # the file's, by which it is linked
    spec: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    stamp: Stamp


@dataclass(frozen=True, kw_only=True)
class Case:
    """A claim with what it is compared with: a setting or count (``fact``), or cells of a table.

    Cells that are asked for and not there raise `NotRun`, columns that no table has `ClaimError`.
    """

    claim: Claim
    rule: Mapping[str, Any]  # its entry of rules.yaml
    table: Table
    cell: Cell = field(default_factory=Cell)
    fact: Any = None
    tables: Mapping[str, Table] = field(default_factory=dict)  # all, by name
    mean: str = ""  # the K-NN estimate that is judged

    @property
    def is_fact(self) -> bool:
        """Whether there is no table."""
        return not self.cell.columns

    @property
    def expected(self) -> str:
        """What ours has to be."""
        return self.claim.expected or self.claim.there

    def limit(self, name: str = "limit") -> float:
        """Return a number of the rule, or else the claim's own."""
        text = self.rule.get(name, self.expected)
        value = number_or_none(text)
        if value is None:
            raise self.claim.error(f"{text!r} must be a number (write it in there or expected)")
        return value

    def our(self) -> tuple[Any, Row]:
        """Return our value and the row that it stands in, empty for settings and counts."""
        if self.is_fact:
            return self.fact, {}
        if len(self.cell.rows) != 1:
            raise self.claim.error(f"item={self.claim.item!r} must name one row for this rule")
        if self.cell.columns == (COUNT,):
            return self.count(), {}
        value, row = self._picked() if self.cell.pick else self._first()
        if isinstance(value, str):
            return value, row
        value *= self.cell.factor
        return (1 / value if self.cell.is_inverse else value), row

    def our_number(self) -> tuple[float, Row]:
        """Return our value, which has to be a number, and its row."""
        value, row = self.our()
        if isinstance(value, str) or number_or_none(value) is None:
            raise self.claim.error(f"our value {value!r} must be a number for this rule")
        return value, row

    def count(self) -> int:
        """Return how many rows of the table have the claim's cells; `NotRun` without a table."""
        try:
            return len(self.select(self.cell.rows[0]))
        except NotRun:
            if self.table.rows:
                return 0
            raise

    def _first(self) -> tuple[float | str, Row]:
        row = self.row(self.cell.rows[0])
        return self.value(row, self.cell.columns[0]), row

    def _picked(self) -> tuple[float, Row]:
        """Return the lowest or highest of all named cells that are not blank, and its row."""
        rows = self.select(self.cell.rows[0])
        cells = [(row, name) for row in rows for name in self.cell.columns]
        filled = [(row, name) for row, name in cells if not _is_blank(row.get(name, 0))]
        values = [(self.number(*one), one[0]) for one in filled or cells[:1]]
        choose = max if self.cell.pick == "highest" else min
        return choose(values, key=lambda pair: pair[0])

    def pair(self) -> list[Row]:
        """Return the rows that an order or a ratio compares."""
        if self.is_fact:
            raise self.claim.error("this rule compares rows of a table (name one in ours)")
        return [self.row(cells) for cells in self.cell.rows]

    def interval(self, row: Row) -> tuple[float | None, float | None]:
        """Return the ends of the claim's interval, None where they are blank or not named."""
        if not self.cell.low:
            return None, None
        for name in (self.cell.low, self.cell.high):
            self.has(name)
        return number(row[self.cell.low]), number(row[self.cell.high])

    def end(self, row: Row, column: str) -> float:
        """Return an end of the claim's interval; a blank one is `NotRun`."""
        if not column:
            raise self.claim.error("this rule needs an interval ('COLUMN in LOW to HIGH' in item)")
        return self.number(row, column, blank="no interval")

    # ---- rows and cells of the table ----

    def row(self, cells: Mapping[str, str]) -> Row:
        """Return the first row with these cells; `NotRun` if there is none, or it was not run."""
        row = self.select(cells)[0]
        if why := tables.why_of_status(str(row.get("status", ""))):
            raise self.missing({"why": why} | self.table.spec.get("not run", {}), cells)
        return row

    def select(self, cells: Mapping[str, str]) -> list[Row]:
        """Return the rows with these cells (``*`` at an end fits all), the preferred first.

        `NotRun` if there is none: the reason is that of the first cell that no row has.
        """
        spec, rows = self.table.spec, list(self.table.rows)
        if not rows:
            raise self.missing(spec["absent"], cells)
        for name, wanted in cells.items():
            self.has(name)
            found = [row for row in rows if _is(str(row[name]), wanted)]
            if not found:
                reasons = spec.get("no row", {})
                remedy = reasons.get(name) or reasons.get("*") or spec["absent"]
                raise self.missing(remedy, cells, found=rows[0], wanted=wanted)
            rows = found
        for name, order in spec.get("prefer", {}).items():
            rows.sort(key=lambda row: order.index(str(row[name])))
        return rows

    def has(self, column: str) -> None:
        """Raise `ClaimError` if the table has no such column."""
        if self.table.rows:
            self.claim.known(f"column of {self.table.name}", column, list(self.table.rows[0]))

    def number(self, row: Row, column: str, *, blank: str = "blank") -> float:
        """Return a cell as a number; a blank one is `NotRun`, by the entry ``blank``."""
        value = self.value(row, column, blank=blank)
        if isinstance(value, str):
            name = self.table.name
            raise self.claim.error(f"column {column} of {name} holds {value!r}, which is no number")
        return value

    def value(self, row: Row, column: str, *, blank: str = "blank") -> float | str:
        """Return a cell as a number or text; a blank one is `NotRun`."""
        self.has(column)
        try:
            value = number(row[column])
        except ValueError:
            return str(row[column])
        if value is None:
            remedy = self.table.spec.get(blank) or self.table.spec["absent"]
            raise self.missing(remedy, row, found=row)
        return value

    def missing(self, remedy: Mapping[str, Any], cells: Row, **words: Any) -> NotRun:
        """Return the error of a missing number, as an entry of ``tables.yaml`` words it."""
        table, stamp, scale = self.table, self.table.stamp, remedy.get("scale", "")
        words = {**cells, "scale": stamp.scale, **words}
        if preset := remedy.get("preset", ""):
            keeps = "or" in preset and stamp.preset == "as_coded"
            stamp = replace(stamp, preset="as_coded" if keeps else "paper", variant="")
        if scale == "larger":
            scale = "demo" if stamp.scale == "smoke" else PAPER_SCALE
        options = [*remedy.get("config", ())]
        options += [o for c, o in table.spec.get("options", {}).items() if c in cells.values()]
        command = run_command(stamp, *options, scale=scale, target=remedy.get("target", ""))
        command = self.claim.remedy or self.filled(remedy.get("command", ""), words) or command
        link = remedy.get("link", table.name) if table.rows else ""
        return NotRun(self.filled(remedy["why"], words), command, link.replace("none", ""))

    def filled(self, template: str, words: Mapping[str, Any]) -> str:
        """Return a sentence with its {words}; `ClaimError` if the claim's row lacks one."""
        try:
            return template.format(**words)
        except (KeyError, IndexError) as error:
            what = unknown("word", str(error.args[0]), list(words))
            raise self.claim.error(f"{template!r}: {what}") from None

    # ---- the verdict ----

    def judged(
        self, value: Any, row: Row, *, holds: bool, shown: str, interval: str | None = None
    ) -> VerdictRow:
        """Return the verdict in the rule's words; ``shown`` is the tolerance."""
        low, high = self.interval(row)
        if interval is None:
            interval = "" if low is None or high is None else f"{low:.4g} to {high:.4g}"
        say = self.filled(self.rule.get("say", ""), row)
        link = self.table.name
        kind = "setting" if link.endswith(".gin") else "counted or computed"
        return self._verdict(
            row,
            quantity=kind if self.is_fact else self.claim.quantity,
            value_here=value,
            verdict=WITHIN if holds else OUTSIDE,
            tolerance=shown,
            tolerance_reason=self.rule["why"],
            reason="; ".join(filter(None, [self.claim.note, *self._scope(row), say])),
            interval=interval,
            seeds=self._seeds(row),
            link=link,
        )

    def not_run(self, error: NotRun) -> VerdictRow:
        """Return the verdict where a number is missing."""
        return self._verdict(None, reason=error.reason, command=error.command, link=error.link)

    def _verdict(self, row: Row | None, **columns: Any) -> VerdictRow:
        spec, stamp = self.table.spec, self.table.stamp
        if row is not None:
            stamp = replace(stamp, **{k: v.format(**row) for k, v in spec.get("stamp", {}).items()})
        how = spec.get("at paper scale", "")
        is_paper = stamp.scale == PAPER_SCALE and (how != "if measured" or row is not None)
        if how == "by column":
            is_paper = bool(self.table.rows) and self.table.rows[0]["at_paper_scale"] == "yes"
        return VerdictRow.of(
            self.claim,
            stamp,
            at_paper_scale="yes" if is_paper else "no",
            mean=self.mean if "mean" in spec else "",
            **columns,
        )

    def _scope(self, row: Row) -> list[str]:
        """Return how far a row is from the paper's conditions: the first sentence of each group."""
        if other := self.table.spec.get("described by"):
            rows = self.tables[other].rows
            row = next((r for r in rows if r["status"] == "run"), rows[0] if rows else {})
        groups = self.table.spec.get("scope", ()) if row else ()
        fits = [next((line for line in group if _fits(row, line)), None) for group in groups]
        return [self.filled(line["say"], row) for line in fits if line]

    def _seeds(self, row: Row) -> str:
        """Return the seeds in the rule's or the table's words, or how many the models have."""
        spec = self.table.spec
        if other := spec.get("models in"):
            models = [c[name] for c in self.cell.rows for name in ("model", "minus")]
            rows = [r for r in self.tables[other].rows if r["model"] in models and r["n_seeds"]]
            counts = [int(r["n_seeds"]) for r in rows]
            return f"{min(counts)} to {max(counts)} per model" if counts else ""
        if "n_seeds" in row and "seeds" not in spec:
            n = int(row["n_seeds"] or 0)
            return f"{n} seed{'s' * (n > 1)}" if n else ""
        return self.filled(self.rule.get("seeds", spec.get("seeds", "")), row)


def _is_blank(cell: Any) -> bool:
    return cell in ("", None) or cell != cell  # NaN differs from itself


def _is(text: str, wanted: str) -> bool:
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def _fits(row: Row, line: Mapping[str, Any]) -> bool:
    when, unless = line.get("when", {}), line.get("unless", {})
    is_other = any(str(row[name]) != value for name, value in unless.items())
    return all(str(row[n]) == v for n, v in when.items()) and (is_other or not unless)
