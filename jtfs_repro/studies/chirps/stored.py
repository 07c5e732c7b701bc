"""Reading of stored chirps, manifolds and K-NN ratios for figures and tables of Section 3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jtfs_repro import io
from jtfs_repro.datasets.chirps import theta_from_rows
from jtfs_repro.plots.series import Cloud, Ratios
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.scores import Outcome, yardsticks

NOT_LISTED = "not in the list of features; add it in config/config.yaml"


def stored_theta(path: Path) -> np.ndarray:
    """Return the parameters [shape=(n, 3)] from the table of chirps; `FileError` if it is bad."""
    return theta_from_rows(io.load_csv(path))


def stored_outcomes(
    names: Sequence[str], manifolds: Sequence[Path], ratios: Sequence[Path]
) -> list[Outcome]:
    """Return one outcome per representation from its two ``.npz`` files, in the order of names."""
    triples = zip(names, manifolds, ratios, strict=True)
    return [Outcome.from_arrays(n, io.load_arrays(m), io.load_arrays(r)) for n, m, r in triples]


def stored_clouds(names: Sequence[str], manifolds: Sequence[Path]) -> list[Cloud]:
    """Return the embedding of every representation, in order."""
    pairs = [(name, io.load_arrays(path)) for name, path in zip(names, manifolds, strict=True)]
    return [Cloud(name=n, embedding=m["embedding"], not_run=str(m["not_run"])) for n, m in pairs]


def absent_clouds(names: Sequence[str], n: int) -> list[Cloud]:
    """Return what stands for representations of ``n`` signals that the config leaves out."""
    return [
        Cloud(name=name, embedding=np.full((n, 3), np.nan), not_run=NOT_LISTED) for name in names
    ]


def stored_ratios(names: Sequence[str], paths: Sequence[Path], theta: np.ndarray) -> list[Ratios]:
    """Return the error ratios of every representation, in order, then the index grid's floor."""
    pairs = [(name, io.load_arrays(path)) for name, path in zip(names, paths, strict=True)]
    k = max((int(knn["n_neighbors"]) for _, knn in pairs), default=0)
    floor = yardsticks(theta, n_neighbors=k)[:1] if k else []
    found = [
        Ratios(
            name=name,
            arithmetic=knn["ratio_arithmetic"],
            geometric=knn["ratio_geometric"],
            not_run=str(knn["not_run"]),
        )
        for name, knn in pairs
    ]
    return found + [Ratios(name=o.name, not_run=o.not_run, **o.ratios) for o in floor]


def stored_stamp(facts: Sequence[Path]) -> Stamp:
    """Return the stamp common to JSON files of features."""
    return Stamp.common([io.load_json(path) for path in facts])
