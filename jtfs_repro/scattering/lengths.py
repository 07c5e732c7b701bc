"""Signals of different lengths in one call: those with the same padded length go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .. import checks
from .arguments import check_type
from .padding import TimeAxis, window

AT_ONCE = 2**20  # padded samples that are computed together


def is_list(x: Any) -> bool:
    """Return whether `x` is a list or tuple of tensors."""
    return isinstance(x, (list, tuple)) and all(isinstance(item, Tensor) for item in x)


def scattered_list(S: Any, signals: Sequence[Tensor]) -> list[Any]:
    """Return the output of each signal [shape=(..., N_i)], as ``S.for_length(N_i)`` gives it.

    Where the time axis is averaged (or summed over its padding), signals with the same leading
    shape and padded length are one batch; otherwise those of the same length are.
    """
    outputs: list[Any] = [None] * len(signals)
    groups: dict[Any, list[int]] = {}
    for i, x in enumerate(signals):
        check_type(x)
        if x.ndim < 1:
            checks.fail("x.shape", (), "have at least one axis", "a list of signals, not samples")
        axis = S.for_length(x.shape[-1]).bank.axis
        length = axis.N_padded if is_padded_alike(S) else axis.N
        groups.setdefault((x.shape[:-1], x.dtype, x.device, length), []).append(i)
    for (shape, _, _, length), members in groups.items():
        step = max(1, AT_ONCE // (length * max(1, shape.numel())))
        for start in range(0, len(members), step):
            some = members[start : start + step]
            for i, output in zip(some, _batch(S, [signals[i] for i in some]), strict=True):
                outputs[i] = output
    return outputs


def is_padded_alike(S: Any) -> bool:
    """Return whether a length decides nothing but padding and which frames are kept."""
    return S.bank.average == "local" or (S.bank.average == "global" and not S.bank.mean)


def _batch(S: Any, signals: Sequence[Tensor]) -> list[Any]:
    """Return the outputs of signals of one length, or padded length."""
    axes = [S.for_length(x.shape[-1]).bank.axis for x in signals]
    if len({axis.N for axis in axes}) == 1:
        together = S.for_length(axes[0].N)(torch.stack(tuple(signals)))
        return [picked(together, i, slice(None)) for i in range(len(signals))]
    padded = [_padded(x, axis, S.pad_mode) for x, axis in zip(signals, axes, strict=True)]
    together = S._on_axis(window(axes[0].N_padded))(torch.stack(padded))
    frames = [slice(None)] * len(axes)
    if S.bank.average == "local":
        frames = [slice(*axis.border(S.bank.log2_stride)) for axis in axes]
    return [picked(together, i, those) for i, those in enumerate(frames)]


def picked(output: Any, i: Any, frames: slice) -> Any:
    """Return some frames of the signals `i` of an output of any type."""
    if isinstance(output, Tensor):
        return output[i][..., frames]
    if isinstance(output, dict):
        return {key: coef[i][..., frames] for key, coef in output.items()}
    return [{**entry, "coef": entry["coef"][i][..., frames]} for entry in output]


def _padded(x: Tensor, axis: TimeAxis, pad_mode: str) -> Tensor:
    mode = "constant" if pad_mode == "zero" else "reflect"
    rows = x.reshape(x.shape[:-1].numel(), 1, axis.N)
    return nn.functional.pad(rows, (axis.left, axis.right), mode=mode).reshape(*x.shape[:-1], -1)
