"""Joint time-frequency scattering as a flat vector: orders 0, 1 and 2, all rows."""

from __future__ import annotations

from jtfs_repro.features.pooling import ScatteringVector, averaging_samples
from jtfs_repro.scattering import TimeFrequencyScattering


class Jtfs(ScatteringVector):
    """Joint time-frequency scattering of a signal, as one vector.

    ValueError, TypeError: an argument is outside its range, or a signal is not real with shape (B,
    n_samples). Reference: Muradeli et al., DAFx 2022, sections 2 and 3.

    Parameters
    ----------
    sr : float; sample rate in Hz
    n_samples : int; length of the signals
    J, J_fr : int; log2 of the largest scale, in samples and in rows of the first order
    Q : int or tuple; wavelets per octave in time, of the first order or of both
    Q_fr : int; wavelets per octave along log-frequency
    T_s : float or 'global'; width of the averaging filter in seconds, or the whole signal
    F : int, 0 or 'global'
        Width of the averaging filter along log-frequency in rows; 0 does not average.
    time_pool : {'mean', 'flatten'}; what is done with several frames
    global_average : {'mean', 'sum'}
        With 'global': mean over the signal, or Kymatio's sum over the padded axis.
    pad_mode : {'reflect', 'zero', 'conj-reflect'}; padding of the signal's ends
    representation : str; name under which the columns are stored

    Examples
    --------
    >>> import torch
    >>> Jtfs(sr=8192, n_samples=4096, J=8, J_fr=3, Q=8, T_s="global")(torch.zeros(2, 4096)).shape
    torch.Size([2, 2207])
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        J: int = 14,
        J_fr: int = 5,
        Q: int | tuple[int, ...] = (8, 1),
        Q_fr: int = 2,
        T_s: float | str = 1.0,
        F: int | str = 0,
        time_pool: str = "mean",
        global_average: str = "mean",
        pad_mode: str = "reflect",
        representation: str = "jtfs",
    ) -> None:
        transform = TimeFrequencyScattering(
            J=J,
            J_fr=J_fr,
            Q=Q,
            shape=n_samples,
            T=averaging_samples(T_s, sr),
            Q_fr=Q_fr,
            F=F,
            format="time",
            global_average=global_average,
            pad_mode=pad_mode,
        )
        super().__init__(transform, time_pool=time_pool, representation=representation)
