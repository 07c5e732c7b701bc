"""Lightning callback: history, best weights, checkpoints, cost, progress bar."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from jtfs_repro.training import checkpoints, selection
from jtfs_repro.training.module import Classifier

_STEPS_BETWEEN_CHECKS = 16  # of the loss: each waits for the GPU
_SECONDS_BETWEEN_UPDATES = 1.0


class Recorder(pl.Callback):
    """Seeds every epoch, follows it, and saves the state when it is over.

    The random numbers of an epoch are a function of (seed, epoch, device), so that a training that
    was killed goes on as if it had not been. ``labels`` are those of the validation clips that are
    scored.
    """

    def __init__(
        self,
        *,
        identity: Mapping[str, Any],
        folder: Path,
        labels: np.ndarray,
        class_weights: np.ndarray,
        device: str,
        steps_per_epoch: int,
        progress: bool,
    ) -> None:
        self.identity = dict(identity)
        self.folder = folder
        self.labels = labels
        self.class_weights = class_weights
        self.steps_per_epoch = steps_per_epoch
        self.progress = progress
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Tensor] = {}
        self.devices = {device}
        self.seconds_total = self.seconds_steps = 0.0
        self._losses: list[Tensor] = []
        self._n_checked = 0
        self._bar: tqdm[Any] | None = None

    @property
    def state_key(self) -> str:
        """Name of this state in a Lightning checkpoint."""
        return checkpoints.STATE_KEY

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds beside Lightning's own."""
        return {
            "identity": self.identity,
            "history": self.history,
            "best": self.best,
            "devices": sorted(self.devices),
            "seconds": [self.seconds_total, self.seconds_steps],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what a checkpoint holds."""
        self.history = state_dict["history"]
        self.best = state_dict["best"]
        self.devices |= set(state_dict["devices"])
        self.seconds_total, self.seconds_steps = state_dict["seconds"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the bar, from the step at which the training goes on."""
        self._bar = tqdm(
            total=self.identity["epochs"] * self.steps_per_epoch,
            initial=trainer.global_step,
            desc=f"{type(pl_module.network).__name__} seed {self.identity['seed']}",
            unit="step",
            disable=not (self.progress and trainer.is_global_zero),
            mininterval=_SECONDS_BETWEEN_UPDATES,
        )

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed the epoch."""
        key = (self.identity["seed"], trainer.current_epoch, trainer.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))
        self._losses, self._n_checked = [], 0
        self._start = time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Note the loss of one step; look at the last few every now and then."""
        self._losses.append(outputs["loss"].detach())
        if self._bar is not None:
            self._bar.update()
        is_last = len(self._losses) == self.steps_per_epoch
        if is_last or len(self._losses) % _STEPS_BETWEEN_CHECKS == 0:
            self._check_losses(trainer)
        if is_last:
            self._end_of_steps = time.perf_counter()

    def _check_losses(self, trainer: pl.Trainer) -> None:
        """Stop at the first loss that is not finite."""
        losses = torch.stack(self._losses[self._n_checked :]).cpu()
        for step, loss in enumerate(losses.tolist(), start=self._n_checked):
            if not np.isfinite(loss):
                place = f"epoch {trainer.current_epoch}, step {step}"
                raise ValueError(
                    f"loss={loss} at {place} must be finite (NaN or Inf in the features, or lr too"
                    " high?)"
                )
        self._n_checked = len(self._losses)
        if self._bar is not None:
            self._bar.set_postfix_str(self._postfix(losses[-1].item()), refresh=False)

    def _postfix(self, loss: float) -> str:
        epoch = f"epoch {len(self.history) + 1}/{self.identity['epochs']}, loss {loss:.3f}"
        if not self.history:
            return epoch
        return f"{epoch}, validation accuracy {self.history[-1]['validation_accuracy']:.3f}"

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the row of the epoch, keep the weights if they are the best, save the state."""
        epoch = trainer.current_epoch
        assert isinstance(pl_module, Classifier)
        self.history.append(self._row(trainer, pl_module))
        chosen = selection.best_epoch(self.history, selection=self.identity["selection"])
        if chosen == epoch:
            state = pl_module.network.state_dict()
            self.best = {name: value.detach().cpu().clone() for name, value in state.items()}
        for row in self.history:
            row["is_best"] = "yes" if row["epoch"] == chosen else "no"
        self.seconds_steps += self._end_of_steps - self._start
        self.seconds_total += time.perf_counter() - self._start
        trainer.save_checkpoint(self.folder / checkpoints.LAST)

    def _row(self, trainer: pl.Trainer, module: Classifier) -> dict[str, Any]:
        """Return one row of the history; ``lr`` is that of the epoch's last step."""
        logits = module.validation_logits[: len(self.labels)]
        epoch, step = trainer.current_epoch, trainer.global_step
        if not np.isfinite(logits).all():
            raise ValueError(
                f"validation logits of epoch {epoch} must be finite (NaN or Inf in the features?)"
            )
        train_loss = trainer.strategy.reduce(torch.stack(self._losses).mean(), reduce_op="mean")
        last_epochs = self.identity["last_epochs"]
        is_candidate = selection.is_candidate(
            epoch, epochs=self.identity["epochs"], last_epochs=last_epochs
        )
        return {
            "epoch": epoch,
            "step": step,
            "lr": module.settings.lr * module.factor(step - 1),
            "train_loss": float(train_loss),
            "validation_loss": selection.mean_loss(logits, self.labels, self.class_weights),
            "validation_accuracy": selection.accuracy(logits, self.labels),
            "validation_macro_recall": selection.macro_recall(logits, self.labels),
            "is_candidate": "yes" if is_candidate else "no",
            "is_best": "no",
        }

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Close the bar."""
        self._close()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Close the bar."""
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
