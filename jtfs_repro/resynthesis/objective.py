r"""The error of an estimate and its gradient, in bounded memory for sounds of any length.

.. math:: E(y) = \|S y - S x\| \, / \, \|S x\|

over the concatenated coefficients of all orders and channels. A sound of at most `segment` samples
is transformed whole, as in the paper. A longer one is cut into segments that overlap by one half
(the last one ends with the sound, and may overlap by more); S is then the transforms of all
segments together. Target and estimate are cut alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jtfs_repro import checks

SEGMENT = 2**17
_LONGEST_TRIED = 2**26  # samples; no representation is known to need more
Transform = Callable[[Tensor], Any]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """``E(y)**2`` and its gradient [shape=(channels, N)]; None where it was not wanted."""

    squared_error: float
    gradient: Tensor | None


def build_transform(representation: Callable[..., Transform], n_samples: int) -> Transform:
    """Return the representation of signals of ``n_samples``, called with ``shape=n_samples``.

    It maps [shape=(channels, n_samples)] to one tensor of coefficients. ValueError: the signal is
    shorter than the longest wavelet (``2**J``) or average (T); or a setting of the representation
    is out of its range.
    """
    try:
        made = representation(shape=n_samples)
    except ValueError:
        longer = _build_longer(representation, n_samples)
        if longer is None:
            raise
        made = longer
    J, T = getattr(made, "J", None), getattr(made, "T", None)
    least = max([2**J if isinstance(J, int) else 1, T if isinstance(T, int) else 1])
    if n_samples < least:
        rule = f"be >= {least} for J={J} (2**J samples) and T={T} samples"
        checks.fail("n_samples", n_samples, rule, "sound too short: take a longer one or a lower J")
    return made


def _build_longer(representation: Callable[..., Transform], n_samples: int) -> Transform | None:
    """Return the representation of the first longer power of two that it accepts."""
    longer = 1 << n_samples.bit_length()
    while longer <= _LONGEST_TRIED:
        try:
            return representation(shape=longer)
        except ValueError:
            longer *= 2
    return None


class Objective:
    """Error of estimates of one target; the target's coefficients are computed once.

    ValueError: the sound is too short for the representation, its coefficients are all zero or not
    finite. TypeError: the representation does not return one tensor.

    Parameters
    ----------
    target : Tensor [shape=(channels, N)], real; decides dtype and device
    representation : class; see `build_transform`
    segment : int >= 1; most samples that are transformed at once

    Attributes
    ----------
    transform : the representation of one segment
    n_coefficients : int, over all segments and channels
    evaluations : int; number of calls of `evaluate` so far: of transforms of a whole estimate
    pause : function; called before every segment; what it raises leaves `evaluate`

    Examples
    --------
    >>> from functools import partial
    >>> from jtfs_repro.scattering import Scattering1D
    >>> x = torch.sin(torch.arange(1024.0))[None]
    >>> objective = Objective(x, partial(Scattering1D, J=6, Q=8))
    >>> objective.evaluate(x).squared_error, objective.evaluate(0 * x).squared_error
    (0.0, 1.0...)
    """

    def __init__(
        self, target: Tensor, representation: Callable[..., Transform], *, segment: int = SEGMENT
    ) -> None:
        checks.integer("segment", segment, low=1, mistake="samples")
        if target.ndim != 2 or not target.is_floating_point():
            shape = (tuple(target.shape), str(target.dtype))
            checks.fail("target", shape, "be (channels, N), real floating point")
        self.shape = tuple(target.shape)
        self.length = min(self.shape[1], segment)
        self.starts = segment_starts(self.shape[1], self.length)
        self.transform = build_transform(representation, self.length)
        with torch.no_grad():
            self._targets = [self._coefficients(target[:, self._at(s)]) for s in self.starts]
        self.n_coefficients = sum(S.numel() for S in self._targets)
        self.norm = math.sqrt(sum(_sum_of_squares(S).item() for S in self._targets))
        if not (math.isfinite(self.norm) and self.norm > 0):
            peak = target.abs().max().item()
            mistake = (
                f"peak {peak:.3g}: scale it to about 1" if peak else "silent: it has no texture"
            )
            checks.fail("norm", self.norm, "be finite and > 0", mistake)
        self.evaluations = 0
        self.pause: Callable[[], None] = lambda: None

    def evaluate(self, y: Tensor, *, limit: float = math.inf) -> Evaluation:
        """Return the squared error of an estimate, and its gradient unless it exceeds ``limit``.

        An estimate that is rejected needs no gradient: once the sum over the segments is above
        the limit, the rest is transformed forwards only. Where it is not finite there is no
        gradient either.
        """
        self.evaluations += 1
        total, gradient = 0.0, torch.zeros_like(y)
        for start, S_x in zip(self.starts, self._targets, strict=True):
            self.pause()
            at = self._at(start)
            with torch.set_grad_enabled(total <= limit):
                part = y[:, at].detach().requires_grad_()
                error = _sum_of_squares((self._coefficients(part) - S_x) / self.norm)
            total += error.item()
            if _is_wanted(total, limit):
                gradient[:, at] += torch.autograd.grad(error, part)[0]
        return Evaluation(
            squared_error=total, gradient=gradient if _is_wanted(total, limit) else None
        )

    def _at(self, start: int) -> slice:
        return slice(start, start + self.length)

    def _coefficients(self, x: Tensor) -> Tensor:
        S = self.transform(x)
        if not isinstance(S, Tensor):
            mistake = "out_type='array' and T > 0 give one tensor"
            raise TypeError(checks.message("type(S)", type(S).__name__, "be Tensor", mistake))
        return S


def segment_starts(n_samples: int, length: int) -> list[int]:
    """Return the first samples of segments of ``length`` that cover ``n_samples``.

    Examples
    --------
    >>> segment_starts(100, 100), segment_starts(200, 100), segment_starts(210, 100)
    ([0], [0, 50, 100], [0, 50, 100, 110])
    """
    last, hop = n_samples - length, max(1, length // 2)
    return [*range(0, last, hop), last]


def _sum_of_squares(S: Tensor) -> Tensor:
    return S.square().sum(dtype=torch.float64)


def _is_wanted(total: float, limit: float) -> bool:
    return math.isfinite(total) and total <= limit
