"""Scores of resyntheses: definitions on made signals, invariances, two routes, errors."""

import numpy as np
import pytest
import torch
from texture_standins import SR, chirps, coloured_noise, partials, random_lags

from jtfs_repro.metrics import textures as metrics
from jtfs_repro.metrics.synchrony import OnsetBands, onset_correlations, share_kept, synchrony
from jtfs_repro.scattering import TimeFrequencyScattering

N = 1 << 15
ROUNDING = 1e-9  # float64 through FFTs of 2^15 samples


def score(x, original=None, bands=None):
    bands = bands or OnsetBands()
    reference = x if original is None else original
    weight = onset_correlations(reference, sr=SR, bands=bands).weight
    return synchrony(onset_correlations(x, sr=SR, bands=bands), weight=weight)


@pytest.fixture(scope="module")
def together():
    return partials(N)


@pytest.fixture(scope="module")
def apart():
    return partials(N, lags_s=random_lags())


# Synchrony


def test_common_onsets_are_synchronous(together):
    assert score(together) > 0.6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lags_below_the_averaging_destroy_it(together, seed):
    """Lags of up to 300 ms < T = 371 ms: what only differs within T must count."""
    lagged = partials(N, lags_s=random_lags(seed=seed))
    assert score(lagged, together) < 0.35 * score(together)


def test_noise_has_none(together):
    for seed in range(3):
        noise = np.random.default_rng(seed).standard_normal((1, N))
        assert abs(score(noise)) < 0.05
        assert score(coloured_noise(together, seed=seed), together) < 0.3 * score(together)


def test_a_common_lag_changes_little(together):
    later = partials(N, lags_s=(0.05,))
    assert score(later, together) == pytest.approx(score(together), abs=0.05)


def test_lag_tolerance_is_some_ten_milliseconds(together):
    """Two groups of partials that are 10 ms apart are nearly together, 60 ms apart they are not."""
    near, far = (score(partials(N, lags_s=(0, lag)), together) for lag in (0.01, 0.06))
    assert near > 0.8 * score(together)
    assert far < 0.7 * score(together)


@pytest.mark.parametrize("gain", [1e-4, 1e3])
def test_level_does_not_matter(together, apart, gain):
    assert score(gain * together) == pytest.approx(score(together), abs=ROUNDING)
    assert score(gain * apart, together) == pytest.approx(score(apart, together), abs=ROUNDING)


def test_channel_order_does_not_matter(together, apart):
    pair = np.concatenate([together, 0.3 * apart])
    assert score(pair[::-1]) == pytest.approx(score(pair), abs=ROUNDING)
    assert score(np.repeat(together, 2, axis=0)) == pytest.approx(score(together), abs=ROUNDING)


def test_silent_channel_has_no_weight(together):
    silent = np.concatenate([together, np.zeros_like(together)])
    found = onset_correlations(silent, sr=SR, bands=OnsetBands())
    assert not found.weight[1].any()
    assert np.isfinite(found.correlation).all()
    assert score(silent) == pytest.approx(score(together), abs=ROUNDING)


def test_against_the_plain_formula(together):
    """Second route: convolution in time, loops over pairs."""
    x, bands, hop = together[:, :8192], OnsetBands(Q=2, lowest_hz=400.0), 110
    found = onset_correlations(x, sr=SR, bands=bands)
    margin = round(8 * 0.01 * SR)
    t = np.arange(-margin, margin + 1)
    g = np.exp(-0.5 * (t / (0.01 * SR)) ** 2)
    padded = np.pad(x[0], 2 * margin, mode="reflect")
    strengths, energies = [], []
    for xi, sigma in bands.wavelets(SR):
        window = np.exp(-2 * (np.pi * sigma * t) ** 2)
        atom = window / window.sum() * np.exp(2j * np.pi * xi * t)
        U = np.convolve(np.abs(np.convolve(padded, atom, "same")), g / g.sum(), "same")
        U = U[2 * margin : 2 * margin + x.shape[1] : hop]
        strengths.append(np.maximum(np.diff(np.log(1 + U / U.mean())), 0))
        energies.append(np.mean(U**2))
    pairs = [(j, k) for j in range(len(strengths)) for k in range(j + 2, len(strengths))]
    expected = [np.corrcoef(strengths[j], strengths[k])[0, 1] for j, k in pairs]
    weights = [np.sqrt(energies[j] * energies[k]) for j, k in pairs]
    np.testing.assert_allclose(found.correlation[0], expected, atol=2e-3)  # the Gaussian is cut
    np.testing.assert_allclose(found.weight[0], weights, rtol=2e-3)


