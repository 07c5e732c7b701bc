"""Tabulate the error ratios and the embeddings of all representations."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.scores import scores
from jtfs_repro.experiments.stored import stored_outcomes, stored_stamp, stored_theta


def tabulate_scores(
    *,
    names: list[str],
    manifolds: list[Path],
    ratios: list[Path],
    facts: list[Path],
    parameters: Path,
    knn: Path,
    embedding: Path,
) -> None:
    """Write both tables, one row per representation (and parameter)."""
    stamp = stored_stamp(facts)
    outcomes = stored_outcomes(names, manifolds, ratios)
    tables = config.bound(scores)(outcomes, stored_theta(parameters), stamp=stamp)
    io.save_table(knn, tables.knn, caption=stamp.line)
    io.save_table(embedding, tables.embedding, caption=stamp.line)
