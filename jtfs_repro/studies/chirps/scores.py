"""Tables of the chirp experiment: error ratios, embeddings, cost.

Every row names the scale, preset, device and variant that made it. Two rows of `Scores.knn` are
no representation but yardsticks on the same grid, with the same number of neighbours:

``index_grid_floor``
    Neighbours taken in the index grid of the parameters, as a perfect representation would; what
    remains is the bias at the edges of the grid.
``grid_centre_chance``
    The same estimate for every chirp: the mean of the whole set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import PARAMETERS
from jtfs_repro.metrics import embeddings as metrics
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.knn import MEANS, index_grid_neighbours, knn_ratios

FLOOR, CHANCE = "index_grid_floor", "grid_centre_chance"
YARDSTICKS = (FLOOR, CHANCE)
RUN = "run"
KNN_NUMBERS = (
    "median_ratio",
    "median_abs_log2",
    "log2_rmse",
    "log2_rmse_low",
    "log2_rmse_high",
    "quantile_05",
    "quantile_95",
    *metrics.SHARE_RANGES,
)
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Rows of the two tables, ready for CSV and Markdown."""

    knn: list[Row]
    embedding: list[Row]


def scores(
    outcomes: Sequence[Outcome],
    theta: np.ndarray,
    *,
    stamp: Stamp,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score every representation against the true parameters f_c (Hz), f_m (Hz), gamma (octaves/s).

    The chirps are resampled ``n_bootstrap`` times for the 95 % interval of the log2-RMSE, with the
    same seed for every row. ValueError: an outcome has another number of signals than ``theta``.
    """
    for outcome in outcomes:
        if len(outcome.embedding) != len(theta):
            rule = f"hold {len(theta)} signals"
            checks.fail(outcome.name, len(outcome.embedding), rule, "made from other chirps?")
    k = max((outcome.n_neighbors for outcome in outcomes), default=0)
    subjects = [*outcomes, *(yardsticks(theta, n_neighbors=k) if k else [])]
    options = {"n_bootstrap": n_bootstrap, "seed": seed}
    return Scores(
        knn=[row for s in subjects for row in _knn_rows(s, stamp, options)],
        embedding=[_embedding_row(outcome, theta, stamp) for outcome in outcomes],
    )


def yardsticks(theta: np.ndarray, *, n_neighbors: int) -> list[Outcome]:
    """Return the floor and the chance level as outcomes without an embedding."""
    floor = knn_ratios(index_grid_neighbours(theta, n_neighbors=n_neighbors), theta)
    ratios = {"arithmetic": floor.ratio_arithmetic, "geometric": floor.ratio_geometric}
    centre = {
        "arithmetic": theta.mean(axis=0) / theta,
        "geometric": np.exp(np.log(theta).mean(axis=0)) / theta,
    }
    return [_yardstick(FLOOR, ratios, n_neighbors), _yardstick(CHANCE, centre, len(theta))]


def _yardstick(name: str, ratios: dict[str, np.ndarray], n_neighbors: int) -> Outcome:
    return Outcome(
        name=name,
        embedding=np.full_like(ratios["arithmetic"], np.nan),
        ratios=ratios,
        residual_variance=np.full(3, np.nan),
        trustworthiness=float("nan"),
        dimension=len(PARAMETERS),
        n_neighbors=n_neighbors,
        n_graph_components=0,
    )


def _knn_rows(outcome: Outcome, stamp: Stamp, options: Mapping[str, int]) -> list[Row]:
    return [
        {
            "representation": outcome.name,
            "parameter": parameter,
            "mean": mean,
            "n_chirps": len(outcome.embedding),
            "n_neighbors": outcome.n_neighbors,
            **_knn_numbers(outcome, outcome.ratios[mean][:, column], options),
            "status": status(outcome.not_run),
            **stamp.as_dict(),
        }
        for mean in MEANS
        for column, parameter in enumerate(PARAMETERS)
    ]


def _knn_numbers(outcome: Outcome, ratios: np.ndarray, options: Mapping[str, int]) -> Row:
    if outcome.not_run:
        return dict.fromkeys(KNN_NUMBERS)
    shares = [metrics.share_within(ratios, *ends) for ends in metrics.SHARE_RANGES.values()]
    values = [
        metrics.median_ratio(ratios),
        metrics.median_abs_log2(ratios),
        metrics.log2_rmse(ratios),
        *metrics.log2_rmse_interval(ratios, **options),
        *metrics.ratio_quantiles(ratios),
        *shares,
    ]
    return dict(zip(KNN_NUMBERS, values, strict=True))


def _embedding_row(outcome: Outcome, theta: np.ndarray, stamp: Stamp) -> Row:
    return {
        "representation": outcome.name,
        "n_chirps": len(theta),
        "dimension": outcome.dimension,
        "n_neighbors": outcome.n_neighbors,
        "n_graph_components": outcome.n_graph_components,
        "trustworthiness": outcome.trustworthiness,
        **{f"residual_variance_{d + 1}d": v for d, v in enumerate(outcome.residual_variance)},
        **_correlation_cells(outcome, theta),
        "status": status(outcome.not_run),
        **stamp.as_dict(),
    }


def _correlation_cells(outcome: Outcome, theta: np.ndarray) -> Row:
    """Best axis (1, 2, 3), its |rank correlation|, and that of the best linear direction."""
    names = [
        f"{prefix}_{p}" for p in PARAMETERS for prefix in ("best_axis", "axis_rho", "direction_rho")
    ]
    if outcome.not_run:
        return dict.fromkeys(names)
    axes = metrics.rank_correlations(outcome.embedding, theta)
    directions = metrics.direction_correlations(outcome.embedding, theta)
    best = axes.argmax(axis=0)
    cells = [(int(best[p]) + 1, axes[best[p], p], directions[p]) for p in range(len(PARAMETERS))]
    return dict(zip(names, [cell for triple in cells for cell in triple], strict=True))


def status(not_run: str) -> str:
    """Return 'run' or 'not run: reason; remedy'."""
    return f"not run: {not_run}" if not_run else RUN


def cost_rows(records: Sequence[Mapping[str, Any]], *, stamp: Stamp) -> list[Row]:
    """Return the table of costs, one row per representation.

    Seconds are the wall time of all shards together. Representations that one feature computes
    together repeat that feature's time and memory.
    """
    return [_cost_row(record, stamp) for record in records]


def _cost_row(record: Mapping[str, Any], stamp: Stamp) -> Row:
    ran = not record["not_run"]
    return {
        "representation": record["representation"],
        "computed_by": record["feature"],
        "dimension": record["dimension"] if ran else None,
        "n_signals": record["n_signals"],
        "seconds_per_signal": record["seconds"] / record["n_signals"] if ran else None,
        "peak_memory_mib": record["peak_memory_bytes"] / 2**20 if ran else None,
        "status": status(record["not_run"]),
        **stamp.as_dict(),
    }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One representation after Isomap and K-NN regression; NaN or 0 if ``not_run`` says why.

    ``ratios`` maps 'arithmetic' and 'geometric' to error ratios [shape=(n, 3)].
    """

    name: str
    embedding: np.ndarray
    ratios: dict[str, np.ndarray]
    residual_variance: np.ndarray
    trustworthiness: float
    dimension: int
    n_neighbors: int
    n_graph_components: int
    not_run: str = ""

    @classmethod
    def from_arrays(
        cls, name: str, manifold: Mapping[str, np.ndarray], knn: Mapping[str, np.ndarray]
    ) -> Outcome:
        """Collect the stored arrays of `Manifold` and `KnnRatios`.

        ValueError: an array is missing.
        """
        try:
            return cls(
                name=name,
                embedding=manifold["embedding"],
                ratios={m: knn[f"ratio_{m}"] for m in ("arithmetic", "geometric")},
                residual_variance=manifold["residual_variance"],
                trustworthiness=float(manifold["trustworthiness"]),
                dimension=int(manifold["dimension"]),
                n_neighbors=int(knn["n_neighbors"]),
                n_graph_components=int(manifold["n_graph_components"]),
                not_run=str(manifold["not_run"]),
            )
        except KeyError as error:
            checks.fail("arrays", name, f"hold {error}", "rerun its isomap and knn stages")
