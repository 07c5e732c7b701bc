"""Settings of one training."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jtfs_repro import checks
from jtfs_repro.training.scoring import RULES, SELECTIONS

SCHEDULES = ("paper", "as_coded")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained, chosen and scored. The defaults are the paper's.

    ValueError, TypeError: a setting is out of range.

    Parameters
    ----------
    epochs : int >= 1
    epoch_size : int >= 1, optional
        Training clips in an epoch, see `clips.draw`; one shuffled pass if None.
    batch_size : int >= 1; clips per step, over all devices together; also per batch when scoring
    drop_last : bool; whether training leaves out the last partial batch of an epoch (as coded)
    lr, lr_floor : float > 0; highest and lowest learning rate
    weight_decay : float >= 0; of AdamW, on all parameters
    gradient_clip_norm : float > 0, optional
        Gradients with a larger norm (all parameters together) are scaled down to it.
    schedule : {'paper', 'as_coded'}; see `schedule`
    warmup_epochs : int >= 0; only 'paper' reads it; 'as_coded' always takes three
    schedule_steps : int >= 1, optional; steps that 'as_coded' takes for an epoch; the true number
        if None, 256 for the original's defect
    class_weights : {'training_by_id', 'all_by_appearance'}; see `scoring.class_weights`
    selection : {'accuracy', 'macro_recall'}; validation score by which the epoch is chosen
    last_epochs : int >= 1; how many epochs at the end are candidates; all if there are fewer
    score_drop_last : bool; whether the last partial batch of validation and test is never scored
        (the original's defect)
    num_workers : int >= 0; processes that read batches ahead; no influence on the result
    """

    epochs: int = 30
    epoch_size: int | None = 8192
    batch_size: int = 32
    drop_last: bool = False
    lr: float = 1e-3
    lr_floor: float = 1e-11
    weight_decay: float = 0.1
    gradient_clip_norm: float | None = None
    schedule: str = "paper"
    warmup_epochs: int = 1
    schedule_steps: int | None = None
    class_weights: str = "training_by_id"
    selection: str = "accuracy"
    last_epochs: int = 10
    score_drop_last: bool = False
    num_workers: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "last_epochs"):
            checks.integer(name, getattr(self, name), low=1)
        for name in ("epoch_size", "schedule_steps"):
            if getattr(self, name) is not None:
                checks.integer(name, getattr(self, name), low=1)
        for name in ("warmup_epochs", "num_workers"):
            checks.integer(name, getattr(self, name), low=0)
        for name in ("drop_last", "score_drop_last"):
            checks.choice(name, getattr(self, name), (False, True))
        self._check_optimiser()
        checks.choice("schedule", self.schedule, SCHEDULES)
        checks.choice("class_weights", self.class_weights, RULES)
        checks.choice("selection", self.selection, SELECTIONS)

    def _check_optimiser(self) -> None:
        checks.number("lr", self.lr, above=0)
        checks.number("lr_floor", self.lr_floor, above=0, high=self.lr, mistake="more than lr?")
        checks.number("weight_decay", self.weight_decay, low=0)
        if self.gradient_clip_norm is not None:
            checks.number("gradient_clip_norm", self.gradient_clip_norm, above=0)

    def steps_per_epoch(self, n: int, *, devices: int = 1) -> int:
        """Return the optimiser steps of one epoch over ``n`` training clips.

        ValueError: the devices cannot share a batch equally, or an epoch has not one whole batch.

        Examples
        --------
        >>> TrainingSettings().steps_per_epoch(5841)
        256
        >>> TrainingSettings(epoch_size=None, drop_last=True).steps_per_epoch(5841)
        182
        """
        size, rest = divmod(self.batch_size, devices)
        if rest:
            rule = f"be a multiple of devices={devices}"
            checks.fail("batch_size", self.batch_size, rule, "it is the batch of all together")
        drawn = n if self.epoch_size is None else self.epoch_size
        per_device = math.ceil(drawn / devices)  # see `clips.share`
        steps = per_device // size if self.drop_last else math.ceil(per_device / size)
        if steps == 0:
            mistake = "drop_last leaves no batch: fewer clips per batch"
            checks.fail("batch_size", self.batch_size, f"be <= {drawn}", mistake)
        return steps

    def is_candidate(self, epoch: int) -> bool:
        """Return whether an epoch (from 0) is among those at the end that may be chosen."""
        return epoch >= self.epochs - self.last_epochs

    def n_scored(self, n: int) -> int:
        """Return how many of ``n`` validation or test clips are scored: the first so many."""
        scored = n - n % self.batch_size if self.score_drop_last else n
        if scored == 0:
            mistake = "score_drop_last leaves no batch"
            checks.fail("batch_size", self.batch_size, f"be <= {n}", mistake)
        return scored
