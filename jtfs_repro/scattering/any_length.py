"""Signals of any length: other lengths, lists of them, long sounds in windows, live streams."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import checks
from .padding import TimeAxis, time_axis
from .stream import Stream, blocks

if TYPE_CHECKING:
    from .bank import TimeBank
    from .engine import Engine

OTHERS = 16  # transforms for other lengths that are kept


class AnyLength:
    """What a transform offers for signals that do not have its own length."""

    bank: TimeBank
    engine: Engine
    T: Any
    _is_built: bool
    _made: Any
    _given: dict[str, Any]
    _others: OrderedDict[TimeAxis, Any]

    def _build(self) -> None:
        """Make the network of the bank."""
        raise NotImplementedError

    def _on_axis(self, axis: TimeAxis) -> Self:
        """Return the same transform on another axis, kept for the next time.

        Its wavelets' tables are those of the first transform with as many samples.
        """
        if axis == self.bank.axis:
            return self
        given = {**self._given, "shape": axis.N}
        if axis in self._others and self._others[axis]._given == given:
            self._others.move_to_end(axis)
            return self._others[axis]
        other = self._made(given)
        if other.bank.axis != axis:  # of a window
            other._is_built = False
            other.bank = replace(other.bank, axis=axis)
            other._build()
        N = axis.N_padded
        alike = (S for S in (self, *self._others.values()) if S.bank.axis.N_padded == N)
        other.engine.like = next((S.engine.like or S.engine for S in alike), None)
        self._others[axis] = other
        if len(self._others) > OTHERS:
            self._others.popitem(last=False)
        return other

    def for_length(self, N: int) -> Self:
        """Return the same transform for signals of `N` samples; the last 16 lengths are kept.

        Lengths with the same padded length share their wavelets, which are what costs to make.
        """
        N = checks.integer("N", N, low=2, mistake="the number of samples of a signal")
        return self if self.bank.axis.N == N else self._on_axis(time_axis(N, self.T))

    def blocks(self, x: Any, *, longest: int | None = None) -> Iterator[tuple[int, Any]]:
        """Yield (first frame, output) of a long sound, window by window, in bounded memory.

        All outputs, one after the other along their last axis, are ``S.for_length(N)(x)`` (relative
        difference below 1e-5), in time proportional to N. Local averages in time only.

        Parameters
        ----------
        x : Tensor, array or memory map [shape=(..., N)], float32 or float64
            Sliced as ``x[..., first:last]``; no more than a window of it is read at once.
        longest : None or number of samples of a window
            None: windows of which three quarters give frames. More memory buys little speed.
        """
        return blocks(self, x, longest=longest)

    def stream(
        self, sr: float | None = None, *, length: int | None = None, longest: int | None = None
    ) -> Stream:
        """Return a stream: push samples as they come, get the frames that they complete.

        ``[*stream(pieces)]``, or `push` piece by piece and `finish`, gives the outputs of `blocks`:
        with the whole sound's number of samples `length`, the same frames; without it those of a
        sound whose first frame is its first sample. The ends are mirrored (or zero) as far as the
        wavelets reach; the padded axis of a whole transform is a circle, which a stream cannot
        know: with T < 2**J the frames next to the ends see the difference.

        Parameters
        ----------
        sr : sample rate in Hz, for `Stream.times`
        longest : as in `blocks`; ``stream.latency`` samples pass between a frame and its output
        """
        return Stream(self, sr, length, longest)

    def frame_times(self, sr: float, N: int | None = None) -> np.ndarray:
        """Return the seconds of the frames of a signal of `N` samples (None: of `shape`).

        Local averages in time only; `sr` in Hz.
        """
        stream = Stream(self, sr, self.bank.axis.N if N is None else N, None)
        return stream.times(0, stream._total(N or self.bank.axis.N))
