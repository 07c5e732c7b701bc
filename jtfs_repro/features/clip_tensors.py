r"""Base class of the classifier's representations (Section 4): named tensors of one clip.

The contract is that of the other features, ``Feature(sr=, n_samples=)(x)`` -> (B, dimension), with
one addition: ``shapes`` gives the axes of each part, in the order in which they lie in the vector,
and `ClipTensors.unflatten` brings a vector back into that form.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from jtfs_repro import checks

Shapes = Mapping[str, tuple[int, ...]]


class ClipTensors(nn.Module, ABC):
    """Base of the classifier's representations: flat vectors with named, shaped parts.

    ``shapes`` maps the name of each part to its axes, without the batch; ``bytes_per_signal`` is
    the working memory for one clip.
    """

    def __init__(self, *, n_samples: int, shapes: Shapes, bytes_per_signal: int) -> None:
        super().__init__()
        self.n_samples = n_samples
        self.shapes = dict(shapes)
        self.parts = slices(shapes)
        self.dimension = sum(math.prod(shape) for shape in shapes.values())
        self.bytes_per_signal = bytes_per_signal + 8 * self.dimension

    @abstractmethod
    def tensors(self, x: Tensor) -> dict[str, Tensor]:
        """Return the parts: x [shape=(B, n_samples)] -> {name: [shape=(B, *shapes[name])]}."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the parts one after the other: [shape=(B, n_samples)] -> [shape=(B, D)]."""
        parts = self.tensors(checks.signal_batch(x, self.n_samples))
        return torch.cat([parts[name].flatten(1) for name in self.shapes], dim=1)


def slices(shapes: Shapes) -> dict[str, slice]:
    """Return which columns of the flat vector each part takes.

    Examples
    --------
    >>> slices({"S1": (3, 2), "S2": (5,)})
    {'S1': slice(0, 6, None), 'S2': slice(6, 11, None)}
    """
    ends = np.cumsum([0, *(math.prod(shape) for shape in shapes.values())]).tolist()
    return {name: slice(*pair) for name, *pair in zip(shapes, ends, ends[1:], strict=False)}


def unflatten(vectors: np.ndarray, shapes: Shapes) -> dict[str, np.ndarray]:
    """Return vectors [shape=(B, D)] as views {name: [shape=(B, *shapes[name])]}."""
    return {
        name: vectors[:, part].reshape(len(vectors), *shapes[name])
        for name, part in slices(shapes).items()
    }