def test_bands_lie_an_octave_apart():
    bands = OnsetBands()
    bank = bands.wavelets(SR)
    assert bank[-1][0] * SR >= 200 > bank[-1][0] * SR / 2 ** (1 / 4)
    found = onset_correlations(partials(4096), sr=SR, bands=bands)
    n = len(bank)
    assert found.correlation.shape == (1, sum(max(0, n - k - 4) for k in range(n)))
    finer = onset_correlations(partials(4096), sr=SR, bands=OnsetBands(least_octaves=0.5))
    assert finer.correlation.shape[1] > found.correlation.shape[1]


def test_no_pair_is_nearer_than_said():
    """0.6 octaves are 2.4 steps of a bank of four per octave: three."""
    assert OnsetBands(least_octaves=0.6).least_steps == 3
    assert OnsetBands(least_octaves=0.05).least_steps == 1
    assert OnsetBands(least_octaves=1.0).least_steps == 4


def test_nothing_to_hear():
    silent = np.zeros((1, 8192))
    assert np.isnan(score(silent))
    assert np.isnan(metrics.similarity(np.arange(3), np.arange(3), weight=np.zeros(3)))


def test_share_kept():
    assert share_kept(0.1, floor=0.1, original=0.6) == 0
    assert share_kept(0.6, floor=0.1, original=0.6) == 1
    assert share_kept(0.0, floor=0.1, original=0.6) == -0.2
    assert np.isnan(share_kept(0.3, floor=0.2, original=0.2))


def test_similarity_ignores_what_has_no_weight():
    a, b = np.array([1.0, 2.0, 3.0, 9.0]), np.array([2.0, 4.0, 6.0, -50.0])
    assert metrics.similarity(a, b, weight=np.array([1, 1, 1, 0])) == pytest.approx(1)
    assert metrics.similarity(a, -b, weight=np.array([1, 1, 1, 0])) == pytest.approx(-1)
    plain = np.corrcoef(a, b)[0, 1]
    assert metrics.similarity(a, b, weight=np.ones(4)) == pytest.approx(plain)
    assert np.isnan(metrics.similarity(np.ones(4), b, weight=np.ones(4)))


# Spins


@pytest.fixture(scope="module")
def energies():
    jtfs = TimeFrequencyScattering(
        J=9, J_fr=4, Q=8, Q_fr=1, shape=16384, T=2048, F=0, format="time"
    )
    signals = [chirps(16384, octaves_per_s=rate) for rate in (16, -16)]
    made = [jtfs(torch.from_numpy(x)).numpy() for x in signals]
    return [metrics.spin_energies(S, jtfs.meta()) for S in made], made[0], jtfs


def test_rising_and_falling_chirps_have_opposite_contrasts(energies):
    (rising, falling), _, _ = energies
    total = [metrics.spin_contrast(one.sum(axis=1)) for one in (rising, falling)]
    assert total[0] > 0.5
    assert total[1] == pytest.approx(-total[0], abs=0.05)
    assert metrics.contrast_kept(rising, rising) == pytest.approx(1)
    assert metrics.contrast_kept(falling, rising) == pytest.approx(-1, abs=0.1)
    assert metrics.contrast_kept(rising + rising[::-1], rising) == pytest.approx(0, abs=1e-12)
    assert np.isnan(metrics.contrast_kept(rising, rising + rising[::-1]))


def test_energies_count_every_coefficient_with_a_spin(energies):
    (rising, _), S, jtfs = energies
    meta = jtfs.meta()
    slow = {}
    for c in range(S.shape[1]):
        if meta["order"][c] != 2 or meta["spin"][c] == 0:
            continue
        key = (meta["n"][c, -1], abs(meta["xi_fr"][c]))
        up, down = slow.setdefault(key, [0.0, 0.0])
        energy = (S[0, c] ** 2).sum() * 2 ** meta["j_fr"][c]
        slow[key] = [up + energy, down] if meta["spin"][c] > 0 else [up, down + energy]
    np.testing.assert_allclose(rising.T, [slow[key] for key in sorted(slow)], rtol=1e-10)
    assert (rising > 0).any()


