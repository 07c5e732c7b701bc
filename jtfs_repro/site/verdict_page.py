"""The table of verdicts as one page that needs nothing else: no network, no other file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jtfs_repro import io
from jtfs_repro.provenance import Stamp
from jtfs_repro.site.folder import templates
from jtfs_repro.verdicts.rows import KINDS, VERDICTS
from jtfs_repro.verdicts.table import PAPER_COLUMN, columns_by_scale, counts, other_column

COLOURS = {"within": "good", "outside": "bad"}
KIND_WORDS = {
    "paper": "the paper",
    "original code": "its original code",
    "later": "later work, for context",
    "project": "findings of this project",
}
Row = Mapping[str, Any]


def verdict_page(rows: Sequence[Row], *, stamp: Stamp) -> str:
    """Return the page: all rows, filters, counts; text is escaped.

    Rows are those of `verdicts.table.verdicts`, with links relative to the page. Numbers of the
    paper's scale and of the run's stand in two columns.
    """
    sections = dict.fromkeys(row["section"] for row in rows)
    return (
        templates()
        .get_template("verdict_page.html")
        .render(
            stamp=stamp.line,
            columns=(PAPER_COLUMN, other_column(rows, stamp)),
            counts=_counts(rows),
            verdicts=VERDICTS,
            kinds=[kind for kind in KINDS if any(row["kind"] == kind for row in rows)],
            kind_words=KIND_WORDS,
            sections=[
                (name, [_view(r) for r in rows if r["section"] == name]) for name in sections
            ],
            total=len(rows),
        )
    )


def _counts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in KINDS}
    return [
        {"kind": KIND_WORDS[kind], "numbers": list(counts(own).values())}
        for kind, own in by_kind.items()
        if own
    ]


def _view(row: Row) -> dict[str, Any]:
    at_paper, here = columns_by_scale(row)
    is_command = bool(row["command"]) and not str(row["command"]).startswith("none")
    return {
        **{name: io.format_cell(value) for name, value in row.items()},
        "here": (at_paper, here),
        "of": " ".join(filter(None, [row["representation"], row["parameter"]])),
        "colour": COLOURS.get(row["verdict"], "none"),
        "is_command": is_command,
        "is_number": _is_number(row["value_there"]),
        "file": str(row["link"]).rpartition("/")[2],
    }


def _is_number(value: Any) -> bool:
    """Return whether a unit may follow: "0.72", "81.4 ± 0.6"."""
    return bool(value) and io.is_numeric(str(value).split(" ± "))
