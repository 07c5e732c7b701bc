r"""Spectro-temporal receptive fields: rates and scales of an auditory spectrogram.

A cochlear front end (`strf_periphery`) yields S(t, f) at 250 frames per second and 24 channels
per octave. The rate-scale analysis filters it along time (rate w in Hz) and along log-frequency
(scale s in cycles per octave); the maps are reduced over time at once, never stored.

Sign of the rate: **rising** frequency answers at **negative** rates, falling at positive ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from jtfs_repro import checks
from jtfs_repro.features.strf_periphery import (
    CHANNELS_PER_OCTAVE,
    FRAME_RATE,
    N_CHANNELS,
    Periphery,
)

RATES_HZ = (0.25, 0.5, 1.0, 2.0, 4.0, 5.7, 8.0, 11.3, 16.0, 22.6, 32.0)
SCALES_CYC_OCT = (0.71, 1.0, 1.41, 2.0, 2.83, 4.0, 5.66, 8.0)
N_FFT_SCALE = 2 * N_CHANNELS
REDUCTIONS = {
    "time_mean_modulus": "strf",
    "time_mean_real": "strf_real",
    "average_vector": "strf_average_vector",
}


class Strf(nn.Module):
    r"""Time averages of the rate-scale maps of an auditory spectrogram.

    .. math:: z_{w,s}(t, f) = \mathrm{IFFT}_f\bigl(G_s \cdot \mathrm{IFFT}_t(H_w Y)\bigr)(t, f)

    with `Y` the 2-D FFT of the spectrogram, `H_w` the rate filter along time and `G_s` the scale
    filter along log-frequency, of which only the positive half (cycles/octave >= 0) is kept.
    ValueError, TypeError: an argument is outside its range, or a signal is not real with shape (B,
    n_samples). Reference: Chi, Ru and Shamma, "Multiresolution spectrotemporal analysis of complex
    sounds", JASA 2005. Patil et al., "Music in our ears", PLoS Comput. Biol. 2012.

    Parameters
    ----------
    sr : float; sample rate in Hz
    n_samples : int; length of the signals in samples
    duration : float or None
        Seconds analysed: the signal and 16 000 zeros, cut to this. None: exactly the signal.
    rates_hz : sequence of float; rates > 0; each is used with both signs
    scales_cyc_oct : sequence of float; scales > 0 in cycles per octave
    reductions : sequence of str
        Which averages are returned, always in this order:

        - 'time_mean_modulus' (part ``strf``): mean over time of ``|z|``, and of `S` as the last
          column: 128 x (scales x rates + 1), flattened.
        - 'time_mean_real' (part ``strf_real``): the same with ``Re(z)`` instead of ``|z|``. The
          rate filters have zero mean, so little is left; the original experiment's code did this.
        - 'average_vector' (part ``strf_average_vector``): mean ``|z|`` over (time, channel),
          (time, scale) and (time, rate), concatenated.

        Rates run from the most negative to the most positive; the rate axis varies fastest.

    Examples
    --------
    >>> strf = Strf(sr=8192, n_samples=2048, duration=None, reductions=["average_vector"])
    >>> strf(torch.zeros(1, 2048)).shape
    torch.Size([1, 4016])
    """

    rate_hat: Tensor
    scale_matrices: Tensor

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        duration: float | None = 4.0,
        rates_hz: Sequence[float] = RATES_HZ,
        scales_cyc_oct: Sequence[float] = SCALES_CYC_OCT,
        reductions: Sequence[str] = tuple(REDUCTIONS),
    ) -> None:
        super().__init__()
        self.periphery = Periphery(sr=sr, n_samples=n_samples, duration=duration)
        self.rates_hz = _positive("rates_hz", rates_hz)
        self.scales_cyc_oct = _positive("scales_cyc_oct", scales_cyc_oct)
        self.reductions = _in_order(reductions)
        self.n_frames = self.periphery.n_frames
        self.parts, self.dimension = self._layout()
        self._build_buffers()

    def _layout(self) -> tuple[dict[str, slice], int]:
        n_rates, n_scales = 2 * len(self.rates_hz), len(self.scales_cyc_oct)
        maps = N_CHANNELS * (n_scales * n_rates + 1)
        marginals = n_scales * n_rates + N_CHANNELS * (n_rates + n_scales)
        sizes = {"strf": maps, "strf_real": maps, "strf_average_vector": marginals}
        parts, stop = {}, 0
        for name in (REDUCTIONS[reduction] for reduction in self.reductions):
            parts[name] = slice(stop, stop + sizes[name])
            stop += sizes[name]
        return parts, stop

    def _build_buffers(self) -> None:
        """Register the filters in float64; `forward` casts them to x.dtype."""
        rates = np.stack([rate_filter(w, self.n_frames) for w in self.rates_hz])
        self.register_buffer(
            "rate_hat", torch.view_as_real(torch.from_numpy(rates)), persistent=False
        )
        scales = np.stack([scale_matrix(s) for s in self.scales_cyc_oct])
        stacked = np.concatenate([np.real(scales), np.imag(scales)], 1)  # (s, 2 f, f)
        self.register_buffer("scale_matrices", torch.from_numpy(stacked), persistent=False)

    @property
    def bytes_per_signal(self) -> int:
        """Working memory of `forward` in bytes (float32): the larger of its two stages."""
        n_fft_rate = 2 * self.rate_hat.shape[1]
        values = N_CHANNELS * (10 * self.n_frames + 6 * n_fft_rate) + 3 * self.dimension
        return max(4 * values, self.periphery.bytes_per_signal)

    def forward(self, x: Tensor) -> Tensor:
        """Return the chosen averages [shape=(B, dimension)]; `parts` names their columns."""
        spectrogram = self.periphery(x)
        modulus, real = self.time_means(spectrogram)
        mean = spectrogram.mean(-1)[..., None]
        reduce = {
            "time_mean_modulus": lambda: torch.cat([modulus.flatten(2), mean], 2),
            "time_mean_real": lambda: torch.cat([real.flatten(2), mean], 2),
            "average_vector": lambda: average_vector(modulus),
        }
        return torch.cat([reduce[name]().flatten(1) for name in self.reductions], 1)

    def time_means(self, spectrogram: Tensor) -> tuple[Tensor, Tensor]:
        """Return the means over time of ``|z|`` and of ``Re(z)``.

        Each has [shape=(B, 128, n_scales, 2 * n_rates)].
        """
        n_fft = 2 * self.rate_hat.shape[1]
        s_hat = torch.fft.rfft(spectrogram, n_fft)[..., : n_fft // 2]
        matrices = self.scale_matrices.to(spectrogram)
        modulus, real = [], []
        for rate_hat in torch.view_as_complex(self.rate_hat.to(spectrogram)):
            if s_hat.requires_grad:  # recompute the maps in the backward pass: bounded memory
                pair = checkpoint(self._one_rate, s_hat, rate_hat, matrices, use_reentrant=False)
            else:
                pair = self._one_rate(s_hat, rate_hat, matrices)
            modulus.append(pair[0])
            real.append(pair[1])
        return _by_rate(modulus), _by_rate(real)

    def _one_rate(self, s_hat: Tensor, rate_hat: Tensor, matrices: Tensor) -> tuple[Tensor, Tensor]:
        r"""Return the two means for -w and +w: each (B, 128, n_scales, 2).

        The spectrogram is real, so its response to -w is the conjugate of r = a + ib, its response
        to +w. With M = P + iQ the scale filter along channels, the maps are

            z_{+w} = M r       = (Pa - Qb) + i(Pb + Qa)
            z_{-w} = M conj(r) = (Pa + Qb) + i(Qa - Pb)

        so one real product [P; Q] [a, b] serves both signs.
        """
        # irfft would give 2a only: the full complex signal is needed (upper half zero).
        r = torch.fft.ifft(s_hat * rate_hat, 2 * s_hat.shape[-1])[..., : self.n_frames]
        r = torch.cat([r.real, r.imag], -1)
        modulus = [self._moduli(matrix @ r) for matrix in matrices]
        mean = r.unflatten(-1, (2, -1)).mean(-1)  # (B, f, 2): a, b
        p, q = (matrices @ mean[:, None]).chunk(2, -2)  # each (B, s, f, 2)
        real = torch.stack([p[..., 0] + q[..., 1], p[..., 0] - q[..., 1]], -1)
        return torch.stack(modulus, 2), real.transpose(1, 2)

    @staticmethod
    def _moduli(products: Tensor) -> Tensor:
        """Mean over time of |z| for -w and +w: (B, 2 f, 2 t) -> (B, f, 2)."""
        p, q = products.chunk(2, 1)
        (pa, pb), (qa, qb) = p.chunk(2, 2), q.chunk(2, 2)
        minus = modulus_of(pa + qb, qa - pb).mean(-1)
        return torch.stack([minus, modulus_of(pa - qb, pb + qa).mean(-1)], -1)


class _Modulus(torch.autograd.Function):
    """sqrt(a^2 + b^2) with gradient 0 at the origin."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor) -> Tensor:
        r = (a * a).addcmul_(b, b).sqrt_()
        ctx.save_for_backward(a, b, r)
        return r

    @staticmethod
    def backward(ctx, *grads: Tensor) -> tuple[Tensor, Tensor]:
        a, b, r = ctx.saved_tensors
        slope = grads[0] / torch.where(r > 0, r, torch.inf)
        return slope * a, slope * b


