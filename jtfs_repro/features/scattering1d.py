"""Scattering1D as a flat vector: orders 0, 1 and 2, averaged or flattened over frames."""

from __future__ import annotations

from jtfs_repro.features.pooling import ScatteringVector, averaging_samples
from jtfs_repro.scattering import Scattering1D


class Scattering1DFeature(ScatteringVector):
    """Time scattering of a signal, as one vector.

    ValueError, TypeError: an argument is outside its range, or a signal is not real with shape (B,
    n_samples). Reference: Muradeli et al., DAFx 2022, section 3.

    Parameters
    ----------
    sr : float; sample rate in Hz
    n_samples : int; length of the signals
    J : int; log2 of the largest scale, in samples
    Q : int or tuple; wavelets per octave, of the first order or of both
    T_s : float or 'global'; width of the averaging filter in seconds, or the whole signal
    time_pool : {'mean', 'flatten'}; what is done with several frames
    global_average : {'mean', 'sum'}
        With ``T_s='global'``: mean over the signal, or Kymatio's sum over the padded axis.
    pad_mode : {'reflect', 'zero'}; padding of the signal's ends
    representation : str; name under which the columns are stored

    Examples
    --------
    >>> import torch
    >>> Scattering1DFeature(sr=8192, n_samples=4096, J=8)(torch.zeros(2, 4096)).shape
    torch.Size([2, 43])
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        J: int = 14,
        Q: int | tuple[int, ...] = 1,
        T_s: float | str = "global",
        time_pool: str = "mean",
        global_average: str = "mean",
        pad_mode: str = "reflect",
        representation: str = "scattering1d",
    ) -> None:
        transform = Scattering1D(
            J=J,
            shape=n_samples,
            Q=Q,
            T=averaging_samples(T_s, sr),
            global_average=global_average,
            pad_mode=pad_mode,
        )
        super().__init__(transform, time_pool=time_pool, representation=representation)
