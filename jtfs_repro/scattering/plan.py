"""What a transform will compute and keep, counted before anything runs.

FLOPs: 5 M log2 M for a complex FFT of M points and half of it for a real one, 2 per product and sum
of a matrix product, and the operations of each modulus. Bytes: every array that exists as a whole
is written once and read as often as a stage needs it; what is made and used up within a stretch of
time counts nothing, since it is to stay in the cache. Training adds the stages' adjoints: each
makes its input's products again, and two more of the same size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import torch

from .first_order import FirstOrder
from .second_order import SecondOrder, Slice

SYSTEM = 2**25  # bytes that FFT and matrix product libraries take for themselves


@dataclass(frozen=True, kw_only=True)
class Step:
    """One stage: what it is, floating-point operations, bytes moved."""

    name: str
    flops: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes: of the tables, of results per signal, and of what is at work at once.

    making : while the tables are made, at the first signal
    kept : per signal, from the forward to the backward pass
    forward, backward : per signal of those that are computed together
    buffers : of all threads, however many signals there are
    """

    tables: int
    making: int
    results: int
    kept: int
    forward: int
    backward: int
    buffers: int

    def peak(self, batch: int, together: int, *, grad: bool) -> int:
        """Return the bytes needed for `batch` signals, `together` of which are at work at once."""
        together = min(batch, together)
        results = 2 * batch * self.results  # parts, and their whole
        if grad:
            results += batch * self.kept
            working = together * max(self.forward - self.kept, self.backward)
        else:
            working = together * self.forward
        return max(self.making, self.tables + self.buffers + results + working)


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
        _second_step(part, grad=grad, item=item) for part in (second.slices if second else ())
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


def _second_step(part: Slice, *, grad: bool, item: int) -> Step:
    M, fft = part.M, 5 * part.M * math.log2(max(part.M, 2))
    width = part.bands[0].width
    rows, outputs = part.rows, part.rows
    products, combined = 0, 0
    if part.kernels is not None:
        outputs = part.kernels.outputs
        tiles = [tile for group in part.kernels.groups for tile in group.tiles]
        products = 4 * M * sum(math.prod(t.A.shape) * (1 if t.B is None else 2) for t in tiles)
        combined = 2
    average = 2 * _average_products(part.reduction) * outputs
    forward = rows * (4 * width + fft) + products + (combined + 4) * outputs * M + average
    backward = rows * (8 * width + 2 * fft) + 2 * products + (2 * combined + 9) * outputs * M
    moved = item * (rows * (2 * width + 8 * M) + outputs * part.reduction.length)
    kernel = f", {outputs} joint rows" if part.kernels is not None else ""
    return Step(
        name=f"n2 = {part.n2}, {rows} rows, {M} samples{kernel}",
        flops=round(forward + grad * (backward + average)),
        bytes=round(moved * (4 if grad else 1)),
    )


def _average_products(reduction: Any) -> int:
    matrices = [s.matrix for s in reduction.stretches if s.matrix is not None]
    return sum(math.prod(matrix.shape) for matrix in matrices)


def count_memory(
    tables: Any, *, N_padded: int, outputs: int, item: int, threads: int, blocking: Any
) -> Memory:
    """Return the memory model of a transform.

    Parameters
    ----------
    tables : its tables, with attributes `first` and `second`
    N_padded : int
    outputs : int, coefficients per signal
    item : int, bytes per number
    threads : int
    blocking : Blocking
    """
    first: Sequence[FirstOrder] = tables.first
    slices: Sequence[Slice] = tables.second.slices if tables.second else ()
    spectra = sum(2 * item * len(stage.band.gain) * stage.bins for stage in first)
    averages = sum(item * len(stage.band.gain) * stage.reduction.length for stage in first)
    averages += sum(item * _outputs(part) * part.reduction.length for part in slices)
    largest = max((2 * item * part.rows * part.M for part in slices), default=0)
    mirrored = max((2 * item * _columns(part) * part.M for part in slices), default=0) - largest
    signal = 4 * item * N_padded
    kept = item * (N_padded + 2) + spectra + 2 * averages
    share = max((_outputs(part) * part.reduction.length for part in slices), default=0)
    chunk = min(blocking.chunk, max(len(s.band.gain) * s.band.M for s in first))
    size = _bytes(tables, set(), item)
    return Memory(
        tables=size,
        making=size + _bytes(tables, set(), 8),
        results=item * outputs,
        kept=kept,
        forward=signal + spectra + averages + 2 * largest + mirrored + item * share * (threads + 1),
        backward=signal + spectra + averages + 3 * largest + 2 * mirrored + 2 * item * share,
        buffers=SYSTEM + threads * item * max(10 * chunk, _bench(slices, blocking.columns)),
    )


def _bench(slices: Sequence[Slice], columns: int) -> int:
    """Return the numbers that one thread works on in the joint stage."""
    benches = [
        8 * _columns(part) * columns
        + max((6 * g.kernel_rows + g.outputs) * columns for g in part.kernels.groups)
        for part in slices
        if part.kernels is not None
    ]
    return max(benches, default=0)


def _outputs(part: Slice) -> int:
    return part.rows if part.kernels is None else part.kernels.outputs


def _columns(part: Slice) -> int:
    """Return the rows of Y_2, mirrored ones included."""
    return part.rows + (0 if part.mirrored is None else len(part.mirrored))


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
