"""MFCC: two routes, librosa, presets, gradients, errors."""

import librosa
import numpy as np
import pytest
import scipy.fft
import torch

from jtfs_repro.features.mfcc import Mfcc, dct_matrix

SR, N = 8192, 8192
TUTORIAL = {
    "n_mfcc": 40,
    "n_fft": 400,
    "hop_length": 200,
    "mel_scale": "htk",
    "mel_norm": "none",
    "log": "natural",
}
# Coefficients are sums of 128 levels of up to 100 dB in float32 (eps 6e-8): 1e-3 dB is 10 times
# the expected rounding and far below any audible or statistical difference.
FLOAT32_DB = 1e-3


@pytest.fixture(scope="module")
def x():
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(3, N, generator=generator)
    decay = torch.exp(-torch.arange(N) / 1000)  # reaches the floor 80 dB below the maximum
    return torch.stack([noise[0], noise[1] * decay, 1e-4 * noise[2]])


@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
@pytest.mark.parametrize("settings", [{}, TUTORIAL], ids=["defaults", "tutorial"])
def test_routes_agree(x, settings, pad_mode):
    routes = [
        Mfcc(sr=SR, n_samples=N, pad_mode=pad_mode, backend=backend, **settings).coefficients(x)
        for backend in ("torch", "librosa")
    ]
    assert routes[0].shape == routes[1].shape
    assert (routes[0] - routes[1]).abs().max() < FLOAT32_DB


@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_default_is_librosa_mfcc(x, pad_mode):
    expected = [librosa.feature.mfcc(y=clip.numpy(), sr=SR, pad_mode=pad_mode) for clip in x]
    found = Mfcc(sr=SR, n_samples=N, pad_mode=pad_mode)(x).numpy()
    assert np.abs(found - np.stack(expected).mean(-1)).max() < FLOAT32_DB


def test_tutorial_from_its_formula(x):
    """HTK triangles written out: torchaudio's defaults without torchaudio."""
    window = np.hanning(401)[:-1]
    padded = np.pad(x[0].double().numpy(), 200, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::200]
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    edges = np.linspace(0, 2595 * np.log10(1 + SR / 2 / 700), 130)
    edges = 700 * (10 ** (edges / 2595) - 1)
    f = np.linspace(0, SR / 2, 201)
    rise = (f[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - f[None]) / np.diff(edges)[1:, None]
    mel = np.maximum(0, np.minimum(rise, fall))
    level = np.log(power @ mel.T + 1e-6)
    expected = scipy.fft.dct(level, norm="ortho")[:, :40].mean(0)
    found = Mfcc(sr=SR, n_samples=N, **TUTORIAL)(x[:1].double())[0].numpy()
    assert np.abs(found - expected).max() < 1e-9  # float64, same definition


def test_dct_matrix_is_orthonormal():
    matrix = dct_matrix(16, 16)
    assert np.allclose(matrix @ matrix.T, np.eye(16), atol=1e-14)


def test_contract(x):
    mfcc = Mfcc(sr=SR, n_samples=N)
    y = mfcc(x)
    assert y.shape == (3, mfcc.dimension) == (3, 20)
    assert mfcc.parts == {"mfcc": slice(0, 20)}
    assert y.dtype == torch.float32
    assert mfcc.coefficients(x).shape[-1] == mfcc.n_frames
    assert mfcc.bytes_per_signal > 4 * N


def test_batch_equals_one_by_one(x):
    mfcc = Mfcc(sr=SR, n_samples=N)
    assert torch.allclose(mfcc(x), torch.cat([mfcc(clip[None]) for clip in x]), atol=FLOAT32_DB)


def test_float64(x):
    mfcc = Mfcc(sr=SR, n_samples=N)
    y = mfcc(x.double())
    assert y.dtype == torch.float64
    assert (y - mfcc(x)).abs().max() < FLOAT32_DB
    assert (y - mfcc.double()(x.double())).abs().max() == 0


@pytest.mark.parametrize("settings", [{}, TUTORIAL], ids=["defaults", "tutorial"])
def test_gradients(settings):
    generator = torch.Generator().manual_seed(1)
    mfcc = Mfcc(sr=SR, n_samples=2048, **settings)
    x = torch.randn(2, 2048, generator=generator, dtype=torch.float64)
    x[1] = 0  # silence
    x.requires_grad_()
    assert mfcc(x).isfinite().all()
    (gradient,) = torch.autograd.grad(mfcc(x).square().sum(), x)
    assert gradient.isfinite().all()
    direction = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    direction[1] = 0
    step = 1e-6
    ahead, behind = (mfcc(x.detach() + s * direction).square().sum() for s in (step, -step))
    slope = (gradient * direction).sum()
    assert abs((ahead - behind) / (2 * step) - slope) < 1e-5 * abs(slope)


def test_silence_is_at_the_floor():
    y = Mfcc(sr=SR, n_samples=N)(torch.zeros(1, N))
    assert torch.allclose(y[0, 0], torch.tensor(-100 * 128**0.5))  # all bins at 1e-10
    assert y[0, 1:].abs().max() < FLOAT32_DB


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"sr": 0}, r"sr=0 must be > 0"),
        ({"n_samples": 100}, r"n_samples=100 must be >= 2048 \(shorter than n_fft"),
        ({"n_mfcc": 200}, r"n_mfcc=200 must be >= 1 and <= 128"),
        ({"mel_scale": "bark"}, r"mel_scale='bark' must be one of 'slaney', 'htk'"),
        ({"log": "db"}, r"log='db' must be one of"),
        ({"pad_mode": "edge"}, r"pad_mode='edge' must be one of"),
        ({"backend": "numpy"}, r"backend='numpy' must be one of"),
        ({"top_db": -1.0}, r"top_db=-1.0 must be > 0"),
    ],
)
def test_bad_arguments(settings, match):
    with pytest.raises(ValueError, match=match):
        Mfcc(**{"sr": SR, "n_samples": N, **settings})


@pytest.mark.parametrize(
    ("signal", "error", "match"),
    [
        (torch.zeros(2, 99), ValueError, r"x\.shape=\(2, 99\) must be \(B, 8192\)"),
        (torch.zeros(N), ValueError, r"x\.shape=\(8192,\) must be \(B, 8192\)"),
        (torch.zeros(0, N), ValueError, r"x\.shape=\(0, 8192\)"),
        (torch.zeros(1, N) * 1j, ValueError, r"x\.dtype=torch.complex64 must be real"),
        (np.zeros((1, N)), TypeError, r"type\(x\)='ndarray' must be torch.Tensor"),
    ],
)
def test_bad_signals(signal, error, match):
    with pytest.raises(error, match=match):
        Mfcc(sr=SR, n_samples=N)(signal)
