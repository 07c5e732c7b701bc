"""Table 2 as the paper prints it, in Markdown, and the paper's beside it where classes agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jtfs_repro import io
from jtfs_repro.plots.classifiers import CLASS_LABELS, REAL, clip_set_words, group_word
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.instruments.published import (
    PAPER_TEST_CLIPS,
    has_paper_classes,
    key,
    linear_classifier,
    paper_table2,
)
from jtfs_repro.tables import to_markdown

Row = Mapping[str, Any]
WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SCORE = (
    "Test recall per class and its mean over the {n} classes (average), in percent: mean ±"
    " standard deviation over seeds; in brackets the 95 % bootstrap interval over {groups}."
)
SAME_DATA = "Both tables are of Medley-solos-DB: ours of {n} test clips, the paper's of {paper}."
OTHER_DATA = (
    "**Other data:** ours were measured on another clip set and must not be compared with the"
    " paper's number by number."
)
OTHER_CLASSES = "**Other classes than the paper's:** none of its numbers is compared."


def table2_text(
    rows: Sequence[Row], seeds: Sequence[int], order: Sequence[str], *, stamp: Stamp
) -> str:
    """Return the table (`Table2.rows`, at least one) and the paper's, with their captions.

    ``order`` is that of the classes.
    """
    clip_set = rows[0]["clip_set"]
    used = ", ".join(map(str, sorted(set(seeds)))) or "none"
    n = len(order)
    words = {"n": WORDS[n - 2] if 2 <= n < len(WORDS) + 2 else n, "groups": group_word(clip_set)}
    score = SCORE.format(**words)
    ours = f"**Ours, on {clip_set_words(clip_set)}.** {score} {stamp.line} · seeds {used}."
    parts = [
        to_markdown([_our_row(row, order) for row in rows], caption=ours),
        *[f"{row['model']} {row['status']}." for row in rows if row["status"] != io.RUN],
    ]
    if not has_paper_classes(order):
        return "\n\n".join([*parts, OTHER_CLASSES])
    paper = (
        "**The paper's Table 2, on Medley-solos-DB** (three seeds). It quotes"
        f" {linear_classifier():g} % for JTFS with a linear classifier (2019)."
    )
    n_clips = max(row["n_test_clips"] or 0 for row in rows)
    same = SAME_DATA.format(n=n_clips, paper=PAPER_TEST_CLIPS)
    parts += [
        to_markdown([_paper_row(model) for model in paper_table2()], caption=paper),
        same if clip_set == REAL else OTHER_DATA,
    ]
    return "\n\n".join(parts)


def mean_and_sd(mean: float | None, sd: float | None) -> str:
    """Return a cell as the paper prints it.

    Examples
    --------
    >>> mean_and_sd(71.52, 5.9), mean_and_sd(71.52, None), mean_and_sd(None, None)
    ('71.5 ± 5.9', '71.5', '-')
    """
    if mean is None or mean != mean:
        return "-"
    return f"{mean:.1f}" if sd is None else f"{mean:.1f} ± {sd:.1f}"


def _our_row(row: Row, order: Sequence[str]) -> dict[str, str]:
    low, high = row["average_low"], row["average_high"]
    interval = "" if low is None or low != low else f" [{low:.1f}, {high:.1f}]"
    cells = {
        CLASS_LABELS.get(name, name): mean_and_sd(row[f"{key(name)}_mean"], row[f"{key(name)}_sd"])
        for name in order
    }
    average = mean_and_sd(row["average_mean"], row["average_sd"]) + interval
    return {"model": row["model"], **cells, "average": average, "n seeds": str(row["n_seeds"])}


def _paper_row(model: str) -> dict[str, str]:
    cells = {
        CLASS_LABELS.get(name, name): mean_and_sd(value.mean, value.sd)
        for name, value in paper_table2()[model].items()
    }
    return {"model, in the paper": model, **cells}
