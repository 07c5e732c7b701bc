"""The constant-Q transform of the classifier, in decibels."""

from __future__ import annotations

from torch import Tensor

from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.features.cqt import Cqt


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
