"""STRF: the slow definition, the published shape of the filters, AM tones, chirps, errors."""

import numpy as np
import pytest
import scipy.signal
import strf_reference
import torch

from jtfs_repro.features.strf import RATES_HZ, SCALES_CYC_OCT, Strf, average_vector, modulus_of
from jtfs_repro.features.strf_periphery import (
    RESPONSE,
    SR_AUDITORY,
    Periphery,
    centre_frequencies,
    fft_resample,
    leaky_scan,
    minimum_phase_taps,
)

SR = 8192
SHORT = 2048  # samples: 63 frames
FLOAT64 = 1e-10  # two different orders of summation over 4000 samples
FLOAT32 = 1e-5  # sums over 70 000 products, eps 6e-8
FILTER_DB = 0.15  # 8192 taps cut the polynomial tail: at most 0.11 dB at a corner of the target


def relative(found, expected):
    found, expected = torch.as_tensor(found), torch.as_tensor(expected)
    return float((found - expected).norm() / expected.norm())


@pytest.fixture(scope="module")
def short():
    return Strf(sr=SR, n_samples=SHORT, duration=None)


@pytest.fixture(scope="module")
def full():
    return Strf(sr=SR, n_samples=4 * SR)


@pytest.fixture(scope="module")
def noise():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, SHORT, generator=generator, dtype=torch.float64)


def maps(strf, y, part="strf"):
    """Maps without the mean spectrogram: (B, 128, scales, rates)."""
    columns = y[:, strf.parts[part]].unflatten(1, (128, -1))[..., :-1]
    return columns.unflatten(2, (len(SCALES_CYC_OCT), -1))


# --- two routes


