"""Orientation, invariance, averages, options, and how the modules behave."""

import copy
import pickle

import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

N = 4096


def chirp(rate=5.0, f0=0.01):
    t = torch.arange(N, dtype=torch.float64) / N
    return torch.sin(2 * torch.pi * f0 * N / (rate * 0.6931) * (2 ** (rate * t) - 1))


def spin_energy(x, **options):
    S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=N, format="joint", **options)
    meta, y = S.meta(), S(x)
    is_second = torch.as_tensor(meta["order"] == 2)
    spin = torch.as_tensor(meta["spin"])
    return tuple(y[is_second & (spin == s)].square().sum().item() for s in (1, -1))


@pytest.mark.parametrize("pad_mode", ["reflect", "zero", "conj-reflect"])
def test_rising_frequency_is_spin_plus_one(pad_mode):
    up, down = spin_energy(chirp(), pad_mode=pad_mode)
    assert up > 10 * down  # reflection turns the chirp round at the border
    down, up = spin_energy(chirp().flip(-1), pad_mode=pad_mode)
    assert up > 10 * down


def test_zero_padding_and_analytic_wavelets_leak_less_into_the_other_spin():
    def ratio(**options):
        up, down = spin_energy(chirp(), **options)
        return up / down

    assert ratio(pad_mode="zero") > ratio()


@pytest.mark.parametrize("kind", ["impulse", "symmetric AM"])
def test_no_orientation_means_equal_spins(kind):
    t = torch.arange(N, dtype=torch.float64) - N // 2
    x = (t == 0).double()
    if kind == "symmetric AM":
        x = (1 + torch.cos(2 * torch.pi * t / 256)) * torch.cos(0.8 * t)
    up, down = spin_energy(x)
    assert up == pytest.approx(down, rel=2e-2)


def test_constant_has_only_order_zero():
    S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=N)
    y = S(torch.full((N,), 3.0, dtype=torch.float64))
    torch.testing.assert_close(y[0], torch.full_like(y[0], 3.0))
    assert y[1:].abs().max() < 1e-12


def test_homogeneity_is_exact_for_powers_of_two_and_signs():
    S = TimeFrequencyScattering(J=6, J_fr=2, Q=4, shape=512)
    x = torch.randn(512)
    for peak in (2.0**-105, 2.0**100):  # products would leave the range of float32
        assert torch.equal(S(x * peak), S(x) * peak)
    torch.testing.assert_close(S(-x)[1:], S(x)[1:])


def test_global_mean_of_a_tone_does_not_depend_on_the_length():
    """The mean is over the signal's samples; the sum counts padding, at each path's own rate."""

    def order_one(n, how):
        S = Scattering1D(J=5, Q=4, shape=n, T="global", global_average=how, max_order=1)
        x = torch.cos(2 * torch.pi * S.psi1[6].xi * torch.arange(n, dtype=torch.float64))
        return S(x)[7].item()

    assert order_one(1024, "mean") == pytest.approx(order_one(3000, "mean"), rel=1e-2)
    assert order_one(3000, "sum") > 1.9 * order_one(1024, "sum")


def test_global_mean_of_joint_paths_is_the_mean_of_the_unaveraged_ones():
    kwargs = dict(J=6, J_fr=3, Q=4, shape=1024, F=0, out_type="dict")
    x = torch.randn(1024, dtype=torch.float64)
    averaged = TimeFrequencyScattering(T="global", global_average="mean", **kwargs)(x)
    unaveraged = TimeFrequencyScattering(T=0, keep_lost=True, **kwargs)(x)
    assert set(averaged) == set(unaveraged)
    for key, U in unaveraged.items():
        torch.testing.assert_close(averaged[key], U.mean(-1, keepdim=True))


def test_any_batch_shape_equals_one_by_one():
    S = TimeFrequencyScattering(J=6, J_fr=2, Q=4, shape=500, format="joint")
    x = torch.randn(2, 3, 500, dtype=torch.float64)
    y = S(x)
    assert y.shape[:2] == (2, 3)
    for b in range(2):
        for c in range(3):
            assert (y[b, c] - S(x[b, c])).abs().max() < 1e-14 * y.max()
    strided = torch.randn(500, 4, dtype=torch.float64).T
    torch.testing.assert_close(S(strided), S(strided.contiguous()))


def test_input_decides_dtype_and_copies_work():
    S = Scattering1D(J=5, shape=256, Q=2)
    x = torch.randn(256)
    assert S(x).dtype == torch.float32
    assert S.double()(x.double()).dtype == torch.float64
    assert torch.equal(copy.deepcopy(S)(x), S(x))
    assert torch.equal(pickle.loads(pickle.dumps(S))(x), S(x))
    assert S.scattering(x).equal(S(x))
    S.load_state_dict(S.state_dict())


def test_autocast_does_not_round():
    S = TimeFrequencyScattering(J=5, J_fr=2, Q=4, shape=256)
    x = torch.randn(256)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(S(x), S(x).float())
        inside = S(x)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, S(x))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(("dtype", "tol"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_cuda_equals_cpu(dtype, tol):
    S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=N, F=4, format="joint")
    x = torch.randn(3, N, dtype=dtype)
    cpu, gpu = S(x), S.to("cuda")(x.cuda())
    assert gpu.is_cuda
    assert (gpu.cpu() - cpu).norm() < tol * cpu.norm()


def test_filters_are_offered_under_their_usual_names():
    S = TimeFrequencyScattering(J=6, J_fr=2, Q=4, shape=512)
    assert len(S.psi1_f) == len(S.psi1)
    assert S.phi_f["levels"][0].shape == (512 + S.pad_left + S.pad_right,)
    assert [f["xi"] for f in S.filters_fr[1]] == [f.xi for f in S.psi_fr]
    assert S.psi2_f[0]["levels"][0][0] == pytest.approx(0, abs=1e-15)
