"""Lengths of the time and log-frequency axes: padding before the transform, cropping after.

The time axis is reflected (or zero-padded) to a power of two, so that the low-pass filter of width
T sees the signal's border at most at 0.1 % of its weight where there is room for it. The
log-frequency axis is zero-padded on the side of low frequencies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch import Tensor, nn

from .filters import low_pass, spectrum
from .scaling import power_of_two

ENOUGH = 64  # times T: on so many bins phi_T, which is 1.6 T wide, is as on any more
SUPPORT_WEIGHT = 1e-3  # share of the low-pass filter's l1 norm that may lie outside its support


@dataclass(frozen=True, kw_only=True)
class TimeAxis:
    """Length of the signal, of its padded version, and the samples added on the left."""

    N: int
    N_padded: int
    left: int

    @property
    def right(self) -> int:
        """Samples added on the right."""
        return self.N_padded - self.N - self.left

    def border(self, k: int) -> tuple[int, int]:
        """Return (start, end) of the signal at resolution ``2**-k``: ceil-halved k times."""
        start, end = self.left, self.left + self.N
        for _ in range(k):
            start, end = (start + 1) // 2, (end + 1) // 2
        return start, end


@dataclass(frozen=True, kw_only=True)
class Window(TimeAxis):
    """A stretch of an axis that is padded already: its samples `first` to `last` give frames."""

    first: int
    last: int

    def border(self, k: int) -> tuple[int, int]:
        """Return (first, last) at resolution ``2**-k``."""
        return self.first >> k, self.last >> k


def window(N: int, first: int = 0, last: int | None = None) -> Window:
    """Return a window of `N` samples."""
    return Window(N=N, N_padded=N, left=0, first=first, last=N if last is None else last)


@lru_cache(64)
def time_axis(N: int, T: float) -> TimeAxis:
    """Return the padding of a signal of `N` samples for a low-pass filter of width `T` samples.

    Three half-supports of the filter are added on each side, rounded up to a power of two, but
    never more than ``N - 1`` samples (what reflection can give): a very long `T` is under-padded.
    """
    wanted = N + 6 * half_support(N, T)
    log2_N_padded = min(math.ceil(math.log2(wanted)), math.floor(math.log2(3 * N - 2)))
    N_padded = 2**log2_N_padded
    return TimeAxis(N=N, N_padded=N_padded, left=(N_padded - N) // 2)


def padded(x: Tensor, axis: TimeAxis, pad_mode: str) -> tuple[Tensor, Tensor]:
    """Scale and pad signals [shape=(B, N)].

    The transform is homogeneous: scaling each signal by the power of two below its largest sample
    changes no digit of the result, and keeps the products of tiny or huge signals in range.

    Returns
    -------
    U_0 : Tensor [shape=(B, N_padded)]
    scale : Tensor [shape=(B, 1)], what the output is to be multiplied by
    """
    scale = power_of_two(x.detach().abs().amax(-1, keepdim=True))
    mode, ends = "constant" if pad_mode == "zero" else "reflect", (axis.left, axis.right)
    return nn.functional.pad((x / scale)[:, None], ends, mode=mode)[:, 0], scale


def half_support(N: int, T: float) -> int:
    """Return 1 + the lag beyond which the low-pass filter on `N` bins weighs <= 0.1 %."""
    N = min(N, ENOUGH * math.ceil(T))
    half = N // 2
    phi = np.abs(np.fft.ifft(spectrum(low_pass(T), N)))[:half]
    beyond = np.cumsum(phi[::-1])[::-1]
    small = np.flatnonzero(beyond <= SUPPORT_WEIGHT)
    return int(small[0]) + 1 if len(small) else half


def padded_rows(rows: int, J_fr: int, F: float, log2_stride_fr: int, *, least: int) -> int:
    """Return the length of the log-frequency axis after zero-padding.

    ``rows + 8 min(F, 2**J_fr)`` rounded down to a multiple of ``2**J_fr``; rounded up to a
    multiple of the output stride where that is coarser, and to hold the `least` rows there are.
    """
    unit = 2**J_fr
    N_fr = int(rows + 8 * min(F, unit)) // unit * unit
    coarsest = max(unit, 2**log2_stride_fr)
    return -(-max(N_fr, least) // coarsest) * coarsest
