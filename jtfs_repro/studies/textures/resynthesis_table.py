"""Tables of all resyntheses: scores of every sound, and what an iteration costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.provenance import Stamp

PAPER_SECONDS = 0.72  # per iteration on the paper's GPU, JTFS, N = 65 536
PAPER_SAMPLES = 1 << 16
COST = ("seconds_per_iteration", "seconds", "peak_memory_bytes", "device", "threads", "n_samples")
SHOWN = (  # columns of the Markdown table; the CSV file has all
    "sound",
    "representation",
    "descent",
    "status",
    "iterations",
    "error_at_20",
    "error_at_100",
    "error_best",
    "synchrony",
    "synchrony_kept",
    "synchrony_similarity",
    "spin_contrast_kept",
    "spectral_convergence_averaged",
    "error_jtfs",
    "error_scattering1d",
)
MARKDOWN_DIGITS = 3
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ResynthesisTable:
    """All scores, one row per sound and method, and their Markdown text."""

    rows: list[dict[str, Any]]
    text: str


def resynthesis_table(scores: Sequence[Sequence[Row]]) -> ResynthesisTable:
    """Join the scores of all sounds, one table of `evaluate_resynthesis` each, as text.

    ValueError: there is no row, two tables are of the same sound, or they are of different runs.
    """
    names = [table[0]["sound"] for table in scores if table]
    if len(set(names)) < len(names) or not names:
        checks.fail("scores", names, "hold each sound once", "the same file twice, or none?")
    rows = [dict(row) for table in scores for row in table]
    stamp = Stamp.common(rows)
    shown = [{name: _short(row[name]) for name in SHOWN} for row in rows]
    notes = [
        stamp.line,
        "synchrony: correlation of the onsets of subbands an octave or more apart; kept: 0 at the"
        " initial noise, 1 at the original. spin_contrast_kept: rising against falling energy, 1 as"
        " in the original. error_jtfs, error_scattering1d: relative L2 error measured by each"
        " representation, whichever was descended.",
    ]
    return ResynthesisTable(rows=rows, text=io.csv_to_markdown(shown, caption="\n\n".join(notes)))


def _short(cell: str) -> str:
    """Return a fractional number with three significant digits, anything else as it is."""
    if not io.is_numeric([cell]) or cell.lstrip("-").isdigit():
        return cell
    return f"{float(cell):.{MARKDOWN_DIGITS}g}"


def cost_table(facts: Sequence[Row], costs: Sequence[Row]) -> list[dict[str, Any]]:
    """Return one row per resynthesis from its two JSON files, facts and costs in the same order.

    seconds_per_iteration is a median, forward and backward; paper_seconds_per_iteration that of
    JTFS at N = 65 536 on the paper's GPU. ValueError: there is none, or a file lacks a number.
    """
    if not facts:
        checks.fail("facts", [], "hold at least one resynthesis")
    rows = []
    for fact, cost in zip(facts, costs, strict=True):
        missing = [name for name in COST if name not in cost]
        if missing:
            checks.fail("cost", sorted(cost), f"hold {', '.join(missing)}", "made by other code?")
        is_paper = fact["representation"] == "jtfs" and cost["n_samples"] == PAPER_SAMPLES
        labels = {name: fact[name] for name in ("sound", "representation", "descent")}
        numbers = {name: cost[name] for name in COST}
        published = {"paper_seconds_per_iteration": PAPER_SECONDS if is_paper else ""}
        run = {name: fact[name] for name in ("scale", "preset", "variant")}
        rows.append({**labels, **numbers, **published, **run})
    return rows
