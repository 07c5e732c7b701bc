"""Long sounds in windows: the frames of one transform of the whole, in bounded memory.

A wavelet, and what modulus and average make of it, depends on the samples within its support. So a
window of the signal gives the frames whose supports it holds: those ``margin`` samples away from
its ends. (|U(x) - U(x')| <= |psi| * |x - x'| in each order, so that the supports of an output are
those of |psi_n1| * |psi_n2| * phi_T, a Gaussian whose variance is the sum of theirs.) Windows start
at multiples of the stride of the whole signal's padded axis, since the wavelets' subsampling sees
where samples lie; the signal is extended at its true ends as its own padding would extend it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import checks
from .arguments import check_type
from .filters import Filter, low_pass
from .lengths import picked
from .padding import TimeAxis, time_axis, window

DEVIATIONS = 6.0  # of the Gaussian support of an output: 2e-9 of its weight lies beyond
SHARE = 0.75  # of a window that is to give frames
SHORTEST = 2**16  # samples of a window, at least


def margin(S: Any) -> int:
    """Return how many samples on either side of a frame count, a multiple of the stride."""
    bank = S.bank
    average = _deviation(low_pass(S.T)) ** 2
    first = max(_deviation(psi) for psi in bank.psi1) ** 2
    pairs = [
        _deviation(bank.psi2[n2]) ** 2 + max(_deviation(p) for p in bank.psi1[: bank.rows[n2]]) ** 2
        for n2 in bank.live_n2
    ]
    samples = DEVIATIONS * math.sqrt(average + max([first, *pairs]))
    return -(-math.ceil(samples) // S.stride) * S.stride


def _deviation(psi: Filter) -> float:
    """Return the standard deviation, in samples, of the envelope of a filter."""
    return 1 / (2 * math.pi * psi.sigma)


class Windows:
    """Windows of a transform: how long they are, and what they give."""

    def __init__(self, S: Any, longest: int | None = None) -> None:
        if S.bank.average != "local":
            given = S._given["T"]
            rule = "be None or a number of samples in windows of a long sound"
            checks.fail("T", given, rule, "sum or average its frames instead")
        self.S, self.stride, self.margin = S, S.stride, margin(S)
        least = self._samples(2 * self.margin + self.stride)
        if longest is not None:
            mistake = "twice the support of the longest wavelets is the least"
            checks.integer("longest", longest, low=least, mistake=mistake)
            while self._samples(least + 1) <= longest:
                least = self._samples(least + 1)
        wanted = max(SHORTEST, math.ceil(2 * self.margin / (1 - SHARE)))
        self.longest = self._samples(wanted) if longest is None else least

    def _samples(self, least: int) -> int:
        """Return the next length of a window: a power of two or three quarters of one."""
        power = 1 << (max(least, 4 * self.stride) - 1).bit_length()
        return power * 3 // 4 if power * 3 // 4 >= max(least, 4 * self.stride) else power

    def length(self, frames: int) -> int:
        """Return the length of the next window where `frames` are still to come."""
        return min(self.longest, self._samples(2 * self.margin + frames * self.stride))

    def frames(self, length: int) -> int:
        """Return how many frames a window gives."""
        return (length - 2 * self.margin) // self.stride

    def __call__(self, x: Tensor, frames: int) -> Any:
        """Return the first `frames` of a window [shape=(..., length)] after its margin."""
        N, core = x.shape[-1], self.frames(x.shape[-1]) * self.stride
        S = self.S._on_axis(window(N, self.margin, self.margin + core))
        return picked(S(x), Ellipsis, slice(frames))


def blocks(S: Any, x: Any, *, longest: int | None = None) -> Iterator[tuple[int, Any]]:
    """Yield (first frame, output) of a long sound; see `ScatteringModule.blocks`."""
    windows, axis = Windows(S, longest), time_axis(_length(x), S.T)
    first, last = axis.border(S.log2_stride)
    if axis.N_padded <= windows.longest:
        yield 0, S.for_length(axis.N)(_samples(x, slice(None)))
        return
    frame = first
    while frame < last:
        length = windows.length(last - frame)
        frames = min(windows.frames(length), last - frame)
        start = frame * windows.stride - windows.margin
        yield frame - first, windows(_extended(x, start, length, axis, S.pad_mode), frames)
        frame += frames


def _length(x: Any) -> int:
    shape = getattr(x, "shape", None)
    if not shape:
        mistake = "a tensor, an array, or what is sliced and has a shape as they do"
        raise TypeError(f"type(x)={type(x).__name__} must have a time axis ({mistake})")
    return checks.integer("x.shape[-1]", int(shape[-1]), low=2, mistake="samples")


def _samples(x: Any, index: Any) -> Tensor:
    """Return some samples of `x` as a tensor."""
    part = x[..., index]
    part = part if isinstance(part, Tensor) else torch.from_numpy(np.array(part))
    check_type(part)
    return part


def _extended(x: Any, start: int, length: int, axis: TimeAxis, pad_mode: str) -> Tensor:
    """Return samples of the padded axis, which is a circle, from `start` on."""
    first, last = start - axis.left, start - axis.left + length
    if first >= 0 and last <= axis.N:
        return _samples(x, slice(first, last))
    place = np.mod(start + np.arange(length), axis.N_padded) - axis.left
    return _at(x, place, axis.N, pad_mode)


def _at(x: Any, place: np.ndarray, N: int, pad_mode: str, before: int = 0) -> Tensor:
    """Return the samples at `place` of a signal of `N`, of which `x` lacks those `before` it."""
    index = N - 1 - np.abs(N - 1 - np.mod(place, max(2 * N - 2, 1))) - before
    low = int(index.min())
    part = _samples(x, slice(low, int(index.max()) + 1))
    part = part[..., torch.from_numpy(index - low).to(part.device)]
    if pad_mode == "zero":
        outside = torch.from_numpy((place < 0) | (place >= N)).to(part.device)
        part = part.masked_fill(outside, 0)
    return part


class Stream:
    """Frames of a sound that arrives in pieces; see `ScatteringModule.stream`."""

    def __init__(self, S: Any, sr: float | None, length: int | None, longest: int | None) -> None:
        self._windows, self._S = Windows(S, longest), S
        if sr is not None:
            sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
        self.sr = sr
        if length is not None:
            length = checks.integer("length", length, low=2, mistake="samples of the whole sound")
        self._announced = length
        self.frames = 0  # that were returned so far
        self._seen = 0  # samples that were pushed so far
        self._kept: Tensor | None = None  # the last of them
        axis = TimeAxis(N=2, N_padded=2, left=0) if length is None else time_axis(length, S.T)
        self._offset = axis.border(S.log2_stride)[0] * S.stride - axis.left

    @property
    def latency(self) -> int:
        """Samples between a frame and the last sample that it needs."""
        return self._windows.longest - self._windows.margin

    def times(self, first: int, last: int) -> np.ndarray:
        """Return the seconds (samples, where no `sr` was given) of frames first to last - 1."""
        samples = self._offset + self._S.stride * np.arange(first, last)
        return samples / (self.sr or 1)

    def push(self, x: Tensor) -> list[Any]:
        """Take the next samples [shape=(..., n)]; return the outputs that they complete."""
        check_type(x)
        if self._announced is not None and self._seen + x.shape[-1] > self._announced:
            rule = f"be the announced length={self._announced} at most"
            checks.fail("samples", self._seen + x.shape[-1], rule, "more samples than announced")
        self._kept = x if self._kept is None else torch.cat([self._kept, x], dim=-1)
        self._seen += x.shape[-1]
        found, windows = [], self._windows
        while self._start() + windows.longest <= self._seen:
            found.append(self._next(windows.longest, windows.frames(windows.longest), 2**62))
        return found

    def finish(self) -> list[Any]:
        """Return the outputs of the frames up to the true end."""
        N, windows, found = self._seen, self._windows, []
        if self._announced not in (None, N):
            rule = f"be the announced length={self._announced}"
            checks.fail("samples", N, rule, "the sound ended early")
        N = checks.integer("samples", N, low=2, mistake="push samples first")
        total = self._total(N)
        while self.frames < total:
            length = windows.length(total - self.frames)
            found.append(self._next(length, min(windows.frames(length), total - self.frames), N))
        return found

    def __call__(self, pieces: Any) -> Iterator[Any]:
        """Yield the outputs of all pieces and of the end."""
        for piece in pieces:
            yield from self.push(piece)
        yield from self.finish()

    def _total(self, N: int) -> int:
        return -(-(N - self._offset) // self._windows.stride)

    def _start(self) -> int:
        """First sample of the next window."""
        return self._offset + self.frames * self._windows.stride - self._windows.margin

    def _next(self, length: int, frames: int, N: int) -> Any:
        assert self._kept is not None
        before = self._seen - self._kept.shape[-1]  # samples that are no longer kept
        place = self._start() + np.arange(length)
        place = np.minimum(place, N + self._windows.margin + self._windows.stride)
        output = self._windows(_at(self._kept, place, N, self._S.pad_mode, before), frames)
        self.frames += frames
        gone = self._start() - self._windows.margin - 2 * self._windows.stride - before
        if gone > 0:
            self._kept = self._kept[..., gone:].clone()
        return output
