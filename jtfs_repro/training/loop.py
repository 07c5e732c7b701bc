"""The training loop: steps, validation, history, best weights, one checkpoint an epoch.

The random numbers of an epoch are a function of (seed, epoch, device), so that a training that was
killed goes on as if it had not been.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from jtfs_repro.devices import choose_device
from jtfs_repro.training import checkpoints, schedule, selection
from jtfs_repro.training.clips import Batch, Clips, draw, loader, logits_of, share, to_device
from jtfs_repro.training.loss import mean_loss, weighted_loss
from jtfs_repro.training.settings import Place, TrainingSettings

_STEPS_BETWEEN_CHECKS = 16  # of the loss: each waits for the GPU
_SECONDS_BETWEEN_UPDATES = 1.0


@dataclass(kw_only=True)
class Record:
    """What a training has come to: the part of a checkpoint beside network and optimiser.

    ``best`` are the weights of the best candidate so far; ``seconds`` those of all epochs,
    ``seconds_steps`` of their training steps alone, all runs together.
    """

    identity: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seconds_steps: float = 0.0


def train(
    network: nn.Module,
    training: Clips,
    validation: Clips,
    *,
    settings: TrainingSettings,
    class_weights: np.ndarray,
    place: Place,
    identity: Mapping[str, Any],
) -> Record:
    """Run all epochs that are missing; return the record. Only the first process returns."""
    is_first = place.devices == 1 or os.environ.get("LOCAL_RANK", "0") == "0"
    found = checkpoints.find(place.folder, identity, is_first=is_first)
    with _random_state_kept(place), _fabric(place) as fabric:
        loop = Loop(
            network, training, validation, settings=settings, class_weights=class_weights,
            place=place, record=Record(identity=dict(identity)), fabric=fabric,
        )  # fmt: skip
        if found is not None:
            loop.resume(found)
        loop.run()
    if not fabric.is_global_zero:
        sys.exit(0)
    record = loop.record
    best = {"identity": record.identity, "state_dict": record.best}
    checkpoints.save(Path(place.folder, checkpoints.BEST), best)
    Path(place.folder, checkpoints.PREVIOUS).unlink(missing_ok=True)
    return record


@contextmanager
def _random_state_kept(place: Place) -> Iterator[None]:
    has_gpu = choose_device(place.device) == "cuda"
    with torch.random.fork_rng(range(torch.cuda.device_count()) if has_gpu else []):
        yield


class OneDevice:
    """What the loop needs of Fabric, for one device: importing that takes longer than a toy trains.

    A cluster's environment variables have no say.
    """

    global_rank, world_size, is_global_zero = 0, 1, True

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)

    def setup_module(self, network: nn.Module) -> nn.Module:
        """Move the network to the device."""
        return network.to(self.device)

    def all_reduce(self, value: Tensor, *, reduce_op: str) -> Tensor:
        """Return the mean or sum over all devices."""
        return value

    def barrier(self) -> None:
        """Wait for all devices."""


@contextmanager
def _fabric(place: Place) -> Iterator[Any]:
    """Yield Lightning's Fabric, its processes started and its messages off; or `OneDevice`."""
    device = choose_device(place.device)
    if place.devices == 1:
        yield OneDevice(device)
        return
    from lightning.fabric import Fabric

    loggers = [logging.getLogger(f"lightning.{part}") for part in ("fabric", "pytorch")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        fabric = Fabric(accelerator=device, devices=place.devices, strategy=place.strategy)
        fabric.launch()
        yield fabric
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def optimiser(
    parameters: Iterable[nn.Parameter], settings: TrainingSettings
) -> torch.optim.Optimizer:
    """Return AdamW on parameters, with the learning rate and weight decay of the settings."""
    return torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=settings.weight_decay)


