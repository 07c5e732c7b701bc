r"""OpenL3's input: windows of one second, and their log mel spectrograms.

A signal at 48 kHz is cut into windows of 48 000 samples, each of which becomes an image of
``n_mels`` bands by 199 columns in dB relative to its own maximum. Three versions circulate; they
share the mel bank's area normalisation and the decibels

.. math:: y = \max(10 \log_{10} \max(s, 10^{-10}) - \max_{window}, -80)

(10, not 20, although ``s`` is a magnitude: the network was trained so), and differ in:

============= ============================== ====================== =========
name          zeros around the window        ``s``                  mel scale
============= ============================== ====================== =========
``kapre014``  982 in front, 982 behind       sqrt(mel |STFT|^2)     HTK
``kapre04``   1964 behind                    mel |STFT|             Slaney
``librosa04`` 1024 in front, 1024 behind     mel |STFT|             Slaney
============= ============================== ====================== =========

``kapre014`` is the one the network was trained with (package 0.3.1 and older); the paper's code
asks for ``frontend='kapre'`` of package 0.4, ``kapre04``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jtfs_repro import checks

SR = 48_000  # Hz
WINDOW = SR  # samples: one second
N_FFT = 2048
HOP = 242  # samples
N_COLUMNS = -(-WINDOW // HOP)  # 199
AMIN = 1e-10
DYNAMIC_RANGE_DB = 80.0
N_MELS = {"mel128": 128, "mel256": 256}


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What sets one front-end apart: padding (samples), exponent of the STFT, mel scale."""

    front: int
    behind: int
    is_power: bool
    is_htk: bool


_MISSING = (N_COLUMNS - 1) * HOP + N_FFT - WINDOW  # 1964: what 199 columns need beyond the window
FRONTENDS = {
    "kapre014": Variant(front=_MISSING // 2, behind=_MISSING // 2, is_power=True, is_htk=True),
    "kapre04": Variant(front=0, behind=_MISSING, is_power=False, is_htk=False),
    "librosa04": Variant(front=N_FFT // 2, behind=N_FFT // 2, is_power=False, is_htk=False),
}
# ASSUME: zeros at the edges of librosa04, as in librosa >= 0.9; older versions reflected.
EDGES = ("zeros", "reflection")


def hop_samples(hop: float) -> int:
    """Return ``floor(hop * 48000)``, as the package truncates it."""
    return int(hop * SR)


def n_windows(n: int, *, hop: int, is_centred: bool) -> int:
    """Return how many windows, ``hop`` samples apart, cover ``n`` samples at 48 kHz."""
    n += WINDOW // 2 if is_centred else 0
    return 1 + max(0, -(-(n - WINDOW) // hop))


def windows_of(x: Tensor, *, hop: int, is_centred: bool) -> Tensor:
    """Cut ``x`` (48 kHz) into windows of one second, a view [shape=(..., n_windows, 48000)].

    ``hop`` is in samples; ``is_centred`` puts half a second of zeros in front, so that window k is
    centred on sample ``k * hop``.
    """
    n = n_windows(x.shape[-1], hop=hop, is_centred=is_centred)
    front = WINDOW // 2 if is_centred else 0
    behind = (n - 1) * hop + WINDOW - front - x.shape[-1]
    return functional.pad(x, (front, behind)).unfold(-1, WINDOW, hop)


def hz_to_mel(f: np.ndarray, *, is_htk: bool) -> np.ndarray:
    """Return mel: HTK's ``2595 log10(1 + f / 700)``, or Slaney's, linear below 1 kHz."""
    if is_htk:
        return 2595 * np.log10(1 + f / 700)
    with np.errstate(divide="ignore"):
        return np.where(f < 1000, 3 * f / 200, 15 + 27 * np.log(f / 1000) / math.log(6.4))


def mel_to_hz(mel: np.ndarray, *, is_htk: bool) -> np.ndarray:
    """Return the frequency in Hz: the inverse of `hz_to_mel`."""
    if is_htk:
        return 700 * (10 ** (mel / 2595) - 1)
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp((mel - 15) * math.log(6.4) / 27))


def mel_bank(n_mels: int, *, is_htk: bool) -> np.ndarray:
    """Return triangular filters of unit area per Hz between 0 and 24 kHz [shape=(n_mels, 1025)].

    With the HTK scale and 256 bands two of them fall between bins and are empty.
    """
    low, high = hz_to_mel(np.array([0.0, SR / 2]), is_htk=is_htk)
    edges = mel_to_hz(np.linspace(low, high, n_mels + 2), is_htk=is_htk)  # Hz
    bins = np.linspace(0, SR / 2, N_FFT // 2 + 1)
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangle = np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak))
    return np.maximum(0, triangle) * 2 / (high - low)


def relative_db(s: Tensor) -> Tensor:
    """Return ``s`` [shape=(..., n_mels, T)] in dB below its maximum, floored at -80."""
    level = 10 * torch.log10(s.clamp(min=AMIN))
    return (level - level.amax(dim=(-2, -1), keepdim=True)).clamp(min=-DYNAMIC_RANGE_DB)


class Frontend(nn.Module):
    """Log mel spectrogram of windows of one second, in the versions of the table above.

    ``edges`` is the padding of ``librosa04``; the others pad with zeros. ValueError: any other
    value, or reflection with a kapre front-end.
    """

    window: Tensor
    bank: Tensor

    def __init__(
        self, *, frontend: str = "kapre04", input_repr: str = "mel256", edges: str = "zeros"
    ) -> None:
        super().__init__()
        self.variant = FRONTENDS[checks.choice("frontend", frontend, tuple(FRONTENDS))]
        self.n_mels = N_MELS[checks.choice("input_repr", input_repr, tuple(N_MELS))]
        checks.choice("edges", edges, EDGES)
        if edges == "reflection" and frontend != "librosa04":
            checks.fail("edges", edges, f"be 'zeros' with {frontend}", "kapre pads with zeros")
        self.padding = "reflect" if edges == "reflection" else "constant"
        bank = mel_bank(self.n_mels, is_htk=self.variant.is_htk)
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("bank", torch.from_numpy(bank).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return images [shape=(B, 1, n_mels, 199)] of windows ``x`` [shape=(B, 48000)]."""
        x = functional.pad(x, (self.variant.front, self.variant.behind), mode=self.padding)
        spectrum = torch.stft(
            x, N_FFT, HOP, window=self.window, center=False, return_complex=True
        )  # (B, 1025, 199)
        return relative_db(self._mel(spectrum)).unsqueeze(1)

    def _mel(self, spectrum: Tensor) -> Tensor:
        if not self.variant.is_power:
            return self.bank @ spectrum.abs()
        power = self.bank @ torch.view_as_real(spectrum).square().sum(-1)
        return power.clamp(min=AMIN**2).sqrt()  # clamped first: sqrt has no gradient at 0
