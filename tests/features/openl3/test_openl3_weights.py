"""Reading Keras files: round trip, naming, and one clear line for each bad file."""

import gzip
import hashlib

import h5py
import keras_files
import numpy as np
import pytest
import torch

from jtfs_repro.features.openl3 import weights as openl3_weights
from jtfs_repro.features.openl3.network import Network
from jtfs_repro.features.openl3.weights import find_weights, load_weights, official_name
from jtfs_repro.io import FileError, Unavailable


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    return keras_files.write_keras(tmp_path_factory.mktemp("weights") / official_name())


@pytest.fixture(scope="module")
def network():
    return Network()


def load_bad(network, path, **options):
    """Load, expecting ``FileError``; return its message, one line that names the file."""
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(FileError) as caught:
        load_weights(network, path, **options)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name  # nothing was half loaded
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message


def change(tmp_path, i, key, value, name="w.h5"):
    layers = keras_files.random_layers()
    with_weights = [arrays for _, arrays in layers if arrays]
    with_weights[i][key] = value(with_weights[i][key])
    return keras_files.write_keras(tmp_path / name, layers)


def check_loaded(network, layers):
    arrays = [a for _, a in layers if a]
    for i, (norm, conv) in enumerate(zip(arrays[::2], arrays[1::2], strict=True)):
        kernel = network.convs[i].weight.numpy()
        np.testing.assert_array_equal(kernel[3 % len(kernel), 0, 1, 2], conv["kernel"][1, 2, 0, 3])
        np.testing.assert_array_equal(kernel.transpose(2, 3, 1, 0), conv["kernel"])
        np.testing.assert_array_equal(network.convs[i].bias, conv["bias"])
        np.testing.assert_array_equal(network.norms[i].weight, norm["gamma"])
        np.testing.assert_array_equal(network.norms[i].bias, norm["beta"])
        np.testing.assert_array_equal(network.norms[i].running_mean, norm["moving_mean"])
        np.testing.assert_array_equal(network.norms[i].running_var, norm["moving_variance"])


def test_round_trip(official):
    network = Network()
    record = load_weights(network, official)
    check_loaded(network, keras_files.random_layers())
    assert record.sha256 == hashlib.sha256(official.read_bytes()).hexdigest()
    assert record.verified_by == "structure"
    assert record.as_dict()["path"] == str(official)


def test_reads_gzip_saved_models_and_other_suffixes(tmp_path, official):
    packed = tmp_path / "w.h5.gz"
    packed.write_bytes(gzip.compress(official.read_bytes(), 1))
    renamed = tmp_path / "still_compressed.h5"
    renamed.write_bytes(packed.read_bytes())
    layers = [(name.replace("_", "_1", 1), arrays) for name, arrays in keras_files.random_layers()]
    saved = keras_files.write_keras(tmp_path / "model.h5", layers, root="model_weights")
    for path in (packed, tmp_path / "w.h5", renamed, saved):
        network = Network()
        load_weights(network, path)
        check_loaded(network, keras_files.random_layers())


def test_follows_layer_names_not_the_alphabet(tmp_path):
    layers = [(f"z{30 - i}_{name}", a) for i, (name, a) in enumerate(keras_files.random_layers())]
    network = Network()
    load_weights(network, keras_files.write_keras(tmp_path / "w.h5", layers))
    check_loaded(network, layers)


def test_sha256(official, network, tmp_path):
    digest = hashlib.sha256(official.read_bytes()).hexdigest()
    assert load_weights(network, official, sha256=digest).verified_by == "configured sha256"
    packed = tmp_path / f"{official.name}.gz"
    packed.write_bytes(gzip.compress(official.read_bytes(), 1))
    for accepted in (digest.upper(), hashlib.sha256(packed.read_bytes()).hexdigest()):
        assert load_weights(network, packed, sha256=accepted).sha256 == digest
    assert f"sha256 is {digest}, not {'0' * 64}" in load_bad(network, official, sha256="0" * 64)


@pytest.mark.parametrize("kept", [0, 100, 5000, 0.5, 0.999])
@pytest.mark.parametrize("is_packed", [False, True])
def test_truncated(official, network, tmp_path, kept, is_packed):
    data = official.read_bytes()
    data = gzip.compress(data, 1) if is_packed else data
    path = tmp_path / "w.h5"
    path.write_bytes(data[: int(kept * len(data)) if kept < 1 else kept])
    message = load_bad(network, path)
    assert "get the file again" in message
    assert any(word in message for word in ("truncated", "corrupt", "empty"))


