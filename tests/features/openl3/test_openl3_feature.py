"""The OpenL3 feature: contract, chunks, memory, weights absent; with real weights, the vectors."""

import os
from pathlib import Path

import keras_files
import numpy as np
import pytest
import torch
from scipy.io import wavfile

from jtfs_repro.features.openl3 import OpenL3
from jtfs_repro.features.openl3 import weights as openl3_weights
from jtfs_repro.io import FileError, Unavailable

REFERENCES = Path(
    os.environ.get("JTFS_REFERENCE_DIR", Path(__file__).resolve().parents[4] / "shared")
)
STORED = REFERENCES / "data" / "openl3"
REAL_WEIGHTS = os.environ.get("JTFS_OPENL3_WEIGHTS", "")
STORED_TOLERANCE = 1e-3  # float32 convolutions of another library
ORDER_TOLERANCE = 1e-5  # float32, other batch sizes
N = 6144  # 0.75 s at 8192 Hz: four windows of 0.1 s hop


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    name = openl3_weights.official_name("mel128")
    return keras_files.write_keras(tmp_path_factory.mktemp("weights") / name)


@pytest.fixture(scope="module")
def build(weights):
    def build(**options):
        defaults = {"sr": 8192, "n_samples": N, "input_repr": "mel128", "weights": str(weights)}
        return OpenL3(**(defaults | options))

    return build


def signals(n, seed=0, n_samples=N):
    return torch.randn(n, n_samples, generator=torch.Generator().manual_seed(seed))


def assert_close(a, b):
    scale = b.abs().max()
    np.testing.assert_allclose(a / scale, b / scale, atol=ORDER_TOLERANCE)


