"""Train a network, choose its epoch on the validation clips, score validation and test clips.

    drawn clips -> network -> weighted loss -> AdamW, every epoch: validation, history, checkpoint
    candidates (last epochs) -> best validation score -> logits of validation and test

PyTorch Lightning runs the loop, on a CPU, a GPU or several; it is imported by `fit` alone because
that takes seconds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from jtfs_repro import checks, gpu_memory
from jtfs_repro.devices import choose_device, peak_memory_bytes
from jtfs_repro.training import schedule
from jtfs_repro.training.clips import Clips, predict
from jtfs_repro.training.selection import best_epoch
from jtfs_repro.training.settings import TrainingSettings
from jtfs_repro.training.surroundings import untouched
from jtfs_repro.training.weights import check_labels, class_weights

if TYPE_CHECKING:
    import lightning.pytorch as pl

    from jtfs_repro.training.recorder import Recorder

STRATEGIES = ("auto", "ddp")
N_CLASSES = 8
OUT_OF_MEMORY = "free it, use device=cpu, or lower batch_size, which is another training"


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A trained network's predictions and how it came about.

    Logits [shape=(n, n_classes)], float32, are those of all clips in order, or of the first so many
    if ``score_drop_last``. ``history`` has one row per epoch: epoch (from 0), step (done so far),
    lr (of the epoch's last step), train_loss (mean over steps), validation_loss,
    validation_accuracy, validation_macro_recall, is_candidate, is_best ('yes' or 'no').
    ``best_epoch``, from 0, is that whose weights (``state_dict``, on the CPU) gave the logits.
    ``cost`` holds seconds_training (with validation, all runs together), n_steps, clips_per_second
    (training steps alone), peak_memory_bytes, device ('cpu', 'cuda' or 'cpu+cuda').
    """

    validation_logits: np.ndarray
    test_logits: np.ndarray
    history: list[dict[str, Any]]
    best_epoch: int
    n_parameters: int
    state_dict: dict[str, Tensor]
    cost: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a training runs and keeps its checkpoints."""

    device: str
    devices: int
    strategy: str
    folder: Path
    progress: bool


def fit(
    network: nn.Module,
    training: Clips,
    validation: Clips,
    test: Clips,
    *,
    settings: TrainingSettings,
    seed: int,
    folder: str | Path,
    fingerprint: str = "",
    device: str = "auto",
    devices: int = 1,
    strategy: str = "auto",
    n_classes: int = N_CLASSES,
    appearance: np.ndarray | None = None,
    progress: bool = True,
) -> Fitted:
    """Train ``network`` and return the predictions of its best epoch.

    ``network`` maps features (name -> Tensor [shape=(B, ...)]) to logits [shape=(B, n_classes)]; it
    holds the weights of the best epoch afterwards, in eval mode. ``seed`` is that of sampling,
    dropout and augmentation; the initial weights are the network's own. ``folder`` holds the
    checkpoints of one training, see `checkpoints`; ``fingerprint`` is whatever else must agree for
    one to be taken, e.g. a hash of the features. ``devices`` are GPUs, or processes on the CPU; the
    processes that Lightning starts for them run the calling script and end inside this function;
    only the first returns. ``strategy`` ('auto' or 'ddp') says how Lightning shares the work; for
    ``appearance`` see `weights.class_weights`, by default labels of training, validation and test
    in turn.

    Run again with the same arguments after it was killed, it goes on from the last whole epoch; on
    a CPU, weights, logits and history are then the same to the last bit. ValueError, TypeError: an
    argument is out of range, CUDA is asked for where there is none, a class has no training clip,
    or a loss is not finite (epoch and step are named). FileError: the folder holds the checkpoint
    of another training (what differs is named), or cannot be written.
    """
    checks.integer("seed", seed, low=0)
    checks.integer("devices", devices, low=1)
    checks.choice("strategy", strategy, STRATEGIES)
    weights = _weights(settings, (training, validation, test), n_classes, appearance)
    n_validation, n_test = settings.n_scored(len(validation)), settings.n_scored(len(test))
    place = _Place(
        device=choose_device(device),
        devices=devices,
        strategy=strategy,
        folder=Path(folder),
        progress=progress,
    )
    key = {"seed": seed, "fingerprint": fingerprint}
    with gpu_memory.explained(f"batch_size={settings.batch_size}", OUT_OF_MEMORY):
        with untouched(place.device):
            recorder = _train(network, training, validation, settings, weights, place, **key)
        network.load_state_dict(recorder.best)
        logits = [
            predict(network, clips, n=n, batch_size=settings.batch_size, device=place.device)
            for clips, n in ((validation, n_validation), (test, n_test))
        ]
    return Fitted(
        validation_logits=logits[0],
        test_logits=logits[1],
        history=recorder.history,
        best_epoch=best_epoch(recorder.history, selection=settings.selection),
        n_parameters=sum(parameter.numel() for parameter in network.parameters()),
        state_dict=recorder.best,
        cost=_cost(recorder, settings, len(training), place.device),
    )


def _weights(
    settings: TrainingSettings,
    subsets: tuple[Clips, Clips, Clips],
    n_classes: int,
    appearance: np.ndarray | None,
) -> np.ndarray:
    """Check all labels; return the class weights."""
    checks.integer("n_classes", n_classes, low=2)
    names = ("training", "validation", "test")
    labels = []
    for name, clips in zip(names, subsets, strict=True):
        labels.append(check_labels(f"{name}.labels", clips.labels, n_classes))
        if len(clips) != len(labels[-1]):
            checks.fail(f"len({name})", len(clips), f"be {len(labels[-1])}, the number of labels")
    if appearance is None:
        appearance = np.concatenate(labels)
    return class_weights(
        labels[0], n_classes=n_classes, rule=settings.class_weights, appearance=appearance
    )


def _train(
    network: nn.Module,
    training: Clips,
    validation: Clips,
    settings: TrainingSettings,
    weights: np.ndarray,
    place: _Place,
    *,
    seed: int,
    fingerprint: str,
) -> Recorder:
    """Run all epochs that are missing; return what was recorded. Only the first process returns."""
    from jtfs_repro.training import checkpoints
    from jtfs_repro.training.module import Classifier, Subsets
    from jtfs_repro.training.recorder import Recorder

    steps = settings.steps_per_epoch(len(training), devices=place.devices)
    n_scored = settings.n_scored(len(validation))
    identity = checkpoints.identity(
        network, settings, seed=seed, fingerprint=fingerprint, n_training=len(training)
    )
    start = checkpoints.find(place.folder, identity)
    recorder = Recorder(
        identity=identity,
        folder=place.folder,
        labels=np.asarray(validation.labels[:n_scored], dtype=np.int64),
        class_weights=weights,
        device=place.device,
        steps_per_epoch=steps,
        progress=place.progress,
    )
    module = Classifier(
        network, settings=settings, class_weights=weights, factor=_factor(settings, steps)
    )
    trainer = _trainer(recorder, settings, place)
    subsets = Subsets(
        training,
        validation,
        settings=settings,
        seed=seed,
        first_epoch=checkpoints.n_epochs_done(start),
        device=place.device,
    )
    trainer.fit(module, datamodule=subsets, ckpt_path=start, weights_only=True)
    if not trainer.is_global_zero:
        sys.exit(0)
    checkpoints.finish(place.folder, recorder.state_dict())
    return recorder


def _factor(settings: TrainingSettings, steps_per_epoch: int) -> Any:
    return schedule.build(
        settings.schedule,
        steps_per_epoch=steps_per_epoch,
        epochs=settings.epochs,
        floor=settings.lr_floor / settings.lr,
        warmup_epochs=settings.warmup_epochs,
        schedule_steps=settings.schedule_steps,
    )


def _trainer(recorder: Recorder, settings: TrainingSettings, place: _Place) -> pl.Trainer:
    """Return a trainer that writes, prints and checks nothing of its own accord."""
    import lightning.pytorch as pl
    from lightning.fabric.plugins.environments.lightning import LightningEnvironment

    from jtfs_repro.training.checkpoints import AtomicCheckpointIO

    # one device: not whatever a cluster's environment variables suggest
    alone = [LightningEnvironment()] if place.devices == 1 else []
    return pl.Trainer(
        accelerator="gpu" if place.device == "cuda" else "cpu",
        devices=place.devices,
        strategy=place.strategy,
        plugins=[AtomicCheckpointIO(), *alone],
        max_epochs=settings.epochs,
        gradient_clip_val=settings.gradient_clip_norm,
        gradient_clip_algorithm="norm",
        use_distributed_sampler=False,  # see sampling
        sync_batchnorm=place.devices > 1 and place.device == "cuda",
        callbacks=[recorder],
        default_root_dir=place.folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        benchmark=False,
    )


def _cost(
    recorder: Recorder, settings: TrainingSettings, n_training: int, device: str
) -> dict[str, Any]:
    n_steps = recorder.history[-1]["step"]
    drawn = n_training if settings.epoch_size is None else settings.epoch_size
    per_epoch = recorder.steps_per_epoch * settings.batch_size if settings.drop_last else drawn
    return {
        "seconds_training": recorder.seconds_total,
        "n_steps": n_steps,
        "clips_per_second": settings.epochs * per_epoch / recorder.seconds_steps,
        "peak_memory_bytes": peak_memory_bytes(device),
        "device": "+".join(sorted(recorder.devices)),
    }
