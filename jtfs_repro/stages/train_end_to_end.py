"""Train the network on audio, the transform inside the model, with one seed."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments import stored_clips
from jtfs_repro.experiments import train_end_to_end as training
from jtfs_repro.experiments.clip_sets import open_clip_set
from jtfs_repro.provenance import settings_sha256

TOO_SLOW = "no GPU: the transform at every step, 1 s per clip; --config end_to_end=always"


def train_end_to_end(
    *,
    run: str,
    feature_gin: list[str],
    clips: Path,
    facts: Path,
    folder: str,
    statistics: Path,
    left_out: bool = False,
    seed: int,
    device: str = "auto",
    devices: int = 1,
    partial: Path,
    predictions: Path,
) -> None:
    """Write what `train_classifier` writes; if ``left_out``, why it was not run."""
    clip_set = open_clip_set(clips, facts)
    digest = settings_sha256(feature_gin)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    stored = stored_clips.load_statistics(statistics, **known)
    reason = str(clip_set.not_run or (TOO_SLOW if left_out else ""))
    if reason:
        trained = stored_clips.not_trained(training.MODEL, seed, reason)
    else:
        trained = config.bound(training.train_end_to_end)(
            clip_set,
            folder,
            stored,
            seed=seed,
            folder=partial,
            feature_sha256=digest,
            device=device,
            devices=devices,
        )
    stored_clips.save_trained(predictions, trained, run=run)
    io.remove_folder(partial)
