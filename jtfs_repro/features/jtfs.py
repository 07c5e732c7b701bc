"""Joint time-frequency scattering: one flat vector, and the classifier's tensors S1 and S2."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from jtfs_repro import checks
from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.features.scattering1d import ScatteringVector, averaging_samples
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering


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


class JtfsTensors(ClipTensors):
    r"""The paper's three-dimensional JTFS: first order S1 and second order S2, kept apart.

    .. math:: S_1(n_1, t) = |x * \psi_{n_1}| * \phi_T, \qquad
              S_2(\lambda_2, n_1, t) = \text{order-2 paths of the joint transform}

    ValueError, TypeError: an argument is outside its range, or a clip is not real with shape (B,
    n_samples). Reference: Muradeli et al., DAFx 2022, section 4.1.

    Parameters
    ----------
    sr : float; sample rate in Hz; the settings are in samples, as in the paper
    n_samples : int; length of the clips
    J, J_fr : int; log2 of the largest scale, in samples and in rows
    Q : tuple; wavelets per octave, first and second order
    T : number; averaging width in samples
    Q_fr : int; wavelets per octave along log-frequency
    F : number; averaging width in rows
    pad_mode : {'reflect', 'zero', 'conj-reflect'}; padding of the clip's ends

    Examples
    --------
    >>> JtfsTensors(sr=22050, n_samples=4096, J=8, J_fr=3, T=2**8).shapes
    {'S1': (95, 16), 'S2': (54, 24, 16)}
    """

    def __init__(
        self,
        *,
        sr: float,
        n_samples: int,
        J: int = 13,
        J_fr: int = 6,
        Q: tuple[int, int] = (16, 1),
        T: float = 2**11,
        Q_fr: int = 1,
        F: float = 4,
        pad_mode: str = "reflect",
    ) -> None:
        checks.number("sr", sr, above=0, mistake="sample rate in Hz")
        joint = TimeFrequencyScattering(
            J=J,
            J_fr=J_fr,
            Q=Q,
            shape=n_samples,
            T=T,
            Q_fr=Q_fr,
            F=F,
            format="joint",
            unpad_fr=True,
            pad_mode=pad_mode,
        )
        padding = "zero" if pad_mode == "zero" else "reflect"
        first = Scattering1D(J=J, shape=n_samples, Q=Q, T=T, max_order=1, pad_mode=padding)
        orders = np.asarray(joint.meta()["order"])
        rows = math.ceil(len(joint.psi1) / joint.stride_fr)
        shapes = {
            "S1": (first.channels - 1, first.frames),
            "S2": (int((orders == 2).sum()), rows, joint.frames),
        }
        needed = joint.bytes_per_signal
        super().__init__(n_samples=n_samples, shapes=shapes, bytes_per_signal=needed)
        self.joint, self.first = joint, first
        self.n_first = int((orders == 1).sum())  # paths of the first order, which come first

    def tensors(self, x: Tensor) -> dict[str, Tensor]:
        """Return {"S1": [shape=(B, n1, frames)], "S2": [shape=(B, paths, rows, frames)]}."""
        return {"S1": self.first(x)[:, 1:], "S2": self.joint(x)[:, self.n_first :]}
