"""Statistics of the training set that a network needs, and the shapes of its features.

Features of a clip are a dictionary of arrays, e.g. ``{"S1": (175, 32), "S2": (165, 44, 32)}``:
axis 0 is the path (or the CQT's bin), the last axis is time. In a batch, axis 1 is the path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from jtfs_repro import checks

if TYPE_CHECKING:
    import numpy as np

    Values = np.ndarray | Tensor | Sequence[float]

Shapes = Mapping[str, Sequence[int]]
KINDS = ("mu", "mean", "std")


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """One value per path, by feature name; computed on the training subset only.

    ``mean`` and ``std`` map a name to those of what is standardised [shape=(paths,)]: mu-log
    coefficients, or decibels; ``mu`` to the mean of the coefficients before the mu-log, empty for
    features in decibels.

    Examples
    --------
    >>> statistics = Statistics(mu={"S": [0.5, 2]}, mean={"S": [0, 1]}, std={"S": [1, 3]})
    >>> statistics.vector("mu", "S", 2)
    tensor([0.5000, 2.0000])
    """

    mean: Mapping[str, Values]
    std: Mapping[str, Values]
    mu: Mapping[str, Values] = field(default_factory=dict)

    @classmethod
    def neutral(cls, shapes: Shapes) -> Statistics:
        """Return mu = 1, mean = 0, std = 1 for features of these shapes.

        For networks whose statistics come with their weights.
        """
        ones = {name: torch.ones(shape[0]) for name, shape in shapes.items()}
        zeros = {name: torch.zeros(shape[0]) for name, shape in shapes.items()}
        return cls(mu=ones, mean=zeros, std=ones)

    def vector(self, kind: str, name: str, n: int) -> Tensor:
        """Return one statistic of one feature: Tensor [shape=(n,)], float32.

        ValueError: unknown kind, no such feature, or a length other than ``n``.
        """
        checks.choice("kind", kind, KINDS)
        values: Mapping[str, Values] = getattr(self, kind)
        if name not in values:
            mistake = "statistics of another representation?"
            checks.fail(f"statistics.{kind}", sorted(values), f"have {name!r}", mistake)
        found = as_vector(f"statistics.{kind}[{name!r}]", values[name])
        if len(found) != n:
            mistake = "statistics of other features?"
            checks.fail(f"statistics.{kind}[{name!r}]", len(found), f"have {n} values", mistake)
        return found


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
