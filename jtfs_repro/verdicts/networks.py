"""Inputs, sizes and parts of the networks of Table 2, which are built and not run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from jtfs_repro.datasets.medley_solos_db import SUPPORTS
from jtfs_repro.features.jtfs import JtfsTensors
from jtfs_repro.gin_files import Binding
from jtfs_repro.models.classifiers import NETWORKS
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.scattering import Scattering1D
from jtfs_repro.verdicts.settings import GinSettings, computed, file_of

CLIP_SR, CLIP_SAMPLES = 22050, 1 << 16
PUBLISHED_SHAPES = {  # of the features that Section 4.3 states: (paths, rows, frames)
    "jtfs": {"S1": (175, 32), "S2": (191, 45, 32)},
    "cqt": {"S": (96, 257)},
    "scattering1d": {"S": (1423, 32)},
}


def clip_tensors(at: GinSettings) -> JtfsTensors:
    """Return the classifier's JTFS as its gin file sets it."""
    options = at.options("medley_jtfs", "JtfsTensors")
    return JtfsTensors(sr=CLIP_SR, n_samples=CLIP_SAMPLES, **options)


@computed(Scattering1D)
def clip_scattering1d_paths(at: GinSettings) -> int:
    """Return the paths of orders 1 and 2 of the classifier's Scattering1D."""
    options = at.options("medley_scattering1d", "Scattering1dTensor")
    made = Scattering1D(shape=CLIP_SAMPLES, **{name: options[name] for name in ("J", "Q", "T")})
    return made.channels - 1


@functools.lru_cache(maxsize=8)
def network(at: GinSettings, model: str, input: str) -> Any:
    """Return a network as its gin file sets it, for ``input`` 'ours' or 'published'."""
    shapes = {"published": PUBLISHED_SHAPES[model], "ours": _our_shapes(at, model)}[input]
    made = NETWORKS[model]
    options = at.options(f"train_{model}", made.__name__)
    n_classes = len(SUPPORTS["training"])
    statistics = Statistics.neutral(shapes)
    return made(shapes=shapes, statistics=statistics, n_classes=n_classes, **options)


def _our_shapes(at: GinSettings, model: str) -> Mapping[str, tuple[int, ...]]:
    if model == "jtfs":
        return clip_tensors(at).shapes
    paths = {"S": (clip_scattering1d_paths(at), PUBLISHED_SHAPES[model]["S"][1])}
    return paths if model == "scattering1d" else PUBLISHED_SHAPES[model]


@computed()
def network_parameters(at: GinSettings, model: str, input: str = "ours") -> Binding:
    """Return the learnt values of a network."""
    made = network(at, model, input)
    return Binding(made.n_parameters, file_of(type(made)))


@computed()
def network_layers(at: GinSettings, part: str, input: str = "ours") -> Binding:
    """Return what a part of the JTFS network is made of, see `PARTS`."""
    made = network(at, "jtfs", input)
    return Binding(PARTS[part](made), file_of(type(made.body)))


def _block(index: int) -> Callable[[Any], str]:
    return lambda net: ", ".join(type(layer).__name__ for layer in net.body.blocks[index - 1])


def _channels(net: Any) -> str:
    blocks = net.body.blocks
    return ", ".join(map(str, [blocks[0][0].in_channels, *(b[0].out_channels for b in blocks)]))


def _squeeze(net: Any) -> str:
    found = [layer for block in net.body.blocks for layer in block if hasattr(layer, "squeeze")]
    sizes = [(layer.squeeze.in_features, layer.squeeze.out_features) for layer in found]
    return ", ".join(f"{wide} to {narrow}" for wide, narrow in sizes)


def _head(net: Any) -> str:
    words = {nn.Linear: lambda m: f" {m.out_features}", nn.Dropout: lambda m: f" {m.p:g}"}
    parts = [f"{type(m).__name__}{words.get(type(m), lambda _: '')(m)}" for m in net.body.head]
    return ", ".join(parts)


def _first_order(net: Any) -> str:
    filters, pool = net.front.filters, net.front.pool
    size = "x".join(map(str, filters.kernel_size))
    return f"kernel {size}, average over {pool.kernel_size[0]} rows"


def _kernels(net: Any) -> str:
    sizes = [block[0].kernel_size for block in net.body.blocks]
    return ", ".join("x".join(map(str, size)) for size in sizes)


def _pool(net: Any) -> str:
    size = net.body.blocks[0][-1].kernel_size
    return f"{size} x {size}"


PARTS: dict[str, Callable[[Any], str]] = {
    "input": lambda net: " x ".join(map(str, net.front.shape)),  # "195 x 45 x 32"
    "first order": _first_order,
    "kernels": _kernels,  # "7x7, 5x5, 3x3"
    "channels": _channels,  # into block 1 and after each, "195, 195, 390, 780"
    **{f"block {index}": _block(index) for index in (1, 2, 3)},
    "pool": _pool,
    "squeeze": _squeeze,  # of blocks 2 and 3, "390 to 24, 780 to 48"
    "head": _head,
    "name": lambda net: f"Table 1's, {len(net.body.blocks)} blocks",
}
