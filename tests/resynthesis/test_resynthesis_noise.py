"""The initial noise: spectrum, level, seeds, channels, the original's unlike starts."""

import pytest
import torch

from jtfs_repro.resynthesis.initial_noise import initial_noise


def target(n=512, channels=1, level=0.1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = level * torch.randn(channels, n, dtype=torch.float64, generator=generator) + level
    return x.cumsum(-1) / n  # coloured, with a mean


@pytest.mark.parametrize("n", [512, 511])
def test_coloured_noise_has_the_spectrum_of_the_target(n):
    x = target(n)
    y = initial_noise(x, seed=3)
    x_hat, y_hat = torch.fft.rfft(x), torch.fft.rfft(y)
    torch.testing.assert_close(y_hat.abs(), x_hat.abs())
    torch.testing.assert_close(y_hat[:, 0], x_hat[:, 0])
    if n % 2 == 0:
        torch.testing.assert_close(y_hat[:, -1], x_hat[:, -1])
    turns = torch.angle(y_hat / x_hat)[0, 1:-1]
    assert turns.abs().max() > 3
    assert (turns.mean().abs(), turns.std()) == (
        pytest.approx(0, abs=0.25),
        pytest.approx(3.14 / 3**0.5, abs=0.2),
    )


def test_white_noise_has_the_level_of_each_channel():
    x = target(2**14, channels=2) * torch.tensor([[1.0], [5.0]])
    y = initial_noise(x, kind="white")
    rms = [z.square().mean(-1).sqrt() for z in (x, y)]
    torch.testing.assert_close(rms[1], rms[0], rtol=0.03, atol=0)
    power = torch.fft.rfft(y).abs().square()
    low, high = power[:, 1:4000].mean(-1), power[:, 4000:8000].mean(-1)
    torch.testing.assert_close(low, high, rtol=0.15, atol=0)


def test_the_seed_is_all_that_matters():
    x = target()
    for kind in ("coloured", "white"):
        first, again, other = (initial_noise(x, kind=kind, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.allclose(first, other)
        single = initial_noise(x.float(), kind=kind, seed=1)
        assert single.dtype == torch.float32
        torch.testing.assert_close(single.double(), first, rtol=1e-4, atol=1e-7)
    state = torch.get_rng_state()
    initial_noise(x)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_phase_between_channels_is_kept():
    x = target(channels=2)
    x_hat, y_hat = torch.fft.rfft(x), torch.fft.rfft(initial_noise(x))
    torch.testing.assert_close(y_hat[0] * y_hat[1].conj(), x_hat[0] * x_hat[1].conj())
    twins = initial_noise(x[:1].expand(2, -1))
    assert torch.equal(twins[0], twins[1])


def test_the_original_starts_each_representation_from_its_own_noise():
    x = target(2**14, level=1e-3)
    jtfs = initial_noise(x, kind="per_representation", representation="jtfs")
    assert torch.equal(jtfs, initial_noise(x, kind="coloured"))
    plain = initial_noise(x, kind="per_representation", representation="scattering1d")
    assert plain.std() == pytest.approx(1, abs=0.02)


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="init_noise='pink' must be one of 'coloured', 'white'"):
        initial_noise(target(), kind="pink")
    with pytest.raises(ValueError, match=r"representation='cqt' must be one of 'jtfs', .*original"):
        initial_noise(target(), kind="per_representation", representation="cqt")
    with pytest.raises(ValueError, match="seed=-1 must be >= 0"):
        initial_noise(target(), seed=-1)