@pytest.mark.parametrize(
    ("sr", "n_samples", "duration", "n_kept"),
    [(SR, SHORT, None, SHORT), (11_025, 2000, 0.25, 2756)],  # exact and odd rate; with zeros
)
def test_definition(sr, n_samples, duration, n_kept):
    x = torch.randn(1, n_samples, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    strf = Strf(sr=sr, n_samples=n_samples, duration=duration)
    expected = strf_reference.reductions(x[0].numpy(), sr, n_kept)
    y = strf(x)[0]
    for name, part in strf.parts.items():
        assert relative(y[part], expected[name]) < FLOAT64, name


def test_spectrogram_of_signal_longer_than_duration():
    x = np.random.default_rng(2).standard_normal(SHORT)
    periphery = Periphery(sr=SR, n_samples=SHORT, duration=0.125)
    expected = strf_reference.auditory_spectrogram(x, SR, 1024).T
    assert relative(periphery(torch.from_numpy(x)[None])[0], expected) < FLOAT64


@pytest.mark.parametrize(("n_in", "n_out"), [(32, 63), (32, 24), (31, 40), (33, 20), (30, 30)])
def test_resampling_is_scipys(n_in, n_out):
    x = np.random.default_rng(0).standard_normal((2, n_in))
    found = fft_resample(torch.from_numpy(x), n_out).numpy()
    assert np.allclose(found, scipy.signal.resample(x, n_out, axis=1), atol=1e-13)


def test_leaky_scan_is_the_recursion():
    x = np.random.default_rng(0).standard_normal(300)
    v, expected = 0.0, []
    for value in x:
        v = value + 0.6 * v
        expected.append(v)
    assert np.allclose(leaky_scan(torch.from_numpy(x), 0.6).numpy(), expected, atol=1e-13)


# --- definition


def test_centre_frequencies():
    centres = centre_frequencies()
    assert len(centres) == 129
    assert centres[31] == 440
    assert np.allclose(np.diff(np.log2(centres)), 1 / 24)
    assert np.allclose(centres[[0, -1]], [179.7, 7246.3], atol=0.1)


@pytest.mark.parametrize("channel", [0, 31, 64, 128])
def test_filter_magnitude_matches_the_table(channel):
    centre = centre_frequencies()[channel]
    octaves, decibels = np.array(RESPONSE).T
    f = centre * 2**octaves
    inside = f < SR_AUDITORY / 2
    taps = minimum_phase_taps(centre)
    response = np.exp(-2j * np.pi * np.outer(f[inside], np.arange(len(taps))) / SR_AUDITORY) @ taps
    assert np.abs(20 * np.log10(np.abs(response)) - decibels[inside]).max() < FILTER_DB


def test_filter_bandwidths_and_causality():
    centre = centre_frequencies()[31]
    taps = minimum_phase_taps(centre)
    gain = np.abs(np.fft.rfft(taps, 1 << 17))
    f = np.fft.rfftfreq(1 << 17, 1 / SR_AUDITORY)
    for drop_db, quality in [(3, 8), (10, 2.9)]:
        band = f[gain >= gain.max() * 10 ** (-drop_db / 20)]
        assert np.isclose(centre / np.ptp(band), quality, rtol=0.05)
    erb = np.sum(gain**2) * f[1] / gain.max() ** 2
    assert np.isclose(centre / erb, 5.9, rtol=0.05)
    # Minimum phase: three quarters of the energy within 10 periods of the centre frequency.
    early = taps[: round(10 * SR_AUDITORY / centre)]
    assert np.sum(early**2) > 0.75 * np.sum(taps**2)


def test_am_tone_peaks_at_its_rate(full):
    time = torch.arange(4 * SR) / SR
    f_m = [2.0, 4.0, 8.0, 16.0]
    tones = [torch.sin(2 * torch.pi * 700 * time) * (1 + torch.cos(2 * torch.pi * f * time))
             for f in f_m]  # fmt: skip
    profile = maps(full, full(torch.stack(tones))).mean((1, 2))  # (B, rates)
    both_signs = profile[:, len(RATES_HZ) :] + profile[:, : len(RATES_HZ)].flip(1)
    assert [RATES_HZ[i] for i in both_signs.argmax(1)] == f_m


def chirps(gamma=2.0):
    time = torch.arange(-2 * SR, 2 * SR, dtype=torch.float64) / SR
    phase = 2 * torch.pi * 800 / (gamma * np.log(2)) * (2 ** (gamma * time) - 1)
    up = torch.exp(-0.5 * (gamma * time / 0.2) ** 2) * torch.sin(phase)
    return torch.stack([up, up.flip(0)]).float()


def test_chirps_select_opposite_rate_signs(full):
    energy = maps(full, full(chirps())).square().sum((1, 2))
    negative, positive = energy[:, : len(RATES_HZ)].sum(1), energy[:, len(RATES_HZ) :].sum(1)
    assert negative[0] > 2 * positive[0]  # rising: negative rates
    assert positive[1] > 2 * negative[1]  # falling: positive rates


def test_mean_of_the_complex_response_nearly_vanishes(full):
    y = full(chirps())
    ratio = maps(full, y, "strf_real").flatten(1).norm(dim=1) / maps(full, y).flatten(1).norm(dim=1)
    assert ((ratio > 0.005) & (ratio < 0.15)).all()


def test_average_vector_from_the_maps(full):
    y = full(chirps())
    expected = average_vector(maps(full, y))
    assert expected.shape[1] == 4016
    assert relative(y[:, full.parts["strf_average_vector"]], expected) < FLOAT32


def test_gain_does_not_matter(short, noise):
    assert relative(short(37 * noise), short(noise)) < FLOAT64


# --- contract


def test_contract(short, noise):
    y = short(noise.float())
    assert short.parts == {
        "strf": slice(0, 22_656),
        "strf_real": slice(22_656, 45_312),
        "strf_average_vector": slice(45_312, 49_328),
    }
    assert y.shape == (3, short.dimension) == (3, 49_328)
    assert y.dtype == torch.float32
    assert short.bytes_per_signal > 4 * SHORT
    assert not list(short.parameters())


@pytest.mark.parametrize("reduction", ["time_mean_modulus", "time_mean_real", "average_vector"])
def test_one_reduction(short, noise, reduction):
    strf = Strf(sr=SR, n_samples=SHORT, duration=None, reductions=[reduction])
    (name,) = strf.parts
    assert strf.parts[name] == slice(0, strf.dimension)
    assert torch.equal(strf(noise), short(noise)[:, short.parts[name]])


def test_batch_equals_one_by_one(short, noise):
    singles = torch.cat([short(x[None]) for x in noise])
    assert relative(short(noise), singles) < FLOAT64


def test_float32_against_float64(short, noise):
    y = short(noise)
    assert y.dtype == torch.float64
    for part in short.parts.values():
        assert relative(short(noise.float())[:, part], y[:, part]) < FLOAT32


def test_padded_signal_is_the_signal_with_zeros(noise):
    padded = torch.nn.functional.pad(noise, (0, SHORT))
    short = Strf(sr=SR, n_samples=SHORT, duration=0.5, reductions=["average_vector"])
    long = Strf(sr=SR, n_samples=2 * SHORT, duration=None, reductions=["average_vector"])
    assert relative(short(noise), long(padded)) < FLOAT64


# --- gradients


def test_gradient_matches_finite_differences(short, noise):
    def loss(x):
        return short(x)[:, short.parts["strf_average_vector"]].sum()

    x = noise[:1].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(x), x)
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(3), dtype=x.dtype)
    step = 1e-6
    ahead, behind = (loss(noise[:1] + s * direction) for s in (step, -step))
    slope = (gradient * direction).sum()
    assert abs((ahead - behind) / (2 * step) - slope) < 1e-4 * abs(slope)


