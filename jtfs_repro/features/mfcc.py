r"""Mel-frequency cepstral coefficients, averaged over frames.

Two routes to the same numbers: ``backend="librosa"`` (the reference, one signal after the other
on the CPU) and ``backend="torch"`` (batched, any device, differentiable; the default).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.features.clip_tensors import ClipTensors

AMIN = 1e-10  # power below which the decibel scale saturates (librosa's default)


class Mfcc(nn.Module):
    r"""Mean over frames of the first cepstral coefficients of a log mel spectrogram.

    .. math:: c_k = \frac1T \sum_t \sum_m D_{km}\, \ell\Bigl(\sum_\omega W_{m\omega}
              \bigl|\mathrm{STFT}_x(t, \omega)\bigr|^2\Bigr)

    with `W` the mel matrix, `D` the orthonormal DCT-II and `ell` either decibels (floored at
    ``top_db`` below the loudest bin of the clip) or the natural logarithm ``log(P + log_offset)``.
    The STFT is centred, its window a periodic Hann. Defaults are those of librosa, except that the
    edges are padded by reflection as in librosa 0.8, the version of the paper. ValueError,
    TypeError: an argument is outside its range, or a signal is not real with shape (B, n_samples).
    Reference: Muradeli et al., "Differentiable Time-Frequency Scattering on GPU", DAFx 2022,
    section 3.

    Parameters
    ----------
    sr : float; sample rate in Hz
    n_samples : int; length of the signals in samples; at least ``n_fft``
    n_mfcc : int; number of coefficients kept, at most ``n_mels``
    n_fft, hop_length : int; frame length and hop in samples
    n_mels : int; number of mel bands between 0 and ``sr / 2``
    mel_scale : {'slaney', 'htk'}; formula of the mel scale
    mel_norm : {'slaney', 'none'}; unit area per band, or unit peak
    log : {'decibels', 'natural'}; compression `ell`
    top_db : float; range in dB below the clip's maximum; used by ``log='decibels'``
    log_offset : float; power added before the natural logarithm; used by ``log='natural'``
    pad_mode : {'reflect', 'constant'}
        Padding of both edges by ``n_fft // 2`` samples; 'constant' means zeros.
    backend : {'torch', 'librosa'}; Route. 'librosa' runs on the CPU and has no gradient.

    Examples
    --------
    >>> Mfcc(sr=8192, n_samples=4096)(torch.zeros(2, 4096)).shape
    torch.Size([2, 20])
    """

    mel: Tensor
    dct: Tensor
    window: Tensor

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        n_mfcc: int = 20,
        n_fft: int = 2048,
        hop_length: int = 512,
        n_mels: int = 128,
        mel_scale: str = "slaney",
        mel_norm: str = "slaney",
        log: str = "decibels",
        top_db: float = 80.0,
        log_offset: float = 1e-6,
        pad_mode: str = "reflect",
        backend: str = "torch",
    ) -> None:
        super().__init__()
        self.sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
        self.n_fft = checks.integer("n_fft", n_fft, low=2)
        self.n_samples = checks.integer(
            "n_samples", n_samples, low=self.n_fft, mistake="shorter than n_fft: lower n_fft"
        )
        self.hop_length = checks.integer("hop_length", hop_length, low=1)
        self.n_mels = checks.integer("n_mels", n_mels, low=1)
        self.n_mfcc = checks.integer("n_mfcc", n_mfcc, low=1, high=n_mels, mistake="raise n_mels")
        self.mel_scale = checks.choice("mel_scale", mel_scale, ("slaney", "htk"))
        self.mel_norm = checks.choice("mel_norm", mel_norm, ("slaney", "none"))
        self.log = checks.choice("log", log, ("decibels", "natural"))
        self.top_db = checks.number("top_db", top_db, above=0)
        self.log_offset = checks.number("log_offset", log_offset, above=0)
        self.pad_mode = checks.choice("pad_mode", pad_mode, ("reflect", "constant"))
        self.backend = checks.choice("backend", backend, ("torch", "librosa"))
        self.dimension = self.n_mfcc
        self.parts = {"mfcc": slice(0, self.n_mfcc)}
        self._build_buffers()

    def _build_buffers(self) -> None:
        """Register the window, mel and DCT matrices in float64; `forward` casts them to x.dtype."""
        window = torch.hann_window(self.n_fft, periodic=True, dtype=torch.float64)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("mel", torch.from_numpy(self._mel_matrix()), persistent=False)
        dct = torch.from_numpy(dct_matrix(self.n_mfcc, self.n_mels))
        self.register_buffer("dct", dct, persistent=False)

    def _mel_matrix(self) -> np.ndarray:
        import librosa  # heavy: only when a feature is built

        return librosa.filters.mel(
            sr=self.sr, n_fft=self.n_fft, dtype=np.float64, **self._mel_settings()
        )

    def _mel_settings(self) -> dict:
        norm = None if self.mel_norm == "none" else self.mel_norm
        return {"n_mels": self.n_mels, "htk": self.mel_scale == "htk", "norm": norm}

    @property
    def n_frames(self) -> int:
        """Number of frames of a centred STFT."""
        return 1 + self.n_samples // self.hop_length

    @property
    def bytes_per_signal(self) -> int:
        """Working memory of `forward` in bytes (float32): frames, spectrum, power, mel bands."""
        values = self.n_frames * (2 * self.n_fft + 3 * (self.n_fft // 2 + 1) + 4 * self.n_mels)
        return 4 * (values + 2 * self.n_samples)

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean over frames [shape=(B, n_mfcc)], in the precision of x."""
        return self.coefficients(x).mean(-1)

    def coefficients(self, x: Tensor) -> Tensor:
        """Return all frames: Tensor [shape=(B, n_mfcc, n_frames)]."""
        checks.signal_batch(x, self.n_samples)
        if self.backend == "librosa":
            clips = [self._librosa(clip) for clip in x.detach().cpu().numpy()]
            return torch.from_numpy(np.stack(clips)).to(x)
        return self.dct.to(x) @ self._compress(self.mel.to(x) @ self._power(x))

    def _power(self, x: Tensor) -> Tensor:
        """Power spectrogram, (B, n_fft // 2 + 1, n_frames)."""
        spectrum = torch.stft(
            x,
            self.n_fft,
            self.hop_length,
            window=self.window.to(x),
            center=True,
            pad_mode=self.pad_mode,
            return_complex=True,
        )
        return spectrum.real.square() + spectrum.imag.square()

    def _compress(self, power: Tensor) -> Tensor:
        if self.log == "natural":
            return torch.log(power + self.log_offset)
        decibels = 10 * torch.log10(power.clamp(min=AMIN))
        return torch.maximum(decibels, decibels.amax((-2, -1), keepdim=True) - self.top_db)

    def _librosa(self, clip: np.ndarray) -> np.ndarray:
        """Take the reference route for one clip: (n_samples,) -> (n_mfcc, n_frames)."""
        import librosa

        mel = librosa.feature.melspectrogram(
            y=clip,
            sr=self.sr,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            pad_mode=self.pad_mode,
            **self._mel_settings(),
        )
        if self.log == "natural":
            level = np.log(mel + self.log_offset)
        else:
            level = librosa.power_to_db(mel, amin=AMIN, top_db=self.top_db)
        return librosa.feature.mfcc(S=level, n_mfcc=self.n_mfcc)


