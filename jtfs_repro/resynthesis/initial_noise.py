"""The noise that a descent starts from: seeded, one for all devices and representations."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from jtfs_repro import checks

KINDS = ("coloured", "white", "per_representation")
# 8.3 row 7 of the list of defects: what the original started each representation from
AS_CODED = {"jtfs": "coloured", "scattering1d": "unit_white"}


def initial_noise(
    target: Tensor, *, kind: str = "coloured", representation: str = "", seed: int = 0
) -> Tensor:
    r"""Return the noise that the descent towards ``target`` starts from.

    'coloured' turns every bin of the target's Fourier transform by a random phase,

    .. math:: \hat y(\omega) = \hat x(\omega) e^{i \varphi(\omega)}

    with phi uniform over the circle, except at 0 and Nyquist, which stay as they are: the
    magnitudes of the spectrum are the target's. All channels get the same turns, which keeps the
    phase between them. 'white' is Gaussian, with the RMS of each channel. Result: Tensor
    [shape=(channels, N)]. ValueError: ``kind`` is unknown, or the original had no start for the
    representation.

    Parameters
    ----------
    target : Tensor [shape=(channels, N)]; decides dtype and device
    kind : {'coloured', 'white', 'per_representation'}
        'per_representation' is the original's unlike starts: 'coloured' for JTFS, Gaussian of
        variance 1, whatever the level of the target, for Scattering1D.
    representation : {'jtfs', 'scattering1d'}; only 'per_representation' reads it
    seed : int >= 0

    Examples
    --------
    >>> x = torch.arange(8.0)[None]
    >>> y = initial_noise(x, seed=1)
    >>> torch.allclose(torch.fft.rfft(y).abs(), torch.fft.rfft(x).abs(), rtol=1e-4)
    True
    """
    checks.choice("init_noise", kind, KINDS)
    checks.integer("seed", seed, low=0)
    if kind == "per_representation":
        mistake = "the original knew these; use init_noise='coloured'"
        kind = AS_CODED[checks.choice("representation", representation, AS_CODED, mistake)]
    generator = torch.Generator("cpu").manual_seed(seed)
    x = target.detach().to("cpu", torch.float64)
    make = {"coloured": _coloured, "white": _white, "unit_white": _unit_white}[kind]
    return make(x, generator).to(target)


def _coloured(x: Tensor, generator: torch.Generator) -> Tensor:
    # ASSUME: one turn per bin for all channels; the paper's sounds have one channel
    x_hat = torch.fft.rfft(x)
    phase = 2 * math.pi * torch.rand(x_hat.shape[-1], generator=generator, dtype=x.dtype)
    phase[0] = 0
    if x.shape[-1] % 2 == 0:
        phase[-1] = 0
    return torch.fft.irfft(x_hat * torch.polar(torch.ones_like(phase), phase), n=x.shape[-1])


def _unit_white(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator, dtype=x.dtype)


def _white(x: Tensor, generator: torch.Generator) -> Tensor:
    rms = x.square().mean(dim=-1, keepdim=True).sqrt()
    return rms * _unit_white(x, generator)
