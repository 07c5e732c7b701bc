"""The whole table of verdicts: every claim judged, and the table as Markdown."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.knn import MEANS
from jtfs_repro.verdicts import claims as c
from jtfs_repro.verdicts.computed import TABLES, fact
from jtfs_repro.verdicts.rows import (
    CODE,
    KINDS,
    NO_STAGE,
    NOT_RUN,
    PAPER_SCALE,
    VERDICTS,
    Row,
    checked,
)
from jtfs_repro.verdicts.rules import COMPARISONS, Case
from jtfs_repro.verdicts.settings import GinSettings
from jtfs_repro.verdicts.tables import NotRun, Table

PAPER_COLUMN = "here, at paper scale"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What the verdicts read: those ``tables`` that the run has, ``embedding`` among them."""

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    claims: c.Claims = field(default_factory=c.load_claims)
    settings: GinSettings = field(default_factory=GinSettings)

    @property
    def stamp(self) -> Stamp:
        """Of the run."""
        return Stamp.common(self.tables["embedding"])


def load_tables(paths: Mapping[str, Sequence[str]]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table; arrays (.npz) become rows by `computed.TABLES`."""
    return {
        name: [row for file in files for row in _load(name, file)] for name, files in paths.items()
    }


def _load(name: str, path: str) -> list[dict[str, Any]]:
    if not path.endswith(".npz"):
        return [dict(row) for row in io.load_csv(path)]
    checks.choice("table", name, TABLES, f"no function makes rows of {path}")
    return TABLES[name](io.load_arrays(path))


def verdicts(sources: Sources, *, mean: str = "arithmetic") -> list[Row]:
    """Judge every claim; return rows of `VerdictRow` in the order of the paper's sections.

    ``mean`` is the K-NN estimate that is judged. Links are names of tables, see `rows.located`.
    `ClaimError`: a claim names a column, table, setting or computed value that does not exist.
    """
    checks.choice("mean", mean, MEANS)
    for name in sources.tables:
        if name not in sources.claims.tables:
            raise c.ClaimError(
                f"claims/tables.yaml: {c.unknown('table', name, sources.claims.tables)}"
            )
    tables = {name: _table(name, sources, mean) for name in sources.claims.tables}
    rows = [_row(claim, sources, tables, mean) for claim in sources.claims.claims]
    return sorted(checked(rows), key=_place)


def _table(name: str, sources: Sources, mean: str) -> Table:
    spec = sources.claims.tables[name]
    file = spec.get("file", name)
    rows = list(sources.tables.get(file, ()))
    if needs := spec.get("needs"):
        other = sources.tables.get(needs["table"], ())
        rows = rows if other and other[0][needs["column"]] == needs["value"] else []
    if spec.get("mean") == "chosen":
        rows = [row for row in rows if row["mean"] == mean]
    only = spec.get("only", {})
    columns = list(rows[0]) if len(rows) else [*only, *spec.get("prefer", {})]
    for column in [*only, *spec.get("prefer", {})]:
        if column not in columns:
            what = c.unknown("column", column, columns)
            raise c.ClaimError(f"claims/tables.yaml: {name}: {what}")
    rows = [row for row in rows if all(str(row[k]) == v for k, v in only.items())]
    stamped = sources.tables.get(spec.get("stamp of", file), ())
    is_stamped = bool(stamped) and "preset" in stamped[0]
    stamp = Stamp.common(stamped) if is_stamped else sources.stamp
    return Table(name=file, spec=spec, rows=rows, stamp=stamp)


def _row(claim: c.Claim, sources: Sources, tables: Mapping[str, Table], mean: str) -> Row:
    names = ("id", "kind", "section", "claim", "representation", "parameter", "quantity", "unit")
    cells: dict[str, Any] = {name: getattr(claim, name) for name in names}
    cells |= {"value_there": claim.there}
    if claim.ours == c.NOTHING:
        command = claim.remedy or NO_STAGE
        return cells | {"reason": claim.note, "command": command} | sources.stamp.as_dict()
    claim.known("compare", sources.claims.rules[claim.rule]["compare"], COMPARISONS)
    if claim.ours in (c.SETTING, c.SETTINGS, c.COMPUTED):
        return cells | _of_fact(claim, sources, tables)
    return cells | _of_table(claim, sources, tables, mean)


def _of_fact(claim: c.Claim, sources: Sources, tables: Mapping[str, Table]) -> Row:
    """Return the cells of a setting or count: of the paper's scale, whatever the run's."""
    rule = sources.claims.rules[claim.rule]
    preset = "as_coded" if rule.get("preset") == "of the source" and claim.kind == CODE else "paper"
    presets = ("paper", "as_coded") if rule.get("preset") == "both" else (preset,)
    found = [fact(claim, replace(sources.settings, preset=name)) for name in presets]
    values = dict.fromkeys(str(one.value) for one in found)
    value = found[0].value if len(values) == 1 else " | ".join(values)
    judged = COMPARISONS[rule["compare"]](Case(claim=claim, rule=rule, fact=value, tables=tables))
    stamp = Stamp(scale=PAPER_SCALE, preset=preset, device="cpu")
    file = found[0].file
    quantity = "setting" if file.endswith(".gin") else "counted or computed"
    own = {"quantity": quantity, "link": file, "at_paper_scale": "yes"}
    return judged.cells() | own | stamp.as_dict()


def _of_table(claim: c.Claim, sources: Sources, tables: Mapping[str, Table], mean: str) -> Row:
    table, rule = tables[claim.ours], sources.claims.rules[claim.rule]
    case = Case(claim=claim, rule=rule, cell=c.cell(claim), table=table, tables=tables)
    row: Mapping[str, Any] | None = None
    try:
        judged = COMPARISONS[rule["compare"]](case)
        row, stamp = judged.row, table.measured(judged.row)
        cells = judged.cells() | {"link": table.name}
    except NotRun as error:
        stamp = table.stamp
        cells = {"reason": error.reason, "command": error.command, "link": error.link}
    is_paper = "yes" if table.is_paper_scale(stamp, row) else "no"
    shown = mean if "mean" in table.spec else ""
    return cells | {"at_paper_scale": is_paper, "mean": shown} | stamp.as_dict()


def _place(row: Row) -> tuple[int, str]:
    if row["section"].startswith("later"):
        return 2, row["section"]
    return int(row["section"].startswith("original code")), row["section"]


def other_column(rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> str:
    """Return the heading for numbers that are not the paper's scale; empty if there is no need."""
    if stamp.scale != PAPER_SCALE:
        return f"here, at {stamp.scale} scale"
    others = [row for row in rows if row["at_paper_scale"] != "yes" and row["verdict"] != NOT_RUN]
    return "here, on other data" if others else ""


def columns_by_scale(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return a row's value as text for the paper-scale column and for the other; one is empty."""
    value = io.format_cell(row["value_here"])
    return (value, "") if row["at_paper_scale"] == "yes" else ("", value)


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the number of rows by verdict, all verdicts named."""
    return {word: sum(row["verdict"] == word for row in rows) for word in VERDICTS}


def markdown(rows: Sequence[Row], *, stamp: Stamp) -> str:
    """Return the table as Markdown: one part per section, numbers of two scales in two columns."""
    other = other_column(rows, stamp)
    parts = [f"# Claims and verdicts\n\n{stamp.line}\n\n{_summary(rows)}"]
    for section in dict.fromkeys(row["section"] for row in rows):
        cells = [_cells(row, other) for row in rows if row["section"] == section]
        parts.append(f"## {section}\n\n{io.csv_to_markdown(cells)}")
    return "\n\n".join(parts)


def _summary(rows: Sequence[Row]) -> str:
    lines = [{"kind": kind, **counts([r for r in rows if r["kind"] == kind])} for kind in KINDS]
    whole = {"kind": "all", **counts(rows)}
    return (
        f"{len(rows)} claims and numbers. 'within' and 'outside' are meant of the tolerance. A"
        " number of another scale than the paper's never stands in the paper's column.\n\n"
        + io.csv_to_markdown([*lines, whole])
    )


def _cells(row: Row, other: str) -> Row:
    at_paper, here = columns_by_scale(row)
    return {
        "claim": row["claim"],
        "of": " ".join(filter(None, [row["representation"], row["parameter"]])),
        "there": row["value_there"],
        PAPER_COLUMN: at_paper,
        **({other: here} if other else {}),
        "unit": row["unit"],
        "interval, 95 %": row["interval"],
        "seeds": row["seeds"],
        "tolerance": row["tolerance"],
        "verdict": f"**{row['verdict']}**",
        "why": why(row),
        "output": f"[{os.path.basename(row['link'])}]({row['link']})" if row["link"] else "",
    }


def why(row: Mapping[str, Any]) -> str:
    """Return what is missing with its command, or why the tolerance, as Markdown."""
    if row["command"].startswith("none"):
        return f"missing: {row['reason']} ({row['command']})"
    if row["command"]:
        return f"missing: {row['reason']}; `{row['command']}`"
    return "; ".join(filter(None, [row["reason"], row["tolerance_reason"]]))
