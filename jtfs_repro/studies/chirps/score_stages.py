"""Isomap and K-nearest neighbours of the chirps' representations; tables of scores."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.features.shards import Shard, cost_record, gather_shards
from jtfs_repro.provenance import Stamp
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.chirps.ablation import ablation
from jtfs_repro.studies.chirps.isomap import isomap
from jtfs_repro.studies.chirps.knn import knn_ratios
from jtfs_repro.studies.chirps.scores import cost_rows, scores
from jtfs_repro.studies.chirps.stored import stored_outcomes, stored_stamp, stored_theta


def score_representation(
    *,
    run: str,
    shards: list[Path],
    parameters: Path,
    feature: str,
    representation: str,
    array: Path,
    facts: Path,
    cost: Path,
    settings: Path,
    manifold: Path,
    ratios: Path,
) -> None:
    """Gather the shards of a representation, embed it by Isomap, regress from its K neighbours.

    Write features [shape=(n, D)], what they are, cost, settings; the manifold; the ratios of
    estimated over true chirp parameters.
    """
    theta = stored_theta(parameters)
    reports = [io.load_json(path.with_suffix(".json")) for path in shards]
    arrays = [io.load_array(path, mmap=True) for path in shards]
    parts = [Shard(features=a, report=r) for a, r in zip(arrays, reports, strict=True)]
    made, about = gather_shards(parts, representation)
    stamp = stamp_of(run, device=about.pop("device")).as_dict()
    io.save_array(array, made)
    io.save_json(facts, about | stamp)
    io.save_json(cost, cost_record(representation, feature, reports, made.shape[1]) | stamp)
    io.save_text(settings, io.load_text(shards[0].with_suffix(".gin")))
    not_run = io.why_not_run(about)
    embedded = config.bound(isomap)(made, not_run=not_run)
    io.save_arrays(manifold, **embedded.arrays())
    found = config.bound(knn_ratios)(embedded.neighbours, theta, not_run=not_run)
    io.save_arrays(ratios, **found.arrays())


def tabulate_scores(
    *,
    names: list[str],
    manifolds: list[Path],
    ratios: list[Path],
    facts: list[Path],
    costs: list[Path],
    parameters: Path,
    knn: Path,
    embedding: Path,
    cost: Path,
) -> None:
    """Tabulate error ratios, embeddings and cost (seconds per signal, peak memory).

    Write three tables, one row per representation (and parameter).
    """
    stamp = stored_stamp(facts)
    outcomes = stored_outcomes(names, manifolds, ratios)
    tables = config.bound(scores)(outcomes, stored_theta(parameters), stamp=stamp)
    cost_table = cost_rows([io.load_json(path) for path in costs], stamp=stamp)
    for path, rows in ((knn, tables.knn), (embedding, tables.embedding), (cost, cost_table)):
        io.save_table(path, rows, caption=stamp.line)


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