def test_energies_sum_over_channels(energies):
    (rising, _), S, jtfs = energies
    both = metrics.spin_energies(np.concatenate([S, S]), jtfs.meta())
    np.testing.assert_allclose(both, 2 * rising)


# Spectra


def test_magnitudes_of_a_sine():
    t = np.arange(4096) / 4096
    x = np.sin(2 * np.pi * 256 * t)[None]
    found = metrics.stft_magnitudes(x, n_fft=512, hop=128)
    assert found.shape == (1, 257, (4096 - 512) // 128 + 1)
    np.testing.assert_allclose(found[0].argmax(axis=0), 32)
    np.testing.assert_allclose(found[0, 32], 512 / 4, rtol=1e-6)


def test_averages_forget_positions_inside_a_block_only():
    magnitudes = np.random.default_rng(0).random((1, 5, 11))
    averages = metrics.time_averages(magnitudes, 4)
    assert averages.shape == (1, 5, 3)
    np.testing.assert_allclose(averages[..., 2], magnitudes[..., 8:].mean(-1))
    shuffled = magnitudes[..., [3, 1, 0, 2, 4, 5, 6, 7, 8, 9, 10]]
    np.testing.assert_allclose(metrics.time_averages(shuffled, 4), averages)
    np.testing.assert_allclose(metrics.time_averages(magnitudes, 1), magnitudes)


def test_relative_error():
    x = np.array([[3.0, 4.0]])
    assert metrics.relative_error(x, x) == 0
    assert metrics.relative_error(2 * x, x) == pytest.approx(1)
    assert metrics.relative_error(x * 0, x) == pytest.approx(1)


def test_long_term_distance_is_a_gain_and_has_a_floor():
    magnitudes = np.ones((1, 4, 7))
    found = metrics.log_spectral_distance_db(magnitudes * 10 ** (6 / 20), magnitudes)
    assert found == pytest.approx(6)
    low = magnitudes.copy()
    low[:, 0] = 1e-5  # 100 dB below the peak: both at -60 dB
    lower = low.copy()
    lower[:, 0] = 1e-8
    assert metrics.log_spectral_distance_db(lower, low) == 0


# Errors


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"Q": 0}, "Q=0 must be >= 1"),
        ({"lowest_hz": 0}, "lowest_hz=0 must be > 0"),
        ({"smoothing_s": 10}, r"smoothing_s=10 must be <= 1 \(seconds\)"),
        ({"hop_s": -1}, "hop_s=-1 must be > 0"),
        ({"least_octaves": 0}, "least_octaves=0 must be > 0"),
    ],
)
def test_bad_bands(options, match):
    with pytest.raises(ValueError, match=match):
        OnsetBands(**options)


def test_errors(together):
    with pytest.raises(ValueError, match=r"lowest_hz=6000\.0 must leave subbands 1 octaves apart"):
        onset_correlations(together, sr=SR, bands=OnsetBands(lowest_hz=6000.0))
    with pytest.raises(ValueError, match=r"N=100 must be >= 1765 \(a longer sound"):
        onset_correlations(together[:, :100], sr=SR, bands=OnsetBands())
    with pytest.raises(ValueError, match=r"x.shape=\(32768,\) must be \(channels, N\)"):
        onset_correlations(together[0], sr=SR, bands=OnsetBands())
    with pytest.raises(ValueError, match="lengths"):
        metrics.relative_error(np.ones((1, 3)), np.ones((1, 4)))
    with pytest.raises(ValueError, match="silent"):
        metrics.relative_error(np.ones((1, 3)), np.zeros((1, 3)))
    meta = {"n": np.zeros((2, 2)), "xi_fr": np.zeros(2), "spin": np.zeros(2), "order": np.ones(2)}
    with pytest.raises(ValueError, match="must have spins"):
        metrics.spin_energies(np.ones((1, 2, 3)), meta)
