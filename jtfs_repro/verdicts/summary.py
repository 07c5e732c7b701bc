"""The README's table of verdicts: one line per part of the paper, at two scales.

Between two markers of the file stands what this module makes of the two stored tables. A number
counts as of paper scale only if its row says so; a judged row of other data counts as 'not run'
there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import io
from jtfs_repro.experiments.verdict_rows import COLUMNS, NOT_RUN, VERDICTS

START, END = "<!-- verdicts:start -->", "<!-- verdicts:end -->"
LATER_PREFIX, LATER_TITLE = "later", "later work, for context"
REMEDY = "run python scripts/summarise_verdicts.py --readme README.md"
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The number by which a section is known: its row, and the words before it."""

    id: str
    words: str


HEADLINES = {
    "2, Fig. 1": Headline(id="fig1-spin-gull", words="spin of the gull's falling calls, dB"),
    "3, chirps and settings": Headline(id="chirps-count", words="chirps"),
    "3, Fig. 2": Headline(id="fig2-rate-gamma-0-5", words="measured chirp rate, octaves/s"),
    "3, Fig. 3": Headline(id="fig3-jtfs-mesh", words="JTFS: lowest rank correlation"),
    "3, Fig. 4": Headline(id="fig4-jtfs-f-m", words="JTFS: share of f_m inside 0.75-1.5"),
    "3, ablation": Headline(id="ablation-j", words="Kendall's tau between J = 12, 13, 14"),
    "4, data": Headline(id="clips-all", words="clips"),
    "4, settings": Headline(id="training-lr", words="learning rate"),
    "4, Table 1 and Fig. 5": Headline(id="table1-parameters-jtfs", words="parameters"),
    "4, Table 2": Headline(id="table2-jtfs-average", words="JTFS: average recall, %"),
    "4, beside other work": Headline(id="section4-jtfs-above-linear", words="JTFS, %"),
    "5, settings": Headline(id="textures-iterations", words="iterations"),
    "5, Fig. 6": Headline(
        id="resynthesis-error-gull-bold-driver-100", words="error after 100 iterations, %"
    ),
    "5, speed": Headline(id="speed-jtfs-iteration-gpu", words="s per iteration on a GPU"),
}


def load_verdicts(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    """Read a stored table of verdicts.

    Raises
    ------
    FileError
        The file is missing, or lacks columns of `VerdictRow`.
    """
    rows = io.load_csv(path)
    lacking = [name for name in COLUMNS if not rows or name not in rows[0]]
    if lacking:
        what = f"no table of verdicts: it lacks {', '.join(lacking)}"
        raise io.FileError(f"{path}: {what} (run snakemake to make it)")
    return rows


def summary(paper: Sequence[Row], demo: Sequence[Row], *, folders: tuple[str, str]) -> str:
    """Return the table as Markdown.

    Parameters
    ----------
    paper, demo : sequences of rows
        The stored tables of a run at paper scale and of one at demo scale.
    folders : (str, str)
        Where they are, as links.
    """
    parts = list(dict.fromkeys(map(_part, [*paper, *demo])))
    lines = [_line(part, paper, demo, folders) for part in parts]
    whole = {
        "part": "all",
        "claims": len({row["id"] for row in [*paper, *demo]}),
        "paper scale": _numbers(paper, is_paper=True),
        "demo scale": _numbers(demo, is_paper=False),
        "headline": "",
        "here, at paper scale": "",
        "there": "",
    }
    note = (
        "Each cell: within / outside / not run. Settings and counts do not depend on the scale."
        f" Every row with tolerance, reason and command: [paper scale]({folders[0]}/verdicts.md),"
        f" [demo scale]({folders[1]}/verdicts.md), and `verdicts.html` beside each."
    )
    return f"{io.csv_to_markdown([*lines, whole])}\n\n{note}"


def _part(row: Row) -> str:
    section = str(row["section"])
    return LATER_TITLE if section.startswith(LATER_PREFIX) else section


def _line(
    part: str, paper: Sequence[Row], demo: Sequence[Row], folders: tuple[str, str]
) -> dict[str, Any]:
    at_paper = [row for row in paper if _part(row) == part]
    at_demo = [row for row in demo if _part(row) == part]
    headline = HEADLINES.get(part)
    row = next((r for r in at_paper if headline and r["id"] == headline.id), None)
    where = f"{folders[0]}/verdicts.md{'' if part == LATER_TITLE else _anchor(part)}"
    return {
        "part": f"[{part}]({where})",
        "claims": len({row["id"] for row in [*at_paper, *at_demo]}),
        "paper scale": _numbers(at_paper, is_paper=True),
        "demo scale": _numbers(at_demo, is_paper=False),
        "headline": headline.words if headline else "",
        "here, at paper scale": _value(row) if headline else "",
        "there": row["value_there"] if row else "",
    }


def _anchor(section: str) -> str:
    """Return the link to a heading, as pages of repositories make it."""
    return "#" + re.sub(r"[^\w\- ]", "", section.lower()).replace(" ", "-")


def _numbers(rows: Sequence[Row], *, is_paper: bool) -> str:
    """Return "within / outside / not run"; at paper scale, rows of another one are not run."""
    words = [row["verdict"] if _counts(row, is_paper) else NOT_RUN for row in rows]
    return " / ".join(str(words.count(verdict)) for verdict in VERDICTS)


def _counts(row: Row, is_paper: bool) -> bool:
    return not is_paper or row["at_paper_scale"] == "yes"


def _value(row: Row | None) -> str:
    if row is None or row["verdict"] == NOT_RUN or not _counts(row, True):
        return NOT_RUN
    return io.format_cell(row["value_here"])


def updated(text: str, table: str, *, path: str | os.PathLike[str]) -> str:
    """Return a file's text with the table between its markers.

    Raises
    ------
    FileError
        A marker is missing, or there are several.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end) or START in after or END in after or END in before:
        raise io.FileError(f"{path}: it needs one {START} and one {END} (put them in)")
    return f"{before}{START}\n{table}\n{END}{after}"


def update_readme(path: str | os.PathLike[str], table: str, *, is_check: bool = False) -> None:
    """Write the table into a file, or only see whether it is there.

    Raises
    ------
    FileError
        Markers are missing; or ``is_check`` and the table is another.
    """
    old = io.load_text(path)
    new = updated(old, table, path=path)
    if new == old:
        return
    if is_check:
        raise io.FileError(f"{path}: its table of verdicts is not current ({REMEDY})")
    with io.atomic_path(path, is_output=False) as part:
        Path(part).write_text(new, encoding="utf-8", newline="\n")