@pytest.mark.parametrize("scale", [0.0, 1e-30, -1.0])
def test_silent_tiny_and_negative_signals(short, noise, scale):
    x = (scale * noise[:1].abs()).float().requires_grad_()
    y = short(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert y.isfinite().all()
    assert gradient.isfinite().all()
    assert bool((y == 0).all()) == (scale == 0)


def test_modulus_gradient():
    a = torch.tensor([3.0, 0.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([4.0, 0.0], dtype=torch.float64, requires_grad=True)
    modulus_of(a, b).sum().backward()
    assert a.grad.tolist() == pytest.approx([0.6, 0.0])
    assert b.grad.tolist() == pytest.approx([0.8, 0.0])


# --- errors


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"sr": 0.0}, r"sr=0.0 must be > 0"),
        ({"n_samples": 0}, r"n_samples=0 must be >= 1"),
        ({"n_samples": 100, "duration": None}, r"n_samples=100 must leave at least 410 samples"),
        ({"duration": 0.01}, r"must leave at least 410 samples \(50 ms\)"),
        ({"duration": -1.0}, r"duration=-1.0 must be > 0"),
        ({"rates_hz": (4.0, 2.0)}, r"rates_hz=\(4.0, 2.0\) must be ascending"),
        ({"rates_hz": (-4.0,)}, r"rates_hz=-4.0 must be > 0"),
        ({"scales_cyc_oct": ()}, r"scales_cyc_oct=\(\) must be ascending and not empty"),
        ({"reductions": []}, r"reductions=\[\] must be a list of names"),
        ({"reductions": ["mean"]}, r"reductions='mean' must be one of 'time_mean_modulus'"),
    ],
)
def test_bad_arguments(settings, match):
    with pytest.raises(ValueError, match=match):
        Strf(**{"sr": SR, "n_samples": SHORT, **settings})


@pytest.mark.parametrize(
    ("signal", "match"),
    [
        (torch.zeros(1, 99), r"x\.shape=\(1, 99\) must be \(B, 2048\)"),
        (torch.zeros(1, SHORT) * 1j, r"x\.dtype=torch.complex64 must be real"),
        (torch.zeros(1, SHORT, dtype=torch.int16), r"x\.dtype=torch.int16 must be real"),
    ],
)
def test_bad_signals(short, signal, match):
    with pytest.raises(ValueError, match=match):
        short(signal)
