"""Results of each representation in Section 3: embedding and error ratios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jtfs_repro import checks


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
