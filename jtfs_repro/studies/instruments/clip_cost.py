"""Cost of Section 4: extraction and training, and from measured rates that of Medley-solos-DB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jtfs_repro.datasets.medley_solos_db import SUPPORTS
from jtfs_repro.io import RUN, why_not_run
from jtfs_repro.provenance import Stamp

N_CLIPS = sum(sum(supports) for supports in SUPPORTS.values())
COLUMNS = (
    *("stage", "name", "seed", "device", "n_clips", "n_steps", "seconds", "clips_per_second"),
    *("bytes", "peak_memory_bytes", "full_set_hours", "full_set_gb", "status"),
)
Report = Mapping[str, Any]


def clip_cost(
    features: Mapping[str, Sequence[Report]],
    trainings: Sequence[Report],
    *,
    stamp: Stamp,
    drawn: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Return one row per representation (from the reports of its shards) and per training.

    Seconds are those of all jobs, clips_per_second of one, peak_memory_bytes of the largest.
    full_set_hours: one job, every clip of Medley-solos-DB, or the ``drawn`` clips of a network's
    training there, without validation, at that rate; full_set_gb on disk. Nothing ``drawn``: these
    two columns are left out.
    """
    rows = [_extraction(name, reports) for name, reports in features.items()]
    rows += [_training(report, drawn) for report in trainings]
    columns = [name for name in COLUMNS if drawn or not name.startswith("full_set")]
    run = {"scale": stamp.scale, "preset": stamp.preset, "variant": stamp.variant}
    return [{name: row.get(name, "") for name in columns} | run for row in rows]


def _extraction(name: str, reports: Sequence[Report]) -> dict[str, Any]:
    row = {"stage": "extraction", "name": name, "status": RUN}
    if reports[0]["status"] != RUN:
        return row | {"status": f"not run: {why_not_run(reports[0])}"}
    n_clips = sum(report["n_signals"] for report in reports)
    seconds = sum(report["seconds"] for report in reports)
    size = sum(report["bytes"] for report in reports)
    return row | {
        "device": reports[0]["device"],
        "n_clips": n_clips,
        "seconds": seconds,
        "clips_per_second": n_clips / seconds,
        "bytes": size,
        "peak_memory_bytes": max(report["peak_memory_bytes"] for report in reports),
        "full_set_hours": N_CLIPS / n_clips * seconds / 3600,
        "full_set_gb": N_CLIPS / n_clips * size / 1e9,
    }


def _training(report: Report, drawn: Mapping[str, int]) -> dict[str, Any]:
    names = ("seed", "status", "device", "n_steps", "clips_per_second", "peak_memory_bytes")
    row = {"stage": "training", "name": report["model"]}
    if report["status"] != RUN:
        return row | {name: report[name] for name in ("seed", "status")}
    n_drawn = drawn.get(report["model"])
    hours = n_drawn / report["clips_per_second"] / 3600 if n_drawn else ""
    row |= {"seconds": report["seconds_training"], "full_set_hours": hours}
    return row | {name: report[name] for name in names}