class Loop:
    """The epochs of one training, on one device or on one of several that share every batch."""

    def __init__(
        self,
        network: nn.Module,
        training: Clips,
        validation: Clips,
        *,
        settings: TrainingSettings,
        class_weights: np.ndarray,
        place: Place,
        record: Record,
        fabric: Any,
    ) -> None:
        self.settings, self.place, self.record, self.fabric = settings, place, record, fabric
        self.n_training = len(training)
        self.labels = np.asarray(
            validation.labels[: settings.n_scored(len(validation))], dtype=np.int64
        )
        self.steps_per_epoch = settings.steps_per_epoch(len(training), devices=place.devices)
        self.factor = schedule.build(
            settings.schedule,
            steps_per_epoch=self.steps_per_epoch,
            epochs=settings.epochs,
            floor=settings.lr_floor / settings.lr,
            warmup_epochs=settings.warmup_epochs,
            schedule_steps=settings.schedule_steps,
        )
        if place.devices > 1 and fabric.device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(network))
        self.network = network
        self.shared = fabric.setup_module(network)  # its gradients are those of all devices
        self.optimiser = optimiser(network.parameters(), settings)
        self.class_weights = class_weights
        self.weights = torch.from_numpy(class_weights).float().to(fabric.device)
        self.order: list[int] = []  # of the epoch's clips
        self.training = self._loader(training, self.order, drop_last=settings.drop_last)
        self.validation = self._loader(validation, self._share(range(len(self.labels))))

    def _share(self, clips: Any) -> list[int]:
        return share(clips, rank=self.fabric.global_rank, devices=self.fabric.world_size)

    def _loader(self, clips: Clips, order: list[int], *, drop_last: bool = False) -> Any:
        return loader(
            clips,
            order,
            batch_size=self.settings.batch_size // self.place.devices,
            drop_last=drop_last,
            num_workers=self.settings.num_workers,
            pin_memory=self.fabric.device.type == "cuda",
        )

    def resume(self, content: Mapping[str, Any]) -> None:
        """Take over what a checkpoint holds."""
        self.network.load_state_dict(content["network"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.record = Record(**{name: content[name] for name in vars(self.record)})

    def run(self) -> None:
        """Run all epochs that are missing."""
        record, device = self.record, self.fabric.device.type
        record.devices = sorted({*record.devices, device})
        done = len(record.history)
        with tqdm(
            total=self.settings.epochs * self.steps_per_epoch,
            initial=done * self.steps_per_epoch,
            desc=f"{type(self.network).__name__} seed {record.identity['seed']}",
            unit="step",
            disable=not (self.place.progress and self.fabric.is_global_zero),
            mininterval=_SECONDS_BETWEEN_UPDATES,
        ) as self.bar:
            for epoch in range(done, self.settings.epochs):
                self.epoch(epoch)

    def epoch(self, epoch: int) -> None:
        """Seed an epoch, train, validate, save."""
        start = time.perf_counter()
        seed = self.record.identity["seed"]
        key = (seed, epoch, self.fabric.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))
        size = self.settings.epoch_size
        self.order[:] = self._share(draw(self.n_training, epoch_size=size, seed=seed, epoch=epoch))
        train_loss = self._steps(epoch)
        end_of_steps = time.perf_counter()
        self._note(epoch, train_loss, self._validation_logits())
        self.record.seconds_steps += end_of_steps - start
        self.record.seconds += time.perf_counter() - start
        self.save()

    def _steps(self, epoch: int) -> float:
        """Take the steps of an epoch; return the mean loss of all devices."""
        self.shared.train()
        losses: list[Tensor] = []
        n_checked, first = 0, epoch * self.steps_per_epoch
        for batch in self.training:
            losses.append(self.step(batch, first + len(losses)))
            self.bar.update()
            if len(losses) == self.steps_per_epoch or len(losses) % _STEPS_BETWEEN_CHECKS == 0:
                self._check_losses(losses[n_checked:], epoch, n_checked)
                n_checked = len(losses)
        return float(self.fabric.all_reduce(torch.stack(losses).mean(), reduce_op="mean"))

    def step(self, batch: Batch, step: int) -> Tensor:
        """Take one step; return the weighted cross-entropy of the whole batch.

        DDP averages gradients over devices: each part is divided by the mean weight, so that the
        average is the gradient of the whole batch's weighted mean.
        """
        features, labels = batch[0], batch[1].to(self.fabric.device, non_blocking=True)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.lr * self.factor(step)
        logits = self.shared(to_device(features, self.fabric.device))
        total, weight = weighted_loss(logits, labels, self.weights)
        # ASSUME: the weighted mean; the paper's weighted sum differs by a factor
        loss = total / self.fabric.all_reduce(weight, reduce_op="mean")
        self.optimiser.zero_grad()
        loss.backward()
        if self.settings.gradient_clip_norm is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.gradient_clip_norm)
        self.optimiser.step()
        return loss.detach()

    def _check_losses(self, losses: list[Tensor], epoch: int, first: int) -> None:
        """Stop at the first loss that is not finite."""
        values = torch.stack(losses).tolist()
        for step, loss in enumerate(values, start=first):
            if not np.isfinite(loss):
                raise ValueError(
                    f"loss={loss} at epoch {epoch}, step {step} must be finite (NaN or Inf in the"
                    " features, or lr too high?)"
                )
        text = f"epoch {epoch + 1}/{self.settings.epochs}, loss {values[-1]:.3f}"
        if epoch:
            accuracy = self.record.history[-1]["validation_accuracy"]
            text += f", validation accuracy {accuracy:.3f}"
        self.bar.set_postfix_str(text, refresh=False)

    def _validation_logits(self) -> np.ndarray:
        """Return the logits of all devices, in the order of the clips."""
        own = logits_of(self.shared, self.validation, self.fabric.device)
        rank, devices = self.fabric.global_rank, self.fabric.world_size
        logits = own.new_zeros(len(own) * devices, own.shape[1])
        logits[rank::devices] = own  # see `share`
        logits = self.fabric.all_reduce(logits, reduce_op="sum")
        return logits.cpu().numpy()[: len(self.labels)]

    def _note(self, epoch: int, train_loss: float, logits: np.ndarray) -> None:
        """Add the row of an epoch; keep the weights if they are the best so far."""
        if not np.isfinite(logits).all():
            raise ValueError(
                f"validation logits of epoch {epoch} must be finite (NaN or Inf in the features?)"
            )
        settings, history = self.settings, self.record.history
        steps = (epoch + 1) * self.steps_per_epoch
        history.append({
            "epoch": epoch,
            "step": steps,
            "lr": settings.lr * self.factor(steps - 1),
            "train_loss": train_loss,
            "validation_loss": mean_loss(logits, self.labels, self.class_weights),
            "validation_accuracy": selection.accuracy(logits, self.labels),
            "validation_macro_recall": selection.macro_recall(logits, self.labels),
            "is_candidate": "yes" if settings.is_candidate(epoch) else "no",
            "is_best": "no",
        })  # fmt: skip
        chosen = selection.best_epoch(history, selection=settings.selection)
        if chosen == epoch:
            state = self.network.state_dict()
            self.record.best = {name: value.cpu().clone() for name, value in state.items()}
        for row in history:
            row["is_best"] = "yes" if row["epoch"] == chosen else "no"

    def save(self) -> None:
        """Write the checkpoint of an epoch; the one before becomes ``previous.ckpt``."""
        if self.fabric.is_global_zero:
            state = {
                "network": self.network.state_dict(),
                "optimiser": self.optimiser.state_dict(),
            }
            folder = Path(self.place.folder)
            checkpoints.save(
                folder / checkpoints.LAST,
                {**vars(self.record), **state},
                keep_as=folder / checkpoints.PREVIOUS,
            )
        self.fabric.barrier()
