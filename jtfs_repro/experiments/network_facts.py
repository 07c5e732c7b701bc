"""What the networks of Table 2 are made of, from the networks themselves, built and not run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from jtfs_repro.experiments.fact_claims import Found, Read
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.structure_facts import clip_tensors, file_of, scattering1d_paths
from jtfs_repro.models.classifiers import NETWORKS
from jtfs_repro.models.statistics import Statistics

PUBLISHED_S2 = (191, 45, 32)  # paths, rows, frames of Section 4.3's tensor
PUBLISHED_SCATTERING1D = (1423, 32)
Shapes = Mapping[str, tuple[int, ...]]


def shapes_of(model: str, settings: GinSettings) -> Shapes:
    """Return the shapes of one clip's features in our pipeline."""
    if model == "jtfs":
        return clip_tensors(settings).shapes
    if model == "cqt":
        return {"S": (96, 257)}
    return {"S": (int(scattering1d_paths(settings).value), 32)}


@functools.lru_cache(maxsize=8)
def network(
    model: str, settings: GinSettings, *, preset: str = "paper", is_published: bool = False
) -> Any:
    """Return a network of Table 2 as its gin file sets it, for our input or the published one."""
    shapes = _published_shapes(model) if is_published else shapes_of(model, settings)
    made = NETWORKS[model]
    options = settings.options(f"train_{model}", made.__name__, preset=preset)
    return made(shapes=shapes, statistics=Statistics.neutral(shapes), **options)


def _published_shapes(model: str) -> Shapes:
    first = {"S1": (175, PUBLISHED_S2[2]), "S2": PUBLISHED_S2}
    return first if model == "jtfs" else {"S": PUBLISHED_SCATTERING1D}


def parameters(model: str, *, preset: str = "paper", is_published: bool = False) -> Read:
    """Return the reader of the number of learnt values of a network."""

    def read(settings: GinSettings) -> Found:
        made = network(model, settings, preset=preset, is_published=is_published)
        return Found(made.n_parameters, file_of(type(made)))

    return read


def layers(model: str, describe: Callable[[Any], str], *, is_published: bool = False) -> Read:
    """Return the reader of what ``describe`` says of a network."""

    def read(settings: GinSettings) -> Found:
        made = network(model, settings, is_published=is_published)
        return Found(describe(made), file_of(type(made.body)))

    return read


def kernels(net: Any) -> str:
    """Return the kernels of the three blocks, "7x7, 5x5, 3x3"."""
    sizes = [block[0].kernel_size for block in net.body.blocks]
    return ", ".join("x".join(map(str, size)) for size in sizes)


def channels(net: Any) -> str:
    """Return the channels into block 1 and after each block, "195, 195, 390, 780"."""
    blocks = net.body.blocks
    return ", ".join(map(str, [blocks[0][0].in_channels, *(b[0].out_channels for b in blocks)]))


def block_layers(index: int) -> Callable[[Any], str]:
    """Return the function that names the layers of one block (from 1)."""

    def describe(net: Any) -> str:
        return ", ".join(type(layer).__name__ for layer in net.body.blocks[index - 1])

    return describe


def pool_size(net: Any) -> str:
    """Return the window of the pooling after block 1, "2 x 2"."""
    return f"{net.body.blocks[0][-1].kernel_size} x {net.body.blocks[0][-1].kernel_size}"


def squeeze(net: Any) -> str:
    """Return how squeeze and excitation narrow blocks 2 and 3, "390 to 24, 780 to 48"."""
    found = [layer for block in net.body.blocks for layer in block if hasattr(layer, "squeeze")]
    pairs = [(layer.squeeze.in_features, layer.squeeze.out_features) for layer in found]
    return ", ".join(f"{wide} to {narrow}" for wide, narrow in pairs)


def head_layers(net: Any) -> str:
    """Return the head, "Linear 64, ReLU, Dropout 0.5, Linear 8"."""
    words = {nn.Linear: lambda m: f" {m.out_features}", nn.Dropout: lambda m: f" {m.p:g}"}
    parts = [f"{type(m).__name__}{words.get(type(m), lambda _: '')(m)}" for m in net.body.head]
    return ", ".join(parts)


def input_map(net: Any) -> str:
    """Return the map that the body reads, "195 x 45 x 32"."""
    return " x ".join(map(str, net.front.shape))


def first_order_branch(net: Any) -> str:
    """Return the kernel and the pooling of the first-order branch."""
    filters, pool = net.front.filters, net.front.pool
    size = "x".join(map(str, filters.kernel_size))
    return f"kernel {size}, average over {pool.kernel_size[0]} rows"
