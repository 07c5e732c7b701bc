"""The logits of a trained network."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from jtfs_repro.training.clips import Clips, loader


def predict(
    network: nn.Module, clips: Clips, *, n: int | None = None, batch_size: int, device: str = "cpu"
) -> np.ndarray:
    """Return the logits of the first ``n`` clips (all if None), batch by batch, in eval mode.

    Result: ndarray [shape=(n, n_classes)], float32.
    """
    network = network.to(device).eval()
    batches = []
    with torch.inference_mode():
        for features, _ in loader(clips, n=n, batch_size=batch_size):
            inputs = {name: value.to(device) for name, value in features.items()}
            batches.append(network(inputs).float().cpu())
    network.cpu()
    return torch.cat(batches).numpy()
