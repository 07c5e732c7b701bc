"""Compare the order of the representations between runs of different f_m range and J."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.ablation import ablation
from jtfs_repro.provenance import Stamp


def tabulate_ablation(*, variants: list[str], knn: list[Path], errors: Path, orders: Path) -> None:
    """Write errors of every run and rank correlations between runs; ``knn`` has one table each."""
    tables = dict(zip(variants, map(io.load_csv, knn), strict=True))
    rows = [row | {"variant": ""} for table in tables.values() for row in table]
    stamp = Stamp.common(rows)
    made = config.bound(ablation)(tables, stamp=stamp)
    io.save_table(errors, made.errors, caption=stamp.line)
    io.save_table(orders, made.orders, caption=stamp.line)
