"""The verdicts in short, as Markdown: a line of counts, and a table of one line a section.

A number counts as of paper scale only if its row says so; a judged row of other data counts as
'not run' there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.verdicts.claims import Claim, load_claims
from jtfs_repro.verdicts.rows import COLUMNS, NOT_RUN, PAPER_SCALE, VERDICTS

LATER_PREFIX, LATER_TITLE = "later", "later work, for context"
Row = Mapping[str, Any]


def load_verdicts(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    """Read a stored table of verdicts; `FileError` if it lacks columns of `VerdictRow`."""
    rows = io.load_csv(path)
    lacking = [name for name in COLUMNS if not rows or name not in rows[0]]
    if lacking:
        what = f"no table of verdicts: it lacks {', '.join(lacking)}"
        raise io.FileError(f"{path}: {what} (run snakemake to make it)")
    return rows


def counts_line(rows: Sequence[Row], *, is_paper: bool = False) -> str:
    """Return how many claims there are and how they were judged, or only those at paper scale.

    >>> counts_line([{"verdict": "within"}, {"verdict": "outside"}, {"verdict": "within"}])
    '3 claims and numbers: 2 within, 1 outside, 0 not run'
    """
    words = _words(rows, is_paper=is_paper)
    counts = ", ".join(f"{words.count(verdict)} {verdict}" for verdict in VERDICTS)
    return f"{len(rows)} claims and numbers: {counts}"


def summary_table(
    rows_by_scale: Mapping[str, Sequence[Row]],
    *,
    links: Mapping[str, str] | None = None,
    headlines: Mapping[str, Claim] | None = None,
) -> str:
    """Return the table: a section a line, "within / outside / not run" at each scale.

    ``links`` says where each scale's ``verdicts.md`` is; sections link to the first. ``headlines``
    are the claims by whose numbers sections are known, by default those of ``claims/``.
    """
    links = links or {}
    headlines = load_claims().headlines if headlines is None else headlines
    everything = [row for rows in rows_by_scale.values() for row in rows]
    if not everything:
        checks.fail("rows_by_scale", list(rows_by_scale), "hold rows", "run snakemake first")
    first, lines = next(iter(links.values()), ""), []
    for part in dict.fromkeys(map(_part, everything)):
        own = {k: [row for row in rows if _part(row) == part] for k, rows in rows_by_scale.items()}
        title = f"[{part}]({first}{_anchor(part)})" if first else part
        lines.append(_line(title, own, headlines.get(part)))
    note = (
        "Each cell: within / outside / not run. Settings and counts do not depend on the scale."
        " Every row with tolerance, reason and command: "
    )
    where = ", ".join(f"[{scale} scale]({link})" for scale, link in links.items())
    table = io.csv_to_markdown([*lines, _line("all", rows_by_scale, None)])
    return f"{table}\n\n{note}{where or 'verdicts.md'}, and `verdicts.html` beside each."


def _part(row: Row) -> str:
    section = str(row["section"])
    return LATER_TITLE if section.startswith(LATER_PREFIX) else section


def _anchor(section: str) -> str:
    """Return the link to a heading, as pages of repositories make it."""
    words = re.sub(r"[^\w\- ]", "", section.lower()).replace(" ", "-")
    return "" if section == LATER_TITLE else f"#{words}"


def _line(
    title: str, rows_by_scale: Mapping[str, Sequence[Row]], headline: Claim | None
) -> dict[str, Any]:
    at_paper = rows_by_scale.get(PAPER_SCALE, ())
    row = next((row for row in at_paper if headline and row["id"] == headline.id), None)
    counts = {}
    for scale, rows in rows_by_scale.items():
        words = _words(rows, is_paper=scale == PAPER_SCALE)
        counts[f"{scale} scale"] = " / ".join(str(words.count(verdict)) for verdict in VERDICTS)
    is_run = row is not None and _words([row], is_paper=True) != [NOT_RUN]
    here = io.format_cell(row["value_here"]) if row and is_run else NOT_RUN
    return {
        "section": title,
        "claims": len({row["id"] for rows in rows_by_scale.values() for row in rows}),
        **counts,
        "headline": headline.headline if headline else "",
        "here, at paper scale": here if headline else "",
        "there": row["value_there"] if row else "",
    }


def _words(rows: Sequence[Row], *, is_paper: bool) -> list[str]:
    """Return the verdicts; at paper scale, rows of another one are not run."""
    is_other = [is_paper and row["at_paper_scale"] != "yes" for row in rows]
    return [NOT_RUN if other else row["verdict"] for row, other in zip(rows, is_other, strict=True)]
