"""Chirps: definition (frequency, modulation, energy), grid, errors."""

import numpy as np
import pytest
from scipy.signal import hilbert

from jtfs_repro.datasets.chirps import (
    ChirpGrid,
    ChirpSynthesis,
    chirp,
    chirps,
    grid_parameters,
    rows_from_theta,
    theta_from_rows,
    time_axis,
)
from jtfs_repro.studies.chirps.chirp_dataset import chirp_dataset

BARE = ChirpSynthesis(amplitude="none")
UNIT = ChirpSynthesis()
FREQUENCY_RTOL = 5e-3  # the analytic signal of an amplitude-modulated chirp is not exact
FLOAT32_RTOL = 1e-6


@pytest.mark.parametrize("gamma", [0.5, 1.0, 4.0])
def test_instantaneous_frequency_is_exponential(gamma):
    f_c, f_m = 700.0, 4.0
    t = time_axis(BARE)
    analytic = hilbert(chirp(f_c, f_m, gamma, synthesis=BARE))
    # without the AM's sign changes: look where the modulation is strong and the window open
    frequency = np.diff(np.unwrap(np.angle(analytic))) * BARE.sr / (2 * np.pi)
    middle = (t[1:] + t[:-1]) / 2
    strong = (np.abs(np.sin(2 * np.pi * f_m * middle)) > 0.7) & (np.abs(middle) < 0.3 / gamma)
    assert strong.sum() > 100
    np.testing.assert_allclose(
        frequency[strong], f_c * 2 ** (gamma * middle[strong]), rtol=FREQUENCY_RTOL
    )


@pytest.mark.parametrize("f_m", [4.0, 16.0, 32.0])
def test_amplitude_modulation_has_its_rate(f_m):
    gamma = 0.5
    t = time_axis(BARE)
    envelope = np.abs(hilbert(chirp(700.0, f_m, gamma, synthesis=BARE)))
    window = np.exp(-0.5 * (t / (0.2 / gamma)) ** 2)
    middle = np.abs(t) < 0.5
    flat = envelope[middle] / window[middle]
    np.testing.assert_allclose(flat, np.abs(np.sin(2 * np.pi * f_m * t[middle])), atol=0.05)


def test_window_has_standard_deviation_of_a_tenth_of_the_bandwidth():
    t = time_axis(BARE)
    energy = chirp(700.0, 16.0, 1.0, synthesis=BARE) ** 2
    sd = np.sqrt((energy * t**2).sum() / energy.sum())
    # the square of a Gaussian is narrower by sqrt(2)
    np.testing.assert_allclose(sd * np.sqrt(2), 0.2, rtol=1e-2)


