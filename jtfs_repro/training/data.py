"""Lightning data module: the loaders of one training, made for the device that it is on."""

from __future__ import annotations

import lightning.pytorch as pl
from torch.utils.data import DataLoader

from jtfs_repro.training.clips import Batch, Clips, loader
from jtfs_repro.training.sampling import EpochSampler, share
from jtfs_repro.training.settings import TrainingSettings


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
