"""Scattering1D: two layers of wavelet modulus in time, averaged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import checks
from .averaging import Reduction, averaged
from .bank import TimeBank
from .budget import LONG_CHUNK, ChunkSizes
from .first_order import FirstOrder
from .lengths import is_list, scattered_list
from .module import ScatteringModule
from .paths import Path, time_meta
from .second_order import Branch, SecondOrder


@dataclass(frozen=True, kw_only=True)
class TimeTables:
    """Stages of each order; `sort_2` puts second-order rows by (n1, n2)."""

    reduce_0: Reduction
    first: list[FirstOrder]
    second: SecondOrder | None
    sort_2: Any


@dataclass(frozen=True, kw_only=True)
class TimeNetwork:
    """What scattering in time computes: orders 0 to `max_order`."""

    bank: TimeBank
    max_order: int

    def orders(self, U_0: Tensor, tables: TimeTables) -> list[Tensor]:
        """Coefficients [shape=(B, paths, frames)] in output order; without averaging, by length."""
        S_0 = averaged(U_0[:, None], tables.reduce_0)
        U_0_hat = torch.fft.rfft(U_0)
        S_1, *U_1_hats = zip(*(stage(U_0_hat) for stage in tables.first), strict=True)
        if tables.second is None:
            return [S_0, *S_1]
        S_2 = tables.second(*U_1_hats[0])
        if self.bank.average:
            return [S_0, *S_1, torch.cat(S_2, dim=-2).index_select(-2, tables.sort_2)]
        rows = [row for S in S_2 for row in S.split(1, dim=-2)]
        return [S_0, *S_1, *(rows[i] for i in tables.sort_2.tolist())]

    def tables(self, sizes: ChunkSizes, like: TimeTables | None = None) -> TimeTables:
        """Return the tables, to compute `sizes` at once; wavelets of `like` are taken over."""
        bank = self.bank
        reduction = cache(partial(bank.reduction, chunk=LONG_CHUNK))
        if like is not None:
            return TimeTables(
                reduce_0=reduction(0),
                first=bank.reduced(like.first, reduction),
                second=bank.reduced_second(like.second, reduction),
                sort_2=like.sort_2,
            )
        branches = [
            Branch(
                n2=n2,
                bands=bank.second_bands(n2),
                rows=bank.rows[n2],
                reduction=reduction(bank.resolution(bank.psi2[n2].j)),
                kernels=None,
            )
            for n2 in (bank.live_n2 if self.max_order == 2 else ())
        ]
        second = SecondOrder(branches=branches, columns=sizes.joint) if branches else None
        keys = [(n1, branch.n2) for branch in branches for n1 in range(branch.rows)]
        return TimeTables(
            reduce_0=reduction(0),
            first=bank.first_orders(reduction, second, sizes.first),
            second=second,
            sort_2=np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64),
        )

    def paths(self) -> list[Path]:
        """Return the output's paths."""
        first = [Path(order=1, n1=n1, key=(n1,)) for n1 in range(len(self.bank.psi1))]
        pairs = sorted((n1, n2) for n2 in self.bank.live_n2 for n1 in range(self.bank.rows[n2]))
        second = [Path(order=2, n1=n1, n2=n2, key=(n1, n2)) for n1, n2 in pairs]
        return [Path(order=0), *first, *(second if self.max_order == 2 else [])]


@dataclass(eq=False, repr=False)
class Scattering1D(ScatteringModule):
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
    oversampling : int
        Kymatio's old name of a stride of ``T / 2**oversampling``.
    out_type : 'array', 'list' or 'dict'
    backend : 'torch'
    global_average, pad_mode, analytic, check_finite, prune, memory_budget, frontend
        See `ScatteringModule`. ('conj-reflect' is 'reflect' here: the signal is real.)

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

    J: int
    shape: Any
    Q: Any = 1
    T: Any = None
    stride: Any = None
    max_order: int = 2
    oversampling: int = 0
    out_type: str = "array"
    backend: str = "torch"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_time(self.J, self.shape, self.Q, self.T, self.stride, self.out_type)
        checks.choice("max_order", self.max_order, (1, 2))
        self._build()

    def _build(self) -> None:
        network = TimeNetwork(bank=self.bank, max_order=self.max_order)
        self._set_network(network, network.paths(), first_averaged=False)

    def forward(self, x: Any) -> Any:
        """Return the scattering coefficients.

        Parameters
        ----------
        x : Tensor [shape=(..., N)], real, float32 or float64; decides device and dtype;
            or a list of such of different lengths: returns the list of their outputs

        Returns
        -------
        S : Tensor [shape=(..., C, frames)], or a list of dictionaries (coef, j, n, order), or a
            dictionary {n: coef}, coef [shape=(..., frames of the path)]
        """
        if is_list(x):
            return scattered_list(self, x)
        coefs = self._computed(x, self._assembled)
        if self.out_type == "array":
            return coefs[0]
        rows = [row for S in coefs for row in S.unbind(-2)]
        if self.out_type == "dict":
            return {p.key: coef for p, coef in zip(self._paths, rows, strict=True)}
        return [
            {"coef": coef, "j": self._scales(p), "n": p.key, "order": p.order}
            for p, coef in zip(self._paths, rows, strict=True)
        ]

    def _assembled(self, orders: list[Tensor], scale: Tensor) -> list[Tensor]:
        """Return the array [shape=(b, C, frames)], or the orders by themselves."""
        scale = scale[:, None]
        if self.out_type == "array":
            return [torch.cat(orders, dim=-2) * scale]
        return [S * scale for S in orders]

    def _scales(self, path: Path) -> tuple[int, ...]:
        return tuple(bank[n].j for bank, n in zip((self.psi1, self.psi2), path.key, strict=False))

    def meta(self) -> dict[str, Any]:
        """Return labels in output order: order, key, n, xi, sigma, j; NaN where a path has none.

        ``n, xi, sigma, j`` have shape (C, max_order); `xi` and `sigma` are in cycles/sample.
        """
        meta = time_meta(self._paths, self.psi1, self.psi2, self.max_order)
        meta["n"] = meta["n"].astype(float)
        return meta