def test_modulation_is_bipolar_and_zero_at_the_centre():
    x = chirp(512.0, 4.0, 1.0, synthesis=BARE)
    assert x[BARE.n_samples // 2] == 0
    # sin(2 pi f_m t) and sin(phase) are both odd at first order: their product is even near 0
    np.testing.assert_allclose(x[BARE.n_samples // 2 + 1], x[BARE.n_samples // 2 - 1], rtol=1e-2)


def test_amplitudes():
    theta = (700.0, 8.0, 2.0)
    bare = chirp(*theta, synthesis=BARE)
    np.testing.assert_allclose(np.linalg.norm(chirp(*theta, synthesis=UNIT)), 1, rtol=1e-12)
    times_gamma = chirp(*theta, synthesis=ChirpSynthesis(amplitude="gamma"))
    np.testing.assert_allclose(times_gamma, 2 * bare, rtol=1e-12)


def test_symmetric_window_is_half_a_sample_early():
    synthesis = ChirpSynthesis(amplitude="none", window="symmetric")
    ratio = (
        chirp(700.0, 8.0, 4.0, synthesis=synthesis)[1:],
        chirp(700.0, 8.0, 4.0, synthesis=BARE)[1:],
    )
    t = time_axis(BARE)[1:]
    strong = (np.abs(t) < 0.05) & (np.abs(ratio[1]) > 1e-3)
    sd, half = 0.05, 0.5 / BARE.sr
    expected = np.exp(-0.5 * ((t + half) ** 2 - t**2) / sd**2)
    np.testing.assert_allclose(ratio[0][strong] / ratio[1][strong], expected[strong], rtol=1e-9)


def test_every_chirp_of_the_paper_fits_its_band_and_duration():
    theta = grid_parameters(ChirpGrid(n_f_c=2, n_f_m=2, n_gamma=2))
    x = chirps(theta, synthesis=UNIT)
    spectrum = np.abs(np.fft.rfft(x, axis=1)) ** 2
    frequency = np.fft.rfftfreq(x.shape[1], 1 / UNIT.sr)
    outside = (frequency < 180) | (frequency > 2200)
    assert (spectrum[:, outside].sum(axis=1) < 1e-6 * spectrum.sum(axis=1)).all()
    assert np.abs(x[:, [0, -1]]).max() < 1e-5


def test_one_by_one_equals_batch_in_float32():
    theta = grid_parameters(ChirpGrid(n_f_c=2, n_f_m=2, n_gamma=2))
    x = chirps(theta, synthesis=UNIT)
    assert x.dtype == np.float32
    for row, parameters in zip(x, theta, strict=True):
        reference = chirp(*parameters, synthesis=UNIT)
        np.testing.assert_allclose(row, reference, atol=FLOAT32_RTOL * np.abs(reference).max())


def test_grid_is_geometric_with_gamma_fastest():
    theta = grid_parameters(ChirpGrid(n_f_c=3, n_f_m=2, n_gamma=4))
    assert theta.shape == (24, 3)
    cube = theta.reshape(3, 2, 4, 3)
    np.testing.assert_allclose(cube[:, 0, 0, 0], [512, 512 * np.sqrt(2), 1024])
    np.testing.assert_allclose(cube[0, :, 0, 1], [4, 32])
    np.testing.assert_allclose(cube[0, 0, :, 2], [0.5, 1, 2, 4])
    assert (cube[1, 1, :, 0] == cube[1, 1, 0, 0]).all()


def test_paper_grid_has_4096_chirps():
    assert len(grid_parameters(ChirpGrid())) == 4096
    assert UNIT.n_samples == 32768


def test_data_set_holds_facts_and_rows():
    found = chirp_dataset(
        grid=ChirpGrid(n_f_c=2, n_f_m=1, n_gamma=1), synthesis=ChirpSynthesis(duration=1.0)
    )
    assert found.chirps.shape == (2, 8192)
    assert found.facts()["sr"] == 8192
    assert found.facts()["n_samples"] == 8192
    np.testing.assert_array_equal(theta_from_rows(found.rows()), found.theta)


def test_rows_survive_text():
    theta = grid_parameters(ChirpGrid(n_f_c=2, n_f_m=2, n_gamma=2))
    text = [{k: str(v) for k, v in row.items()} for row in rows_from_theta(theta)]
    np.testing.assert_array_equal(theta_from_rows(text), theta)
    with pytest.raises(ValueError, match="gamma_oct_per_s"):
        theta_from_rows([{"f_c_hz": 1, "f_m_hz": 2}])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sr": 0.0}, "sr=0.0 must be > 0"),
        ({"duration": 0.00013}, "even number of samples"),
        ({"bandwidth": -1.0}, "bandwidth=-1.0 must be > 0"),
        ({"amplitude": "peak"}, "amplitude='peak' must be one of"),
        ({"window": "hann"}, "window='hann' must be one of"),
    ],
)
def test_bad_synthesis(settings, message):
    with pytest.raises(ValueError, match=message):
        ChirpSynthesis(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"f_c_hz": (1024.0, 512.0)}, "must increase"),
        ({"f_m_hz": (0.0, 32.0)}, "f_m_hz=0.0 must be > 0"),
        ({"gamma_oct_per_s": (0.5,)}, "pair"),
        ({"n_f_m": 0}, "n_f_m=0 must be >= 1"),
    ],
)
def test_bad_grid(settings, message):
    with pytest.raises(ValueError, match=message):
        ChirpGrid(**settings)


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        ((2048.0, 4.0, 1.0), "Nyquist"),
        ((700.0, 4.0, 0.0), "gamma=0.0"),
        ((700.0, -4.0, 1.0), "f_m=-4.0"),
        ((np.nan, 4.0, 1.0), "f_c=nan must be finite"),
    ],
)
def test_bad_parameters(theta, message):
    with pytest.raises(ValueError, match=message):
        chirp(*theta, synthesis=UNIT)
    with pytest.raises(ValueError, match="be \\(n, 3\\)"):
        chirps(np.array(theta), synthesis=UNIT)