def test_contract(build, weights):
    feature = build()
    y = feature(signals(2))
    assert y.shape == (2, 6144)
    assert y.dtype == torch.float32
    assert feature.dimension == 6144
    assert feature.parts == {"openl3": slice(0, 6144)}
    assert feature.n_windows == 1 + -(-(36000 + 24000 - 48000) // 4800) == 4
    np.testing.assert_allclose(feature.timestamps, [0, 0.1, 0.2, 0.3])
    assert feature.record.path == str(weights)
    assert feature.record.verified_by == "structure"


def test_is_the_mean_of_its_windows(build):
    feature, x = build(), signals(1)
    windows = feature.embed(x)
    assert windows.shape == (1, 4, 6144)
    assert_close(feature(x), windows.mean(1))


def test_batch_and_chunks_do_not_matter(build):
    x = signals(2)
    expected = build(chunk=4)(x)
    assert_close(torch.cat([build(chunk=4)(one[None]) for one in x]), expected)
    assert_close(build(chunk=3)(x), expected)


def test_double_input_is_read_as_single(build):
    feature, x = build(hop=0.4), signals(1)
    assert torch.equal(feature(x.double()), feature(x))


def test_small_embedding_is_the_maximum_of_the_large(build):
    x = signals(1)
    large = build(hop=0.4).embed(x).view(-1, 12, 512)
    small = build(hop=0.4, embedding_size=512).embed(x).view(-1, 512)
    assert torch.equal(small, large.amax(1))


def test_signals_of_less_than_a_second(build):
    feature = build(n_samples=100)
    assert feature.n_windows == 1
    assert feature(signals(1, n_samples=100)).isfinite().all()


def test_not_centred(build):
    feature = build(center=False, hop=0.4, n_samples=8192)
    assert feature.n_windows == 1
    assert not torch.equal(
        feature(signals(1, n_samples=8192)),
        build(hop=0.4, n_samples=8192).embed(signals(1, n_samples=8192))[:, 0],
    )


def test_four_seconds(build):
    feature = build(n_samples=32768)
    assert feature.n_windows == 36
    assert 0 < feature.bytes_per_signal < 2**30
    assert build(n_samples=32768, chunk=8).bytes_per_signal > feature.bytes_per_signal


def test_silence(build):
    assert build(hop=0.4)(torch.zeros(1, N)).isfinite().all()


def test_gradient(build):
    """The signal's gradient is finite and the same in one chunk and, recomputed, in several."""
    gradients = []
    for chunk in (1, 2):
        x = signals(1).requires_grad_()
        build(hop=0.3, chunk=chunk)(x).square().sum().backward()
        gradients.append(x.grad)
    assert gradients[0].isfinite().all()
    assert gradients[0].abs().max() > 0
    assert (gradients[0] - gradients[1]).norm() < 1e-3 * gradients[0].norm()


def test_missing_weights(tmp_path, monkeypatch):
    path = tmp_path / openl3_weights.official_name()
    for weights in (str(path), str(tmp_path)):
        with pytest.raises(Unavailable) as caught:
            OpenL3(sr=8192, n_samples=N, weights=weights)
        assert caught.value.reason == f"OpenL3 weights missing at {path}"
        assert caught.value.remedy.startswith(f"put {path.name} at {path}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unavailable, match="missing at data/openl3/openl3_audio_mel256_music-v0_4"):
        OpenL3(sr=8192, n_samples=N)


def test_download_is_asked_for(tmp_path, monkeypatch):
    calls = []

    def download(path, **options):
        calls.append((path, options))
        raise Unavailable("no network", "put it there")

    monkeypatch.setattr("jtfs_repro.features.openl3.download_weights", download)
    with pytest.raises(Unavailable, match="no network"):
        OpenL3(sr=8192, n_samples=N, weights=str(tmp_path), download=True, weights_sha256="a")
    options = {"sha256": "a", "input_repr": "mel256", "content": "music"}
    assert calls == [(tmp_path / openl3_weights.official_name(), options)]


def test_weights_of_another_variant(weights):
    with pytest.raises(FileError, match="variant 'audio mel128 music'"):
        OpenL3(sr=8192, n_samples=N, weights=str(weights))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sr": -1}, "sr=-1 must be > 0"),
        ({"n_samples": 0}, "n_samples=0 must be >= 1"),
        ({"frontend": "kapre"}, "frontend='kapre' must be one of"),
        ({"input_repr": "linear"}, "input_repr='linear' must be one of"),
        ({"content": "speech"}, "content='speech' must be one of"),
        ({"embedding_size": 100}, "embedding_size=100 must be one of"),
        ({"hop": 0}, "hop=0 must be >= .* \\(in seconds\\)"),
        ({"chunk": 0}, "chunk=0 must be >= 1"),
    ],
)
def test_errors_come_before_the_weights(options, match):
    with pytest.raises(ValueError, match=match):
        OpenL3(**({"sr": 8192, "n_samples": N, "weights": "nowhere"} | options))


@pytest.mark.parametrize("shape", [(N,), (1, N + 1), (0, N)])
def test_wrong_input(build, shape):
    with pytest.raises(ValueError, match=r"x\.shape="):
        build()(torch.zeros(shape))


def test_geometry_of_the_stored_vectors(build):
    """That of OpenL3's regression data: 2 s at 44.1 kHz give 16 vectors, one each 0.1 s."""
    feature = build(sr=44100, n_samples=88200)
    assert (feature.n_windows, feature.dimension) == (16, 6144)
    np.testing.assert_allclose(feature.timestamps, np.arange(16) * 0.1, atol=1e-12)


@pytest.mark.skipif(
    not (REAL_WEIGHTS and STORED.is_dir()),
    reason="needs the official weights (JTFS_OPENL3_WEIGHTS) and the stored vectors",
)
@pytest.mark.parametrize(
    ("frontend", "name"),
    [("kapre014", "chirp_44k"), ("kapre04", "chirp_44k_kapre"), ("librosa04", "chirp_44k_librosa")],
)
def test_stored_vectors(frontend, name):
    sr, x = wavfile.read(STORED / "chirp_44k.wav")
    x = torch.from_numpy(x.astype("float32") / (1 << 15))[None]
    feature = OpenL3(sr=sr, n_samples=x.shape[1], frontend=frontend, weights=REAL_WEIGHTS)
    stored = np.load(STORED / f"{name}.npz")
    np.testing.assert_allclose(stored["timestamps"], feature.timestamps, atol=1e-12)
    np.testing.assert_allclose(feature.embed(x)[0], stored["embedding"], atol=STORED_TOLERANCE)
