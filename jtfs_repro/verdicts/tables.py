"""Our tables as claims see them: rows found by their cells, what is said where one is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jtfs_repro import io
from jtfs_repro.provenance import Stamp
from jtfs_repro.verdicts.claims import Claim, unknown
from jtfs_repro.verdicts.rows import PAPER_SCALE, number, run_command

Row = Mapping[str, Any]


class NotRun(Exception):
    """A number of ours is missing: the reason, the one command, and the table to look at."""

    def __init__(self, reason: str, command: str, link: str = "") -> None:
        super().__init__(reason)
        self.reason, self.command, self.link = reason, command, link


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of the run, with its entry of ``tables.yaml``; no rows if the run has none."""

    name: str  # the file's, by which it is linked
    spec: Mapping[str, Any]
    rows: Sequence[Row]
    stamp: Stamp

    def row(self, claim: Claim, cells: Mapping[str, str]) -> Row:
        """Return the first row with these cells; `NotRun` if there is none, or it was not run."""
        row = self.select(claim, cells)[0]
        status = str(row.get("status", ""))
        if status.startswith(io.NOT_RUN):
            why = {"why": status.removeprefix(f"{io.NOT_RUN}: ")}
            raise self.missing(claim, why | self.spec.get("not run", {}), cells)
        return row

    def select(self, claim: Claim, cells: Mapping[str, str]) -> list[Row]:
        """Return the rows with these cells (``*`` at an end fits all), the preferred first.

        `NotRun` if there is none: the reason is that of the first cell that no row has.
        """
        if not self.rows:
            raise self.missing(claim, self.spec["absent"], cells)
        rows = list(self.rows)
        for name, wanted in cells.items():
            self.has(claim, name)
            found = [row for row in rows if _is(str(row[name]), wanted)]
            if not found:
                reasons = self.spec.get("no row", {})
                remedy = reasons.get(name) or reasons.get("*") or self.spec["absent"]
                raise self.missing(claim, remedy, cells, found=rows[0], wanted=wanted)
            rows = found
        for name, order in self.spec.get("prefer", {}).items():
            rows.sort(key=lambda row: order.index(str(row[name])))
        return rows

    def has(self, claim: Claim, column: str) -> None:
        """Raise `ClaimError` if the table has no such column."""
        if self.rows:
            claim.known(f"column of {self.name}", column, list(self.rows[0]))

    def number(self, claim: Claim, row: Row, column: str, *, blank: str = "blank") -> float:
        """Return a cell as a number; a blank one is `NotRun`, by the entry ``blank``."""
        value = self.value(claim, row, column, blank=blank)
        if isinstance(value, str):
            raise claim.error(f"column {column} of {self.name} holds {value!r}, which is no number")
        return value

    def value(self, claim: Claim, row: Row, column: str, *, blank: str = "blank") -> float | str:
        """Return a cell as a number or text; a blank one is `NotRun`."""
        self.has(claim, column)
        try:
            value = number(row[column])
        except ValueError:
            return str(row[column])
        if value is None:
            remedy = self.spec.get(blank) or self.spec["absent"]
            raise self.missing(claim, remedy, row, found=row)
        return value

    def missing(self, claim: Claim, remedy: Mapping[str, Any], cells: Row, **words: Any) -> NotRun:
        """Return the error of a missing number, as an entry of ``tables.yaml`` words it."""
        words = {**cells, "scale": self.stamp.scale, **words}
        stamp, scale = self.stamp, remedy.get("scale", "")
        if preset := remedy.get("preset", ""):
            keeps = "or" in preset and stamp.preset == "as_coded"
            stamp = replace(stamp, preset="as_coded" if keeps else "paper", variant="")
        if scale == "larger":
            scale = "demo" if stamp.scale == "smoke" else PAPER_SCALE
        options = [*remedy.get("config", ())]
        options += [o for cell, o in self.spec.get("options", {}).items() if cell in cells.values()]
        command = run_command(stamp, *options, scale=scale, target=remedy.get("target", ""))
        command = claim.remedy or filled(claim, remedy.get("command", ""), words) or command
        link = remedy.get("link", self.name) if self.rows else ""
        return NotRun(filled(claim, remedy["why"], words), command, link.replace("none", ""))

    def scope(self, claim: Claim, row: Row) -> list[str]:
        """Return how far a row is from the paper's conditions: the first sentence of each group."""
        said = []
        for group in self.spec.get("scope", ()):
            fits = (line for line in group if _fits(row, line))
            said += [filled(claim, line["say"], row) for line in [next(fits, None)] if line]
        return said

    def measured(self, row: Row) -> Stamp:
        """Return the stamp of a number from a row."""
        cells = {k: v.format(**row) for k, v in self.spec.get("stamp", {}).items()}
        return replace(self.stamp, **cells)

    def is_paper_scale(self, stamp: Stamp, row: Row | None) -> bool:
        """Return whether a number, or its absence, is of the paper's scale."""
        how = self.spec.get("at paper scale", "")
        if how == "by column":
            return bool(self.rows) and self.rows[0]["at_paper_scale"] == "yes"
        return stamp.scale == PAPER_SCALE and (how != "if measured" or row is not None)


def filled(claim: Claim, template: str, words: Mapping[str, Any]) -> str:
    """Return a sentence with its {words}; `ClaimError` if the claim's row lacks one."""
    try:
        return template.format(**words)
    except (KeyError, IndexError) as error:
        name = str(error.args[0])
        raise claim.error(f"{template!r}: {unknown('word', name, list(words))}") from None


def _is(text: str, wanted: str) -> bool:
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def _fits(row: Row, line: Mapping[str, Any]) -> bool:
    when, unless = line.get("when", {}), line.get("unless", {})
    is_other = any(str(row[name]) != value for name, value in unless.items())
    return all(str(row[n]) == v for n, v in when.items()) and (is_other or not unless)
