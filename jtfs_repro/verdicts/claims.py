"""Claims as they stand in the folder ``claims/``: read and checked, every mistake one line.

A claim is a row of a CSV file; ``rules.yaml`` says how each rule compares and why, ``tables.yaml``
what is known of each table of ours. ``claims/README.md`` explains the columns.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from jtfs_repro import io

FOLDER = Path(__file__).parents[2] / "claims"
PAPER, CODE, LATER, PROJECT = "paper", "original code", "later", "project"
KINDS = (PAPER, CODE, LATER, PROJECT)  # who states a claim
SETTING, SETTINGS, COMPUTED, NOTHING = "setting", "settings", "computed", ""
COUNT = "number of rows"
RULE_WORDS = (
    "compare, why, limit, shown, say, preset, relative, times, of, column, seeds, deviations,"
    " each seed in, least, more, iterations, same"
)
TABLE_WORDS = (
    "absent, file, only, needs, prefer, mean, stamp, stamp of, at paper scale, scope,"
    " described by, seeds, models in, options, no row, not run, no interval, path, study"
)
_CELL = re.compile(
    r"(?:(?P<pick>lowest|highest) )?(?P<inverse>1 / )?(?P<columns>.+?)"
    r"(?: \* (?P<factor>[\d.e+-]+))?(?: in (?P<low>\S+) to (?P<high>\S+))?"
)


class ClaimError(ValueError):
    """A claim cannot be judged as it is written: ``file: id: what (did you mean ...?)``."""


def unknown(name: str, value: str, options: Collection[str]) -> str:
    """Return "name='value' is not known (did you mean ...?)", or what is known.

    >>> unknown("rule", "alined", ["aligned", "equal"])
    "rule='alined' is not known (did you mean 'aligned'?)"
    """
    near = difflib.get_close_matches(value, options, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(options) or 'none'}"
    return f"{name}={value!r} is not known ({hint})"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What the item of a claim about a table names."""

    rows: tuple[Mapping[str, str], ...] = ()  # column -> value that selects each
    columns: tuple[str, ...] = ()  # several with `pick` only
    pick: str = ""  # 'lowest' or 'highest' of all selected; empty: the first row
    low: str = ""  # columns of the interval's ends, or empty
    high: str = ""
    factor: float = 1.0  # from the column's unit to the claim's
    is_inverse: bool = False  # one over the cell


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row of a file of claims; the columns are those of ``claims/README.md``."""

    id: str
    kind: str
    section: str
    claim: str
    representation: str = ""
    parameter: str = ""
    quantity: str = ""
    unit: str = ""
    there: str = ""
    ours: str = NOTHING
    item: str = ""
    rule: str = ""
    expected: str = ""
    note: str = ""
    remedy: str = ""
    headline: str = ""
    file: str = ""

    def error(self, what: str) -> ClaimError:
        """Return the error that names this claim."""
        return ClaimError(f"{self.file}: {self.id}: {what}")

    def known(self, name: str, value: str, options: Collection[str]) -> None:
        """Raise `ClaimError` if ``value`` is none of ``options``."""
        if value not in options:
            raise self.error(unknown(name, value, options))

    def pairs(self, text: str) -> dict[str, str]:
        """Return "name=value, name=value" as a dictionary."""
        found = [part.strip() for part in text.split(",") if part.strip()]
        if not all("=" in part for part in found):
            rule = "must name rows as 'column=value, column=value'"
            raise self.error(f"item={self.item!r} {rule}")
        return {part.partition("=")[0]: part.partition("=")[2] for part in found}

    def cell(self) -> Cell:
        """Return what the item of a claim about a table names, "column=value, ...: column".

        >>> item = "model=jtfs: average_mean in average_low to average_high"
        >>> made = Claim(id="a", kind="paper", section="4", claim="a", item=item).cell()
        >>> made.rows, made.columns, made.low
        (({'model': 'jtfs'},), ('average_mean',), 'average_low')
        """
        where, colon, what = self.item.rpartition(":")
        match = _CELL.fullmatch(what.strip())
        rows = tuple(self.pairs(one) for one in where.split(";"))
        if not colon or match is None:
            raise self.error(f"item={self.item!r} must be 'column=value, ...: column'")
        columns = match["columns"]
        return Cell(
            rows=rows,
            columns=(COUNT,) if columns == COUNT else tuple(columns.split()),
            pick=match["pick"] or "",
            low=match["low"] or "",
            high=match["high"] or "",
            factor=float(match["factor"] or 1),
            is_inverse=bool(match["inverse"]),
        )


@dataclass(frozen=True, kw_only=True)
class Claims:
    """All claims in the order of their files, the rules by name, and the tables by name."""

    claims: tuple[Claim, ...]
    rules: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, Mapping[str, Any]]

    @property
    def headlines(self) -> dict[str, Claim]:
        """The claim by whose number each section is known."""
        return {claim.section: claim for claim in self.claims if claim.headline}


def load_claims(folder: str | os.PathLike[str] = FOLDER) -> Claims:
    """Read the folder of claims; `ClaimError` or `FileError` names what is wrong, and where."""
    rules = _load_entries(Path(folder, "rules.yaml"), ("compare", "why"), RULE_WORDS)
    tables = _load_entries(Path(folder, "tables.yaml"), ("absent",), TABLE_WORDS)
    for name, entry in tables.items():
        for key in ("described by", "models in"):
            if entry.get(key, name) not in tables:
                what = unknown(key, entry[key], tables)
                raise ClaimError(f"claims/tables.yaml: {name}: {what}")
    found: dict[str, Claim] = {}
    for path in sorted(Path(folder).glob("*.csv")):
        for row in io.load_csv(path):
            claim = _claim(row, f"{path.parent.name}/{path.name}")
            if claim.id in found:
                raise claim.error(f"stands in {found[claim.id].file} too (choose another id)")
            claim.known("kind", claim.kind, KINDS)
            if claim.ours != NOTHING:
                claim.known("ours", claim.ours, [SETTING, SETTINGS, COMPUTED, *tables])
                claim.known("rule", claim.rule, rules)
            elif claim.rule or not claim.note:
                raise claim.error(
                    "ours is empty: then rule is empty, and note says what is missing"
                )
            found[claim.id] = claim
    return Claims(claims=tuple(found.values()), rules=rules, tables=tables)


def _load_entries(path: Path, needed: Collection[str], words: str) -> dict[str, Any]:
    """Return the entries of rules.yaml or tables.yaml, all scalars text, with known words only."""
    try:
        entries = yaml.BaseLoader(io.load_text(path)).get_single_data()
    except yaml.YAMLError as error:
        raise ClaimError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    known = words.split(", ")
    for name, entry in entries.items():
        where = f"claims/{path.name}: {name}"
        for key in entry:
            if key not in known and not key.startswith("blank"):
                raise ClaimError(f"{where}: {unknown('word', key, known)}")
        if lacking := [key for key in needed if key not in entry]:
            raise ClaimError(f"{where}: it needs {', '.join(lacking)}")
    return entries


def _claim(row: Mapping[str, str], file: str) -> Claim:
    names = [field.name for field in fields(Claim) if field.name != "file"]
    for column in row:
        if column not in names:
            raise ClaimError(f"{file}: {unknown('column', column, names)}")
    try:
        return Claim(**row, file=file)
    except TypeError:
        raise ClaimError(f"{file}: it needs the columns {', '.join(names[:4])}") from None