def test_corrupt_gzip(official, network, tmp_path):
    data = bytearray(gzip.compress(official.read_bytes(), 1))
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "w.h5.gz"
    path.write_bytes(data)
    assert "get the file again" in load_bad(network, path)


def test_not_hdf5(network, tmp_path):
    path = tmp_path / "w.h5"
    path.write_text("<!DOCTYPE html>")
    assert "not an HDF5 file (starts with b'<!DOCTYP')" in load_bad(network, path)


def test_not_keras(network, tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["x"] = [1.0]
    assert "not a Keras weights file" in load_bad(network, tmp_path / "w.h5")


def test_missing_array(network, tmp_path):
    path = keras_files.write_keras(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        del file["conv2d_2/conv2d_2/kernel:0"]
    assert "not a Keras weights file" in load_bad(network, path)


@pytest.mark.parametrize(
    "name", ["mel128_music-v0_4_0", "mel256_env-v0_4_0", "linear_music-v0_4_0", "mel128_music"]
)
def test_wrong_variant(network, tmp_path, name):
    path = tmp_path / f"openl3_audio_{name}.h5"
    path.touch()
    message = load_bad(network, path)
    assert f"variant 'audio {name.split('-')[0].replace('_', ' ')}'" in message
    assert f"use {official_name()}" in message


def test_image_network(network, tmp_path):
    path = tmp_path / "openl3_image_mel256_music-v0_4_0.h5"
    path.touch()
    assert "variant 'image mel256 music'" in load_bad(network, path)


def test_generations(network, tmp_path):
    """A spectrogram layer without a version is refused; v0_2_0 is read, its extra layer skipped."""
    mel = {"freq2mel": np.ones((1025, 256), "float32")}
    layers = [("melspectrogram_1", mel), *keras_files.random_layers()]
    first = keras_files.write_keras(tmp_path / "openl3_audio_mel256_music.h5", layers)
    message = load_bad(network, first)
    assert "may be the faulty first generation; use the official v0_4_0 file" in message
    second = first.rename(tmp_path / "openl3_audio_mel256_music-v0_2_0.h5")
    load_weights(network, second)
    check_loaded(network, layers[1:])
    # the package installs v0_4_0, which has no such layer, under the short name
    load_weights(network, keras_files.write_keras(first))


def test_wrong_shape(network, tmp_path):
    path = change(tmp_path, 3, "kernel", lambda a: a.transpose(3, 2, 0, 1))
    assert "layer 3 holds {'kernel': (64, 64, 3, 3)" in load_bad(network, path)


def test_wrong_number_of_layers(network, tmp_path):
    path = keras_files.write_keras(tmp_path / "w.h5", keras_files.random_layers()[:-1])
    assert "15 layers with weights, the network has 16" in load_bad(network, path)


def test_layers_in_wrong_order(network, tmp_path):
    layers = keras_files.random_layers()
    layers[1], layers[2] = layers[2], layers[1]
    path = keras_files.write_keras(tmp_path / "w.h5", layers)
    assert "layer 0 holds {'kernel'" in load_bad(network, path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite(network, tmp_path, bad):
    def spoil(array):
        array[0] = bad
        return array

    path = change(tmp_path, 4, "moving_mean", spoil)
    assert "layer 4: moving_mean has NaN or infinity" in load_bad(network, path)


def test_negative_variance(network, tmp_path):
    path = change(tmp_path, 2, "moving_variance", np.negative)
    assert "layer 2: moving_variance is negative" in load_bad(network, path)


def test_find(tmp_path):
    name = official_name()
    with pytest.raises(Unavailable) as caught:
        find_weights(tmp_path / name)
    assert caught.value.reason == f"OpenL3 weights missing at {tmp_path / name}"
    assert caught.value.remedy.startswith(f"put {name} at {tmp_path / name}")
    with pytest.raises(Unavailable, match="missing"):
        find_weights(tmp_path)
    (tmp_path / f"{name}.gz").touch()
    assert find_weights(tmp_path) == find_weights(tmp_path / name) == tmp_path / f"{name}.gz"
    (tmp_path / name).touch()
    assert find_weights(tmp_path) == find_weights(tmp_path / name) == tmp_path / name


def test_reported_digest_is_one():
    assert set(openl3_weights.REPORTED_SHA256) == {official_name()}
    assert all(len(digest) == 64 for digest in openl3_weights.REPORTED_SHA256.values())
