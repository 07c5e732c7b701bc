"""The official OpenL3 weights: finding the file, checking it, filling the network.

The file is HDF5 as Keras writes it: the attribute ``layer_names`` lists the layers in order, each
a group whose attribute ``weight_names`` lists its arrays. Names carry suffixes that depend on the
session that saved them (``conv2d_1``, ``conv2d_8``), so layers are identified by their order and
their arrays, and every shape must be the network's.

========================  ===========  =======================
array                     Keras shape  torch
========================  ===========  =======================
``kernel``                (3,3,in,out) ``weight`` (out,in,3,3)
``bias``                  (out,)       ``bias``
``gamma``, ``beta``       (C,)         ``weight``, ``bias``
``moving_mean``           (C,)         ``running_mean``
``moving_variance``       (C,)         ``running_var``
========================  ===========  =======================

The networks of all variants have the same shapes, so the variant can only be read from the file's
name. Files of 2018-2020 also hold a spectrogram layer; those without a version in their name may
be the faulty first generation, trained with wrong decibels, and are refused.
"""

from __future__ import annotations

import gzip
import hashlib
import io as streams
import re
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from jtfs_repro.features.openl3.network import Network
from jtfs_repro.io import FileError, Unavailable, check_content

CONTENTS = ("music", "env")
VERSION = "v0_4_0"
GZIP_MAGIC = b"\x1f\x8b"
MAX_BYTES = 40_000_000  # of the uncompressed file: twice the official one
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
NORMALISATION = ("gamma", "beta", "moving_mean", "moving_variance")
Layer = dict[str, np.ndarray]
# SHA-256 of the HDF5 file. The authors publish none: this is the one that a public project which
# fetches the same file pins (whepper/musicpack on GitHub). It is required of downloads; a file
# that a user supplies need only have the right structure.
REPORTED_SHA256 = {
    "openl3_audio_mel256_music-v0_4_0.h5": (
        "624ee7b1dd5ff87e18073f66fd8b2052bebb8ac70210e9c0937c0c940c63e9d6"
    )
}


@dataclass(frozen=True, kw_only=True)
class WeightsRecord:
    """What was loaded: path, SHA-256 of the HDF5 file, and what vouches for it.

    ``verified_by`` is ``'configured sha256'``, ``'reported sha256'`` or ``'structure'``.
    """

    path: str
    sha256: str
    verified_by: str

    def as_dict(self) -> dict[str, str]:
        """Return the record for a manifest."""
        return asdict(self)


def official_name(input_repr: str = "mel256", content: str = "music") -> str:
    """Return the name of the official file, uncompressed."""
    return f"openl3_audio_{input_repr}_{content}-{VERSION}.h5"


def find_weights(path: str | Path, *, name: str | None = None) -> Path:
    """Return the weights file: ``path``, ``path.gz``, or the official file in folder ``path``.

    Unavailable: there is none; the remedy says where to put it.
    """
    path = Path(path)
    name = name or official_name()
    if path.is_dir():
        path = path / name
    for candidate in (path, path.with_name(f"{path.name}.gz")):
        if candidate.is_file():
            return candidate
    raise Unavailable(f"OpenL3 weights missing at {path}", remedy(path, name))


def remedy(path: Path, name: str | None = None) -> str:
    """Return the advice given wherever the weights cannot be had."""
    return f"put {name or official_name()} at {path}"


def load_weights(
    network: Network,
    path: str | Path,
    *,
    input_repr: str = "mel256",
    content: str = "music",
    sha256: str | None = None,
) -> WeightsRecord:
    """Fill ``network`` from a Keras file, ``.h5`` or ``.h5.gz``, of the variant that its name says.

    ``sha256`` is that of the file, or of the HDF5 file within a compressed one. Unavailable: the
    file does not exist. FileError: it is truncated, of another variant or generation, has a wrong
    checksum, or its layers or shapes are not the network's; ``network`` is then unchanged.
    """
    path = find_weights(path, name=official_name(input_repr, content))
    check_name(path, input_repr, content)
    check_content(path)
    with path.open("rb") as file:
        packed = file.read(MAX_BYTES + 1)
    data = unpack(path, packed)
    digest = hashlib.sha256(data).hexdigest()
    if sha256 and sha256.lower() not in (digest, hashlib.sha256(packed).hexdigest()):
        raise FileError(f"{path}: sha256 is {digest}, not {sha256}; get the file again")
    layers = read_layers(path, data, is_versioned="-v0_" in path.name or bool(sha256))
    check_layers(path, layers, network)
    _copy(layers, network)
    return WeightsRecord(path=str(path), sha256=digest, verified_by=_voucher(digest, sha256))


def _voucher(digest: str, sha256: str | None) -> str:
    if sha256:
        return "configured sha256"
    return "reported sha256" if digest in REPORTED_SHA256.values() else "structure"


def check_name(path: Path, input_repr: str, content: str) -> None:
    """Raise ``FileError`` when the file's name says that it is of another variant."""
    found = re.match(r"openl3_(audio|image)_([a-z0-9]+)_([a-z]+)", path.name)
    if found and found.groups() != ("audio", input_repr, content):
        variant = " ".join(found.groups())
        wanted = official_name(input_repr, content)
        raise FileError(f"{path}: weights of variant '{variant}'; use {wanted}")


