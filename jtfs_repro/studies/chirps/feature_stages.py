"""Chirps: synthesis, features by shards, transforms of a few."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from jtfs_repro import config, io
from jtfs_repro.features.extraction import extract_shard
from jtfs_repro.features.openl3 import OpenL3
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.chirps.chirp_dataset import chirp_dataset
from jtfs_repro.studies.chirps.cqt_chirps import cqt_chirps
from jtfs_repro.studies.chirps.spin_leak import spin_leak


def synthesise_chirps(*, run: str, chirps: Path, parameters: Path, facts: Path) -> None:
    """Synthesise the chirps of Section 3 and their table of parameters.

    Write signals [shape=(n, N)], parameters (f_c, f_m, gamma), sample rate and grid.
    """
    chirp_set = config.bound(chirp_dataset)()
    io.save_array(chirps, chirp_set.chirps)
    io.save_csv(parameters, chirp_set.rows())
    io.save_json(facts, chirp_set.facts() | stamp_of(run).as_dict())


ONE_SECOND = {"sr": 48000.0, "n_samples": 48000}


def fetch_openl3_weights(
    *, run: str, weights: str, download: Literal["always", "never"] = "always", status: Path
) -> None:
    """Look for the OpenL3 weights, download them if allowed; say what became of it. Never fails.

    Write the status of the weights in a file or folder.
    """
    found = fetch(weights, may_download=download == "always")
    io.save_json(status, found | stamp_of(run).as_dict())


def fetch(weights: str, *, may_download: bool, is_download: bool = False) -> dict[str, Any]:
    """Return the status of the weights, after a download if need be."""
    try:
        module = config.bound(OpenL3)(**ONE_SECOND, weights=weights, download=is_download)
    except io.Unavailable as error:
        if may_download and not is_download:
            return fetch(weights, may_download=True, is_download=True)
        print(f"OpenL3 will not be run: {error}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    return {"status": io.RUN, "downloaded": is_download, **asdict(module.record)}


def extract_features(
    *,
    run: str,
    signals: Path,
    facts: Path,
    shard: int,
    shards: int,
    device: str = "auto",
    memory_gb: float = 2.0,
    weights: str | None = None,
    features: Path,
) -> None:
    """Compute one shard of one representation.

    Write features [shape=(n, D)] of one part of ``signals``, and a report beside them.
    """
    made = config.bound(extract_shard)(
        io.load_array(signals, mmap=True),
        sr=io.load_json(facts)["sr"],
        shard=shard,
        n_shards=shards,
        settings={"weights": weights} if weights else {},
        device=device,
        memory_budget_gb=memory_gb,
    )
    io.save_array(features, made.features)
    stamp = stamp_of(run, device=made.report["device"])
    io.save_json(features.with_suffix(".json"), made.report | stamp.as_dict())


def transform_cqt_chirps(*, transforms: Path) -> None:
    """Compute the constant-Q transforms of Figure 2.

    Write the transforms of two chirps.
    """
    io.save_arrays(transforms, **config.bound(cqt_chirps)().arrays())


def tabulate_spin_leak(*, run: str, table: Path, frames: Path) -> None:
    """Measure how the padding of a rising chirp leaks into the falling spin.

    Write one row per way of padding, and one per frame.
    """
    stamp = stamp_of(run)
    leak = config.bound(spin_leak)(stamp=stamp)
    io.save_csv(frames, leak.frames)
    io.save_table(table, leak.summary, caption=stamp.line)
