"""Ranges (lowest, highest) of settings that are drawn by chance."""

from __future__ import annotations

import numpy as np

from jtfs_repro import checks

Range = tuple[float, float]


def check_range(name: str, value: Range, *, low: float, high: float, mistake: str = "") -> None:
    """Raise unless ``value`` is a pair that does not decrease and stays within ``[low, high]``.

    ValueError, TypeError: it is not a pair of finite numbers, decreases, or leaves its bounds.
    """
    if not isinstance(value, tuple | list) or len(value) != 2:
        checks.fail(name, value, "be a pair (lowest, highest)", mistake)
    first, last = (checks.number(name, end, low=low, high=high, mistake=mistake) for end in value)
    if last < first:
        checks.fail(name, value, "not decrease", "is it (highest, lowest)?")


def draw(rng: np.random.Generator, value: Range) -> float:
    """Return a number drawn uniformly from a range."""
    return float(rng.uniform(*value))