def unpack(path: Path, data: bytes) -> bytes:
    """Return the HDF5 file within ``data``, decompressed where needed, whatever its suffix."""
    if data.startswith(GZIP_MAGIC):
        try:
            with gzip.GzipFile(fileobj=streams.BytesIO(data)) as file:
                data = file.read(MAX_BYTES + 1)
        except (EOFError, OSError, zlib.error) as error:
            message = f"{path}: truncated or corrupt gzip file ({error}); get the file again"
            raise FileError(message) from error
    if len(data) > MAX_BYTES:
        raise FileError(f"{path}: more than {MAX_BYTES} bytes, too large for the weights")
    if not data.startswith(HDF5_MAGIC):
        start = "empty" if not data else f"starts with {data[:8]!r}"
        raise FileError(f"{path}: not an HDF5 file ({start}); get the file again")
    return data


def read_layers(path: Path, data: bytes, *, is_versioned: bool) -> list[Layer]:
    """Return the layers that have weights, in the order of ``layer_names``."""
    import h5py  # only where weights are read

    try:
        with h5py.File(streams.BytesIO(data), "r") as file:
            root: Any = file.get("model_weights", file)
            names = [_text(name) for name in root.attrs["layer_names"]]
            _check_generation(path, names, is_versioned)
            layers = [_arrays(root[name]) for name in names if not _is_spectrogram(name)]
    except FileError:
        raise
    except KeyError as error:
        message = f"{path}: not a Keras weights file ({error}); use the official {VERSION} file"
        raise FileError(message.replace("\n", " ")) from error
    except Exception as error:  # damage anywhere: HDF5's parts raise many kinds
        reason = str(error).replace("\n", " ")
        message = f"{path}: truncated or corrupt HDF5 file ({reason}); get the file again"
        raise FileError(message) from error
    return [layer for layer in layers if layer]


def _check_generation(path: Path, names: list[str], is_versioned: bool) -> None:
    if any(map(_is_spectrogram, names)) and not is_versioned:
        raise FileError(
            f"{path}: has a spectrogram layer and no version in its name, so it may be the faulty "
            f"first generation; use the official {VERSION} file"
        )


def _is_spectrogram(layer_name: str) -> bool:
    return "spectrogram" in layer_name


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _arrays(group: Any) -> Layer:
    """Return a layer's arrays by their last name: ``conv2d_1/kernel:0`` -> ``kernel``."""
    names = [_text(name) for name in group.attrs["weight_names"]]
    return {name.split("/")[-1].split(":")[0]: _array(group, name) for name in names}


def _array(group: Any, name: str) -> np.ndarray:
    """Return one array, if it lies in this file and is no larger than the file may be."""
    dataset = group[name]
    if dataset.dtype.kind != "f":
        raise ValueError(f"{name} is of type {dataset.dtype}, not of real numbers")
    if dataset.external or dataset.is_virtual or dataset.file.filename != group.file.filename:
        raise ValueError(f"{name} lies in another file")
    if dataset.nbytes > MAX_BYTES:
        raise ValueError(f"{name} declares {dataset.nbytes} bytes")
    return np.asarray(dataset)


def expected_shapes(network: Network) -> list[dict[str, tuple[int, ...]]]:
    """Return what each layer must hold: normalisation, convolution, normalisation, ..."""
    shapes: list[dict[str, tuple[int, ...]]] = []
    for conv in network.convs:
        assert isinstance(conv, nn.Conv2d)
        c_in, c_out = conv.in_channels, conv.out_channels
        shapes.append(dict.fromkeys(NORMALISATION, (c_in,)))
        shapes.append({"kernel": (3, 3, c_in, c_out), "bias": (c_out,)})
    return shapes


def check_layers(path: Path, layers: list[Layer], network: Network) -> None:
    """Raise ``FileError`` unless ``layers`` are the network's, finite, variances not negative."""
    expected = expected_shapes(network)
    if len(layers) != len(expected):
        raise FileError(
            f"{path}: {len(layers)} layers with weights, the network has {len(expected)}; "
            f"use the official {VERSION} file"
        )
    for i, (layer, shapes) in enumerate(zip(layers, expected, strict=True)):
        found = {name: array.shape for name, array in layer.items()}
        if found != shapes:
            raise FileError(f"{path}: layer {i} holds {found}, expected {shapes}")
        _check_values(path, i, layer)


def _check_values(path: Path, i: int, layer: Layer) -> None:
    for name, array in layer.items():
        if not np.isfinite(array).all():
            raise FileError(f"{path}: layer {i}: {name} has NaN or infinity; get the file again")
        if name == "moving_variance" and (array < 0).any():
            raise FileError(f"{path}: layer {i}: {name} is negative; get the file again")


def _copy(layers: list[Layer], network: Network) -> None:
    """Copy checked layers into the network, in torch's layout."""
    state: dict[str, torch.Tensor] = {}
    for i, (norm, conv) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        state |= {
            f"norms.{i}.weight": torch.from_numpy(norm["gamma"]),
            f"norms.{i}.bias": torch.from_numpy(norm["beta"]),
            f"norms.{i}.running_mean": torch.from_numpy(norm["moving_mean"]),
            f"norms.{i}.running_var": torch.from_numpy(norm["moving_variance"]),
            f"convs.{i}.weight": torch.from_numpy(conv["kernel"].transpose(3, 2, 0, 1).copy()),
            f"convs.{i}.bias": torch.from_numpy(conv["bias"]),
            f"norms.{i}.num_batches_tracked": torch.tensor(0),
        }
    network.load_state_dict(state)
