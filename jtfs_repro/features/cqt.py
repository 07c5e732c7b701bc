r"""Constant-Q transform by nnAudio (CQT1992v2: one long kernel per bin, no downsampling).

`forward` returns the flat vector of the feature contract, `image` the time-frequency picture.
"""

from __future__ import annotations

import os

import torch
from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.features.clip_tensors import ClipTensors

AMIN = 1e-10  # magnitude below which the decibel scale saturates
DECIBELS = {"none": 0.0, "power": 10.0, "amplitude": 20.0}  # factor of log10


class Cqt(nn.Module):
    r"""Magnitude of the constant-Q transform, optionally in decibels.

    .. math:: X(k, t) = \sqrt{L_k} \Bigl| \sum_n \frac{w_k(n)}{\|w_k\|_1}
              e^{-2 \pi i f_k n / sr} x(t h + n) \Bigr|, \qquad f_k = f_{min} 2^{k/b}

    with periodic Hann windows of ``L_k = ceil(sr / (f_k (2^(1/b) - 1)))`` samples, centred on the
    frame, hop `h`, reflection at both edges (librosa's scaling). ValueError, TypeError: an argument
    is outside its range, or a signal is not real with shape (B, n_samples). Reference: Cheuk et
    al., "nnAudio", IEEE Access 2020. Roy et al., "nnAudio 2", arXiv:2606.05394, 2026. Brown and
    Puckette, JASA 1992.

    Parameters
    ----------
    sr : float; sample rate in Hz
    n_samples : int; length of the signals in samples; more than half the longest kernel
    hop_length : int; hop in samples
    fmin_hz : float; frequency of the lowest bin in Hz
    n_bins : int; number of bins; the highest must stay below ``sr / 2``
    bins_per_octave : int; bins per octave `b`
    decibels : {'none', 'power', 'amplitude'}
        Magnitude X; ``10 log10(max(X, 1e-10))``; or ``20 log10(max(X, 1e-10))``. 'power' applies
        the factor of a power to a magnitude, as the original classifier does.

    Examples
    --------
    >>> cqt = Cqt(sr=8192, n_samples=8192, hop_length=512, fmin_hz=128.0, n_bins=96)
    >>> cqt.image(torch.zeros(2, 8192)).shape
    torch.Size([2, 96, 17])
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        hop_length: int = 64,
        fmin_hz: float = 128.0,
        n_bins: int = 108,
        bins_per_octave: int = 24,
        decibels: str = "none",
    ) -> None:
        super().__init__()
        self.sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
        self.n_samples = checks.integer("n_samples", n_samples, low=1)
        self.hop_length = checks.integer("hop_length", hop_length, low=1)
        self.fmin_hz = checks.number("fmin_hz", fmin_hz, above=0)
        self.n_bins = checks.integer("n_bins", n_bins, low=1)
        self.bins_per_octave = checks.integer("bins_per_octave", bins_per_octave, low=1)
        self.decibels = checks.choice("decibels", decibels, tuple(DECIBELS))
        self._check_nyquist()
        self.transform, self.kernel_width = self._transform()
        self._check_length()
        self.dimension = self.n_bins * self.n_frames
        self.parts = {"cqt": slice(0, self.dimension)}

    def _check_nyquist(self) -> None:
        top = self.frequencies_hz[-1]
        if top > self.sr / 2:
            mistake = f"highest bin at {top:.1f} Hz: fewer bins or a lower fmin_hz"
            checks.fail("n_bins", self.n_bins, f"stay below sr / 2 = {self.sr / 2:g} Hz", mistake)

    def _check_length(self) -> None:
        half = self.kernel_width // 2
        if self.n_samples <= half:
            mistake = "half the longest kernel is reflected: raise fmin_hz"
            checks.fail("n_samples", self.n_samples, f"be > {half}", mistake)

    def _transform(self) -> tuple[nn.Module, int]:
        """Return nnAudio's module and the length of its longest kernel in samples."""
        # cited in docs/third_party.md: no reminder on the standard output
        os.environ.setdefault("NNAUDIO_DISABLE_CITATION_REMINDER", "1")
        from nnAudio2.features.cqt import CQT1992v2  # heavy: only when a feature is built

        transform = CQT1992v2(
            sr=self.sr,  # pyright: ignore[reportArgumentType]  (any rate works)
            hop_length=self.hop_length,
            fmin=self.fmin_hz,
            n_bins=self.n_bins,
            bins_per_octave=self.bins_per_octave,
            window="hann",
            norm=1,
            center=True,
            pad_mode="reflect",
            output_format="Complex",
            verbose=False,
        )
        return transform, transform.kernel_width

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return 1 + self.n_samples // self.hop_length

    @property
    def frequencies_hz(self) -> list[float]:
        """Centre frequencies of the bins in Hz, ascending."""
        return [self.fmin_hz * 2 ** (k / self.bins_per_octave) for k in range(self.n_bins)]

    @property
    def bytes_per_signal(self) -> int:
        """Working memory of `forward` in bytes (float32): unfolded frames and complex output."""
        width = self.kernel_width
        return 4 * (self.n_frames * (2 * width + 8 * self.n_bins) + 3 * (self.n_samples + width))

    def forward(self, x: Tensor) -> Tensor:
        """Return `image` flattened, time fastest [shape=(B, n_bins * n_frames)]."""
        return self.image(x).flatten(1)

    def image(self, x: Tensor) -> Tensor:
        """Return the picture: Tensor [shape=(B, n_bins, n_frames)], low frequencies first."""
        checks.signal_batch(x, self.n_samples)
        # nnAudio keeps float32 kernels and asks for float32 signals: lend it kernels like x.
        kernels = {name: value.to(x) for name, value in self.transform.named_buffers()}
        coefficients = torch.func.functional_call(self.transform, kernels, (x,))
        magnitude = torch.view_as_complex(coefficients).abs()  # gradient 0 at 0
        factor = DECIBELS[self.decibels]
        return factor * torch.log10(magnitude.clamp(min=AMIN)) if factor else magnitude


