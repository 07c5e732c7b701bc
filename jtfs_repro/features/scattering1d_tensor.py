"""The time scattering of the classifier: orders 1 and 2, paths against frames."""

from __future__ import annotations

from torch import Tensor

from jtfs_repro import checks
from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.scattering import Scattering1D


class Scattering1dTensor(ClipTensors):
    """Time scattering of orders 1 and 2, one after the other; order 0 is dropped.

    ValueError, TypeError: an argument is outside its range, or a clip is not real with shape (B,
    n_samples).

    Parameters
    ----------
    sr : float; sample rate in Hz; the settings are in samples, as in the paper
    n_samples : int; length of the clips
    J : int; log2 of the largest scale in samples
    Q : int or tuple; wavelets per octave, of the first order or of both
    T : number; averaging width in samples
    pad_mode : {'reflect', 'zero'}; padding of the clip's ends

    Examples
    --------
    >>> Scattering1dTensor(sr=22050, n_samples=4096, J=8, Q=8, T=2**8).shapes
    {'S': (233, 16)}
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        J: int = 13,
        Q: int | tuple[int, int] = (16, 1),
        T: float = 2**11,
        pad_mode: str = "reflect",
    ) -> None:
        checks.number("sr", sr, above=0, mistake="sample rate in Hz")
        transform = Scattering1D(J=J, shape=n_samples, Q=Q, T=T, pad_mode=pad_mode)
        shapes = {"S": (transform.channels - 1, transform.frames)}
        needed = transform.bytes_per_signal
        super().__init__(n_samples=n_samples, shapes=shapes, bytes_per_signal=needed)
        self.transform = transform

    def tensors(self, x: Tensor) -> dict[str, Tensor]:
        """Return {"S": [shape=(B, paths, frames)]}."""
        return {"S": self.transform(x)[:, 1:]}
