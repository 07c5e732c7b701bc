"""The joint stage: Y_2 = U_1 * psi_n2 * psi_n_fr, its modulus, and the average by phi_T.

The modulus has 65 to 225 times as many elements as the scalogram, and it is needed only for its
average. So it is made group by group of rows, for a stretch of time that stays in the cache, and
averaged at once. In the backward pass it is made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .averaging import Reduction, Stretch, placed, reduce_time
from .frequency import Group, RowKernels, modulus


class Scratch:
    """Buffers that are used again and again: fresh large ones cost more than what is in them."""

    def __init__(self, like: Tensor) -> None:
        self._like, self._flat = like, {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        """Return the buffer `name` with `shape`, its content undefined."""
        size = 1
        for n in shape:
            size *= n
        flat = self._flat.get(name)
        if flat is None or len(flat) < size:
            flat = self._flat[name] = self._like.new_empty(size)
        return flat[:size].view(shape)


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """Samples ``start:stop`` of the signals `batch`, and how they are averaged."""

    batch: slice
    start: int
    kept: int
    stretch: Stretch

    @property
    def samples(self) -> slice:
        return slice(self.start, self.start + self.stretch.length)


def _pieces(B: int, reduction: Reduction, columns: int) -> Iterator[_Piece]:
    """Yield pieces of at most `columns` samples, of several signals where they are short."""
    for start, kept, stretch in placed(reduction):
        step = max(1, columns // stretch.length)
        for b in range(0, B, step):
            yield _Piece(batch=slice(b, min(b + step, B)), start=start, kept=kept, stretch=stretch)


def pooled_plain(Y: Tensor, kernels: RowKernels, reduction: Reduction) -> Tensor:
    """Return what :func:`pooled` returns, differentiably."""
    return reduce_time(lambda piece: modulus(piece, kernels), Y, reduction)


def pooled(Y: Tensor, kernels: RowKernels, reduction: Reduction, columns: int) -> Tensor:
    """Return the average in time of ``|Y * psi_{n_fr}|``.

    Parameters
    ----------
    Y : Tensor [shape=(B, rows, M)], complex
    kernels : RowKernels
    reduction : Reduction of M samples
    columns : int, number of samples computed at once

    Returns
    -------
    S : Tensor [shape=(B, outputs, frames)], in the order of the paths
    """
    scratch = Scratch(Y.real)
    S = Y.real.new_zeros((kernels.outputs, Y.shape[0], reduction.length))
    for piece in _pieces(Y.shape[0], reduction, columns):
        X = _planar(Y, piece, scratch)
        first = 0
        for group in kernels.groups:
            squares = _squares(_responses(X, group, scratch), scratch, keep=False)
            last = first + group.outputs
            _average(squares.sqrt_(), S[first:last, piece.batch], piece, scratch)
            first = last
    return S.index_select(0, kernels.order).transpose(0, 1)


def pooled_adjoint(
    Y: Tensor, G: Tensor, kernels: RowKernels, reduction: Reduction, columns: int
) -> Tensor:
    """Return the gradient of `Y`, given that of the result of :func:`pooled`, `G`.

    With P + iQ = Y * psi and U = sqrt(P**2 + Q**2): dU/dP = P / U, and 0 where U = 0.
    """
    scratch = Scratch(Y.real)
    S = torch.empty_like(G.transpose(0, 1)).index_copy_(0, kernels.order, G.transpose(0, 1))
    Y_grad = torch.zeros_like(Y)
    tiny = torch.finfo(S.dtype).tiny
    for piece in _pieces(Y.shape[0], reduction, columns):
        X = _planar(Y, piece, scratch)
        X_grad = scratch("X_grad", *X.shape).zero_()
        first = 0
        for group in kernels.groups:
            W = _responses(X, group, scratch)
            inverse = _squares(W, scratch, keep=True).add_(tiny).rsqrt_()
            last = first + group.outputs
            W *= inverse[:, :, None]
            W *= _spread(S[first:last, piece.batch], inverse, piece, scratch)[:, :, None]
            _responses_adjoint(W, X_grad, group, scratch)
            first = last
        into = torch.view_as_real(Y_grad[piece.batch, :, piece.samples].transpose(0, 1))
        torch.add(X_grad[0, :, 0], X_grad[1, :, 1], out=into[..., 0])
        torch.sub(X_grad[0, :, 1], X_grad[1, :, 0], out=into[..., 1])
    return Y_grad


def _planar(Y: Tensor, piece: _Piece, scratch: Scratch) -> Tensor:
    """Return Y and iY, real part before imaginary part: Tensor [shape=(2, rows, 2, b, t)]."""
    part = torch.view_as_real(Y[piece.batch, :, piece.samples].transpose(0, 1))
    X = scratch("X", 2, part.shape[0], 2, *part.shape[1:3])
    X[0, :, 0] = X[1, :, 1] = part[..., 0]
    X[0, :, 1] = part[..., 1]
    torch.neg(part[..., 1], out=X[1, :, 0])
    return X


def _responses(X: Tensor, group: Group, scratch: Scratch) -> Tensor:
    """Return ``Y * psi`` for a group: Tensor [shape=(rows, spins, 2, b, t)]."""
    _, _, _, b, t = X.shape
    Y, iY = X.flatten(2)
    a = scratch("a", group.rows, 2 * b * t)
    c = scratch("c", group.rows, 2 * b * t) if group.spins else a
    for tile in group.tiles:
        torch.mm(tile.A, Y[tile.first : tile.last], out=a[tile.start : tile.stop])
        if group.spins:
            torch.mm(tile.B, iY[tile.first : tile.last], out=c[tile.start : tile.stop])
    if group.spins == 0:
        return a.view(group.rows, 1, 2, b, t)
    if group.spins == 1:
        return a.add_(c).view(group.rows, 1, 2, b, t)
    W = scratch("W", group.rows, 2, 2 * b * t)
    torch.add(a, c, out=W[:, 0])
    torch.sub(a, c, out=W[:, 1])
    return W.view(group.rows, 2, 2, b, t)


def _responses_adjoint(W: Tensor, X_grad: Tensor, group: Group, scratch: Scratch) -> None:
    """Add the adjoint of :func:`_responses` at `W` to `X_grad`."""
    n = W[0, 0].numel()
    W = W.view(group.rows, -1, n)
    Y, iY = X_grad.flatten(2)
    a, c = W[:, 0], W[:, 0]
    if group.spins == 2:
        a = torch.add(W[:, 0], W[:, 1], out=scratch("a", group.rows, n))
        c = torch.sub(W[:, 0], W[:, 1], out=scratch("c", group.rows, n))
    for tile in group.tiles:
        Y[tile.first : tile.last].addmm_(tile.A.T, a[tile.start : tile.stop])
        if group.spins:
            iY[tile.first : tile.last].addmm_(tile.B.T, c[tile.start : tile.stop])


def _squares(W: Tensor, scratch: Scratch, *, keep: bool) -> Tensor:
    """Return the squared modulus [shape=(rows, spins, b, t)]; `W` is lost unless kept."""
    squared = torch.mul(W, W, out=scratch("W2", *W.shape) if keep else W)
    U = scratch("U", W.shape[0], W.shape[1], *W.shape[3:])
    return torch.add(squared[:, :, 0], squared[:, :, 1], out=U)


def _average(U: Tensor, S: Tensor, piece: _Piece, scratch: Scratch) -> None:
    """Add the averages of U [shape=(rows, spins, b, t)] to S [shape=(outputs, b, frames)]."""
    t = U.shape[-1]
    for first, matrix in piece.stretch.reached:
        if matrix is None:
            S[..., piece.kept : piece.kept + t] = U.flatten(0, 1)
            continue
        frames = matrix.shape[1]
        part = torch.mm(U.view(-1, t), matrix, out=scratch("S", U.numel() // t, frames))
        S[..., first : first + frames] += part.view(*S.shape[:2], frames)


def _spread(S: Tensor, like: Tensor, piece: _Piece, scratch: Scratch) -> Tensor:
    """Return the adjoint of :func:`_average`: Tensor [shape=(rows, spins, b, t)]."""
    t = like.shape[-1]
    U = scratch("U_grad", like.numel() // t, t)
    beta = 0
    for first, matrix in piece.stretch.reached:
        if matrix is None:
            return S[..., piece.kept : piece.kept + t].reshape(like.shape)
        frames = S[..., first : first + matrix.shape[1]].reshape(len(U), -1)
        torch.addmm(U, frames, matrix.T, beta=beta, out=U)
        beta = 1
    return U.view(like.shape)
