"""Matrices of the wavelets along n1: which rows are needed, and how they are cut into tiles.

Only what matters is computed: columns for the live rows of the input (the rest of the padded axis
is zero), rows that are kept or that phi_F reaches from a live row. The short wavelets make a
banded matrix, which is cut into tiles of neighbouring rows; each tile reads the columns it reaches.
(Where a wavelet is so wide that its spectrum is folded over several periods, the fold ends unevenly
for xi < 0: that wavelet does not share its product with the opposite spin.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .filters import Filter, spectrum
from .frequency import PathRows, RowChunk, RowKernels, Tile
from .rows import Output

NEGLIGIBLE = 1e-11  # relative weight of phi_F or psi_fr below which a row is not computed
OUTSIDE = 1e-13  # relative height below which a wavelet along n1 has ended
WORTH_CUTTING = 0.75  # share of its matrix that a wavelet's tiles may cover
CONJUGATE = 1e-10  # largest relative difference between opposite spins taken as rounding

Matrix = NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Some kernel rows of a wavelet, or of a pair of opposite spins; `paths` are indices n_fr."""

    paths: tuple[int, ...]
    matrix: Matrix
    source: NDArray[np.int64]


def row_kernels(
    psi_fr: Sequence[Filter],
    phi_F: Filter,
    outputs: Sequence[Output],
    *,
    N_fr: int,
    rows: int,
    columns: NDArray[np.int64],
    tile: int | None,
    chunk: int | None,
    traced: bool = False,
) -> RowKernels:
    """Build the kernels of one branch of the scattering network.

    psi_fr : low-pass, spin +1, and spin -1 unless the input is real
    outputs : one per filter
    rows : live rows of the input, of the `N_fr` of the padded axis
    columns : position on that axis of each row of the input
    tile, chunk : kernel rows per tile and per chunk (None: no limit)
    traced : keep where the entries of the matrices come from
    """
    wavelets, averages = [], {}
    for paths in _conjugates(psi_fr):
        psi, out = psi_fr[paths[0]], outputs[paths[0]]
        positions, average = _needed(out, phi_F, psi, N_fr, rows)
        lags = np.mod(positions[:, None] - columns, N_fr)
        matrices = [np.fft.ifft(spectrum(psi_fr[i], N_fr))[lags] for i in paths]
        if average is not None:
            weight = np.max([np.abs(m).max(axis=1) for m in matrices], axis=0)
            heavy = weight > NEGLIGIBLE * weight.max()
            matrices, average = [m[heavy] for m in matrices], average[:, heavy]
            lags = lags[heavy]
        averages |= dict.fromkeys(paths, average)
        if len(paths) == 2 and _are_conjugate(*matrices):
            matrices, paths = matrices[:1], (paths,)
        else:
            paths = tuple((i,) for i in paths)
        wavelets += [
            _Rows(paths=p, matrix=m, source=lags + p[0] * N_fr)
            for p, m in zip(paths, matrices, strict=True)
        ]
    return _assembled(wavelets, averages, tile=tile, chunk=chunk, traced=traced)


def _conjugates(psi_fr: Sequence[Filter]) -> list[tuple[int, ...]]:
    """Return the indices of filters of opposite spins, together."""
    n = sum(psi.spin > 0 for psi in psi_fr)
    has_both = len(psi_fr) > 1 + n
    return [(0,), *((i, i + n) if has_both else (i,) for i in range(1, 1 + n))]


def _assembled(
    wavelets: Sequence[_Rows],
    averages: dict[int, NDArray[np.float64] | None],
    *,
    tile: int | None,
    chunk: int | None,
    traced: bool,
) -> RowKernels:
    """Cut the wavelets into tiles and chunks, and note where their rows went."""
    chunks: list[RowChunk] = []
    where: dict[int, list[NDArray[np.int64]]] = {}
    count = 0
    for spins in (0, 1, 2):
        alike = [w for w in wavelets if _spins(w) == spins]
        for members in _filled(_cut(alike, tile, chunk), chunk, lambda t: sum(map(_length, t))):
            tiles, start = [], 0
            size = sum(_length(part) for parts in members for part in parts)
            for parts in members:
                tiles.append(_tile(parts, start, spins, traced))
                for part in parts:
                    for spin, path in enumerate(reversed(part.paths)):
                        rows = count + spin * size + start + np.arange(_length(part))
                        where.setdefault(path, []).append(rows)
                    start += _length(part)
            chunks.append(RowChunk(tiles=tuple(tiles), spins=spins))
            count += chunks[-1].outputs
    orders = [np.concatenate(where[path]) for path in sorted(where)]
    ends = np.cumsum([len(order) for order in orders])
    paths = tuple(
        PathRows(start=int(end) - len(order), stop=int(end), average=averages[path])
        for path, order, end in zip(sorted(where), orders, ends, strict=True)
    )
    return RowKernels(chunks=tuple(chunks), order=np.concatenate(orders), paths=paths)


