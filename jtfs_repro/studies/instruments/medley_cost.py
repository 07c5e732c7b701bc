"""Cost of Section 4: extraction and training, and from measured rates that of the whole set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jtfs_repro.datasets.medley_solos_db import SUPPORTS
from jtfs_repro.io import RUN, why_not_run
from jtfs_repro.provenance import Stamp

N_CLIPS = sum(sum(supports) for supports in SUPPORTS.values())
EPOCH_SIZE = 8192
EPOCHS = {"jtfs": 30, "jtfs_end_to_end": 30, "cqt": 20, "scattering1d": 20}
Report = Mapping[str, Any]


def medley_cost(
    features: Mapping[str, Sequence[Report]], trainings: Sequence[Report], *, stamp: Stamp
) -> list[dict[str, Any]]:
    """Return one row per representation (from the reports of its shards) and per training.

    Seconds are those of all jobs, clips_per_second of one, peak_memory_bytes of the largest.
    full_set_hours: one job, every clip of Medley-solos-DB, or the paper's epochs of 8192 clips
    without validation, at that rate; full_set_gb on disk.
    """
    rows = [_extraction(name, reports) for name, reports in features.items()]
    rows += [_training(report) for report in trainings]
    run = {"scale": stamp.scale, "preset": stamp.preset, "variant": stamp.variant}
    return [row | run for row in rows]


def _extraction(name: str, reports: Sequence[Report]) -> dict[str, Any]:
    row = _row("extraction", name)
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


def _training(report: Report) -> dict[str, Any]:
    row = _row("training", report["model"]) | {"seed": report["seed"]}
    if report["status"] != RUN:
        return row | {"status": report["status"]}
    rate, epochs = report["clips_per_second"], EPOCHS.get(report["model"])
    return row | {
        "device": report["device"],
        "seconds": report["seconds_training"],
        "n_steps": report["n_steps"],
        "clips_per_second": rate,
        "peak_memory_bytes": report["peak_memory_bytes"],
        "full_set_hours": epochs * EPOCH_SIZE / rate / 3600 if epochs else "",
    }


def _row(stage: str, name: str) -> dict[str, Any]:
    return {
        "stage": stage,
        "name": name,
        "seed": "",
        "device": "",
        "n_clips": "",
        "n_steps": "",
        "seconds": "",
        "clips_per_second": "",
        "bytes": "",
        "peak_memory_bytes": "",
        "full_set_hours": "",
        "full_set_gb": "",
        "status": RUN,
    }
