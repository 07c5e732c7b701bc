"""The whole table of verdicts: what is read, all claims judged, and the table as Markdown."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jtfs_repro import io
from jtfs_repro.experiments.context_claims import context_rows
from jtfs_repro.experiments.data_claims import DataTables, data_rows
from jtfs_repro.experiments.defaults_claims import DEFAULTS_CLAIMS
from jtfs_repro.experiments.defect_claims import DEFECT_CLAIMS
from jtfs_repro.experiments.fact_claims import fact_rows
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.medley_verdicts import Tables, medley_verdicts
from jtfs_repro.experiments.published import REAL
from jtfs_repro.experiments.speed_claims import speed_rows
from jtfs_repro.experiments.structure_claims import STRUCTURE_CLAIMS
from jtfs_repro.experiments.texture_verdicts import TextureTables, texture_verdicts
from jtfs_repro.experiments.verdict_rows import (
    KINDS,
    NOT_RUN,
    PAPER_SCALE,
    VERDICTS,
    Row,
    checked,
)
from jtfs_repro.provenance import Stamp

CSV_TABLES = (
    "ablation",
    "table2",
    "differences",
    "seeds",
    "spins",
    "resynthesis",
    "resynthesis-cost",
)
PAPER_COLUMN = "here, at paper scale"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What the verdicts read.

    Parameters
    ----------
    knn, embedding : sequences of rows
        Tables of Section 3.
    tables : mapping of name to rows
        Those of `CSV_TABLES` that the run has, and ``clips``.
    cqt : mapping of arrays, optional
        The CQT of Figure 2.
    benchmarks : sequence of rows
        Of `make benchmark`.
    settings : GinSettings
    """

    knn: Sequence[Mapping[str, Any]]
    embedding: Sequence[Mapping[str, Any]]
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    cqt: Mapping[str, Any] | None = None
    benchmarks: Sequence[Mapping[str, Any]] = ()
    settings: GinSettings = field(default_factory=GinSettings)

    @property
    def stamp(self) -> Stamp:
        """Of the run."""
        return Stamp.common(self.embedding)


def all_verdicts(sources: Sources, *, judge: Callable[..., list[Row]]) -> list[Row]:
    """Judge every claim.

    Parameters
    ----------
    sources : Sources
    judge : callable
        `verdicts.verdicts` with its settings.

    Returns
    -------
    rows : list of dict
        The columns of `verdict_rows.VerdictRow`, in the order of the paper's sections; links are
        names of tables, see `verdict_rows.located`.

    Raises
    ------
    ValueError
        A verdict is empty or breaks another rule of `VerdictRow`, or two rows share an identifier.
    """
    stamp, tables, settings = sources.stamp, sources.tables, sources.settings
    medley = Tables(**{k: tables[k] for k in ("table2", "differences", "seeds") if k in tables})
    textures = TextureTables(
        spins=tables.get("spins", ()),
        resynthesis=tables.get("resynthesis", ()),
        cost=tables.get("resynthesis-cost", ()),
    )
    data = DataTables(
        embedding=sources.embedding,
        clips=tables.get("clips", ()) if medley.clip_set == REAL else (),
        table2=medley.table2,
        cqt=sources.cqt,
    )
    rows = judge(sources.knn, sources.embedding, stamp=stamp, ablation=tables.get("ablation"))
    rows += texture_verdicts(textures, stamp=stamp)
    rows += data_rows(data, stamp=stamp)
    rows += medley_verdicts(medley, stamp=stamp)
    facts = (*STRUCTURE_CLAIMS, *DEFAULTS_CLAIMS, *DEFECT_CLAIMS)
    rows += fact_rows(facts, settings, stamp=stamp)
    rows += speed_rows(sources.benchmarks, stamp=stamp, link="benchmarks")
    rows += context_rows(settings, stamp=stamp)
    return sorted(checked(rows), key=_place)


def _place(row: Row) -> tuple[int, str]:
    """Return the place of a row: the paper's sections, its code, later work."""
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
