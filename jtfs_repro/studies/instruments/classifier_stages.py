"""The classifiers of Section 4, one training or fit a job."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.gin_files import settings_sha256
from jtfs_repro.studies.instruments import fit_baseline as fitting
from jtfs_repro.studies.instruments import train_end_to_end as training
from jtfs_repro.studies.instruments.clip_store import open_clip_set, open_store
from jtfs_repro.studies.instruments.train_network import train_network
from jtfs_repro.studies.instruments.trained import load_statistics, not_trained, save_trained
from jtfs_repro.training.place import Place


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
    """Train one network of Table 2 on stored features, with one seed.

    Write predictions, and history, cost and weights beside; ``partial`` holds checkpoints.
    """
    clip_set = open_clip_set(clips, facts)
    digest = settings_sha256(feature_gin)
    store = open_store(shards, settings_sha256=digest, clips_sha256=clip_set.sha256)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    stored = load_statistics(statistics, **known)
    if store.not_run:
        trained = not_trained(model, seed, store.not_run)
    else:
        trained = config.bound(train_network)(
            clip_set,
            store,
            stored,
            model=model,
            seed=seed,
            place=Place(folder=partial, device=device, devices=devices),
        )
    save_trained(predictions, trained, run=run)
    io.remove_folder(partial)


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
    """Train the network on audio, the transform inside the model, with one seed.

    Write what `train_classifier` writes; if ``left_out``, why it was not run.
    """
    clip_set = open_clip_set(clips, facts)
    digest = settings_sha256(feature_gin)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    stored = load_statistics(statistics, **known)
    reason = str(clip_set.not_run or (TOO_SLOW if left_out else ""))
    if reason:
        trained = not_trained(training.MODEL, seed, reason)
    else:
        trained = config.bound(training.train_end_to_end)(
            clip_set,
            folder,
            stored,
            seed=seed,
            place=Place(folder=partial, device=device, devices=devices),
            feature_sha256=digest,
        )
    save_trained(predictions, trained, run=run)
    io.remove_folder(partial)


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
    """Fit a classifier of scikit-learn on one vector per clip.

    Write predictions, and the cost beside them.
    """
    clip_set = open_clip_set(clips, facts)
    digest = settings_sha256(feature_gin)
    store = open_store(shards, settings_sha256=digest, clips_sha256=clip_set.sha256)
    known = {"settings_sha256": digest, "clip_set": clip_set}
    stored = load_statistics(statistics, **known) if statistics else {}
    if store.not_run:
        trained = not_trained(model, 0, store.not_run)
    else:
        trained = config.bound(fitting.fit_baseline)(clip_set, store, stored, model=model)
    save_trained(predictions, trained, run=run)
