"""What joint scattering computes: tables of its stages, and the orders that they make."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .averaging import Reduction, averaged, local_average
from .bank import TimeBank
from .budget import LONG_CHUNK, ChunkSizes
from .filters import low_pass
from .first_order import FirstOrder
from .frequency import RowKernels, averaged_rows, modulus
from .kernels import row_kernels
from .rows import RowBank
from .second_order import Branch, SecondOrder


@dataclass(frozen=True, kw_only=True)
class JointTables:
    """Stages of each order; `kernels_1` are the wavelets along n1 of the first."""

    reduce_0: Reduction
    first: list[FirstOrder]
    kernels_1: RowKernels
    second: SecondOrder | None


@dataclass(frozen=True, kw_only=True)
class JointNetwork:
    """Wavelets in time and along log-frequency.

    is_mirrored : padding rows are mirrored
    traced : kernels keep where their entries come from, for gradients
    """

    bank: TimeBank
    rows: RowBank
    is_mirrored: bool
    traced: bool = False

    def orders(self, U_0: Tensor, tables: JointTables) -> list[Tensor]:
        """S_0 [shape=(B, 1, frames)], then per (n2, n_fr) a Tensor [shape=(B, rows, frames)]."""
        S_0 = averaged(U_0[:, None], tables.reduce_0)
        U_0_hat = torch.fft.rfft(U_0)
        S_1, *U_1_hats = zip(*(stage(U_0_hat) for stage in tables.first), strict=True)
        U_2 = modulus(torch.cat(S_1, dim=1), tables.kernels_1)
        joint = averaged_rows(self._first_order_frames(U_2), tables.kernels_1)
        if tables.second is None:
            return [S_0, *joint]
        for S_2, branch in zip(tables.second(*U_1_hats[0]), tables.second.branches, strict=True):
            assert branch.kernels is not None
            joint += averaged_rows(S_2, branch.kernels)
        return [S_0, *joint]

    @property
    def _first_is_cut(self) -> bool:
        """The reference cuts the first order's frames at the borders of full resolution."""
        return not (self.bank.average or self.rows.is_joint or self.rows.keep_lost)

    def _first_order_frames(self, U: Tensor) -> Tensor:
        """Frames of the first order: those of the signal, or their sum or mean."""
        if self.bank.average == "global":
            return U.mean(-1, True) if self.bank.mean else U.sum(-1, keepdim=True)
        return U[..., slice(*self.bank.axis.border(0))] if self._first_is_cut else U

    def tables(self, sizes: ChunkSizes, like: JointTables | None = None) -> JointTables:
        """Return the tables, to compute `sizes` at once; wavelets of `like` are taken over."""
        reduction = cache(partial(self.bank.reduction, chunk=sizes.time))
        if like is not None:
            return JointTables(
                reduce_0=self.bank.reduction(0, LONG_CHUNK),
                first=self.bank.reduced(like.first, self._reduction_1),
                kernels_1=like.kernels_1,
                second=self.bank.reduced_second(like.second, reduction),
            )
        branches = [self._branch(n2, reduction, sizes) for n2 in self.bank.live_n2]
        second = SecondOrder(branches=branches, columns=sizes.joint) if branches else None
        return JointTables(
            reduce_0=self.bank.reduction(0, LONG_CHUNK),
            first=self.bank.first_orders(self._reduction_1, second, sizes.first),
            kernels_1=self._kernels(None, len(self.bank.psi1), sizes),
            second=second,
        )

    def _reduction_1(self, k: int) -> Reduction:
        """Averaging of U_1: always local; a global sum is over the padded frames."""
        is_sum = self.bank.average == "global" and not self.bank.mean
        options: Any = {"chunk": LONG_CHUNK, "unpad": not (is_sum or self._first_is_cut)}
        return local_average(self.bank.axis, self.bank.T, k, self.bank.log2_stride, **options)

    def _branch(self, n2: int, reduction: Any, sizes: ChunkSizes) -> Branch:
        rows = self.bank.rows[n2]
        after, before = self._mirror_rows(rows)
        return Branch(
            n2=n2,
            bands=self.bank.second_bands(n2, aligned=self.is_mirrored),
            rows=rows,
            reduction=reduction(self.bank.resolution(self.bank.psi2[n2].j)),
            kernels=self._kernels(n2, rows, sizes),
            mirrored=np.array(after + before) if after + before else None,
        )

    def _kernels(self, n2: int | None, rows: int, sizes: ChunkSizes) -> RowKernels:
        psi_fr = [psi for psi in self.rows.psi_fr if n2 is not None or psi.spin >= 0]
        return row_kernels(
            psi_fr,
            low_pass(self.rows.F),
            [self.rows.output(psi, rows) for psi in psi_fr],
            N_fr=self.rows.N_fr,
            rows=rows,
            columns=self._columns(rows, n2),
            tile=sizes.tile,
            chunk=sizes.rows,
            traced=self.traced,
        )

    def _columns(self, rows: int, n2: int | None) -> NDArray[np.int64]:
        """Return where the rows of Y_2 stand on the padded axis."""
        after, before = self._mirror_rows(rows) if n2 is not None else ([], [])
        ends = self.rows.N_fr - len(before) + np.arange(len(before))
        return np.concatenate([np.arange(rows + len(after)), ends])

    def _mirror_rows(self, rows: int) -> tuple[list[int], list[int]]:
        """Rows reflected at the low-frequency end, and (around the circle) at the other."""
        room = self.rows.N_fr - rows if self.is_mirrored else 0
        after, before = min(room - room // 2, rows - 1), min(room // 2, rows - 1)
        return [rows - 2 - i for i in range(after)], list(range(before, 0, -1))
