"""OpenL3's windows and log mel images: against librosa and slow NumPy."""

import warnings

import librosa
import numpy as np
import pytest
import torch

from jtfs_repro.features.openl3 import frontend as frontends
from jtfs_repro.features.openl3.frontend import Frontend

DB_TOLERANCE = 2e-2  # float32 STFT against float64: largest where a band is 80 dB down
NAMES = tuple(frontends.FRONTENDS)


def window(seed=0):
    """One second of a chirp and noise, with a silent start as in the first window of a clip."""
    t = np.arange(48000) / 48000
    noise = np.random.default_rng(seed).standard_normal(48000)
    x = np.sin(2 * np.pi * (200 * t + 3000 * t**2)) + 0.01 * noise
    return x * (t > 0.3)


def slow_image(x, name, n_mels):
    """One window, column by column, in float64."""
    front = {"kapre014": 982, "kapre04": 0, "librosa04": 1024}[name]
    padded = np.concatenate([np.zeros(front), x, np.zeros(4000)])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    bank = frontends.mel_bank(n_mels, is_htk=name == "kapre014")
    columns = []
    for k in range(199):
        magnitude = np.abs(np.fft.rfft(padded[k * 242 : k * 242 + 2048] * hann))
        if name == "kapre014":
            columns.append(np.sqrt(bank @ magnitude**2))
        else:
            columns.append(bank @ magnitude)
    level = 10 * np.log10(np.maximum(np.stack(columns, 1), 1e-10))
    return np.maximum(level - level.max(), -80)


@pytest.mark.parametrize("is_htk", [True, False])
@pytest.mark.parametrize("n_mels", [128, 256])
def test_mel_bank_is_librosas(n_mels, is_htk):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa warns of empty bands
        expected = librosa.filters.mel(
            sr=48000, n_fft=2048, n_mels=n_mels, htk=is_htk, norm="slaney", dtype=np.float64
        )
    ours = frontends.mel_bank(n_mels, is_htk=is_htk)
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_htk_with_256_bands_has_two_empty_ones():
    assert (frontends.mel_bank(256, is_htk=True).sum(1) == 0).sum() == 2
    assert (frontends.mel_bank(256, is_htk=False).sum(1) > 0).all()


@pytest.mark.parametrize("is_htk", [True, False])
def test_mel_scales_invert(is_htk):
    f = np.linspace(0, 24000, 101)
    mel = frontends.hz_to_mel(f, is_htk=is_htk)
    np.testing.assert_allclose(frontends.mel_to_hz(mel, is_htk=is_htk), f, atol=1e-8)


@pytest.mark.parametrize("input_repr", ["mel128", "mel256"])
@pytest.mark.parametrize("name", NAMES)
def test_equals_the_slow_route(name, input_repr):
    x = window()
    image = Frontend(frontend=name, input_repr=input_repr)(torch.from_numpy(x).float()[None])
    n_mels = int(input_repr[3:])
    assert image.shape == (1, 1, n_mels, 199)
    np.testing.assert_allclose(image[0, 0], slow_image(x, name, n_mels), atol=DB_TOLERANCE)


@pytest.mark.parametrize("edges", ["zeros", "reflection"])
def test_librosa04_is_librosas(edges):
    x = np.random.default_rng(0).standard_normal(48000).astype("float32")
    mel = librosa.feature.melspectrogram(
        y=x,
        sr=48000,
        n_mels=256,
        n_fft=2048,
        hop_length=242,
        power=1.0,
        pad_mode={"zeros": "constant", "reflection": "reflect"}[edges],
    )
    expected = librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=80.0)
    image = Frontend(frontend="librosa04", edges=edges)(torch.from_numpy(x)[None])
    np.testing.assert_allclose(image[0, 0], expected - expected.max(), atol=DB_TOLERANCE)


def test_the_three_differ():
    x = torch.from_numpy(window()).float()[None]
    images = [Frontend(frontend=name)(x) for name in NAMES]
    for i in range(3):
        assert (images[i] - images[i - 1]).abs().max() > 1  # dB


@pytest.mark.parametrize("name", NAMES)
def test_image_is_relative_and_bounded(name):
    x = torch.from_numpy(window()).float()[None]
    image = Frontend(frontend=name)(x)
    assert image.max() == 0
    assert image.min() >= -80
    np.testing.assert_allclose(Frontend(frontend=name)(1000 * x), image, atol=DB_TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1.0])
def test_gradient_is_finite(name, scale):
    x = (scale * torch.from_numpy(window()).float()[None]).requires_grad_()
    image = Frontend(frontend=name)(x)
    image.square().sum().backward()
    assert image.isfinite().all()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("n", [1, 23999, 24000, 24001, 48000, 72000, 72001, 96000, 192000])
@pytest.mark.parametrize("is_centred", [True, False])
def test_windows_cover_the_signal(n, is_centred):
    x = torch.arange(1.0, n + 1)
    windows = frontends.windows_of(x, hop=4800, is_centred=is_centred)
    front = 24000 if is_centred else 0
    assert windows.shape == (frontends.n_windows(n, hop=4800, is_centred=is_centred), 48000)
    joined = torch.cat([windows[:-1, :4800].flatten(), windows[-1]])
    np.testing.assert_array_equal(joined[front : front + n], x)
    assert not joined[:front].any()
    assert not joined[front + n :].any()
    assert len(joined) - front - n < (48000 if len(windows) == 1 else 4800)


def test_four_seconds_have_36_windows():
    assert frontends.n_windows(192000, hop=4800, is_centred=True) == 36


def test_two_seconds_have_the_windows_of_the_stored_vectors():
    """As many as OpenL3's own regression data have for its chirp of two seconds at 44.1 kHz."""
    assert frontends.n_windows(88200 * 48000 // 44100, hop=4800, is_centred=True) == 16


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"frontend": "kapre"}, "frontend='kapre' must be one of 'kapre014'"),
        ({"input_repr": "linear"}, "input_repr='linear' must be one of"),
        ({"edges": "wrap"}, "edges='wrap' must be one of"),
        ({"edges": "reflection"}, "edges='reflection' must be 'zeros' with kapre04"),
    ],
)
def test_errors(options, match):
    with pytest.raises(ValueError, match=match):
        Frontend(**options)
