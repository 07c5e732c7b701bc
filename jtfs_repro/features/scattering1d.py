"""Time scattering: as a flat vector of orders 0, 1 and 2, and as the classifier's tensor."""

from __future__ import annotations

from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.features.clip_tensors import ClipTensors
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering


class ScatteringVector(nn.Module):
    """A scattering transform whose channels and frames become one vector, stored under one name.

    ``transform`` has `out_type` 'array' and, if joint, `format` 'time'; ``time_pool`` says what is
    done with several frames.
    """

    def __init__(
        self,
        transform: Scattering1D | TimeFrequencyScattering,
        *,
        time_pool: str,
        representation: str,
    ) -> None:
        super().__init__()
        self.transform = transform
        self.time_pool = checks.choice("time_pool", time_pool, ("mean", "flatten"))
        frames = 1 if time_pool == "mean" else transform.frames
        self.dimension = transform.channels * frames
        self.parts = {representation: slice(0, self.dimension)}
        self.bytes_per_signal = transform.bytes_per_signal

    def forward(self, x: Tensor) -> Tensor:
        """Return the coefficients: x [shape=(B, n_samples)] -> [shape=(B, dimension)]."""
        S = self.transform(checks.signal_batch(x, self.transform.shape[0]))
        return S.mean(-1) if self.time_pool == "mean" else S.flatten(1)


def averaging_samples(T_s: float | str, sr: float) -> float | str:
    """Return the averaging width in samples; 'global' stays as it is."""
    sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
    if isinstance(T_s, str):
        return checks.choice("T_s", T_s, ("global",), "or a number of seconds")
    return checks.number("T_s", T_s, above=0, mistake="seconds") * sr


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
