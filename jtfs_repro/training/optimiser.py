"""The optimiser of the networks, apart from Lightning, whose import takes seconds."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from jtfs_repro.training.settings import TrainingSettings


def optimiser(
    parameters: Iterable[torch.nn.Parameter], settings: TrainingSettings
) -> torch.optim.Optimizer:
    """Return AdamW on parameters, with the learning rate and weight decay of the settings."""
    return torch.optim.AdamW(parameters, lr=settings.lr, weight_decay=settings.weight_decay)
