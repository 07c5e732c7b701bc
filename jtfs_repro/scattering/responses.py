r"""Un-averaged responses of joint scattering: what a picture of a sound shows.

.. math::
    |x * \psi_{n_1}|(t), \qquad
    |X * \Psi|(n_1, t) = |U_1 *_t \psi_{n_2} *_{n_1} \psi_{n_{fr}}|(n_1, t)

with U_1 the scalogram, for every second-order wavelet n2 and the low-pass phi_t (n2 = None), and
for every wavelet along log-frequency n_fr, the low-pass phi_f (n_fr = 0) included. Neither phi_T
nor phi_F averages the modulus, and no row is left out: a response has one row per first-order
wavelet with ``j1 < j2`` (per first-order wavelet at all with phi_t).

All filters have unit l1 norm, so that a response has the unit of the signal: a sine of amplitude 1
gives at most 1/2 in the scalogram, and no response exceeds the scalogram's maximum. With phi_t the
input of the second convolution is real, both spins give the same modulus, and only one is made.

Spin +1 answers to rising frequency (n1 = 0 is the highest), theta = -1 in the paper; spin -1 to
falling frequency, theta = +1.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .. import checks
from .arguments import check_signal
from .bands import band, windows
from .engine import full_precision
from .filters import Filter, low_pass, spectrum
from .padding import padded
from .transform import TimeFrequencyScattering

ROWS_AT_ONCE = 2**22  # samples of U_1 computed at once


class Cell(NamedTuple):
    """One 2-D wavelet: its indices and what they stand for.

    n2, n_fr : indices of the wavelets in time (None: phi_t) and in log-frequency (0: phi_f)
    rate_hz : Hz, 0 for phi_t
    scale_cpo : cycles/octave, 0 for phi_f
    spin : +1 rising, -1 falling, 0 where the wavelet has no direction
    """

    n2: int | None
    n_fr: int
    rate_hz: float
    scale_cpo: float
    spin: int


@dataclass(frozen=True, kw_only=True)
class Response:
    """Moduli on the rows n1 = 0, 1, ... and on a grid of times.

    n1 : rows
    values : Tensor [shape=(rows, frames)], of the unit of the signal
    first, stride : sample of the signal at which the first frame stands, and samples between two
    cell : the 2-D wavelet, None for rows of the scalogram
    """

    n1: range
    values: Tensor
    first: int
    stride: int
    cell: Cell | None = None

    @property
    def energy(self) -> float:
        """Sum of squares times the stride: as if no sample had been left out."""
        return float(self.values.double().square().sum()) * self.stride

    @property
    def times(self) -> np.ndarray:
        """Samples of the signal at which the frames stand [shape=(frames,)]."""
        return self.first + self.stride * np.arange(self.values.shape[-1])


def cells(transform: TimeFrequencyScattering, *, sr: float) -> list[Cell]:
    """Return the 2-D wavelets of a transform: phi_t first, then n2 from high to low rate.

    Parameters
    ----------
    transform : TimeFrequencyScattering
    sr : float > 0
        Sample rate in Hz.

    Examples
    --------
    >>> S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=4096)
    >>> table = cells(S, sr=4096)
    >>> table[0], len(table)
    (Cell(n2=None, n_fr=0, rate_hz=0.0, scale_cpo=0.0, spin=0), 59)
    """
    checks.number("sr", sr, above=0, mistake="sample rate in Hz")
    table = []
    for n2 in [None, *transform.bank.live_n2]:
        rate_hz = 0.0 if n2 is None else transform.psi2[n2].xi * sr
        for n_fr, psi in enumerate(transform.psi_fr):
            if n2 is None and psi.spin < 0:
                continue
            scale_cpo = abs(psi.xi) * transform.Q[0]
            spin = 0 if n2 is None else psi.spin
            table.append(Cell(n2, n_fr, rate_hz, scale_cpo, spin))
    return table


def nearest_cell(table: Sequence[Cell], *, rate_hz: float, scale_cpo: float, spin: int = 0) -> Cell:
    """Return the 2-D wavelet next to a rate and a scale, in octaves of both.

    Parameters
    ----------
    table : sequence of Cell
    rate_hz, scale_cpo : float >= 0
        In Hz and cycles/octave; 0 asks for phi_t, or for phi_f.
    spin : {-1, 0, +1}
        Direction; must be 0 where the rate or the scale is 0.

    Raises
    ------
    ValueError
        The rate or the scale is more than half an octave outside the filter bank.
    """
    checks.choice("spin", spin, (-1, 0, 1), "+1 rising frequency, -1 falling")
    if bool(spin) != bool(rate_hz and scale_cpo):
        rule = "be 0 with a low-pass, else +1 or -1"
        checks.fail("spin", spin, rule, f"rate_hz={rate_hz:g}, scale_cpo={scale_cpo:g}")
    rule = "be within" if spin else "be 0 or within"
    rate = _nearest("rate_hz", rate_hz, [cell.rate_hz for cell in table], rule)
    scale = _nearest("scale_cpo", scale_cpo, [cell.scale_cpo for cell in table], rule)
    wanted = (rate, scale, spin)
    return next(c for c in table if (c.rate_hz, c.scale_cpo, c.spin) == wanted)


def _nearest(name: str, value: float, known: Sequence[float], rule: str) -> float:
    value = checks.number(name, value, low=0)
    if value == 0:
        return 0.0
    bank = sorted({k for k in known if k > 0})
    low, high = bank[0] / math.sqrt(2), bank[-1] * math.sqrt(2)
    if not low <= value <= high:
        rule = f"{rule} the filter bank, {bank[0]:.3g} to {bank[-1]:.4g}"
        checks.fail(name, value, rule, "J and J_fr reach lower, a higher sample rate higher")
    return min(bank, key=lambda k: abs(math.log(k / value)))


class Responses:
    """The responses of one signal, one n2 at a time.

    Parameters
    ----------
    x : Tensor [shape=(N,)], float32 or float64
    transform : TimeFrequencyScattering
        Gives the wavelets, the padding, and the width of phi_t. How it averages does not matter.
    sr : float > 0
        Sample rate in Hz.
    hop : power of two, or None
        Samples between two frames, which stand at multiples of it, counted from the first sample
        of the padding. None: ``2**j`` samples, as coarse as each wavelet allows.
    decimate : bool
        Keep one frame per hop for all responses. False: where ``2**j`` is below the hop, keep one
        frame per ``2**j`` samples.

    Raises
    ------
    ValueError
        `x` has another length, `hop` is no power of two, or `pad_mode` is 'conj-reflect'.

    Examples
    --------
    >>> S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=4096)
    >>> made = list(Responses(torch.randn(4096), S, sr=4096.0, hop=64))
    >>> len(made), made[0].values.shape
    (59, torch.Size([54, 64]))
    """

    def __init__(
        self,
        x: Tensor,
        transform: TimeFrequencyScattering,
        *,
        sr: float,
        hop: int | None = None,
        decimate: bool = True,
    ) -> None:
        if transform.pad_mode == "conj-reflect":
            checks.fail("pad_mode", "conj-reflect", "be 'reflect' or 'zero'", "rows have zeros")
        if x.ndim != 1:
            checks.fail("x.shape", tuple(x.shape), f"be ({transform.shape[0]},)", "one signal")
        self.cells = cells(transform, sr=sr)
        self.hop = None if hop is None else checks.power_of_two("hop", hop)
        if self.hop is not None and self.hop > transform.shape[0]:
            checks.fail("hop", hop, f"be <= {transform.shape[0]} samples", "no frame is left")
        self.decimate = decimate and hop is not None
        self._transform, self._axis = transform, transform.bank.axis
        check_signal(x, self._axis.N, finite=transform.check_finite)
        with torch.no_grad():
            U_0, scale = padded(x[None], self._axis, transform.pad_mode)
            self._scale = float(scale)
            self._U_0_hat = torch.fft.rfft(U_0[0])

    def scalogram(self) -> Iterator[Response]:
        """Yield ``|x * psi_n1|``, some rows at a time, from high to low frequency."""
        for n1, k, U_1 in self._first_order():
            yield self._framed(U_1, n1, k, None)

    def __iter__(self) -> Iterator[Response]:
        """Yield the response of every cell, in their order."""
        yield from self.of(self.cells)

    def of(self, chosen: Collection[Cell]) -> Iterator[Response]:
        """Yield the responses of some cells, in the order of `cells`."""
        U_1_hats = [(n1, k, torch.fft.rfft(U_1)) for n1, k, U_1 in self._first_order()]
        for n2 in dict.fromkeys(cell.n2 for cell in self.cells if cell in chosen):
            Y_2, k2 = self._filtered(U_1_hats, n2)
            n1 = range(len(Y_2))
            for cell in (c for c in self.cells if c.n2 == n2 and c in chosen):
                yield self._framed(self._modulus(Y_2, cell.n_fr), n1, k2, cell)

    def _resolution(self, j: int) -> int:
        """log2 of the subsampling of a band-passed signal."""
        return j if self.hop is None else min(j, self.hop.bit_length() - 1)

    @torch.no_grad()
    def _first_order(self) -> Iterator[tuple[range, int, Tensor]]:
        """Yield rows n1, their resolution k and U_1 [shape=(rows, N_padded >> k)]."""
        N, groups = self._axis.N_padded, {}
        for psi in self._transform.psi1:
            groups.setdefault(self._resolution(psi.j), []).append(psi)
        start = 0
        for k, group in groups.items():
            step = max(1, ROWS_AT_ONCE // (N >> k))
            for i in range(0, len(group), step):
                part = group[i : i + step]
                U_1 = self._convolved(self._U_0_hat, part, 0, k)[0]
                yield range(start, start + len(part)), k, U_1.abs()
                start += len(part)

    def _convolved(self, U_hat: Tensor, filters: Sequence[Filter], k: int, k_out: int) -> Tensor:
        """Return ``U * psi`` [shape=(rows, filters, N_padded >> k_out)], up to a phase in time."""
        analytic = self._transform.analytic and filters[0].xi != 0
        made = band(filters, self._axis.N_padded, k, k_out, analytic=analytic)
        gain = torch.from_numpy(made.gain).to(U_hat.device, U_hat.real.dtype)
        index = torch.from_numpy(made.index).to(U_hat.device)
        made = type(made)(index=index, runs=(), gain=gain, M=made.M)
        return torch.fft.ifft(windows(torch.atleast_2d(U_hat), made), n=made.M)

    @torch.no_grad()
    def _filtered(
        self, U_1_hats: Sequence[tuple[range, int, Tensor]], n2: int | None
    ) -> tuple[Tensor, int]:
        """Return ``U_1 *_t psi_n2`` [shape=(rows, N_padded >> k2)] and k2."""
        transform = self._transform
        psi = low_pass(transform.T) if n2 is None else transform.psi2[n2]
        rows = len(transform.psi1) if n2 is None else transform.bank.rows[n2]
        j = psi.j if n2 is not None else max(psi.j, *(p.j for p in transform.psi1))
        k2, parts = self._resolution(j), []
        for n1, k1, U_1_hat in U_1_hats:
            live = len(range(n1.start, min(n1.stop, rows)))
            if live:
                parts.append(self._convolved(U_1_hat[:live], [psi], k1, k2)[:, 0])
        return torch.cat(parts), k2

    @torch.no_grad()
    def _modulus(self, Y_2: Tensor, n_fr: int) -> Tensor:
        """Return ``|Y_2 *_n1 psi_fr|``, all rows; the rest of the padded axis is zero."""
        N_fr, rows = self._transform.N_fr, np.arange(len(Y_2))
        psi = np.fft.ifft(spectrum(self._transform.psi_fr[n_fr], N_fr))
        kernel = psi[np.mod(rows[:, None] - rows, N_fr)]
        with full_precision(Y_2):
            return (torch.from_numpy(kernel).to(Y_2.device, Y_2.dtype) @ Y_2).abs()

    def _framed(self, U: Tensor, n1: range, k: int, cell: Cell | None) -> Response:
        """Cut the padding, keep one frame per hop, undo the scaling."""
        log2_hop = self.hop.bit_length() - 1 if self.decimate and self.hop else k
        start, end = self._axis.border(log2_hop)
        kept = U[:, :: 2 ** (log2_hop - k)][:, start:end] * self._scale
        first = (start << log2_hop) - self._axis.left
        return Response(n1=n1, values=kept, first=first, stride=2**log2_hop, cell=cell)
