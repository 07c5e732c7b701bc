"""Weights files as Keras writes them, with random values: what the OpenL3 loader must read."""

from __future__ import annotations

from itertools import pairwise

import h5py
import numpy as np

CHANNELS = (1, 64, 64, 128, 128, 256, 256, 512, 512)


def random_layers(seed=0):
    """Return (name, {array name: array}) in Keras's order, activations included."""
    rng = np.random.default_rng(seed)
    layers = [("input_1", {})]
    for i, (c_in, c_out) in enumerate(pairwise(CHANNELS), start=1):
        layers.append((f"batch_normalization_{i}", normalisation(rng, c_in)))
        if i > 1:
            layers.append((f"activation_{i - 1}", {}))
        name = "audio_embedding_layer" if i == 8 else f"conv2d_{i}"
        layers.append((name, convolution(rng, c_in, c_out)))
    return layers


def normalisation(rng, c):
    return {
        "gamma": rng.uniform(0.5, 1.5, c).astype("float32"),
        "beta": rng.normal(0, 0.1, c).astype("float32"),
        "moving_mean": rng.normal(0, 0.1, c).astype("float32"),
        "moving_variance": rng.uniform(0.5, 2, c).astype("float32"),
    }


def convolution(rng, c_in, c_out):
    scale = np.sqrt(2 / (9 * c_in))  # he_normal
    return {
        "kernel": (scale * rng.standard_normal((3, 3, c_in, c_out))).astype("float32"),
        "bias": rng.normal(0, 0.1, c_out).astype("float32"),
    }


def write_keras(path, layers=None, *, root=None):
    """Write ``layers`` to ``path`` as ``Model.save_weights`` (or, with root, ``save``) does."""
    layers = random_layers() if layers is None else layers
    with h5py.File(path, "w") as file:
        group = file.create_group(root) if root else file
        group.attrs["layer_names"] = [name.encode() for name, _ in layers]
        group.attrs["backend"] = b"tensorflow"
        for name, arrays in layers:
            layer = group.create_group(name)
            layer.attrs["weight_names"] = [f"{name}/{key}:0".encode() for key in arrays]
            for key, array in arrays.items():
                layer.create_dataset(f"{name}/{key}:0", data=array)
    return path
