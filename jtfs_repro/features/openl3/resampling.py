r"""Resampling by the windowed sinc of ``resampy``'s ``kaiser_best``, batched and differentiable.

With the conversion ratio :math:`\rho = sr_{new} / sr` and the half-window :math:`h(u)`, tabulated
at :math:`2^p` points per zero crossing and interpolated linearly,

.. math:: y[m] = \min(1, \rho) \sum_n x[n] \, h(\min(1, \rho) \, |m / \rho - n|).

:math:`\rho = up / down` is rational, so the weights repeat every ``up`` outputs: the resampler is
one product of frames of the input, ``down`` samples apart, with a matrix of ``up`` columns.

``resampy`` changed this filter in its version 0.4 (August 2022); both are here. The vectors stored
with OpenL3 are older than the change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jtfs_repro import checks

MAX_WEIGHTS = 1 << 24  # 64 MiB in float32: rates such as 44 099 Hz would need gigabytes


@dataclass(frozen=True, kw_only=True)
class SincFilter:
    """Kaiser-windowed sinc: its length in zero crossings, table, roll-off and ``beta``."""

    n_zeros: int
    precision: int
    rolloff: float
    beta: float

    def half_window(self) -> np.ndarray:
        """Return the right half, ``2 ** precision`` points per crossing, float64."""
        n = self.n_zeros << self.precision
        sinc = self.rolloff * np.sinc(self.rolloff * np.linspace(0, self.n_zeros, n + 1))
        return np.kaiser(2 * n + 1, self.beta)[n:] * sinc


FILTERS = {
    "resampy02": SincFilter(
        n_zeros=64, precision=9, rolloff=0.9475937167399596, beta=14.769656459379492
    ),
    "resampy04": SincFilter(
        n_zeros=50, precision=13, rolloff=0.9173473712608761, beta=12.984585247040012
    ),
}


def n_resampled(n_samples: int, sr: float, sr_new: float) -> int:
    """Return the length after resampling, ``floor(n_samples * sr_new / sr)``."""
    return math.floor(n_samples * _ratio(sr, sr_new))


def _ratio(sr: float, sr_new: float) -> Fraction:
    return Fraction(sr_new) / Fraction(sr)


def polyphase_weights(sr: float, sr_new: float, window: SincFilter) -> tuple[np.ndarray, int, int]:
    """Return the matrix of weights, the hop and the left padding of the frames it multiplies.

    Column ``p`` of the weights [shape=(width, up)], float64, makes the outputs ``p, p + up, ...``;
    hop and padding are in samples of the input.
    """
    ratio = _ratio(sr, sr_new)
    up, down = ratio.numerator, ratio.denominator
    scale = min(1.0, float(ratio))
    reach = math.ceil(window.n_zeros / scale) + 1
    width = down + 2 * reach
    if up * width > MAX_WEIGHTS:
        checks.fail("sr", sr, f"have a small ratio to {sr_new:g} Hz", f"ratio is {up}/{down}")
    # Output p lies at p * down / up samples of the input; frames start `reach` samples earlier.
    position = np.arange(up)[None, :] * down
    whole, part = position // up, (position % up) / up
    offset = np.arange(width)[:, None] - reach - whole  # >= 1: right wing, <= 0: left wing
    return scale * _wings(offset, part, scale, window), down, reach


def _wings(offset: np.ndarray, part: np.ndarray, scale: float, window: SincFilter) -> np.ndarray:
    """Interpolate the table as ``resampy`` does: whole steps within a wing, one fraction each."""
    table, per_crossing = window.half_window(), 1 << window.precision
    step = int(scale * per_crossing)
    is_right = offset >= 1
    index_frac = scale * np.where(is_right, 1 - part, part) * per_crossing
    first = index_frac.astype(int)
    index = first + np.where(is_right, offset - 1, -offset) * step
    is_inside = (index >= 0) & (index <= len(table) - step)
    index = np.where(is_inside, index, 0)
    slope = np.append(np.diff(table), 0.0)
    return np.where(is_inside, table[index] + (index_frac - first) * slope[index], 0.0)


class Resample(nn.Module):
    """Resample the last axis from ``sr`` to ``sr_new``.

    ValueError: a rate that is not positive, an unknown filter, or a ratio of large integers.

    Parameters
    ----------
    sr, sr_new : float > 0; sample rates, Hz; their ratio must be that of small integers
    resampler : {'resampy02', 'resampy04'}; ``kaiser_best`` of resampy up to 0.3, or since 0.4

    Examples
    --------
    >>> Resample(sr=8192, sr_new=48000)(torch.zeros(2, 32768)).shape
    torch.Size([2, 192000])
    """

    weights: Tensor

    def __init__(self, *, sr: float, sr_new: float, resampler: str = "resampy02") -> None:
        super().__init__()
        self.sr = checks.number("sr", sr, above=0)
        self.sr_new = checks.number("sr_new", sr_new, above=0)
        checks.choice("resampler", resampler, tuple(FILTERS))
        self.is_identity = self.sr == self.sr_new
        if not self.is_identity:
            weights, self.hop, self.left = polyphase_weights(sr, sr_new, FILTERS[resampler])
            self.register_buffer("weights", torch.from_numpy(weights).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` [shape=(..., N)] at ``sr_new`` [shape=(..., N sr_new / sr)]."""
        if self.is_identity:
            return x
        n_out = n_resampled(x.shape[-1], self.sr, self.sr_new)
        width, up = self.weights.shape
        n_frames = -(-n_out // up)
        right = max(0, (n_frames - 1) * self.hop + width - self.left - x.shape[-1])
        frames = functional.pad(x, (self.left, right)).unfold(-1, width, self.hop)
        y = frames[..., :n_frames, :] @ self.weights.to(x.dtype)  # (..., frames, up)
        return y.flatten(-2)[..., :n_out]
