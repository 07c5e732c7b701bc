"""Lightning module: network, loss, optimiser, schedule, logits of the validation clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn

from jtfs_repro.training.clips import Batch
from jtfs_repro.training.optimiser import optimiser
from jtfs_repro.training.selection import weighted_loss
from jtfs_repro.training.settings import TrainingSettings


class Classifier(pl.LightningModule):
    """A network with its loss, optimiser and schedule (``factor``: step -> factor of the rate)."""

    class_weights: Tensor

    def __init__(
        self,
        network: nn.Module,
        *,
        settings: TrainingSettings,
        class_weights: np.ndarray,
        factor: Callable[[int], float],
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.factor = factor
        weights = torch.from_numpy(class_weights).float()
        self.register_buffer("class_weights", weights, persistent=False)
        self.validation_logits = np.empty((0, len(weights)), dtype=np.float32)
        self._batches: list[Tensor] = []

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        """Return the network's logits."""
        return self.network(features)

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Return the weighted cross-entropy of the batch, of all devices' parts together.

        DDP averages gradients over devices: each part is divided by the mean weight, so that
        the average is the gradient of the whole batch's weighted mean.
        """
        features, labels = batch
        total, weight = weighted_loss(self.network(features), labels, self.class_weights)
        # ASSUME: the weighted mean; the paper's weighted sum differs by a factor
        return total / self.trainer.strategy.reduce(weight, reduce_op="mean")

    def on_validation_epoch_start(self) -> None:
        """Forget the logits of the epoch before."""
        self._batches = []

    def validation_step(self, batch: Batch, index: int) -> None:
        """Keep the logits of one batch."""
        self._batches.append(self.network(batch[0]).float())

    def on_validation_epoch_end(self) -> None:
        """Put the logits of all devices back into the order of the clips."""
        logits = cast("Tensor", self.all_gather(torch.cat(self._batches)))
        if logits.ndim == 3:  # (device, clip, class): device d has clips d, d + devices, ...
            logits = logits.transpose(0, 1).flatten(0, 1)
        self.validation_logits = logits.cpu().numpy()
        self._batches = []

    def configure_optimizers(self) -> Any:
        """Return AdamW on all parameters, and the schedule, stepped after every batch."""
        made = optimiser(self.network.parameters(), self.settings)
        scheduler = torch.optim.lr_scheduler.LambdaLR(made, self.factor)
        return {"optimizer": made, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
