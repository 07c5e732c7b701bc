"""The transform as a function: no module to keep, its tables made once per arguments and length."""

from __future__ import annotations

import functools
from typing import Any

from torch import Tensor

from .arguments import check_type
from .transform import TimeFrequencyScattering


def jtfs(x: Tensor, *, J: int, J_fr: int, Q: int | tuple[int, ...], **options: Any) -> Any:
    """Return the joint scattering coefficients of `x`.

    Parameters
    ----------
    x : Tensor [shape=(..., N)], real, float32 or float64
    J, J_fr, Q, options : the arguments of `TimeFrequencyScattering`, but for `shape`

    Returns
    -------
    S : as `TimeFrequencyScattering` returns it

    Raises
    ------
    ValueError, TypeError
        One line with the argument, the rule, and the likely mistake.

    Examples
    --------
    >>> import torch
    >>> jtfs(torch.randn(2, 4096), J=8, J_fr=3, Q=8, format="joint").shape
    torch.Size([2, 59, 17, 16])
    """
    check_type(x)
    given = {"J": J, "J_fr": J_fr, "Q": Q, **options, "shape": x.shape[-1] if x.ndim else 0}
    hashable = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    return _transform(**hashable)(x)


@functools.lru_cache(maxsize=8, typed=True)  # the tables of those used last
def _transform(**arguments: Any) -> TimeFrequencyScattering:
    return TimeFrequencyScattering(**arguments)