def modulus_of(a: Tensor, b: Tensor) -> Tensor:
    """Return ``|a + ib|``; its gradient is 0 at the origin."""
    return _Modulus.apply(a, b)  # pyright: ignore[reportReturnType]


def rate_filter(rate_hz: float, n_frames: int) -> np.ndarray:
    r"""Return the positive half of the temporal filter of one rate: [shape=(n,)], complex.

    ``h(t) = |w| sin(2 pi u) u^2 exp(-3.5 u)`` with ``u = |w| t``, minus its mean; `n` is the
    power of two >= ``n_frames``, the FFT length 2n, and the bins n .. 2n-1 are zero. Peak 1.
    """
    n = 1 << (n_frames - 1).bit_length()
    u = np.arange(n) / FRAME_RATE * rate_hz
    h = rate_hz * np.sin(2 * np.pi * u) * u**2 * np.exp(-3.5 * u)
    h_hat = np.fft.fft(h - h.mean(), 2 * n)[:n]
    return h_hat / np.abs(h_hat).max()


def scale_matrix(scale_cyc_oct: float) -> np.ndarray:
    r"""Return the scale filter as a matrix along channels: [shape=(128, 128)], complex.

    ``M[f, g] = (1/256) sum_{k<128} G_k exp(2 pi i k (f - g) / 256)``: zero-padded FFT, product
    with ``G = R^2 exp(1 - R^2)``, ``R_k = (k / 128) * 12 / s`` on the lower half, inverse FFT, cut.
    """
    k = np.arange(N_CHANNELS)
    ratio = k / N_CHANNELS * (CHANNELS_PER_OCTAVE / 2) / scale_cyc_oct
    g_hat = ratio**2 * np.exp(1 - ratio**2)
    g = np.fft.ifft(g_hat, N_FFT_SCALE)
    return g[(k[:, None] - k[None, :]) % N_FFT_SCALE]


