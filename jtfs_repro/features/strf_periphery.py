r"""Cochlear front end of the spectro-temporal receptive fields: waveform to auditory spectrogram.

Chain: zeros, cut, fade-out, peak normalisation, resampling to 16 kHz; 129 constant-Q filters of
minimum phase, 24 per octave; difference of neighbours (lateral inhibition); half-wave
rectification; leaky integrator of 8 ms; one frame every 4 ms (250 Hz). No compression, no
hair-cell low-pass, no logarithm.

Conventions: channel c = 0 is the **lowest** frequency; time is the last axis until `forward`'s
output, which is (B, 128, n_frames).
"""

from __future__ import annotations

import functools
import math

import numpy as np
import scipy.fft
import torch
from torch import Tensor, nn

from jtfs_repro import checks

SR_AUDITORY = 16_000  # Hz
N_CHANNELS = 128  # after lateral inhibition
CHANNELS_PER_OCTAVE = 24
HOP = 64  # samples at 16 kHz: 4 ms, 250 frames per second
FRAME_RATE = SR_AUDITORY / HOP  # Hz
LEAK = math.exp(-1 / 128)  # per sample: time constant 8 ms
N_ZEROS = 16_000  # appended before the cut to `duration`
FADE_SECONDS = 0.05
HEADROOM = 1.01  # the peak becomes 1 / 1.01
N_DESIGN = 1 << 17  # FFT length of the cepstral design: aliasing below 1e-5 of the peak
# ASSUME: 8192 taps (0.51 s). The target has corners, so its response decays only polynomially;
# the cut leaves 0.11 dB at the sharpest corner of the lowest filter and less everywhere else.
N_TAPS = 8192
CHANNEL_CHUNK = 16  # channels filtered at once; bounds the memory

# Target response, equal for all channels: (octaves from the centre frequency, magnitude in dB).
RESPONSE = (
    (-4, -23), (-2, -21.5), (-1.5, -20), (-1, -16.5), (-0.75, -13.5), (-0.5, -10), (-0.35, -7),
    (-0.25, -5.5), (-0.15, -3), (-0.05, -0.7), (0, 0), (0.02, -0.7), (0.035, -3), (0.05, -7),
    (0.06, -10), (0.08, -15.5), (0.1, -18), (0.2, -20), (0.3, -22.5), (0.5, -26.5), (1, -31.5),
    (2, -38),
)  # fmt: skip


