"""What the figures draw, taken from the outcomes of the study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jtfs_repro.experiments.outcomes import Outcome
from jtfs_repro.experiments.scores import yardsticks
from jtfs_repro.plots.series import Cloud, Ratios


def clouds(outcomes: Sequence[Outcome]) -> list[Cloud]:
    """Return the embeddings of Figure 3 and of the interactive page."""
    return [Cloud(name=o.name, embedding=o.embedding, not_run=o.not_run) for o in outcomes]


def ratio_columns(outcomes: Sequence[Outcome], theta: np.ndarray) -> list[Ratios]:
    """Return the columns of Figure 4: every representation, then the index grid's floor."""
    k = max((outcome.n_neighbors for outcome in outcomes), default=0)
    floor = yardsticks(theta, n_neighbors=k)[:1] if k else []
    return [Ratios(name=o.name, not_run=o.not_run, **o.ratios) for o in [*outcomes, *floor]]
