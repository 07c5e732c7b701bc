"""Statistics of the training set that a network needs, and the shapes of its features.

Features of a clip are a dictionary of arrays, e.g. ``{"S1": (175, 32), "S2": (165, 44, 32)}``:
axis 0 is the path (or the CQT's bin), the last axis is time. In a batch, axis 1 is the path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jtfs_repro import checks

Values = np.ndarray | Tensor | Sequence[float]
Shapes = Mapping[str, Sequence[int]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """Statistics of one feature over the training clips, one value per path [shape=(paths,)].

    ``mean`` and ``std`` are those of what is standardised: mu-log coefficients, or decibels; ``mu``
    is the mean of the coefficients before the mu-log, ones where nothing is compressed.
    """

    mu: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def neutral(cls, shapes: Shapes) -> dict[str, Statistics]:
        """Return mu = 1, mean = 0, std = 1 for every feature of these shapes.

        For networks whose statistics come with their weights.
        """
        sizes = {name: shape[0] for name, shape in shapes.items()}
        return {n: cls(mu=np.ones(k), mean=np.zeros(k), std=np.ones(k)) for n, k in sizes.items()}


def vectors(statistics: Mapping[str, Statistics], name: str, n: int) -> tuple[Tensor, ...]:
    """Return mu, mean and std of one feature: Tensors [shape=(n,)], float32.

    ValueError: no such feature, or a length other than ``n``.

    Examples
    --------
    >>> half, one = np.array([0.5, 0.5]), np.array([1.0, 1.0])
    >>> vectors({"S": Statistics(mu=half, mean=one, std=one)}, "S", 2)[0]
    tensor([0.5000, 0.5000])
    """
    if name not in statistics:
        mistake = "statistics of another representation?"
        checks.fail("statistics", sorted(statistics), f"have {name!r}", mistake)
    found = []
    for kind in ("mu", "mean", "std"):
        label = f"statistics[{name!r}].{kind}"
        found.append(as_vector(label, getattr(statistics[name], kind)))
        if len(found[-1]) != n:
            checks.fail(label, len(found[-1]), f"have {n} values", "statistics of other features?")
    return tuple(found)


def as_vector(name: str, values: Any) -> Tensor:
    """Return a copy of ``values`` as float32; they must be one-dimensional and finite."""
    tensor = values.detach().clone() if isinstance(values, Tensor) else torch.tensor(values)
    if tensor.ndim != 1:
        checks.fail(f"{name}.shape", tuple(tensor.shape), "be (paths,)", "one value per path")
    if not tensor.isfinite().all():
        index = int((~tensor.isfinite()).nonzero()[0])
        mistake = "did a clip have NaN in its features?"
        checks.fail(f"{name}[{index}]", float(tensor[index]), "be finite", mistake)
    return tensor.float()


def feature_shape(shapes: Shapes, name: str, axes: Sequence[str]) -> tuple[int, ...]:
    """Return the shape of one feature of a clip, as positive integers along ``axes``.

    ValueError, TypeError: no such feature, another number of axes, or a size below 1.

    Examples
    --------
    >>> feature_shape({"S1": [175, 32]}, "S1", ("rows", "frames"))
    (175, 32)
    """
    if name not in shapes:
        mistake = "features of another representation?"
        checks.fail("shapes", sorted(shapes), f"have {name!r}", mistake)
    shape = tuple(shapes[name])
    if len(shape) != len(axes):
        rule = f"be ({', '.join(axes)})"
        checks.fail(f"shapes[{name!r}]", shape, rule, "the shape of one clip, without batch")
    return tuple(
        checks.integer(f"shapes[{name!r}].{axis}", size, low=1)
        for axis, size in zip(axes, shape, strict=True)
    )


def take(features: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Tensor:
    """Return one feature of a batch: Tensor [shape=(B, *shape)], floating point.

    ValueError: no such feature, or another shape or type.
    """
    if name not in features:
        mistake = "features of another representation?"
        checks.fail("features", sorted(features), f"have {name!r}", mistake)
    value = features[name]
    if tuple(value.shape[1:]) != shape:
        rule = f"be (B, {', '.join(map(str, shape))})"
        mistake = "the network was built for other features"
        checks.fail(f"features[{name!r}].shape", tuple(value.shape), rule, mistake)
    if not value.is_floating_point():
        checks.fail(f"features[{name!r}].dtype", value.dtype, "be real floating point")
    return value
