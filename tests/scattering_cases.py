"""Configurations of both transforms that the tests of their behaviour share."""

import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

CONFIGURATIONS = {
    "1d": (Scattering1D, dict()),
    "1d, T=0, dict": (Scattering1D, dict(T=0, out_type="dict")),
    "1d, global, list": (Scattering1D, dict(T="global", out_type="list")),
    "time": (TimeFrequencyScattering, dict()),
    "joint": (TimeFrequencyScattering, dict(F=2, format="joint")),
    "joint, T=F=0, list": (
        TimeFrequencyScattering,
        dict(T=0, F=0, out_type="list", format="joint"),
    ),
    "time, global, dict": (
        TimeFrequencyScattering,
        dict(T="global", F="global", out_type="dict"),
    ),
    "time, F=0, mirrored": (TimeFrequencyScattering, dict(T=4, F=0, pad_mode="conj-reflect")),
}


def make(name, **sizes):
    """Return a new module, without tables; `sizes` are N, J and Q."""
    transform, options = CONFIGURATIONS[name]
    N, J, Q = sizes["N"], sizes["J"], sizes["Q"]
    along_n1 = {} if transform is Scattering1D else dict(J_fr=2)
    return transform(J=J, Q=Q, shape=N, **along_n1, **options)


def signal(*shape, seed=0):
    """Return white noise in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def coefs(y):
    """Return the tensors of an array, list or dict output."""
    if isinstance(y, dict):
        return tuple(y.values())
    return tuple(path["coef"] for path in y) if isinstance(y, list) else (y,)


def derived(S, x):
    """Return the outputs, and the gradient of the sum of their squares."""
    x = x.detach().requires_grad_()
    outputs = coefs(S(x))
    return *outputs, *torch.autograd.grad(sum(y.square().sum() for y in outputs), x)


def same_bits(ours, expected):
    """Whether two sequences of tensors are equal."""
    return len(ours) == len(expected) and all(map(torch.equal, ours, expected))


def distance(ours, expected):
    """Return the relative L2 distance of two sequences of tensors."""
    assert [a.shape for a in ours] == [b.shape for b in expected]
    flat = [torch.cat([t.double().ravel() for t in ts]) for ts in (ours, expected)]
    return ((flat[0] - flat[1]).norm() / flat[1].norm()).item()
