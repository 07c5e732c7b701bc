"""What a transform will compute and keep, counted before anything runs.

FLOPs: 5 M log2 M for a complex FFT of M points and half of it for a real one, 2 per product and sum
of a matrix product, and the operations of each modulus. Bytes: every array that exists as a whole
is written once and read as often as a stage needs it; what is made and used up within a chunk of
time counts nothing, since it is to stay in the cache. Training adds the stages' adjoints: each
makes its input's products again, and two more of the same size.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import torch

from .bank import TimeBank
from .first_order import FirstOrder
from .padding import TimeAxis
from .second_order import Branch, SecondOrder

SYSTEM = 5 * 2**23  # bytes that FFT and matrix product libraries take for themselves


@dataclass(frozen=True, kw_only=True)
class Step:
    """One stage: what it is, floating-point operations, bytes moved."""

    name: str
    flops: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes: of the tables, of results per signal, and of what is at work at once.

    making : of the tables, and of what their making in float64 leaves in the heap
    kept : per signal, from the forward to the backward pass
    gradient : per signal, of the input: that of its portion, and of the batch
    forward, backward : per signal of those that are computed together
    buffers : of all threads, however many signals there are
    """

    tables: int
    making: int
    results: int
    kept: int
    gradient: int
    forward: int
    backward: int
    buffers: int

    def peak(self, batch: int, at_once: int, *, grad: bool) -> int:
        """Return the bytes needed for `batch` signals, `at_once` of which are at work at once."""
        at_once = min(batch, at_once)
        if grad:  # parts of the result, and their whole
            per_signal = batch * (2 * self.results + self.kept + self.gradient)
            working = at_once * max(self.forward - self.kept, self.backward)
        else:
            per_signal = batch * self.results
            working = at_once * (self.forward + self.results)
        return self.making + self.buffers + per_signal + working

    def peak_of_reruns(self, batch: int, at_once: int) -> int:
        """Return :meth:`peak` where the backward pass computes each portion again."""
        at_once = min(batch, at_once)
        others = (batch - at_once) * (self.results + self.gradient // 5)
        before = at_once * self.forward  # of the portion before: its blocks are not all used again
        return self.peak(at_once, at_once, grad=True) + others + before


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be computed for a batch; ``print`` it."""

    title: str
    steps: tuple[Step, ...]
    peak_bytes: int
    table_bytes: int
    notes: tuple[str, ...] = ()

    @property
    def flops(self) -> int:
        """Floating-point operations of all steps."""
        return sum(step.flops for step in self.steps)

    @property
    def bytes(self) -> int:
        """Bytes that all steps read and write at least."""
        return sum(step.bytes for step in self.steps)

    def __str__(self) -> str:
        lines = [self.title, f"{'':44}{'GFLOP':>9}{'MB moved':>10}"]
        lines += [f"{s.name:44}{s.flops / 1e9:9.3f}{s.bytes / 1e6:10.1f}" for s in self.steps]
        lines.append(f"{'total':44}{self.flops / 1e9:9.3f}{self.bytes / 1e6:10.1f}")
        peak, tables = self.peak_bytes / 1e6, self.table_bytes / 1e6
        lines.append(
            f"peak memory {peak:.0f} MB, of it tables {tables:.0f} MB (kept until the end)"
        )
        return "\n".join([*lines, *self.notes])


def count_steps(
    first: Sequence[FirstOrder], second: SecondOrder | None, *, batch: int, grad: bool, item: int
) -> tuple[Step, ...]:
    """Return the steps for `batch` signals with numbers of `item` bytes."""
    found = [_first_step(stage, grad=grad, item=item) for stage in first]
    found += [
        _second_step(branch, grad=grad, item=item) for branch in (second.branches if second else ())
    ]
    return tuple(Step(name=s.name, flops=batch * s.flops, bytes=batch * s.bytes) for s in found)


def _first_step(stage: FirstOrder, *, grad: bool, item: int) -> Step:
    filters, M, width = len(stage.band.gain), stage.band.M, stage.band.width
    fft = 5 * M * math.log2(max(M, 2))
    average = 2 * _average_products(stage.reduction)
    forward = filters * (4 * width + 1.5 * fft + 4 * M + average)
    backward = filters * (8 * width + 2.5 * fft + 12 * M + average)
    moved = item * filters * (2 * stage.bins + stage.reduction.length)
    return Step(
        name=f"first order, {filters} wavelets, {M} samples",
        flops=round(forward + grad * backward),
        bytes=round(moved * (2 if grad else 1)),
    )


def _second_step(branch: Branch, *, grad: bool, item: int) -> Step:
    M, fft = branch.M, 5 * branch.M * math.log2(max(branch.M, 2))
    width = branch.bands[0].width
    rows, outputs = branch.rows, branch.outputs
    products, combined = 0, 0
    if branch.kernels is not None:
        tiles = [tile for chunk in branch.kernels.chunks for tile in chunk.tiles]
        products = 4 * M * sum(math.prod(t.A.shape) * (1 if t.B is None else 2) for t in tiles)
        combined = 2
    average = 2 * _average_products(branch.reduction) * outputs
    forward = rows * (4 * width + fft) + products + (combined + 4) * outputs * M + average
    backward = rows * (8 * width + 2 * fft) + 2 * products + (2 * combined + 9) * outputs * M
    moved = item * (rows * (2 * width + 8 * M) + outputs * branch.reduction.length)
    kernel = f", {outputs} joint rows" if branch.kernels is not None else ""
    return Step(
        name=f"n2 = {branch.n2}, {rows} rows, {M} samples{kernel}",
        flops=round(forward + grad * (backward + average)),
        bytes=round(moved * (4 if grad else 1)),
    )


def _average_products(reduction: Any) -> int:
    matrices = [s.matrix for s in reduction.chunks if s.matrix is not None]
    return sum(math.prod(matrix.shape) for matrix in matrices)


def count_memory(
    tables: Any, axis: TimeAxis, *, outputs: int, item: int, threads: int, sizes: Any
) -> Memory:
    """Return the memory model of a transform, given its tables (`first`, `second`).

    outputs : coefficients per signal; item : bytes per number; sizes : ChunkSizes
    """
    first: Sequence[FirstOrder] = tables.first
    branches: Sequence[Branch] = tables.second.branches if tables.second else ()
    N_padded = axis.N_padded
    U_1 = [len(stage.band.gain) * stage.band.M for stage in first]  # samples per resolution
    Y_2 = max((branch.rows * branch.M for branch in branches), default=0)
    mirrored = max((branch.columns * branch.M for branch in branches), default=0) - Y_2
    spectra = sum(2 * len(stage.band.gain) * stage.bins for stage in first)
    S_2 = [branch.outputs * branch.reduction.length for branch in branches]
    averages = sum(len(stage.band.gain) * stage.reduction.length for stage in first) + sum(S_2)
    largest = max(S_2, default=0)
    always = 4 * N_padded + spectra + averages
    buffer = max(10 * min(sizes.first, max(U_1)), _bench(branches, sizes.joint))
    size = _bytes(tables, set(), item)
    return Memory(
        tables=size,
        making=size + (_bytes(tables, set(), 8) if item < 8 else 0),
        results=item * outputs,
        kept=item * (2 * N_padded + 2 + spectra + 2 * averages),
        gradient=item * 5 * axis.N,
        forward=item * (always + 4 * Y_2 + 2 * mirrored + largest * (threads + 1)),
        backward=item * (always + 6 * Y_2 + 4 * mirrored + 2 * largest),
        buffers=SYSTEM + threads * item * buffer,
    )


def bytes_per_signal(bank: TimeBank, item: int) -> int:
    """Return the bytes that one signal needs at most, known without tables.

    As if all of the first order (3 arrays of it; 8 of its largest resolution while that is made)
    or of one branch (6 arrays) existed at once, beside 6 of the padded signal.
    """
    N, U_1 = bank.axis.N_padded, Counter()
    for psi in bank.psi1:
        U_1[bank.resolution(psi.j)] += N >> bank.resolution(psi.j)
    Y_2 = [bank.rows[n2] * (N >> bank.resolution(bank.psi2[n2].j)) for n2 in bank.live_n2]
    largest = max(8 * max(U_1.values()), 6 * max(Y_2, default=0))
    return item * (6 * N + 3 * U_1.total() + largest)


def _bench(branches: Sequence[Branch], columns: int) -> int:
    """Return the numbers that one thread works on in the joint stage."""
    benches = [
        8 * branch.columns + max(6 * c.kernel_rows + c.outputs for c in branch.kernels.chunks)
        for branch in branches
        if branch.kernels is not None
    ]
    return columns * max(benches, default=0)


def _bytes(tables: Any, seen: set[int], item: int) -> int:
    """Return the bytes of all arrays in `tables`, each counted once, floats of `item` bytes."""
    if isinstance(tables, (np.ndarray, torch.Tensor)):
        if id(tables) in seen:
            return 0
        seen.add(id(tables))
        is_float = str(tables.dtype).rpartition(".")[2].startswith("float")
        return math.prod(tables.shape) * (item if is_float else tables.itemsize)
    if is_dataclass(tables):
        return sum(_bytes(getattr(tables, f.name), seen, item) for f in fields(tables))
    if isinstance(tables, (list, tuple)):
        return sum(_bytes(value, seen, item) for value in tables)
    return 0
