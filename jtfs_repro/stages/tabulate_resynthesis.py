"""Tabulate the scores of all resyntheses, and what their iterations cost."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.resynthesis_table import cost_table, resynthesis_table
from jtfs_repro.experiments.stored_resynthesis import load_cost, load_facts
from jtfs_repro.provenance import Stamp


def tabulate_resynthesis(*, scores: list[Path], facts: list[Path], table: Path, cost: Path) -> None:
    """Write both tables; ``scores`` has one per sound, what each cost lies beside its facts."""
    made = config.bound(resynthesis_table)([io.load_csv(path) for path in scores])
    about = [load_facts(path) for path in facts]
    costs = cost_table(about, [load_cost(path) for path in facts])
    io.save_csv(table, made.rows)
    io.save_text(table.with_suffix(".md"), made.text)
    io.save_table(cost, costs, caption=Stamp.common(about).line)
