"""The training loop: steps, validation, history, best weights, one checkpoint an epoch.

The random numbers of an epoch are a function of (seed, epoch, device), so that a training that was
killed goes on as if it had not been.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from jtfs_repro.training import checkpoints, schedule, scoring
from jtfs_repro.training.clips import Batch, Clips, draw, loader, predict, share, to_device
from jtfs_repro.training.place import Place
from jtfs_repro.training.settings import TrainingSettings

_STEPS_BETWEEN_CHECKS = 16  # of the loss: each waits for the GPU
_SECONDS_BETWEEN_UPDATES = 1.0


@dataclass(kw_only=True)
class Record:
    """What a training has come to: the part of a checkpoint beside network and optimiser.

    ``best`` are the weights of the best candidate so far; ``seconds`` those of all epochs,
    ``seconds_steps`` of their training steps alone, all runs together.
    """

    identity: Mapping[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seconds_steps: float = 0.0


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
        fabric: Any,
        record: Record,
    ) -> None:
        self.settings, self.place, self.fabric, self.record = settings, place, fabric, record
        self.steps_per_epoch = settings.steps_per_epoch(len(training), devices=place.devices)
        self.factor = schedule.build(settings, self.steps_per_epoch)  # of the learning rate
        if place.devices > 1 and place.device == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(network))
        self.network = network
        self.shared = fabric.setup_module(network)  # its gradients are those of all devices
        self.optimiser = optimiser(network.parameters(), settings)
        self.class_weights = class_weights
        self.weights = torch.from_numpy(class_weights).float().to(fabric.device)
        scored = slice(settings.n_scored(len(validation)))
        self.labels = np.asarray(validation.labels[scored], dtype=np.int64)
        self.n_training = len(training)
        self.order: list[int] = []  # of the epoch's clips
        self.share = partial(share, rank=fabric.global_rank, devices=fabric.world_size)
        read = partial(
            loader,
            batch_size=settings.batch_size // place.devices,
            num_workers=settings.num_workers,
            pin_memory=place.device == "cuda",
        )
        self.training = read(training, self.order, drop_last=settings.drop_last)
        self.validation = read(validation, self.share(range(len(self.labels))))

    def resume(self, content: Mapping[str, Any]) -> None:
        """Take over what a checkpoint holds."""
        self.network.load_state_dict(content["network"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.record = Record(**{name: content[name] for name in vars(self.record)})

    def run(self) -> Record:
        """Run all epochs that are missing."""
        done = len(self.record.history)
        self.record.devices = sorted({*self.record.devices, self.place.device})
        with tqdm(
            total=self.settings.epochs * self.steps_per_epoch,
            initial=done * self.steps_per_epoch,
            desc=f"{type(self.network).__name__} seed {self.record.identity['seed']}",
            unit="step",
            disable=not (self.place.progress and self.fabric.is_global_zero),
            mininterval=_SECONDS_BETWEEN_UPDATES,
        ) as self.bar:
            for epoch in range(done, self.settings.epochs):
                self._epoch(epoch)
        return self.record

    def _epoch(self, epoch: int) -> None:
        start = time.perf_counter()
        seed = self.record.identity["seed"]
        key = (seed, epoch, self.fabric.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))
        size = self.settings.epoch_size
        self.order[:] = self.share(draw(self.n_training, epoch_size=size, seed=seed, epoch=epoch))
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
        features, labels = to_device(batch, self.fabric.device)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.lr * self.factor(step)
        total, weight = scoring.weighted_loss(self.shared(features), labels, self.weights)
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
        for row in self.record.history[-1:]:
            text += f", validation accuracy {row['validation_accuracy']:.3f}"
        self.bar.set_postfix_str(text, refresh=False)

    def _validation_logits(self) -> np.ndarray:
        """Return the logits of all devices, in the order of the clips."""
        own = predict(self.shared, self.validation, self.fabric.device)
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
            "validation_loss": scoring.mean_loss(logits, self.labels, self.class_weights),
            "validation_accuracy": scoring.accuracy(logits, self.labels),
            "validation_macro_recall": scoring.macro_recall(logits, self.labels),
            "is_candidate": "yes" if settings.is_candidate(epoch) else "no",
        })  # fmt: skip
        chosen = scoring.best_epoch(history, selection=settings.selection)
        if chosen == epoch:
            state = self.network.state_dict()
            self.record.best = {name: value.cpu().clone() for name, value in state.items()}
        for row in history:
            row["is_best"] = "yes" if row["epoch"] == chosen else "no"

    def save(self) -> None:
        """Write the checkpoint of an epoch; the one before becomes ``previous.ckpt``."""
        if self.fabric.is_global_zero:
            folder = Path(self.place.folder)
            network, steps = self.network.state_dict(), self.optimiser.state_dict()
            state = {**vars(self.record), "network": network, "optimiser": steps}
            previous = folder / checkpoints.PREVIOUS
            checkpoints.save(folder / checkpoints.LAST, state, keep_as=previous)
        self.fabric.barrier()