class MfccMoments(ClipTensors):
    """Mean and standard deviation over frames of the mel-frequency cepstral coefficients.

    ValueError, TypeError: an argument is outside its range, or a clip is not real with shape (B,
    n_samples).

    Parameters
    ----------
    sr : float; sample rate in Hz
    n_samples : int; length of the clips
    n_mfcc, n_fft, hop_length, n_mels : int; as in `jtfs_repro.features.mfcc.Mfcc`

    Examples
    --------
    >>> MfccMoments(sr=22050, n_samples=65536).shapes
    {'mean': (20,), 'std': (20,)}
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        n_mfcc: int = 20,
        n_fft: int = 2048,
        hop_length: int = 512,
        n_mels: int = 128,
    ) -> None:
        mfcc = Mfcc(
            sr=sr,
            n_samples=n_samples,
            n_mfcc=n_mfcc,
            n_fft=n_fft,
            hop_length=hop_length,
            n_mels=n_mels,
        )
        shapes = {"mean": (n_mfcc,), "std": (n_mfcc,)}
        needed = mfcc.bytes_per_signal
        super().__init__(n_samples=n_samples, shapes=shapes, bytes_per_signal=needed)
        self.mfcc = mfcc

    def tensors(self, x: Tensor) -> dict[str, Tensor]:
        """Return {"mean": [shape=(B, n_mfcc)], "std": [shape=(B, n_mfcc)]}."""
        frames = self.mfcc.coefficients(x)
        return {"mean": frames.mean(-1), "std": frames.std(-1, correction=0)}


def dct_matrix(n_rows: int, n_columns: int) -> np.ndarray:
    """Return the first rows of the orthonormal DCT-II matrix: [shape=(n_rows, n_columns)]."""
    rows, columns = np.arange(n_rows)[:, None], np.arange(n_columns)[None, :]
    matrix = math.sqrt(2 / n_columns) * np.cos(np.pi * rows * (columns + 0.5) / n_columns)
    matrix[0] /= math.sqrt(2)
    return matrix