def _length(rows: _Rows) -> int:
    return len(rows.matrix)


def _spins(rows: _Rows) -> int:
    return 0 if rows.paths == (0,) else len(rows.paths)


def _cut(wavelets: Sequence[_Rows], tile: int | None, chunk: int | None) -> list[list[_Rows]]:
    """Return tiles: neighbouring rows of short wavelets; rows of several long ones together."""
    short, long = [], []
    for rows in wavelets:
        parts = _split(rows, tile)
        area = sum(np.diff(_span(part.matrix))[0] * _length(part) for part in parts)
        if area < WORTH_CUTTING * rows.matrix.size:
            short += [[part] for part in parts]
        else:
            long += _split(rows, chunk)
    return [*_filled(long, chunk, _length), *short]


def _split(rows: _Rows, limit: int | None) -> list[_Rows]:
    step = limit or _length(rows)
    starts = range(0, _length(rows), step)
    cuts = [slice(i, i + step) for i in starts]
    return [
        _Rows(paths=rows.paths, matrix=rows.matrix[cut], source=rows.source[cut]) for cut in cuts
    ]


def _filled(items: Sequence[Any], limit: int | None, size: Callable[[Any], int]) -> list[list]:
    """Return runs of successive items of at most `limit` in all."""
    filled: list[list] = []
    room = 0
    for item in items:
        if not filled or (limit is not None and size(item) > room):
            filled.append([])
            room = limit or 0
        filled[-1].append(item)
        room -= size(item)
    return filled


def _span(matrix: Matrix) -> tuple[int, int]:
    """Return the first column that is not negligible and the one after the last."""
    height = np.abs(matrix).max(axis=0)
    live = np.flatnonzero(height > OUTSIDE * height.max())
    return int(live[0]), int(live[-1]) + 1


def _tile(parts: Sequence[_Rows], start: int, spins: int, traced: bool) -> Tile:
    matrix = np.concatenate([part.matrix for part in parts])
    first, last = _span(matrix)
    matrix = matrix[:, first:last]
    A, B = np.ascontiguousarray(matrix.real), np.ascontiguousarray(matrix.imag)
    stop = start + len(matrix)
    source = np.concatenate([part.source for part in parts])[:, first:last] if traced else None
    return Tile(start=start, stop=stop, first=first, A=A, B=B if spins else None, source=source)


def _are_conjugate(up: Matrix, down: Matrix) -> bool:
    return bool(np.abs(up.conj() - down).max() <= CONJUGATE * np.abs(up).max())


def _needed(
    out: Output, phi_F: Filter, psi: Filter, N_fr: int, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Return the positions (in n1) to compute for a path, and the matrix that averages them."""
    if out.average is None:
        return np.arange(out.kept) << out.log2_stride, None
    k = min(psi.j, out.log2_stride) if out.average == "local" else psi.j
    positions = np.arange(N_fr >> k) << k
    if out.average == "local":
        phi = 2.0**k * np.fft.ifft(spectrum(phi_F, N_fr)).real
        frames = np.arange(out.kept) << out.log2_stride
        average = phi[np.mod(frames[:, None] - positions, N_fr)]
    elif out.average == "sum":
        average = np.ones((1, len(positions)))
    else:
        live = positions < rows
        average = live[None] / live.sum()
    weight = np.abs(average).max(axis=0)
    heavy = weight > NEGLIGIBLE * weight.max()
    return positions[heavy], average[:, heavy]