class Periphery(nn.Module):
    """Auditory spectrogram of fixed-length signals.

    ``duration`` seconds are kept of the signal followed by 16 000 zeros, None: exactly the signal.
    The definition is invariant to a positive gain, not to a change of sign: it divides by the
    maximum, not by the maximum modulus. ValueError: an argument is outside its range or the cut is
    shorter than 50 ms.
    """

    taps: Tensor
    fade: Tensor
    block: Tensor

    def __init__(self, *, sr: float, n_samples: int, duration: float | None = 4.0) -> None:
        super().__init__()
        self.sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
        self.n_samples = checks.integer("n_samples", n_samples, low=1)
        self.n_kept = self._kept_samples(duration)
        n_fade = round(FADE_SECONDS * self.sr)
        if not 1 <= n_fade <= self.n_kept:
            rule = f"leave at least {n_fade} samples (50 ms)"
            checks.fail("n_samples", self.n_kept, rule, "signal or duration too short")
        self.n_resampled = math.floor(self.n_kept * SR_AUDITORY / self.sr)
        self.n_frames = -(-self.n_resampled // HOP)
        n_linear = self.n_resampled + N_TAPS - 1  # no wrap-around
        self.n_fft = scipy.fft.next_fast_len(n_linear, real=True) or n_linear
        self._build_buffers(n_fade)

    def _kept_samples(self, duration: float | None) -> int:
        if duration is None:
            return self.n_samples
        duration = checks.number("duration", duration, above=0, mistake="seconds")
        return min(self.n_samples + N_ZEROS, round(duration * self.sr))

    def _build_buffers(self, n_fade: int) -> None:
        """Register filters, fade and integrator in float64; `forward` casts them to x.dtype."""
        taps = torch.from_numpy(inhibition_taps().copy())
        fade = 0.5 * (1 + torch.cos(math.pi * torch.arange(n_fade, dtype=torch.float64) / n_fade))
        block = LEAK ** torch.arange(HOP - 1, -1, -1, dtype=torch.float64)
        for name, value in {"taps": taps, "fade": fade, "block": block}.items():
            self.register_buffer(name, value, persistent=False)

    @property
    def bytes_per_signal(self) -> int:
        """Working memory of `forward` in bytes (float32): four arrays of one chunk of channels."""
        return 4 * (4 * CHANNEL_CHUNK * self.n_fft + 6 * self.n_resampled)

    def forward(self, x: Tensor) -> Tensor:
        """Return the auditory spectrogram [shape=(B, 128, n_frames)] of x [shape=(B, n_samples)].

        Non-negative; low frequencies first; 250 frames per second.
        """
        x_hat = torch.fft.rfft(self.prepare(x), self.n_fft)[:, None]
        chunks = [self._frames(x_hat, taps) for taps in self.taps.to(x).split(CHANNEL_CHUNK)]
        return torch.cat(chunks, 1)

    def prepare(self, x: Tensor) -> Tensor:
        """Return the faded, normalised signal at 16 kHz: Tensor [shape=(B, n_resampled)]."""
        checks.signal_batch(x, self.n_samples)
        x = nn.functional.pad(x, (0, max(0, self.n_kept - self.n_samples)))[:, : self.n_kept]
        n_fade = self.fade.shape[0]
        x = torch.cat([x[:, :-n_fade], x[:, -n_fade:] * self.fade.to(x)], 1)
        peak = x.amax(1, keepdim=True)
        # ASSUME: a signal without a positive sample (silence) is not scaled.
        x = x / (HEADROOM * torch.where(peak > 0, peak, 1))
        return fft_resample(x, self.n_resampled)

    def _frames(self, x_hat: Tensor, taps: Tensor) -> Tensor:
        """Filter, rectify and integrate some channels: (B, 1, F), (c, K) -> (B, c, n_frames)."""
        y = torch.fft.irfft(x_hat * torch.fft.rfft(taps, self.n_fft), self.n_fft)
        y = y[..., : self.n_resampled].relu()
        y = nn.functional.pad(y, (0, self.n_frames * HOP - self.n_resampled))
        return leaky_scan(y.unflatten(-1, (-1, HOP)) @ self.block.to(y), LEAK**HOP)


def centre_frequencies() -> np.ndarray:
    """Return the 129 centre frequencies in Hz: ``440 * 2^((c - 31) / 24)``."""
    return 440 * 2 ** ((np.arange(N_CHANNELS + 1) - 31) / CHANNELS_PER_OCTAVE)


def target_db(f_hz: np.ndarray, centre_hz: float) -> np.ndarray:
    """Return the target magnitude in dB at the frequencies ``f_hz >= 0`` of one channel."""
    octaves = np.log2(np.maximum(f_hz, 1e-9) / centre_hz)
    points = np.array(RESPONSE, dtype=float)
    return np.interp(octaves, points[:, 0], points[:, 1])


def minimum_phase_taps(centre_hz: float) -> np.ndarray:
    r"""Return the causal minimum-phase filter of one channel: [shape=(8192,)].

    The real cepstrum of the log magnitude, folded onto positive quefrencies, is the complex
    cepstrum of the minimum-phase filter: ``h = IFFT(exp(FFT(fold(IFFT(log|H|)))))``.
    """
    f_hz = np.fft.rfftfreq(N_DESIGN, 1 / SR_AUDITORY)
    cepstrum = np.fft.irfft(target_db(f_hz, centre_hz) * math.log(10) / 20)
    cepstrum[1 : N_DESIGN // 2] *= 2
    cepstrum[N_DESIGN // 2 + 1 :] = 0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:N_TAPS]


@functools.cache
def inhibition_taps() -> np.ndarray:
    """Return the filters minus their upper neighbours (inhibition is linear): [shape=(128, K)]."""
    taps = np.stack([minimum_phase_taps(f) for f in centre_frequencies()])
    return taps[:-1] - taps[1:]


def fft_resample(x: Tensor, n_out: int) -> Tensor:
    """Resample the last axis to ``n_out`` samples in the Fourier domain (as SciPy's `resample`)."""
    n_in = x.shape[-1]
    if n_out == n_in:
        return x
    n_common = min(n_in, n_out)
    x_hat = torch.fft.rfft(x)[..., : n_common // 2 + 1]
    if n_common % 2 == 0:  # the Nyquist bin is split (up) or gathers both signs (down)
        nyquist = x_hat[..., -1:] * (0.5 if n_out > n_in else 2.0)
        x_hat = torch.cat([x_hat[..., :-1], nyquist], -1)
    return torch.fft.irfft(x_hat, n_out) * (n_out / n_in)


def leaky_scan(x: Tensor, decay: float) -> Tensor:
    r"""Return ``v[t] = x[t] + decay * v[t - 1]`` along the last axis.

    By doubling: after step k, `v` holds the sum over the last 2^k inputs. It stops when the
    remaining factor is below 1e-20, which is exact in float64.
    """
    shift = 1
    while shift < x.shape[-1] and decay**shift > 1e-20:
        x = x + decay**shift * nn.functional.pad(x[..., :-shift], (shift, 0))
        shift *= 2
    return x