class CqtImage(ClipTensors):
    """Constant-Q magnitude in decibels, ``10 log10(max(X, 1e-10))``, low frequencies first.

    ValueError, TypeError: an argument is outside its range, or a clip is not real with shape (B,
    n_samples).

    Parameters
    ----------
    sr : float; sample rate of the clips in Hz
    n_samples : int; length of the clips
    hop_length, n_bins, bins_per_octave : int
        Samples between frames, number of bins, bins per octave.
    fmin_hz : float; frequency of the lowest bin if the sample rate is the stated one
    stated_sr : float, optional; sample rate that the transform is told; the original code says
        44100 for audio at 22050 Hz, which puts every bin an octave lower. None: the true one.

    Examples
    --------
    >>> CqtImage(sr=22050, n_samples=65536).shapes
    {'S': (96, 257)}
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        hop_length: int = 256,
        fmin_hz: float = 32.7,
        n_bins: int = 96,
        bins_per_octave: int = 12,
        stated_sr: float | None = None,
    ) -> None:
        cqt = Cqt(
            sr=sr if stated_sr is None else stated_sr,
            n_samples=n_samples,
            hop_length=hop_length,
            fmin_hz=fmin_hz,
            n_bins=n_bins,
            bins_per_octave=bins_per_octave,
            decibels="power",
        )
        shapes = {"S": (n_bins, cqt.n_frames)}
        needed = cqt.bytes_per_signal
        super().__init__(n_samples=n_samples, shapes=shapes, bytes_per_signal=needed)
        self.cqt = cqt

    def tensors(self, x: Tensor) -> dict[str, Tensor]:
        """Return {"S": [shape=(B, bins, frames)]}."""
        return {"S": self.cqt.image(x)}
