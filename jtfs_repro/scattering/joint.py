"""The joint stage: Y_2 = U_1 * psi_n2 * psi_n_fr, its modulus, and the average by phi_T.

The modulus has 65 to 225 times as many elements as the scalogram, and it is needed only for its
average. So it is made for a chunk of rows and of time that stays in the cache, and averaged at
once. In the backward pass it is made again. Buffers and views of them are made once and serve all
chunks: fresh large buffers, and views, cost more than the arithmetic on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .averaging import Reduction, TimeChunk, placed, reduce_time
from .frequency import RowChunk, RowKernels, modulus
from .parallel import in_parallel
from .scratch import Scratch


def pooled_plain(Y: Tensor, kernels: RowKernels, reduction: Reduction) -> Tensor:
    """Return what :func:`pooled` returns, differentiably."""
    return reduce_time(lambda chunk: modulus(chunk, kernels), Y, reduction)


def pooled(Y: Tensor, kernels: RowKernels, reduction: Reduction, columns: int) -> Tensor:
    """Return the average in time of ``|Y * psi_{n_fr}|``, made for `columns` samples at once.

    Y [shape=(B, rows, M)], complex -> S [shape=(B, outputs, frames)], in the order of the paths.
    """
    chunks = list(_chunks(Y.shape[0], reduction, columns))
    shape = (kernels.outputs, Y.shape[0], reduction.length)
    kept = Y.real.new_empty(shape) if reduction.frames is None else None

    def averages_of(share: Sequence[_Chunk]) -> Tensor:
        S = Y.real.new_zeros(shape) if kept is None else kept
        scratch = Scratch(Y.real)
        for chunk, bench in _benches(Y, kernels, share, scratch):
            bench.load(chunk.of(Y))
            _average(bench, chunk, S[:, chunk.batch], scratch)
        return S

    first, *others = in_parallel(averages_of, chunks, Y.device)
    for other in others if kept is None else ():
        first += other
    return first.index_select(0, kernels.order).transpose(0, 1)


def _average(bench: _Bench, chunk: _Chunk, S: Tensor, scratch: Scratch) -> None:
    """Add the average of the chunk that is on the bench."""
    matrix = chunk.time.matrix
    if matrix is None:
        for rows in bench.rows:
            S[rows.outputs, :, chunk.kept] = rows.modulus()
        return
    averages = scratch("averages", bench.outputs, len(matrix))
    for rows in bench.rows:
        torch.mm(rows.modulus().view(-1, bench.t), matrix.T, out=averages[rows.lines])
    for frames, those in chunk.time.frames():
        S[..., frames] += averages.view(*S.shape[:2], -1)[..., those]


def pooled_adjoint(
    Y: Tensor,
    G: Tensor,
    Y_grad: Tensor,
    kernels: RowKernels,
    reduction: Reduction,
    columns: int,
    sink: dict[int, Tensor] | None = None,
) -> None:
    """Write to `Y_grad` the gradient of `Y`, given that of the result of :func:`pooled`, `G`.

    With P + iQ = Y * psi and U = sqrt(P**2 + Q**2): dU/dP = P / U, and 0 where U = 0. `G` is to be
    of moderate size: where U = 0 it is divided by the root of the smallest number. The gradients
    of the kernels that `sink` has, by identity, are added to it.
    """
    G = G.transpose(0, 1)
    S = torch.empty_like(G).index_copy_(0, kernels.order, G)
    chunks = list(_chunks(Y.shape[0], reduction, columns))
    if sum(time.length for _, _, time in placed(reduction)) < Y.shape[-1]:
        Y_grad.zero_()

    wanted = [t for c in kernels.chunks for tile in c.tiles for t in (tile.A, tile.B)]
    wanted = [] if sink is None else [t for t in wanted if id(t) in sink]

    def gradients_of(share: Sequence[_Chunk]) -> dict[int, Tensor]:
        scratch = Scratch(Y.real)
        own = {id(table): torch.zeros_like(table) for table in wanted}
        for chunk, bench in _benches(Y, kernels, share, scratch, own):
            bench.load(chunk.of(Y))
            bench.X_grad.zero_()
            _average_adjoint(bench, chunk, S[:, chunk.batch], scratch)
            bench.unload(chunk.of(Y_grad))
        return own

    for own in in_parallel(gradients_of, chunks, Y.device):
        for key, gradient in own.items():
            sink[key] += gradient  # pyright: ignore[reportOptionalSubscript]


def _average_adjoint(bench: _Bench, chunk: _Chunk, S: Tensor, scratch: Scratch) -> None:
    """Fill the gradient of the chunk that is on the bench, given that of its averages."""
    matrix = chunk.time.matrix
    if matrix is None:
        for rows in bench.rows:
            rows.adjoint(S[rows.outputs, :, chunk.kept])
        return
    parts = [S[..., frames].flatten(0, 1) for frames, _ in chunk.time.frames()]
    averages = torch.cat(parts, dim=-1)
    for rows in bench.rows:
        lines = averages[rows.lines]
        U_grad = torch.mm(lines, matrix, out=scratch("U_grad", len(lines), bench.t))
        rows.adjoint(U_grad)


@dataclass(frozen=True, kw_only=True)
class _Chunk:
    """A chunk of time of the signals `batch`; `kept`: where it goes if nothing is averaged."""

    batch: slice
    samples: slice
    kept: slice
    time: TimeChunk

    def of(self, Y: Tensor) -> Tensor:
        """Return the chunk of Y [shape=(B, rows, M)], as real numbers [shape=(rows, b, t, 2)]."""
        return torch.view_as_real(Y[self.batch, :, self.samples].transpose(0, 1))


def _chunks(B: int, reduction: Reduction, columns: int) -> Iterator[_Chunk]:
    """Yield chunks of at most `columns` samples, of several signals where they are short."""
    for start, kept, time in placed(reduction):
        step = max(1, columns // time.length)
        for b in range(0, B, step):
            yield _Chunk(
                batch=slice(b, min(b + step, B)),
                samples=slice(start, start + time.length),
                kept=slice(kept, kept + time.length),
                time=time,
            )


class _Bench:
    """Where chunks of one shape are worked on: Y and iY, real parts before imaginary parts."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        kernels: RowKernels,
        scratch: Scratch,
        sink: dict[int, Tensor],
    ) -> None:
        rows, b, t = shape
        self.b, self.t = b, t
        self.X = scratch("X", 2, rows, 2, b, t)
        self.X_grad = scratch("X_grad", 2, rows, 2, b, t)
        self.outputs = kernels.outputs * b
        self.rows: list[_RowBench] = []
        first = 0
        for chunk in kernels.chunks:
            self.rows.append(_RowBench(chunk, first, self, scratch, sink))
            first += chunk.outputs

    def load(self, Y: Tensor) -> None:
        """Put in the chunk Y [shape=(rows, b, t, 2)]."""
        self.X[0].copy_(Y.movedim(-1, 1))
        self.X[1, :, 1] = self.X[0, :, 0]
        torch.neg(self.X[0, :, 1], out=self.X[1, :, 0])

    def unload(self, Y_grad: Tensor) -> None:
        """Write the gradient of the chunk."""
        real, imag = self.X_grad
        torch.add(real[:, 0], imag[:, 1], out=Y_grad[..., 0])
        torch.sub(real[:, 1], imag[:, 0], out=Y_grad[..., 1])


