"""TimeFrequencyScattering: the joint time-frequency scattering transform (JTFS)."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import torch
from torch import Tensor

from .. import checks
from .arguments import averaging_width, dyadic_stride, quality_factor_fr, take_average
from .filters import low_pass, spinned_wavelets
from .joint_network import JointNetwork
from .lengths import is_list, scattered_list
from .module import ScatteringModule
from .padding import padded_rows
from .paths import Path, joint_meta
from .rows import RowBank


@dataclass(eq=False, repr=False)
class TimeFrequencyScattering(ScatteringModule):
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
    unpad_fr : bool
        Joint format: keep only ``ceil(rows / stride)`` rows, those that first-order wavelets fill.
    keep_lost : bool
        Keep what the default cuts off: rows of n_fr = 0 when ``F < 2**J_fr``, and with `format`
        'time' and T = 0 the frames of the first order.
    backend : 'torch'
    oversampling : int
        Kymatio's old name of a stride of ``T / 2**oversampling``.
    average_fr : None, bool, 'local' or 'global'
        As `average`, of F.
    global_average, pad_mode, analytic, check_finite, prune, memory_budget, frontend
        See `ScatteringModule`.

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

    J: int
    J_fr: int
    Q: Any
    shape: Any
    T: Any = None
    stride: Any = None
    Q_fr: Any = 1
    F: Any = None
    stride_fr: Any = None
    out_type: str = "array"
    format: str = "time"
    backend: str = "torch"
    _: KW_ONLY
    oversampling: int = 0
    average_fr: Any = None
    unpad_fr: bool = False
    keep_lost: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_time(self.J, self.shape, self.Q, self.T, self.stride, self.out_type)
        self._check_rows(self.F, self.stride_fr)
        self._register_filters("_fr", self.psi_fr)
        self._build()

    def _build(self) -> None:
        self._is_built = False
        self._row_bank = RowBank(
            psi_fr=self.psi_fr,
            F=self.F,
            average=self.average_fr,
            global_average=self.global_average,
            log2_stride=self.log2_stride_fr,
            N_fr=self.N_fr,
            n_psi1=len(self.psi1),
            is_joint=self.format == "joint",
            is_array=self.out_type == "array",
            unpad_fr=self.unpad_fr,
            keep_lost=self.keep_lost,
        )
        network = JointNetwork(
            bank=self.bank,
            rows=self._row_bank,
            is_mirrored=self.pad_mode == "conj-reflect",
            traced="psi_fr" in self.learnable,
        )
        rows = {None: len(self.psi1), **{n2: self.bank.rows[n2] for n2 in self.bank.live_n2}}
        self._set_network(network, self._row_bank.paths(rows), first_averaged=True)

    def _check_rows(self, F: Any, stride_fr: Any) -> None:
        """Check the arguments of the log-frequency axis, and build its wavelets."""
        checks.choice("format", self.format, ("time", "joint"), "format must be 'time' or 'joint'")
        self.unpad_fr, self.keep_lost = bool(self.unpad_fr), bool(self.keep_lost)
        mistake = "J_fr is log2 of the largest scale in rows"
        self.J_fr = checks.integer("J_fr", self.J_fr, low=0, mistake=mistake)
        self.Q_fr = (quality_factor_fr(self.Q_fr),)
        rows = (self.J + 1) * self.Q[0]
        names = ("F", "stride_fr", "average_fr")
        F, stride_fr = take_average(self._given, *names, 2**self.J_fr)
        self.F, self.average_fr = averaging_width("F", F, self.J_fr, rows, "rows")
        self.log2_F = math.floor(math.log2(self.F))
        average = self.average_fr
        log2_stride = dyadic_stride("stride_fr", stride_fr, "F", F, average, self.log2_F)
        self.log2_stride_fr, self.stride_fr = log2_stride, 2**log2_stride
        if self.format == "joint" and self.out_type == "array" and not self.average_fr:
            rule = "be 'list' or 'dict' with format='joint' and F=0"
            mistake = "Cannot convert paths of different rows to an array; or set format='time'"
            checks.fail("out_type", self.out_type, rule, mistake)
        self.psi_fr = self._bank("psi_fr", spinned_wavelets(self.J_fr, self.Q_fr[0]), self.J_fr)
        if self.stride_fr > (longest := max(rows, 2**self.J_fr)):
            rule = f"be <= {longest} = max((J + 1) Q1, 2**J_fr)"
            checks.fail("stride_fr", self.stride_fr, rule, "no more than one row would be left")
        self.N_fr = padded_rows(rows, self.J_fr, self.F, log2_stride, least=len(self.psi1))

    def forward(self, x: Any) -> Any:
        """Return the joint scattering coefficients.

        Parameters
        ----------
        x : Tensor [shape=(..., N)], real, float32 or float64; decides device and dtype;
            or a list of such of different lengths: returns the list of their outputs

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
        if is_list(x):
            return scattered_list(self, x)
        coefs = self._computed(x, self._assembled)
        if self.out_type == "array":
            return coefs[0]
        coefs[0] = coefs[0].squeeze(-2)
        if self.format == "time":
            coefs = [coefs[0], *(row for S in coefs[1:] for row in S.unbind(-2))]
        if self.out_type == "dict":
            return {p.key: coef for p, coef in zip(self._paths, coefs, strict=True)}
        return [
            {"coef": coef, **self._label(p)} for p, coef in zip(self._paths, coefs, strict=True)
        ]

    def _assembled(self, orders: list[Tensor], scale: Tensor) -> list[Tensor]:
        """Return the array [shape=(b, C, ...)], or the orders by themselves."""
        scale = scale[:, None]
        if self._row_bank.is_joint_array:
            return [torch.stack(orders[1:], dim=-3) * scale[:, None]]
        if self.out_type == "array":
            return [torch.cat(orders, dim=-2) * scale]
        return [S * scale for S in orders]

    @property
    def max_order(self) -> int:
        """Number of layers: always 2."""
        return 2

    @property
    def filters_fr(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """phi_F and the wavelets along log-frequency: xi, sigma, j, ``levels[0]`` on N_fr bins."""
        phi_F, *psi_fr = (psi.described(self.N_fr) for psi in (low_pass(self.F), *self.psi_fr))
        return phi_F, psi_fr

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
            rows = len(self.psi1) if path.n2 is None else self.bank.rows[path.n2]
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
