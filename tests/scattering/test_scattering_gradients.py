"""Derivatives: exact to finite differences, of second order, forward mode, and finite anywhere."""

import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

N = 48
MODULES = [
    Scattering1D(J=3, shape=N, Q=2),
    TimeFrequencyScattering(J=3, J_fr=2, Q=2, shape=N, format="joint"),
    TimeFrequencyScattering(J=3, J_fr=2, Q=2, shape=N, T="global", F=0),
    TimeFrequencyScattering(J=3, J_fr=2, Q=2, shape=N, T=4, F="global", pad_mode="conj-reflect"),
]


def signal(seed=0):
    return torch.randn(N, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("S", MODULES, ids=lambda S: type(S).__name__)
def test_first_and_second_derivatives(S):
    x = signal().requires_grad_()
    assert torch.autograd.gradcheck(S, (x,), eps=1e-6, atol=1e-7)
    assert torch.autograd.gradgradcheck(S, (x,), atol=1e-6, fast_mode=True)


@pytest.mark.parametrize("S", MODULES, ids=lambda S: type(S).__name__)
def test_forward_mode_and_vmap(S):
    x = signal()
    forward, reverse = torch.func.jacfwd(S)(x), torch.func.jacrev(S)(x)
    torch.testing.assert_close(forward, reverse)
    batch = torch.stack([signal(1), signal(2)])
    torch.testing.assert_close(torch.func.vmap(S)(batch), S(batch))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("peak", [0.0, 1e-38, 1e-30, 1e-23, 1.0, 1e30])
def test_finite_for_silent_tiny_and_huge_signals(dtype, peak):
    S = TimeFrequencyScattering(J=5, J_fr=2, Q=4, shape=256)
    x = torch.randn(3, 256, generator=torch.Generator().manual_seed(0)).to(dtype) * peak
    x[1, 100:] = 0
    x[2] = 0
    x.requires_grad_()
    y = S(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert y.isfinite().all()
    assert gradient.isfinite().all()
    if peak:
        assert y[0].abs().max() > 1e-3 * peak


def test_second_derivative_is_finite_in_silence():
    S = TimeFrequencyScattering(J=4, J_fr=2, Q=2, shape=128)
    x = torch.zeros(128, requires_grad=True)
    (gradient,) = torch.autograd.grad(S(x).square().sum() + S(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.square().sum(), x)
    assert second.isfinite().all()
