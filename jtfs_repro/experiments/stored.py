"""Reading what earlier stages of the study stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jtfs_repro import io
from jtfs_repro.datasets.chirps import theta_from_rows
from jtfs_repro.experiments.outcomes import Outcome
from jtfs_repro.provenance import Stamp


def stored_theta(path: str) -> np.ndarray:
    """Return the parameters [shape=(n, 3)] from the table of chirps; `FileError` if it is bad."""
    return theta_from_rows(io.load_csv(path))


def stored_outcomes(
    names: Sequence[str], manifolds: Sequence[str], ratios: Sequence[str]
) -> list[Outcome]:
    """Return one outcome per representation from its two ``.npz`` files, in the order of names."""
    triples = zip(names, manifolds, ratios, strict=True)
    return [Outcome.from_arrays(n, io.load_arrays(m), io.load_arrays(r)) for n, m, r in triples]


def absent(name: str, n: int) -> Outcome:
    """Return the outcome, for ``n`` signals, of a representation that the config leaves out."""
    nothing = np.full((n, 3), np.nan)
    return Outcome(
        name=name,
        embedding=nothing,
        ratios={"arithmetic": nothing, "geometric": nothing},
        residual_variance=np.full(3, np.nan),
        trustworthiness=float("nan"),
        dimension=0,
        n_neighbors=0,
        n_graph_components=0,
        not_run="not in the list of features; add it in config/config.yaml",
    )


def stored_stamp(facts: Sequence[str]) -> Stamp:
    """Return the stamp common to JSON files of features."""
    return Stamp.common([io.load_json(path) for path in facts])