def average_vector(modulus: Tensor) -> Tensor:
    """Return the three marginal means, (B, f, s, w) -> (B, s*w + f*w + f*s)."""
    marginals = [modulus.mean(1), modulus.mean(2), modulus.mean(3)]
    return torch.cat([marginal.flatten(1) for marginal in marginals], 1)


def _by_rate(pairs: list[Tensor]) -> Tensor:
    """Order (-w, +w) pairs, w ascending, as -w_max .. w_max along the last axis."""
    stacked = torch.stack(pairs, -1)  # (B, f, s, 2, w)
    return torch.cat([stacked[..., 0, :].flip(-1), stacked[..., 1, :]], -1)


def _positive(name: str, values: Sequence[float]) -> tuple[float, ...]:
    numbers = tuple(checks.number(name, value, above=0) for value in values)
    if not numbers or list(numbers) != sorted(set(numbers)):
        checks.fail(name, values, "be ascending and not empty")
    return numbers


def _in_order(reductions: Sequence[str]) -> tuple[str, ...]:
    if isinstance(reductions, str) or not reductions:
        checks.fail("reductions", reductions, "be a list of names", "one name: ['...']")
    for name in reductions:
        checks.choice("reductions", name, tuple(REDUCTIONS))
    return tuple(name for name in REDUCTIONS if name in reductions)
