"""Train one network of Table 2 on stored features, with one seed."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments import stored_clips
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.experiments.clip_store import open_store
from jtfs_repro.experiments.train_network import train_network
from jtfs_repro.provenance import settings_sha256


def train_classifier(
    *,
    run: str,
    feature_gin: list[str],
    clips: Path,
    facts: Path,
    statistics: Path,
    shards: list[Path],
    model: str,
    seed: int,
    device: str = "auto",
    devices: int = 1,
    partial: Path,
    predictions: Path,
) -> None:
    """Write predictions, and history, cost and weights beside; ``partial`` holds checkpoints."""
    clip_set = open_clip_set(clips, facts)
    digest = settings_sha256(feature_gin)
    store = open_store(shards, settings_sha256=digest, clips_sha256=clip_set.sha256)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    stored = stored_clips.load_statistics(statistics, **known)
    if store.not_run:
        trained = stored_clips.not_trained(model, seed, store.not_run)
    else:
        trained = config.bound(train_network)(
            clip_set,
            store,
            stored,
            model=model,
            seed=seed,
            folder=partial,
            device=device,
            devices=devices,
        )
    stored_clips.save_trained(predictions, trained, run=run)
    io.remove_folder(partial)
