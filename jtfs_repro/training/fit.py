"""Train a network, choose its epoch on the validation clips, score validation and test clips.

drawn clips -> network -> weighted loss -> AdamW, every epoch: validation, history, checkpoint
candidates (last epochs) -> best validation score -> logits of validation and test
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from jtfs_repro import checks, gpu_memory
from jtfs_repro.devices import peak_memory_bytes
from jtfs_repro.training import checkpoints
from jtfs_repro.training.clips import Clips, loader, predict
from jtfs_repro.training.loop import Loop, Record
from jtfs_repro.training.place import Place
from jtfs_repro.training.scoring import best_epoch, check_labels, class_weights
from jtfs_repro.training.settings import TrainingSettings

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


def fit(
    network: nn.Module,
    training: Clips,
    validation: Clips,
    test: Clips,
    *,
    n_classes: int,
    settings: TrainingSettings,
    seed: int,
    place: Place,
    fingerprint: str = "",
) -> Fitted:
    """Train ``network`` and return the predictions of its best epoch.

    ``network`` maps features (name -> Tensor [shape=(B, ...)]) to logits [shape=(B, n_classes)]; it
    holds the weights of the best epoch afterwards, in eval mode. ``seed`` is that of sampling,
    dropout and augmentation; the initial weights are the network's own. ``fingerprint`` is whatever
    else must agree for a checkpoint in the place's folder to be taken, e.g. a hash of the features.
    The processes that Fabric starts for several devices run the calling script and end inside this
    function; only the first returns. Class weights by appearance take the labels of training,
    validation and test in turn, see `scoring.class_weights`.

    Run again with the same arguments after it was killed, it goes on from the last whole epoch; on
    a CPU, weights, logits and history are then the same to the last bit. ValueError, TypeError: an
    argument is out of range, a class has no training clip, or a loss is not finite (epoch and step
    are named). FileError: the folder holds the checkpoint of another training (what differs is
    named) or program, or cannot be written.
    """
    checks.integer("seed", seed, low=0)
    weights = _weights(settings, (training, validation, test), n_classes)
    scored = [(clips, settings.n_scored(len(clips))) for clips in (validation, test)]
    identity = checkpoints.identity(
        network, settings, seed=seed, fingerprint=fingerprint, n_training=len(training)
    )
    found = checkpoints.find(place.folder, identity, is_first=place.is_first)
    with gpu_memory.explained(f"batch_size={settings.batch_size}", OUT_OF_MEMORY):
        with place.fabric() as fabric:
            loop = Loop(
                network, training, validation, settings=settings, class_weights=weights,
                place=place, fabric=fabric, record=Record(identity=identity),
            )  # fmt: skip
            if found is not None:
                loop.resume(found)
            record = loop.run()
        if not fabric.is_global_zero:
            sys.exit(0)
        checkpoints.finish(place.folder, {"identity": identity, "state_dict": record.best})
        network.load_state_dict(record.best)
        network.to(place.device)
        logits = [
            predict(network, loader(clips, range(n), batch_size=settings.batch_size), place.device)
            for clips, n in scored
        ]
        network.cpu()
    return Fitted(
        validation_logits=logits[0].cpu().numpy(),
        test_logits=logits[1].cpu().numpy(),
        history=record.history,
        best_epoch=best_epoch(record.history, selection=settings.selection),
        n_parameters=sum(parameter.numel() for parameter in network.parameters()),
        state_dict=record.best,
        cost=_cost(record, settings, len(training), place.device),
    )


def _weights(
    settings: TrainingSettings, subsets: tuple[Clips, Clips, Clips], n_classes: int
) -> np.ndarray:
    """Check all labels; return the class weights."""
    checks.integer("n_classes", n_classes, low=2)
    labels = []
    for name, clips in zip(("training", "validation", "test"), subsets, strict=True):
        labels.append(check_labels(f"{name}.labels", clips.labels, n_classes))
        if len(clips) != len(labels[-1]):
            checks.fail(f"len({name})", len(clips), f"be {len(labels[-1])}, the number of labels")
    every, rule = np.concatenate(labels), settings.class_weights
    return class_weights(labels[0], n_classes=n_classes, rule=rule, appearance=every)


def _cost(
    record: Record, settings: TrainingSettings, n_training: int, device: str
) -> dict[str, Any]:
    n_steps = record.history[-1]["step"]
    drawn = n_training if settings.epoch_size is None else settings.epoch_size
    n_clips = n_steps * settings.batch_size if settings.drop_last else settings.epochs * drawn
    return {
        "seconds_training": record.seconds,
        "n_steps": n_steps,
        "clips_per_second": n_clips / record.seconds_steps,
        "peak_memory_bytes": peak_memory_bytes(device),
        "device": "+".join(record.devices),
    }
