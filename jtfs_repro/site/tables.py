"""Tables as the pages show them: stamp columns left out, numbers to the right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jtfs_repro import io
from jtfs_repro.site.catalogue import place
from jtfs_repro.site.contents import Contents, Row, Table
from jtfs_repro.site.folder import Folder, Slugs

STAMP = ("scale", "preset", "device", "variant")
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


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: `name` as stored, `title` for readers, `kind` number, text or long."""

    name: str
    title: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class TableView:
    """What a template needs to show a table.

    Parameters
    ----------
    id, title, caption : str
    section : str
        Key of the catalogue's section.
    stamp : str
        Scale, preset and device where they are the same in all rows, else empty: then they are
        columns.
    columns : sequence of Column
    rows : sequence of rows
    page, csv : str
        Links; empty where there is none.
    """

    id: str
    title: str
    caption: str
    section: str
    stamp: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    page: str = ""
    csv: str = ""


def table_views(contents: Contents, folder: Folder) -> list[TableView]:
    """Copy the CSV files and return their views, in the order of the catalogue."""
    slugs = Slugs()
    tables = sorted(contents.tables, key=lambda table: place(table.entry))
    return [_stored_view(table, folder, slugs) for table in tables]


def _stored_view(table: Table, folder: Folder, slugs: Slugs) -> TableView:
    parts = table.key.split("/")
    # folders above say nothing but where the files lie; medley/ and the like stay in the name
    above = [p for p in parts[-2:-1] if p not in ("results", "") and _is_inner(parts)]
    name = slugs.new("-".join([*above, parts[-1]]))
    csv = folder.write(f"tables/{name}.csv", table.text)
    entry = table.entry
    return view(
        table.rows,
        name=name,
        title=entry.title,
        caption=entry.caption,
        section=entry.section,
        page=f"tables/{name}.html",
        csv=csv,
    )


def _is_inner(parts: Sequence[str]) -> bool:
    """Return whether the file lies deeper than the folder of its run."""
    return "results" in parts and len(parts) - parts.index("results") > 2


def view(
    rows: Sequence[Row],
    *,
    name: str,
    title: str,
    caption: str,
    section: str = "",
    page: str = "",
    csv: str = "",
) -> TableView:
    """Return a view of rows that need not be stored."""
    names = list(rows[0]) if rows else []
    stamps = {tuple(row[c] for c in STAMP) for row in rows} if set(STAMP) <= set(names) else set()
    stamp = stamps.pop() if len(stamps) == 1 else ()
    words = " · ".join(f"{c} {v}" for c, v in zip(STAMP, stamp, strict=bool(stamp)) if v)
    shown = [n for n in names if not (stamp and n in STAMP)]
    return TableView(
        id=name,
        title=title,
        caption=caption,
        section=section,
        stamp=words,
        columns=[_column(n, rows) for n in shown],
        rows=rows,
        page=page,
        csv=csv,
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


def verdicts(contents: Contents, views: Sequence[TableView]) -> Verdicts | None:
    """Return the claims, None where their table was not given or is empty."""
    found = contents.table("verdicts")
    if found is None or not found.rows:
        return None
    stored = next(v for v in views if v.rows is found.rows)
    rows = [{c: _by_scale(row).get(c, "") for c in VERDICT_COLUMNS} for row in found.rows]
    return Verdicts(
        table=view(
            rows,
            name="verdicts",
            title=stored.title,
            caption=stored.caption,
            page=stored.page,
            csv=stored.csv,
        ),
        counts=dict(Counter(row["verdict"] for row in rows)),
        sections=list(dict.fromkeys(row["section"] for row in rows)),
    )


def _by_scale(row: Row) -> dict[str, str]:
    """Return a row with its value in the column of the scale that it was made at."""
    scale = "paper_scale" if row.get("at_paper_scale") == "yes" else "another_scale"
    return {**row, f"here_at_{scale}": row.get("value_here", "")}
