"""kaiser_best: against the loop of resampy, against resampy itself, and by its properties."""

from pathlib import Path

import numpy as np
import pytest
import soxr
import torch

from jtfs_repro.features.openl3.resampling import (
    FILTERS,
    Resample,
    n_resampled,
    polyphase_weights,
)

STORED = Path(__file__).resolve().parents[2] / "data/resampy.npz"
RATES = (8192, 44100, 16000, 96000)
LOOP_TOLERANCE = 1e-10  # float64, two orders of summation; resampy rounds its time register
SINGLE_TOLERANCE = 2e-6  # float32 weights and sums of 130 products
PASSBAND_TOLERANCE = 2e-4  # ripple of the filter well below its roll-off


def resample_loop(x, sr, sr_new, window):
    """resampy 0.2's loop, one output at a time, from its published algorithm."""
    ratio = sr_new / sr
    table = window.half_window() * min(1, ratio)
    slope = np.append(np.diff(table), 0)
    scale, per_crossing = min(1.0, ratio), 1 << window.precision
    step = int(scale * per_crossing)
    y = np.zeros(int(len(x) * ratio))
    for t in range(len(y)):
        n = t * sr // sr_new
        part = scale * (t * sr / sr_new - n)
        for wing, frac in ((-1, part), (1, scale - part)):
            first = int(frac * per_crossing)
            eta = frac * per_crossing - first
            room = n + 1 if wing < 0 else len(x) - n - 1
            for i in range(min(room, (len(table) - first) // step)):
                k = first + i * step
                y[t] += (table[k] + eta * slope[k]) * x[n - i if wing < 0 else n + i + 1]
    return y


def resample_double(x, sr, resampler):
    module = Resample(sr=sr, sr_new=48000, resampler=resampler)
    module.weights = torch.from_numpy(polyphase_weights(sr, 48000, FILTERS[resampler])[0])
    return module(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("resampler", FILTERS)
@pytest.mark.parametrize("sr", RATES)
def test_equals_the_loop(sr, resampler):
    x = np.random.default_rng(0).standard_normal(211)
    expected = resample_loop(x, sr, 48000, FILTERS[resampler])
    np.testing.assert_allclose(resample_double(x, sr, resampler), expected, atol=LOOP_TOLERANCE)


@pytest.mark.parametrize("resampler", FILTERS)
def test_equals_resampy(resampler):
    """Its outputs are stored (``python -m tools.stored_resampling``)."""
    stored = np.load(STORED)
    assert (stored["sr"], stored["sr_new"]) == (8192, 48000)
    ours = resample_double(stored["x"], 8192, resampler)
    np.testing.assert_allclose(ours, stored[resampler], rtol=0, atol=LOOP_TOLERANCE)


@pytest.mark.parametrize("resampler", FILTERS)
def test_keeps_a_sine(resampler):
    t = np.arange(8192) / 8192
    x = torch.from_numpy(np.sin(2 * np.pi * 1000 * t)).float()
    y = Resample(sr=8192, sr_new=48000, resampler=resampler)(x).numpy()
    expected = np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    inside = slice(4800, -4800)
    np.testing.assert_allclose(y[inside], expected[inside], atol=PASSBAND_TOLERANCE)


def test_close_to_soxr():
    x = np.random.default_rng(0).standard_normal(8192).astype("float32")
    spectrum = np.fft.rfft(x)
    spectrum[3000:] = 0  # below both roll-offs, 3882 and 3758 Hz
    x = np.fft.irfft(spectrum).astype("float32")
    ours = Resample(sr=8192, sr_new=48000)(torch.from_numpy(x)).numpy()
    theirs = soxr.resample(x, 8192, 48000, quality="VHQ")
    inside = slice(4800, -4800)
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=1e-3)


def test_single_precision_and_batch():
    x = torch.randn(2, 3, 4001, generator=torch.Generator().manual_seed(0))
    module = Resample(sr=8192, sr_new=48000)
    y = module(x)
    assert y.shape == (2, 3, n_resampled(4001, 8192, 48000))
    one = resample_double(x[1, 2].double().numpy(), 8192, "resampy02")
    np.testing.assert_allclose(y[1, 2].numpy(), one, atol=SINGLE_TOLERANCE * 10)


def test_same_rate_is_identity():
    x = torch.randn(5)
    assert Resample(sr=48000, sr_new=48000)(x) is x


def test_short_signal():
    assert Resample(sr=8192, sr_new=48000)(torch.ones(1)).shape == (5,)


def test_gradient():
    x = torch.randn(1, 40, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Resample(sr=16000, sr_new=48000), x)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sr": 0}, "sr=0 must be > 0"),
        ({"sr": 8192, "resampler": "linear"}, "resampler='linear' must be one of"),
        ({"sr": 44099}, "sr=44099 must have a small ratio to 48000 Hz"),
    ],
)
def test_errors(options, match):
    with pytest.raises(ValueError, match=match):
        Resample(sr_new=48000, **options)
