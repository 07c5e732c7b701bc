"""The table of verdicts as Markdown, and as one page that needs no network and no other file.

Rows are those of `table.verdicts`, with links relative to the page. Numbers of the paper's scale
and of the run's stand in two columns.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from jtfs_repro.provenance import Stamp
from jtfs_repro.site.folder import templates
from jtfs_repro.tables import format_cell, is_numeric, to_markdown
from jtfs_repro.verdicts.claims import KINDS
from jtfs_repro.verdicts.rows import NOT_RUN, PAPER_SCALE, VERDICTS

PAPER_COLUMN = "here, at paper scale"
COLOURS = {"within": "good", "outside": "bad"}
KIND_WORDS = {
    "paper": "the paper",
    "original code": "its original code",
    "later": "later work, for context",
    "project": "findings of this project",
}
Row = Mapping[str, Any]


def other_column(rows: Sequence[Row], stamp: Stamp) -> str:
    """Return the heading for numbers that are not the paper's scale; empty if there is no need."""
    if stamp.scale != PAPER_SCALE:
        return f"here, at {stamp.scale} scale"
    others = [row for row in rows if row["at_paper_scale"] != "yes" and row["verdict"] != NOT_RUN]
    return "here, on other data" if others else ""


def columns_by_scale(row: Row) -> tuple[str, str]:
    """Return a row's value as text for the paper-scale column and for the other; one is empty."""
    value = format_cell(row["value_here"])
    return (value, "") if row["at_paper_scale"] == "yes" else ("", value)


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Return the number of rows by verdict, all verdicts named."""
    return {word: sum(row["verdict"] == word for row in rows) for word in VERDICTS}


def _by(rows: Sequence[Row], column: str) -> dict[str, list[Row]]:
    """Return the rows by the value of a column, in the order in which they stand."""
    values = dict.fromkeys(row[column] for row in rows)
    return {value: [row for row in rows if row[column] == value] for value in values}


def _subject(row: Row) -> str:
    return " ".join(filter(None, [row["representation"], row["parameter"]]))


# ---- Markdown ----


def markdown(rows: Sequence[Row], *, stamp: Stamp) -> str:
    """Return the table as Markdown, one part per section."""
    other, by_kind = other_column(rows, stamp), _by(rows, "kind")
    lines = [{"kind": kind, **counts(by_kind.get(kind, []))} for kind in KINDS]
    parts = [
        f"# Claims and verdicts\n\n{stamp.line}",
        f"{len(rows)} claims and numbers. 'within' and 'outside' are meant of the tolerance. A"
        " number of another scale than the paper's never stands in the paper's column.",
        to_markdown([*lines, {"kind": "all", **counts(rows)}]),
    ]
    for section, own in _by(rows, "section").items():
        table = to_markdown([_cells(row, other) for row in own])
        parts.append(f"## {section}\n\n{table}")
    return "\n\n".join(parts)


def _cells(row: Row, other: str) -> Row:
    at_paper, here = columns_by_scale(row)
    return {
        "claim": row["claim"],
        "of": _subject(row),
        "there": row["value_there"],
        PAPER_COLUMN: at_paper,
        **({other: here} if other else {}),
        "unit": row["unit"],
        "interval, 95 %": row["interval"],
        "seeds": row["seeds"],
        "tolerance": row["tolerance"],
        "verdict": f"**{row['verdict']}**",
        "why": _why(row),
        "output": f"[{os.path.basename(row['link'])}]({row['link']})" if row["link"] else "",
    }


def _why(row: Row) -> str:
    """Return what is missing with its command, or why the tolerance."""
    if row["command"].startswith("none"):
        return f"missing: {row['reason']} ({row['command']})"
    if row["command"]:
        return f"missing: {row['reason']}; `{row['command']}`"
    return "; ".join(filter(None, [row["reason"], row["tolerance_reason"]]))


# ---- HTML ----


def verdict_page(rows: Sequence[Row], *, stamp: Stamp) -> str:
    """Return the page: all rows, filters, counts; text is escaped."""
    by_kind = _by(rows, "kind")
    kinds = [kind for kind in KINDS if kind in by_kind]
    page = templates().get_template("verdict_page.html")
    return page.render(
        stamp=stamp.line,
        columns=(PAPER_COLUMN, other_column(rows, stamp)),
        counts=[(KIND_WORDS[kind], counts(by_kind[kind]).values()) for kind in kinds],
        verdicts=VERDICTS,
        kinds=[(kind, KIND_WORDS[kind]) for kind in kinds],
        sections=[
            (name, [_view(row) for row in own]) for name, own in _by(rows, "section").items()
        ],
        total=len(rows),
    )


def _view(row: Row) -> dict[str, Any]:
    there = str(row["value_there"])
    return {
        **{name: format_cell(value) for name, value in row.items()},
        "here": columns_by_scale(row),
        "of": _subject(row),
        "stated_by": KIND_WORDS[row["kind"]],
        "colour": COLOURS.get(row["verdict"], "none"),
        "is_command": bool(row["command"]) and not str(row["command"]).startswith("none"),
        "is_number": is_numeric(there.split(" ± ")),  # a unit may follow: "0.72", "81.4 ± 0.6"
        "file": os.path.basename(row["link"]),
    }
