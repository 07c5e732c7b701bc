"""The joint time-frequency scattering of the classifier: orders 1 and 2 with their axes."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from jtfs_repro import checks
from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering


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
