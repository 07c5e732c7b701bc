"""Scattering1D: two layers of wavelet modulus in time, averaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import checks
from .averaging import Reduction, averaged
from .base import LONG_STRETCH, Blocking, ScatteringBase, full_precision
from .first_order import FirstOrder
from .paths import Path, time_meta
from .second_order import SecondOrder, Slice


@dataclass(frozen=True, kw_only=True)
class _Tables:
    """Stages of each order; `sort_2` puts second-order rows by (n1, n2)."""

    reduce_0: Reduction
    first: list[FirstOrder]
    second: SecondOrder | None
    sort_2: Any


class Scattering1D(ScatteringBase):
    r"""Wavelet scattering of order 1 or 2 along time.

    .. math::
        S_0(t) = (x * \phi_T)(t), \quad
        S_1(n_1, t) = (|x * \psi_{n_1}| * \phi_T)(t), \quad
        S_2(n_1, n_2, t) = (||x * \psi_{n_1}| * \psi_{n_2}| * \phi_T)(t)

    for the pairs with ``j2 > j1``. Convolutions are over t.

    Parameters
    ----------
    J : int >= 0
        log2 of the largest scale, in samples.
    shape : int or 1-tuple
        Number of samples N of a signal, fixed at construction.
    Q : int or tuple (Q1, Q2)
        Wavelets per octave of the first (and second, default 1) order.
    T : None, number in [1, N], 'global' or 0
        Width of the low-pass filter phi_T in samples (None: ``2**J``); 'global' sums over time;
        0 does not average (`out_type` 'list' or 'dict').
    stride : None or power of two <= max(2**J, T)
        Samples between output frames (None: the power of two below `T`).
    max_order : 1 or 2
    out_type : 'array', 'list' or 'dict'
    global_average : 'sum' (over the padded axis at each path's own rate) or 'mean' (of the signal)
    pad_mode : 'reflect' or 'zero' ('conj-reflect' is 'reflect' here: the signal is real)
    analytic : bool
        Set negative frequencies of the wavelets to exactly zero.
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
    Anden and Mallat, "Deep scattering spectrum", IEEE TSP 2014.

    Examples
    --------
    >>> import torch
    >>> S = Scattering1D(J=6, shape=1024, Q=8)
    >>> S(torch.randn(2, 1024)).shape
    torch.Size([2, 126, 16])
    """

    def __init__(
        self,
        J: int,
        shape: int | tuple[int],
        Q: int | tuple[int, ...] = 1,
        T: float | str | None = None,
        stride: int | None = None,
        max_order: int = 2,
        out_type: str = "array",
        *,
        global_average: str = "sum",
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
        self.max_order = checks.choice("max_order", max_order, (1, 2))
        self._paths = self._list_paths()

    def forward(self, x: Tensor) -> Any:
        """Return the scattering coefficients.

        Parameters
        ----------
        x : Tensor [shape=(..., N)], real, float32 or float64; decides device and dtype

        Returns
        -------
        S : Tensor [shape=(..., C, frames)], or a list of dictionaries (coef, j, n, order), or a
            dictionary {n: coef}, coef [shape=(..., frames of the path)]
        """
        U_0, scale, batch = self._padded(x)
        with full_precision(x):
            orders = self._in_batches(U_0, self._tables(x))
        if self.out_type == "array":
            S = torch.cat(orders, dim=-2) * scale[:, None]
            return S.reshape(*batch, *S.shape[1:])
        rows = [row for order in orders for row in order.unbind(-2)]
        coefs = [(row * scale).reshape(*batch, row.shape[-1]) for row in rows]
        if self.out_type == "dict":
            return {p.key: coef for p, coef in zip(self._paths, coefs, strict=True)}
        return [
            {"coef": coef, "j": self._scales(p), "n": p.key, "order": p.order}
            for p, coef in zip(self._paths, coefs, strict=True)
        ]

    def _orders(self, U_0: Tensor, tables: _Tables) -> list[Tensor]:
        """Coefficients [shape=(B, paths, frames)] in output order; without averaging, by length."""
        S_0 = averaged(U_0[:, None], tables.reduce_0)
        U_0_hat = torch.fft.rfft(U_0)
        S_1, *U_1_hats = zip(*(stage(U_0_hat) for stage in tables.first), strict=True)
        if tables.second is None:
            return [S_0, *S_1]
        S_2 = tables.second(*U_1_hats[0])
        if self.average:
            return [S_0, *S_1, torch.cat(S_2, dim=-2).index_select(-2, tables.sort_2)]
        rows = [row for S in S_2 for row in S.split(1, dim=-2)]
        return [S_0, *S_1, *(rows[i] for i in tables.sort_2.tolist())]

    def _build_tables(self, blocking: Blocking) -> _Tables:
        live = self._live_n2() if self.max_order == 2 else []
        keys = [(n1, n2) for n2 in live for n1 in range(self._rows(n2))]
        reduction: Callable[[int], Reduction] = lambda k: self._reduction(k, LONG_STRETCH)  # noqa: E731
        slices = [
            Slice(
                n2=n2,
                bands=self._second_order_bands(n2),
                rows=self._rows(n2),
                reduction=reduction(self._resolution(self.psi2[n2].j)),
                kernels=None,
            )
            for n2 in live
        ]
        second = SecondOrder(slices=slices, columns=blocking.columns) if slices else None
        return _Tables(
            reduce_0=reduction(0),
            first=self._first_orders(reduction, second, blocking),
            second=second,
            sort_2=np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64),
        )

    # --- labels ----------------------------------------------------------------------------------

    def _list_paths(self) -> list[Path]:
        first = [Path(order=1, n1=n1, key=(n1,)) for n1 in range(len(self.psi1))]
        pairs = sorted((n1, n2) for n2 in self._live_n2() for n1 in range(self._rows(n2)))
        second = [Path(order=2, n1=n1, n2=n2, key=(n1, n2)) for n1, n2 in pairs]
        return [Path(order=0), *first, *(second if self.max_order == 2 else [])]

    def _scales(self, path: Path) -> tuple[int, ...]:
        return tuple(bank[n].j for bank, n in zip((self.psi1, self.psi2), path.key, strict=False))

    def meta(self) -> dict[str, Any]:
        """Return labels in output order: order, key, n, xi, sigma, j; NaN where a path has none.

        ``n, xi, sigma, j`` have shape (C, max_order); `xi` and `sigma` are in cycles/sample.
        """
        meta = time_meta(self._paths, self.psi1, self.psi2, self.max_order)
        meta["n"] = meta["n"].astype(float)
        return meta
