"""Tables as the pages show them: stamp columns left out, numbers to the right."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from jtfs_repro import io
from jtfs_repro.captions import Entry
from jtfs_repro.site.contents import STAMP, Row, Table
from jtfs_repro.site.folder import Folder, Slugs, templates

VERDICT_COLUMNS = (
    "verdict",
    "claim",
    "representation",
    "value_there",
    "here_at_paper_scale",
    "here_at_another_scale",
    "unit",
    "interval",
    "tolerance",
    "reason",
    "command",
    "section",
)
LONG = 32  # characters from which a column of text may wrap


def table_page(path: str | os.PathLike[str], entry: Entry) -> str:
    """Return the HTML page of a stored .csv that needs nothing else: for Snakemake's report."""
    table = view(io.load_csv(path), title=entry.title, caption=entry.caption)
    return templates().get_template("table_page.html").render(table=table)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: `name` as stored, `title` for readers, `kind` number, text or long."""

    name: str
    title: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class TableView:
    """What a template needs to show a table."""

    title: str
    caption: str
    stamp: str  # scale, preset and device where all rows share them, else columns
    columns: Sequence[Column]
    rows: Sequence[Row]
    id: str = ""
    entry: Entry | None = None  # None of a table that was not stored
    page: str = ""  # links; empty where there is none
    csv: str = ""


def table_views(tables: Sequence[Table], folder: Folder) -> list[TableView]:
    """Copy the CSV files and return their views, in the order of the captions."""
    slugs = Slugs()
    ordered = sorted(tables, key=lambda table: table.entry.place)
    return [_stored_view(table, folder, slugs) for table in ordered]


def _stored_view(table: Table, folder: Folder, slugs: Slugs) -> TableView:
    entry = table.entry
    name = slugs.new(entry.key.removesuffix(".csv"))
    return replace(
        view(table.rows, title=entry.title, caption=entry.caption),
        id=name,
        entry=entry,
        page=f"tables/{name}.html",
        csv=folder.write(f"tables/{name}.csv", table.text),
    )


def view(rows: Sequence[Row], *, title: str, caption: str, name: str = "") -> TableView:
    """Return a view of rows that need not be stored."""
    names = list(rows[0]) if rows else []
    stamps = {tuple(row[c] for c in STAMP) for row in rows} if set(STAMP) <= set(names) else set()
    stamp = stamps.pop() if len(stamps) == 1 else ()
    words = " · ".join(f"{c} {v}" for c, v in zip(STAMP, stamp, strict=bool(stamp)) if v)
    shown = [n for n in names if not (stamp and n in STAMP)]
    return TableView(
        title=title,
        caption=caption,
        stamp=words,
        columns=[_column(n, rows) for n in shown],
        rows=rows,
        id=name,
    )


def _column(name: str, rows: Sequence[Row]) -> Column:
    cells = [row[name] for row in rows]
    if io.is_numeric(cells):
        kind = "number"
    else:
        kind = "long" if max(map(len, cells), default=0) > LONG else "text"
    return Column(name=name, title=name.replace("_", " "), kind=kind)


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """The claims with their verdicts; `counts` verdict -> number, `sections` for the filter."""

    table: TableView
    counts: dict[str, int]
    sections: Sequence[str]


def verdicts(views: Sequence[TableView]) -> Verdicts | None:
    """Return the claims, None where their table was not given or is empty."""
    found = [v for v in views if v.entry and v.entry.key == "verdicts.csv" and v.rows]
    if not found:
        return None
    stored = found[0]
    rows = [{c: _by_scale(row).get(c, "") for c in VERDICT_COLUMNS} for row in stored.rows]
    shown = view(rows, title=stored.title, caption=stored.caption, name=stored.id)
    return Verdicts(
        table=replace(shown, page=stored.page, csv=stored.csv),
        counts=dict(Counter(row["verdict"] for row in rows)),
        sections=list(dict.fromkeys(row["section"] for row in rows)),
    )


def _by_scale(row: Row) -> dict[str, str]:
    """Return a row with its value in the column of the scale that it was made at."""
    scale = "paper_scale" if row.get("at_paper_scale") == "yes" else "another_scale"
    return {**row, f"here_at_{scale}": row.get("value_here", "")}
