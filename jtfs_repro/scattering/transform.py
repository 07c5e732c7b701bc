"""TimeFrequencyScattering: the joint time-frequency scattering transform (JTFS)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import checks
from .arguments import averaging_width, dyadic_stride, quality_factor_fr
from .averaging import Reduction, averaged, local_average
from .base import LONG_STRETCH, Blocking, ScatteringBase, full_precision
from .filters import low_pass, spectrum, spinned_wavelets
from .first_order import FirstOrder
from .frequency import RowKernels, averaged_rows, modulus, row_kernels
from .padding import padded_rows
from .paths import Path, joint_meta, joint_path, split_rows
from .rows import RowLayout
from .second_order import SecondOrder, Slice


@dataclass(frozen=True, kw_only=True)
class _Tables:
    reduce_0: Reduction
    first: list[FirstOrder]
    kernels_1: RowKernels
    second: SecondOrder | None


class TimeFrequencyScattering(ScatteringBase):
    r"""Joint time-frequency scattering.

    .. math::
        U_1(n_1, t) &= |x * \psi_{n_1}|(t) \\
        S_1(n_{fr}, n_1, t) &= |(U_1 *_t \phi_T) *_{n_1} \psi_{n_{fr}}| *_{n_1} \phi_F \\
        S_2(n_2, n_{fr}, n_1, t) &=
            |U_1 *_t \psi_{n_2} *_{n_1} \psi_{n_{fr}}| *_t \phi_T *_{n_1} \phi_F

    with convolutions over t or over the rows n1 (n1 = 0 is the highest frequency), for the rows
    with ``j1 < j2``. n_fr = 0 is a low-pass of ``2**J_fr`` rows (spin 0, not averaged by phi_F);
    the other n_fr have ``spin = sign(xi_fr)``: **+1 answers to rising frequency**, -1 to falling.

    Parameters
    ----------
    J, J_fr : int >= 0
        log2 of the largest scale in samples, and in rows.
    Q : int or tuple (Q1, Q2)
        Wavelets per octave of the first (and second, default 1) order.
    shape : int or 1-tuple
        Number of samples N of a signal, fixed at construction.
    T : None, number in [1, N], 'global' or 0
        Width of the low-pass filter phi_T in samples (None: ``2**J``); 'global' sums over time;
        0 does not average the second order (`out_type` 'list' or 'dict'). The first order is
        averaged in any case, by ``2**J`` where `T` gives no width.
    stride : None or power of two <= max(2**J, T)
        Samples between output frames (None: the power of two below `T`).
    Q_fr : int or 1-tuple
        Wavelets per octave along log-frequency.
    F : None, number in [1, (J + 1) Q1], 'global' or 0
        Width of the low-pass filter phi_F in rows (None: ``2**J_fr``); 'global' sums over rows; 0
        does not average (not for joint arrays).
    stride_fr : None or power of two
        Rows between output rows (None: the power of two below `F`).
    out_type : 'array', 'list' or 'dict'
    format : 'time' or 'joint'
        One channel per (n1, n2, n_fr), or per (n2, n_fr) with a frequency axis.
    global_average : 'sum' or 'mean'
        'sum' runs over the padded axis at each path's own rate; 'mean' is that of the signal
        (time) and of the live rows (log-frequency).
    unpad_fr : bool
        Joint format: keep only ``ceil(rows / stride)`` rows, those that first-order wavelets fill.
    keep_lost : bool
        Keep what the default cuts off: rows of n_fr = 0 when ``F < 2**J_fr``, and with `format`
        'time' and T = 0 the frames of the first order.
    pad_mode : 'reflect', 'zero' or 'conj-reflect'
        Padding of the time axis. 'conj-reflect' is 'reflect' in time (the signal is real) and
        mirrors the rows of U_1 * psi_n2, conjugated, into the padding of the log-frequency axis,
        which is zero otherwise.
    analytic : bool
        Set negative frequencies of the wavelets in time to exactly zero.
    check_finite : bool
        Refuse NaN and Inf in the input (reads the input once more).
    prune : number in [0, 0.5]
        An approximation, off by default: drop the second-order pairs (n1, n2) that hold together
        at most this share of white noise's energy. They count as zero rows; paths without rows
        leave the output. See `scattering/pruning.py`.
    memory_budget : None or number of bytes
        Memory that the transform may use, in the backward pass as well. Batches that need more are
        computed in parts, and recomputed in the backward pass. None: 80 % of what is free.

    Raises
    ------
    ValueError, TypeError
        One line with the argument, the rule, and the likely mistake.

    References
    ----------
    Anden, Lostanlen, Mallat, "Joint time-frequency scattering", IEEE TSP 2019.
    Muradeli et al., "Differentiable time-frequency scattering on GPU", DAFx 2022, section 2.

    Examples
    --------
    >>> import torch
    >>> S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=4096, format="joint")
    >>> S(torch.randn(2, 4096)).shape, len(S.meta()["key"])
    (torch.Size([2, 59, 17, 16]), 59)
    """

    def __init__(
        self,
        J: int,
        J_fr: int,
        Q: int | tuple[int, ...],
        shape: int | tuple[int],
        T: float | str | None = None,
        stride: int | None = None,
        Q_fr: int | tuple[int] = 1,
        F: float | str | None = None,
        stride_fr: int | None = None,
        out_type: str = "array",
        format: str = "time",
        *,
        global_average: str = "sum",
        unpad_fr: bool = False,
        keep_lost: bool = False,
        pad_mode: str = "reflect",
        analytic: bool = False,
        check_finite: bool = False,
        prune: float = 0,
        memory_budget: float | None = None,
        backend: str = "torch",
    ) -> None:
        super().__init__(
            J=J,
            shape=shape,
            Q=Q,
            T=T,
            stride=stride,
            out_type=out_type,
            global_average=global_average,
            pad_mode=pad_mode,
            analytic=analytic,
            check_finite=check_finite,
            prune=prune,
            memory_budget=memory_budget,
            backend=backend,
        )
        self.format = checks.choice("format", format, ("time", "joint"))
        self.unpad_fr, self.keep_lost = bool(unpad_fr), bool(keep_lost)
        mistake = "J_fr is log2 of the largest scale in rows"
        self.J_fr = checks.integer("J_fr", J_fr, low=0, mistake=mistake)
        self.Q_fr = (quality_factor_fr(Q_fr),)
        rows = (self.J + 1) * self.Q[0]
        self.F, self.average_fr = averaging_width("F", F, self.J_fr, rows, "rows")
        self.log2_F = math.floor(math.log2(self.F))
        self.log2_stride_fr = dyadic_stride(
            "stride_fr", stride_fr, "F", F, self.average_fr, self.log2_F
        )
        if self.format == "joint" and self.out_type == "array" and not self.average_fr:
            rule = "be 'list' or 'dict' with format='joint' and F=0"
            mistake = "without averaging, paths differ in rows; or use format='time'"
            checks.fail("out_type", out_type, rule, mistake)
        self.psi_fr = spinned_wavelets(self.J_fr, self.Q_fr[0])
        self._register_filters("_fr", self.psi_fr)
        longest = max(rows, 2**self.J_fr)
        if self.stride_fr > longest:
            rule = f"be <= {longest} = max((J + 1) Q1, 2**J_fr)"
            checks.fail("stride_fr", stride_fr, rule, "no more than one row would be left")
        self.N_fr = padded_rows(rows, self.J_fr, self.F, self.log2_stride_fr, least=len(self.psi1))
        self._layout = RowLayout(
            N_fr=self.N_fr,
            n_psi1=len(self.psi1),
            log2_stride_fr=self.log2_stride_fr,
            average_fr=self.average_fr,
            global_average=self.global_average,
            is_joint=self.format == "joint",
            is_array=self.out_type == "array",
            unpad_fr=self.unpad_fr,
            keep_lost=self.keep_lost,
        )
        self._slices = [(None, len(self.psi1)), *((n2, self._rows(n2)) for n2 in self._live_n2())]
        self._paths = list(self._list_paths())

    # --- the transform ---------------------------------------------------------------------------

    def forward(self, x: Tensor) -> Any:
        """Return the joint scattering coefficients.

        Parameters
        ----------
        x : Tensor [shape=(..., N)], real, float32 or float64; decides device and dtype

        Returns
        -------
        S : by `format` and `out_type`

            - time, array: Tensor [shape=(..., C, frames)], orders 0, 1 and 2
            - joint, array: Tensor [shape=(..., C, rows, frames)], orders 1 and 2; with
              F = 'global', one row
            - list: dictionaries (coef, n, j, order, n_fr, j_fr, spin; joint: n1_max, n1_stride)
              with coef [shape=(..., frames)], for joint paths [shape=(..., rows, frames)]
            - dict: {n: coef}
        """
        U_0, scale, batch = self._padded(x)
        with full_precision(x):
            S_0, *joint = self._in_batches(U_0, self._tables(x))
        scale = scale[:, None]
        if self._layout.is_joint_array:
            S = torch.stack(joint, dim=-3) * scale[:, None]
            return S.reshape(*batch, *S.shape[1:])
        if self.out_type == "array":
            S = torch.cat([S_0, *joint], dim=-2) * scale
            return S.reshape(*batch, *S.shape[1:])
        coefs = [(S * scale).reshape(*batch, *S.shape[1:]) for S in (S_0, *joint)]
        coefs[0] = coefs[0].squeeze(-2)
        if self.format == "time":
            coefs = [coefs[0], *(row for S in coefs[1:] for row in S.unbind(-2))]
        if self.out_type == "dict":
            return {p.key: coef for p, coef in zip(self._paths, coefs, strict=True)}
        return [
            {"coef": coef, **self._label(p)} for p, coef in zip(self._paths, coefs, strict=True)
        ]

    def _orders(self, U_0: Tensor, tables: _Tables) -> list[Tensor]:
        """S_0 [shape=(B, 1, frames)], then per (n2, n_fr) a Tensor [shape=(B, rows, frames)]."""
        S_0 = averaged(U_0[:, None], tables.reduce_0)
        U_0_hat = torch.fft.rfft(U_0)
        S_1, *U_1_hats = zip(*(stage(U_0_hat) for stage in tables.first), strict=True)
        U_2 = modulus(torch.cat(S_1, dim=1), tables.kernels_1)
        joint = averaged_rows(self._first_order_frames(U_2), tables.kernels_1)
        if tables.second is None:
            return [S_0, *joint]
        for S_2, part in zip(tables.second(*U_1_hats[0]), tables.second.slices, strict=True):
            assert part.kernels is not None
            joint += averaged_rows(S_2, part.kernels)
        return [S_0, *joint]

    def _first_order_frames(self, U: Tensor) -> Tensor:
        """Frames of the first order: those of the signal, or their sum or mean."""
        if self.average == "global":
            return U.sum(-1, keepdim=True) if self.global_average == "sum" else U.mean(-1, True)
        if not self.average and self.format == "time" and not self.keep_lost:
            # The reference cuts these frames (already subsampled) at full-resolution borders.
            return U[..., slice(*self._axis.border(0))]
        return U

    def _mirror_rows(self, rows: int) -> tuple[list[int], list[int]]:
        """Rows reflected at the low-frequency end, and (around the circle) at the other."""
        room = self.N_fr - rows
        after = min(room - room // 2, rows - 1)
        before = min(room // 2, rows - 1)
        return [rows - 2 - i for i in range(after)], list(range(before, 0, -1))

    # --- tables ----------------------------------------------------------------------------------

    def _build_tables(self, blocking: Blocking) -> _Tables:
        reductions: dict[int, Reduction] = {}
        slices = [
            self._slice(n2, rows, blocking, reductions)
            for n2, rows in self._slices
            if n2 is not None
        ]
        second = SecondOrder(slices=slices, columns=blocking.columns) if slices else None
        return _Tables(
            reduce_0=self._reduction(0, LONG_STRETCH),
            first=self._first_orders(self._reduction_1, second, blocking),
            kernels_1=self._row_kernels(None, len(self.psi1), blocking),
            second=second,
        )

    def _reduction_1(self, k: int) -> Reduction:
        """Averaging of U_1: always local; a global sum is over the padded frames."""
        padded = self.average == "global" and self.global_average == "sum"
        padded |= not self.average and self.format == "time" and not self.keep_lost
        options: Any = {"stretch": LONG_STRETCH, "unpad": not padded}
        return local_average(self._axis, self.T, k, self.log2_stride, **options)

    def _row_kernels(self, n2: int | None, rows: int, blocking: Blocking) -> RowKernels:
        psi_fr = self.psi_fr if n2 is not None else [p for p in self.psi_fr if p.spin >= 0]
        return row_kernels(
            psi_fr,
            low_pass(self.F),
            [self._layout.output(psi, rows) for psi in psi_fr],
            N_fr=self.N_fr,
            rows=rows,
            columns=self._columns(rows, n2),
            tile=blocking.tile,
            group=blocking.group,
        )

    def _slice(
        self, n2: int, rows: int, blocking: Blocking, reductions: dict[int, Reduction]
    ) -> Slice:
        k2 = self._resolution(self.psi2[n2].j)
        if k2 not in reductions:
            reductions[k2] = self._reduction(k2, blocking.stretch)
        is_mirrored = self.pad_mode == "conj-reflect"
        after, before = self._mirror_rows(rows)
        return Slice(
            n2=n2,
            bands=self._second_order_bands(n2, aligned=is_mirrored),
            rows=rows,
            reduction=reductions[k2],
            kernels=self._row_kernels(n2, rows, blocking),
            mirrored=np.array(after + before) if is_mirrored and after + before else None,
        )

    def _columns(self, rows: int, n2: int | None) -> NDArray[np.int64]:
        live = np.arange(rows)
        if n2 is None or self.pad_mode != "conj-reflect":
            return live
        after, before = self._mirror_rows(rows)
        return np.concatenate(
            [live, rows + np.arange(len(after)), self.N_fr - len(before) + np.arange(len(before))]
        )

    # --- labels ----------------------------------------------------------------------------------

    @property
    def stride_fr(self) -> int:
        """Rows between two output rows."""
        return 2**self.log2_stride_fr

    @property
    def filters_fr(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """phi_F and the wavelets along log-frequency: xi, sigma, j, ``levels[0]`` on N_fr bins."""
        described = [
            {"xi": f.xi, "sigma": f.sigma, "j": f.j, "levels": [spectrum(f, self.N_fr)]}
            for f in (low_pass(self.F), *self.psi_fr)
        ]
        return described[0], described[1:]

    def _list_paths(self) -> Iterator[Path]:
        if not self._layout.is_joint_array:
            yield Path(order=0)
        for n2, rows in self._slices:
            for n_fr, psi in enumerate(self.psi_fr):
                if n2 is None and psi.spin < 0:
                    continue
                path = joint_path(self._layout.n1(psi, rows), n2, n_fr)
                yield from [path] if self.format == "joint" else split_rows(path)

    def _stride_of(self, path: Path) -> int:
        """Return the samples between two frames of a path; the first order is always averaged."""
        is_first = path.order == 1 and self.average != "global"
        return self.stride if is_first else super()._stride_of(path)

    def _label(self, path: Path) -> dict[str, Any]:
        """Return what a list entry says of its path; -1 stands for the many n1 of a joint path."""
        if path.order == 0:
            return {"j": (), "n": (), "order": 0, "n_fr": (), "j_fr": (), "spin": 0}
        assert path.n_fr is not None
        psi = self.psi_fr[path.n_fr]
        j1 = self.psi1[path.n1].j if isinstance(path.n1, int) else -1
        j2 = () if path.n2 is None else (self.psi2[path.n2].j,)
        label = {
            "j": (j1, *j2),
            "n": path.key,
            "order": path.order,
            "n_fr": (path.n_fr,),
            "j_fr": (psi.j,),
            "spin": psi.spin,
        }
        if isinstance(path.n1, range):
            rows = len(self.psi1) if path.n2 is None else self._rows(path.n2)
            label |= {"n1_max": rows, "n1_stride": path.n1.step}
        return label

    def meta(self) -> dict[str, Any]:
        """Return labels with the length and the order of the output's path axis.

        key, order, n [shape=(C, 2)], n_fr, and for the wavelets in time (two columns) and in
        log-frequency (suffix _fr) xi, sigma (cycles/sample, cycles/row) and j, and spin. NaN where
        a path has no such wavelet; in joint format n holds the range of n1 and the first columns
        of xi, sigma, j are NaN.
        """
        return joint_meta(self._paths, self.psi1, self.psi2, self.psi_fr)
