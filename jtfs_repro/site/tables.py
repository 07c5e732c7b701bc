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
from jtfs_repro.tables import is_numeric

VERDICT_COLUMNS = (
    *("verdict", "claim", "representation", "value_there"),
    *("here_at_paper_scale", "here_at_another_scale", "unit", "interval"),
    *("tolerance", "reason", "command", "section"),
)
LONG = 32  # characters from which a column of text may wrap


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


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """The claims with their verdicts; `counts` verdict -> number, `sections` for the filter."""

    table: TableView
    counts: dict[str, int]
    sections: Sequence[str]


def table_page(path: str | os.PathLike[str], entry: Entry) -> str:
    """Return the HTML page of a stored .csv that needs nothing else: for Snakemake's report."""
    table = view(io.load_csv(path), title=entry.title, caption=entry.caption)
    return templates().get_template("table_page.html").render(table=table)


def table_views(tables: Sequence[Table], folder: Folder) -> list[TableView]:
    """Copy the CSV files and return their views, in the order of the captions."""
    slugs, views = Slugs(), []
    for table in sorted(tables, key=lambda table: table.entry.place):
        entry = table.entry
        name = slugs.new(entry.key.removesuffix(".csv"))
        page, csv = f"tables/{name}.html", folder.write(f"tables/{name}.csv", table.text)
        shown = view(table.rows, title=entry.title, caption=entry.caption, name=name)
        views.append(replace(shown, entry=entry, page=page, csv=csv))
    return views


def view(rows: Sequence[Row], *, title: str, caption: str, name: str = "") -> TableView:
    """Return a view of rows that need not be stored."""
    names = list(rows[0]) if rows else []
    stamps = {tuple(row[c] for c in STAMP) for row in rows} if set(STAMP) <= set(names) else set()
    stamp = stamps.pop() if len(stamps) == 1 else ()
    words = " · ".join(f"{c} {v}" for c, v in zip(STAMP, stamp, strict=bool(stamp)) if v)
    columns = [_column(n, rows) for n in names if not (stamp and n in STAMP)]
    return TableView(title=title, caption=caption, stamp=words, columns=columns, rows=rows, id=name)


def _column(name: str, rows: Sequence[Row]) -> Column:
    cells = [row[name] for row in rows]
    kind = "long" if max(map(len, cells), default=0) > LONG else "text"
    kind = "number" if is_numeric(cells) else kind
    return Column(name=name, title=name.replace("_", " "), kind=kind)


def verdicts(views: Sequence[TableView]) -> Verdicts | None:
    """Return the claims, None where their table was not given or is empty.

    A value stands in the column of the scale that it was made at.
    """
    stored = next((v for v in views if v.entry and v.entry.key == "verdicts.csv"), None)
    if stored is None or not stored.rows:
        return None
    rows = []
    for row in stored.rows:
        scale = "paper_scale" if row.get("at_paper_scale") == "yes" else "another_scale"
        cells = {**row, f"here_at_{scale}": row.get("value_here", "")}
        rows.append({column: cells.get(column, "") for column in VERDICT_COLUMNS})
    shown = view(rows, title=stored.title, caption=stored.caption, name=stored.id)
    return Verdicts(
        table=replace(shown, page=stored.page, csv=stored.csv),
        counts=dict(Counter(row["verdict"] for row in rows)),
        sections=list(dict.fromkeys(row["section"] for row in rows)),
    )