class _RowBench:
    """Where a chunk of rows is worked on.

    outputs : its rows of the modulus, among all; lines : the same, counted per signal
    """

    def __init__(
        self,
        chunk: RowChunk,
        first: int,
        bench: _Bench,
        scratch: Scratch,
        sink: dict[int, Tensor],
    ) -> None:
        b, t, n = bench.b, bench.t, chunk.kernel_rows
        self.outputs = slice(first, first + chunk.outputs)
        self.lines = slice(b * first, b * (first + chunk.outputs))
        self._spins = chunk.spins
        self._spare, self._low, self._high = block = scratch("W", 3, n, 2 * b * t)
        self._W = block[1 : 1 + max(chunk.spins, 1)].view(-1, n, 2, b, t)
        self._P, self._Q = self._W.unbind(2)
        self._U = self._spare.view(-1)[: self._P.numel()].view(self._P.shape)
        self._products, self._products_back, self._products_kernel = [], [], []
        for X, of_kernel, out in ((0, "A", self._low), (1, "B", self._spare)):
            for tile in chunk.tiles:
                kernel, rows = getattr(tile, of_kernel), slice(tile.start, tile.stop)
                if kernel is not None:
                    into = (bench.X[X].flatten(1)[tile.columns], out[rows])
                    self._products.append((kernel, *into))
                    back = bench.X_grad[X].flatten(1)[tile.columns]
                    source = self._low if chunk.spins == 1 else out
                    self._products_back.append((kernel.T, source[rows], back))
                    if id(kernel) in sink:
                        self._products_kernel.append((source[rows], into[0].T, sink[id(kernel)]))

    def modulus(self) -> Tensor:
        """Return U [shape=(outputs, b, t)], until the buffers are used again."""
        self._respond()
        return self._squared_modulus().sqrt_().flatten(0, 1)

    def adjoint(self, U_grad: Tensor) -> None:
        """Add to the gradient of the chunk, given that of U; reads and spoils the buffers."""
        self._respond()
        tiny = torch.finfo(self._U.dtype).tiny
        quotient = self._squared_modulus().add_(tiny).rsqrt_()
        quotient *= U_grad.reshape(quotient.shape)
        self._W *= quotient[:, :, None]
        if self._spins == 2:
            torch.sub(self._high, self._low, out=self._spare)
            self._low += self._high
        for kernel, grad, into in self._products_back:
            into.addmm_(kernel, grad)
        for grad, X, into in self._products_kernel:
            into.addmm_(grad, X)

    def _respond(self) -> None:
        """Fill W with ``Y * psi``: spin -1 (low) and spin +1 (high), or the only one (low)."""
        for kernel, X, out in self._products:
            torch.mm(kernel, X, out=out)
        if self._spins == 2:
            torch.add(self._low, self._spare, out=self._high)
            self._low -= self._spare
        elif self._spins == 1:
            self._low += self._spare

    def _squared_modulus(self) -> Tensor:
        return torch.mul(self._P, self._P, out=self._U).addcmul_(self._Q, self._Q)


def _benches(
    Y: Tensor,
    kernels: RowKernels,
    chunks: Sequence[_Chunk],
    scratch: Scratch,
    sink: dict[int, Tensor] | None = None,
) -> Iterator[tuple[_Chunk, _Bench]]:
    """Yield each chunk with the bench for its shape."""
    shape, bench = None, None
    for chunk in chunks:
        b, t = chunk.batch.stop - chunk.batch.start, chunk.time.length
        if bench is None or shape != (b, t):
            shape, bench = (b, t), _Bench((Y.shape[1], b, t), kernels, scratch, sink or {})
        yield chunk, bench
