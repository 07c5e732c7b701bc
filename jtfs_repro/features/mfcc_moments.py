"""The mel-frequency cepstral coefficients of the classifier: moments over frames."""

from __future__ import annotations

from torch import Tensor

from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.features.mfcc import Mfcc


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
