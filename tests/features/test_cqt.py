"""CQT: the definition written out, librosa, contract, gradients, errors."""

import librosa
import numpy as np
import pytest
import torch

from jtfs_repro.features.cqt import Cqt

SR, N = 8192, 8192
SETTINGS = {"hop_length": 256, "fmin_hz": 128.0, "n_bins": 60, "bins_per_octave": 12}
FLOAT32 = 1e-5  # kernels and correlations in float32: sums of up to 1100 products


def cqt(**settings):
    return Cqt(**{"sr": SR, "n_samples": N, **SETTINGS, **settings})


@pytest.fixture(scope="module")
def x():
    return torch.randn(2, N, generator=torch.Generator().manual_seed(0))


def direct_cqt(signal, feature):
    """Correlate with each windowed exponential, frame by frame, in complex128."""
    n_fft = 2048  # reflection by half the longest kernel, 1077 samples -> 2048
    padded = np.pad(signal.astype(np.float64), n_fft // 2, mode="reflect")
    out = np.zeros((feature.n_bins, feature.n_frames))
    for k, f in enumerate(feature.frequencies_hz):
        length = int(np.ceil(SR / f / (2 ** (1 / feature.bins_per_octave) - 1)))
        n = np.arange(length) - (length + 1) // 2
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        kernel = window * np.exp(-2j * np.pi * f * n / SR) / window.sum() * np.sqrt(length)
        for t in range(feature.n_frames):
            centre = n_fft // 2 + t * feature.hop_length
            out[k, t] = abs(np.sum(padded[centre + n] * kernel))
    return out


def test_definition(x):
    feature = cqt()
    expected = direct_cqt(x[0].numpy(), feature)
    found = feature.image(x)[0].numpy()
    assert np.abs(found - expected).max() < FLOAT32 * expected.max()


def test_agrees_with_librosa_on_steady_tones():
    """Tones at bin centres, away from the edges.

    Librosa's default windows follow another definition of the bandwidth (`filter_scale` undoes it)
    and are not rounded up to a sample (up to 0.2 % of the gain). Its octaves are decimated: a lag
    of half a decimated sample, which moving signals show as per cents of full scale, and a loss
    of 15 % in the top bins of an octave (bin 35 here). Hence steady tones, lower in the octave.
    """
    feature = cqt(n_samples=4 * N)
    bins = (3, 16, 28, 50)
    time = np.arange(4 * N) / SR
    tones = sum(np.sin(2 * np.pi * feature.frequencies_hz[k] * time) for k in bins)
    ratio = 2 ** (1 / 12)
    scale = (ratio**2 - 1) / (ratio**2 + 1) / (ratio - 1)
    settings = {"hop_length": 256, "fmin": 128.0, "n_bins": 60, "pad_mode": "reflect"}
    expected = np.abs(librosa.cqt(tones, sr=SR, filter_scale=scale, sparsity=0, **settings))
    found = feature.image(torch.from_numpy(tones.astype(np.float32))[None])[0].numpy()
    error = np.abs(found - expected)[:, 10:-10]
    assert error[list(bins)].max() < 1e-3 * expected.max()


@pytest.mark.parametrize("bin_index", [0, 17, 40])
def test_tone_peaks_at_its_bin(bin_index):
    feature = cqt()
    tone = torch.sin(2 * torch.pi * feature.frequencies_hz[bin_index] * torch.arange(N) / SR)
    assert int(feature.image(tone[None])[0].mean(-1).argmax()) == bin_index


@pytest.mark.parametrize(("decibels", "factor"), [("power", 10), ("amplitude", 20)])
def test_decibels(x, decibels, factor):
    x = torch.cat([x, torch.zeros(1, N)])
    expected = factor * torch.log10(cqt().image(x).clamp(min=1e-10))
    found = cqt(decibels=decibels).image(x)
    assert torch.equal(found, expected)
    assert (found[2] == -10 * factor).all()


def test_contract(x, capsys):
    feature = cqt()
    y = feature(x)
    assert capsys.readouterr().out == ""  # nnAudio is quiet
    assert y.shape == (2, feature.dimension) == (2, 60 * 33)
    assert feature.parts == {"cqt": slice(0, feature.dimension)}
    assert torch.equal(y, feature.image(x).flatten(1))
    assert y.dtype == torch.float32
    assert feature.bytes_per_signal > 4 * N


def test_batch_equals_one_by_one(x):
    feature = cqt()
    singles = torch.cat([feature(clip[None]) for clip in x])
    assert (feature(x) - singles).abs().max() < FLOAT32 * singles.max()


def test_float64(x):
    feature = cqt()
    y = feature(x.double())
    assert y.dtype == torch.float64
    assert (y - feature(x)).abs().max() < FLOAT32 * y.max()
    assert feature.double()(x.double()).dtype == torch.float64


@pytest.mark.parametrize("decibels", ["none", "power"])
def test_gradient_is_finite_in_silence(x, decibels):
    x = torch.stack([x[0], torch.zeros(N)]).requires_grad_()
    (gradient,) = torch.autograd.grad(cqt(decibels=decibels)(x).sum(), x)
    assert gradient.isfinite().all()
    assert gradient[0].abs().max() > 0


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"sr": -1}, r"sr=-1 must be > 0"),
        ({"n_bins": 70}, r"n_bins=70 must stay below sr / 2 = 4096 Hz \(highest bin at 6888"),
        ({"n_samples": 1000}, r"n_samples=1000 must be > 1024 \(half the longest kernel"),
        ({"hop_length": 0}, r"hop_length=0 must be >= 1"),
        ({"decibels": "db"}, r"decibels='db' must be one of"),
    ],
)
def test_bad_arguments(settings, match):
    with pytest.raises(ValueError, match=match):
        cqt(**settings)


def test_bad_length():
    with pytest.raises(ValueError, match=r"x\.shape=\(1, 99\) must be \(B, 8192\)"):
        cqt()(torch.zeros(1, 99))
