"""History of a descent: one row per iteration, iteration 0 is the initial noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jtfs_repro.resynthesis.descent import Descent, Step

Row = dict[str, Any]


def first_row(descent: Descent, *, evaluations: int) -> Row:
    """Return the row of the initial noise: it has no trial."""
    return {
        "iteration": 0,
        "evaluations": evaluations,
        "error": descent.error,
        "trial_error": "",
        "step_size": "",
        "accepted": "",
        "best_error": descent.error,
    }


def next_row(rows: Sequence[Row], descent: Descent, step: Step, *, evaluations: int) -> Row:
    """Return the row of an iteration.

    ``error`` is that of the current point, after the step was accepted or undone; ``trial_error``
    is empty where it was not finite; ``evaluations`` counts transforms of the whole estimate.
    """
    return {
        "iteration": rows[-1]["iteration"] + 1,
        "evaluations": evaluations,
        "error": descent.error,
        "trial_error": step.trial_error if math.isfinite(step.trial_error) else "",
        "step_size": step.step_size,
        "accepted": "yes" if step.accepted else "no",
        "best_error": min(rows[-1]["best_error"], descent.error),
    }


def gain(rows: Sequence[Row], iterations: int) -> float:
    """Return by what share the best error fell in the last ``iterations``; inf if there are fewer.

    Examples
    --------
    >>> gain([{"best_error": 1.0}, {"best_error": 0.75}], 1)
    0.25
    """
    if len(rows) <= iterations:
        return math.inf
    before = rows[-1 - iterations]["best_error"]
    return 1 - rows[-1]["best_error"] / before if before else 0.0
