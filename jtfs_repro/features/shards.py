"""Shards of a representation: what one is, and all of them put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtfs_repro import checks
from jtfs_repro.io import RUN, why_not_run


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Features of one shard [shape=(n, D)], float32, D = 0 if not run, and how they came about.

    ``report``: ``status`` ('run' or 'not run'), ``reason`` and ``remedy`` if not run, ``parts``
    (name -> [first, last + 1] column), ``device``, ``n_signals``, ``batch_size``, and the cost:
    ``seconds``, ``seconds_per_signal``, ``peak_memory_bytes``.
    """

    features: np.ndarray
    report: dict[str, Any]


def gather_shards(
    shards: Sequence[Shard], representation: str
) -> tuple[np.ndarray, dict[str, Any]]:
    """Concatenate the columns of one representation from all shards [shape=(n, D)], and its facts.

    Of memory maps only these columns are read; if the module has a single part, any name will do.
    Nothing in the facts changes from run to run. ValueError: shards disagree on status, device or
    parts, or none has that name.
    """
    first = shards[0].report
    for key in ("status", "device", "parts", "reason"):
        values = {str(shard.report.get(key)) for shard in shards}
        if len(values) > 1:
            rule = "be the same in all shards"
            checks.fail(key, sorted(values), rule, "delete the shards' folder and run again")
    part = _part(first["parts"], representation) if first["status"] == RUN else slice(0)
    array = np.concatenate([shard.features[:, part] for shard in shards])
    facts = {key: first[key] for key in ("status", "reason", "remedy") if key in first}
    sizes = {"n_signals": len(array), "dimension": array.shape[1]}
    return array, {**facts, **sizes, "device": first["device"]}


def _part(parts: Mapping[str, Sequence[int]], representation: str) -> slice:
    if len(parts) == 1:
        return slice(*next(iter(parts.values())))
    checks.choice("representation", representation, parts, "does the gin file leave it out?")
    return slice(*parts[representation])


def cost_record(
    representation: str, feature: str, reports: Sequence[Mapping[str, Any]], dimension: int
) -> dict[str, Any]:
    """Return what computing a representation cost, over all shards of its feature.

    The feature may give several representations; the cost is that of all of them. Seconds are
    summed over shards, the memory is that of the largest.
    """
    return {
        "representation": representation,
        "feature": feature,
        "dimension": dimension,
        "n_signals": sum(report["n_signals"] for report in reports),
        "seconds": sum(report.get("seconds", 0.0) for report in reports),
        "peak_memory_bytes": max(report.get("peak_memory_bytes", 0) for report in reports),
        "not_run": why_not_run(reports[0]),
    }
