"""Fit a classifier of scikit-learn on one vector per clip."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config
from jtfs_repro.experiments import fit_baseline as fitting
from jtfs_repro.experiments import stored_clips
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.clip_store import open_store
from jtfs_repro.provenance import settings_sha256


def fit_baseline(
    *,
    run: str,
    feature_gin: list[str],
    clips: Path,
    facts: Path,
    statistics: Path | None = None,
    shards: list[Path],
    model: str,
    predictions: Path,
) -> None:
    """Write predictions, and the cost beside them."""
    clip_set = open_clip_set(clips, facts)
    digest = settings_sha256(feature_gin)
    store = open_store(shards, settings_sha256=digest, clips_sha256=clip_set.sha256)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    stored = stored_clips.load_statistics(statistics, **known) if statistics else {}
    if store.not_run:
        trained = stored_clips.not_trained(model, 0, store.not_run)
    else:
        trained = config.bound(fitting.fit_baseline)(clip_set, store, stored, model=model)
    stored_clips.save_trained(predictions, trained, run=run)
