"""Lightning modules: network, loss, optimiser and schedule; the loaders of one training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from jtfs_repro.training.clips import Batch, Clips, loader
from jtfs_repro.training.optimiser import optimiser
from jtfs_repro.training.sampling import EpochSampler, share
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


class Subsets(pl.LightningDataModule):
    """Training clips as an epoch draws them, from ``first_epoch`` on; validation clips in order."""

    def __init__(
        self,
        training: Clips,
        validation: Clips,
        *,
        settings: TrainingSettings,
        seed: int,
        first_epoch: int,
        device: str,
    ) -> None:
        super().__init__()
        self.training = training
        self.validation = validation
        self.settings = settings
        self.seed = seed
        self.first_epoch = first_epoch
        self.is_on_gpu = device == "cuda"

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return this device's share of the training batches."""
        rank, devices = self._place()
        sampler = EpochSampler(
            len(self.training),
            epoch_size=self.settings.epoch_size,
            seed=self.seed,
            epoch=self.first_epoch,
            rank=rank,
            devices=devices,
        )
        return self._loader(self.training, sampler, drop_last=self.settings.drop_last)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return this device's share of the validation batches."""
        rank, devices = self._place()
        scored = range(self.settings.n_scored(len(self.validation)))
        return self._loader(self.validation, share(scored, rank=rank, devices=devices))

    def _place(self) -> tuple[int, int]:
        assert self.trainer is not None
        return self.trainer.global_rank, self.trainer.world_size

    def _loader(
        self, clips: Clips, sampler: EpochSampler | list[int], *, drop_last: bool = False
    ) -> DataLoader[Batch]:
        return loader(
            clips,
            batch_size=self.settings.batch_size // self._place()[1],
            sampler=sampler,
            drop_last=drop_last,
            num_workers=self.settings.num_workers,
            pin_memory=self.is_on_gpu,
        )
