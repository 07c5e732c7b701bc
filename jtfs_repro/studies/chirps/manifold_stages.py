"""Isomap and K-nearest neighbours of the chirps: embeddings, scores, Figures 3 and 4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.plots.isomap import figure_isomap
from jtfs_repro.plots.knn_ratios import figure_knn_ratios
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.ablation import ablation
from jtfs_repro.studies.chirps.isomap import isomap
from jtfs_repro.studies.chirps.knn import knn_ratios
from jtfs_repro.studies.chirps.scores import cost_rows, scores
from jtfs_repro.studies.chirps.stored import (
    absent_clouds,
    stored_clouds,
    stored_outcomes,
    stored_ratios,
    stored_stamp,
    stored_theta,
)


def embed_isomap(*, features: Path, facts: Path, manifold: Path) -> None:
    """Embed one representation by Isomap.

    Write embedding, neighbours and measures of features [shape=(n, D)].
    """
    not_run = io.why_not_run(io.load_json(facts))
    made = config.bound(isomap)(io.load_array(features), not_run=not_run)
    io.save_arrays(manifold, **made.arrays())


def score_knn(*, manifold: Path, parameters: Path, ratios: Path) -> None:
    """Estimate the chirps' parameters from their nearest neighbours in one representation.

    Write estimated over true parameters, from the neighbours of a manifold.
    """
    stored = io.load_arrays(manifold)
    not_run = str(stored["not_run"])
    made = config.bound(knn_ratios)(stored["neighbours"], stored_theta(parameters), not_run=not_run)
    io.save_arrays(ratios, **made.arrays())


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
    """Tabulate the error ratios and the embeddings of all representations.

    Write both tables, one row per representation (and parameter).
    """
    stamp = stored_stamp(facts)
    outcomes = stored_outcomes(names, manifolds, ratios)
    tables = config.bound(scores)(outcomes, stored_theta(parameters), stamp=stamp)
    io.save_table(knn, tables.knn, caption=stamp.line)
    io.save_table(embedding, tables.embedding, caption=stamp.line)


def tabulate_cost(*, costs: list[Path], facts: list[Path], table: Path) -> None:
    """Tabulate what the representations cost: dimension, seconds per signal, peak memory.

    Write one row per representation.
    """
    stamp = stored_stamp(facts)
    rows = config.bound(cost_rows)([io.load_json(path) for path in costs], stamp=stamp)
    io.save_table(table, rows, caption=stamp.line)


def tabulate_ablation(*, variants: list[str], knn: list[Path], errors: Path, orders: Path) -> None:
    """Compare the order of the representations between runs of different f_m range and J.

    Write errors of every run and rank correlations between runs; ``knn`` has one table each.
    """
    tables = dict(zip(variants, map(io.load_csv, knn), strict=True))
    rows = [row | {"variant": ""} for table in tables.values() for row in table]
    stamp = Stamp.common(rows)
    made = config.bound(ablation)(tables, stamp=stamp)
    io.save_table(errors, made.errors, caption=stamp.line)
    io.save_table(orders, made.orders, caption=stamp.line)


def plot_isomap(
    *,
    names: list[str],
    manifolds: list[Path],
    facts: list[Path],
    parameters: Path,
    absent: Sequence[str] = (),
    figures: list[Path],
) -> None:
    """Draw Figure 3: the Isomap embeddings of all representations.

    Draw one column per representation; those in ``absent`` are said to be left out.
    """
    theta = stored_theta(parameters)
    clouds = stored_clouds(names, manifolds) + absent_clouds(absent, len(theta))
    line = stored_stamp(facts).line
    io.save_figures(figures, config.bound(figure_isomap)(clouds, theta, stamp_line=line))


def plot_knn_ratios(
    *,
    names: list[str],
    ratios: list[Path],
    facts: list[Path],
    parameters: Path,
    figures: list[Path],
) -> None:
    """Draw Figure 4: the error ratios of K-NN regression.

    Draw one column per representation, and the index grid's floor.
    """
    columns = stored_ratios(names, ratios, stored_theta(parameters))
    line = stored_stamp(facts).line
    io.save_figures(figures, config.bound(figure_knn_ratios)(columns, stamp_line=line))
