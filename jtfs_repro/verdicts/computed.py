"""Values of ours that are counted or computed from our own modules, by the names claims use.

A claim names one as ``NAME`` or ``NAME(argument=value, ...)``. Networks are built and not run,
transforms are built with their filters and path tables only. `TABLES` makes rows of arrays.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from jtfs_repro.config import ConfigError, stages
from jtfs_repro.datasets.chirps import ChirpGrid, ChirpSynthesis, chirp
from jtfs_repro.datasets.medley_solos_db import SUPPORTS
from jtfs_repro.features.jtfs import JtfsTensors
from jtfs_repro.models.classifiers import NETWORKS
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.resynthesis.objective import Objective
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from jtfs_repro.training.loop import optimiser
from jtfs_repro.training.scoring import class_weights, weighted_loss
from jtfs_repro.training.settings import TrainingSettings
from jtfs_repro.verdicts.claims import COMPUTED as FROM_COMPUTED
from jtfs_repro.verdicts.claims import SETTINGS, Claim, pairs
from jtfs_repro.verdicts.settings import Binding, GinSettings

CLIP_SR, CLIP_SAMPLES = 22050, 1 << 16
GRADIENT_BOUND = 1e-6
PUBLISHED_SHAPES = {  # of the features that Section 4.3 states: (paths, rows, frames)
    "jtfs": {"S1": (175, 32), "S2": (191, 45, 32)},
    "cqt": {"S": (96, 257)},
    "scattering1d": {"S": (1423, 32)},
}
WINDOW_SDS = 10.0  # the chirp's window spans its +-5 standard deviations
PROJECT = Path(__file__).parents[2]
_CALL = re.compile(r"(\w+)(?:\((.*)\))?")


@dataclass(frozen=True)
class Found:
    """Our value, and the file that it stands in."""

    value: Any
    file: str = ""


COMPUTED: dict[str, Callable[..., Found]] = {}
TABLES: dict[str, Callable[[Mapping[str, np.ndarray]], list[dict[str, Any]]]] = {}


def computed(function: Callable[..., Found]) -> Callable[..., Found]:
    """Register a function of settings, so that claims can name it."""
    COMPUTED[function.__name__] = function
    return function


def fact(claim: Claim, at: GinSettings) -> Found:
    """Return the setting, settings or computed value that a claim names, or raise `ClaimError`."""
    if claim.ours == FROM_COMPUTED:
        return _call(claim, at)
    bindings = [_binding(claim, one.strip(), at) for one in claim.item.split(";")]
    if claim.ours != SETTINGS:
        return Found(bindings[0][1].value, bindings[0][1].file)
    words = dict.fromkeys(f"{name} = {binding.value!r}" for name, binding in bindings)
    return Found(", ".join(words), bindings[0][1].file)


def _binding(claim: Claim, item: str, at: GinSettings) -> tuple[str, Binding]:
    """Return the parameter's name and the binding of "stage: Name.parameter"."""
    stage, colon, name = item.partition(": ")
    if not colon:
        raise claim.error(f"item={item!r} must be 'stage: Name.parameter'")
    for one in stage.split("+"):
        claim.known("stage", one, stages(at.folder))
    try:
        return name.rpartition(".")[2], at.binding(stage, name)
    except ConfigError as error:
        ends = {".".join(key.split(".")[-2:]) for key in at.stage(stage)}
        claim.known(f"setting of {stage}.gin", name, sorted(ends))
        raise claim.error(str(error)) from None


def _call(claim: Claim, at: GinSettings) -> Found:
    match = _CALL.fullmatch(claim.item)
    if match is None:
        raise claim.error(f"item={claim.item!r} must be 'name' or 'name(argument=value, ...)'")
    claim.known("computed value", match[1], COMPUTED)
    function, arguments = COMPUTED[match[1]], pairs(claim, match[2] or "")
    for name in arguments:
        claim.known(f"argument of {match[1]}", name, [*inspect.signature(function).parameters][1:])
    try:
        return function(at, **arguments)
    except (KeyError, TypeError) as error:
        raise claim.error(f"item={claim.item!r}: {error}") from None


def file_of(thing: Any) -> str:
    """Return the module that defines ``thing``, as ``jtfs_repro/...``."""
    return Path(inspect.getfile(thing)).relative_to(PROJECT).as_posix()


# ---- published numbers alone ----


@computed
def quotient(at: GinSettings, above: str, below: str, digits: str) -> Found:
    """Return a quotient of two published numbers, rounded."""
    return Found(round(float(above) / float(below), int(digits)))


@computed
def difference(at: GinSettings, larger: str, smaller: str, digits: str) -> Found:
    """Return a difference of two published numbers, rounded."""
    return Found(round(float(larger) - float(smaller), int(digits)))


# ---- chirps ----


@computed
def number_of_chirps(at: GinSettings) -> Found:
    """Return the points of the grid of chirps."""
    names = ("n_f_c", "n_f_m", "n_gamma")
    bindings = [at.binding("chirps", f"ChirpGrid.{name}") for name in names]
    return Found(math.prod(b.value for b in bindings), bindings[-1].file)


@computed
def chirp_phase(at: GinSettings) -> Found:
    """Return which phase our chirp has, from one sample: with the "-1" of the code, or without."""
    synthesis = ChirpSynthesis()
    grid = ChirpGrid(**at.options("chirps", "ChirpGrid"))
    f_c, f_m, gamma = grid.f_c_hz[0], grid.f_m_hz[0], grid.gamma_oct_per_s[0]
    n = synthesis.n_samples // 2 + 3
    t = 3 / synthesis.sr
    whole = chirp(f_c, f_m, gamma, synthesis=synthesis)
    turns = f_c / (gamma * math.log(2)) * 2 ** (gamma * t)
    with_one = math.sin(2 * math.pi * (turns - f_c / (gamma * math.log(2))))
    without = math.sin(2 * math.pi * turns)
    # the envelope is positive at t > 0, so that the sign of a sample is that of its carrier
    agrees = [np.sign(whole[n]) == np.sign(value) for value in (with_one, without)]
    word = {(True, False): '"-1"', (False, True): 'no "-1"'}.get((agrees[0], agrees[1]), "either")
    return Found(word, file_of(chirp))


def ridges(arrays: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return rate and bandwidth of each chirp of Figure 2, from the strongest bin of each frame.

    The bandwidth is ten standard deviations of a Gaussian over log-frequency, fitted to the ridge's
    amplitude without the amplitude modulation, where that is more than half.
    """
    octaves, t = np.log2(arrays["frequencies_hz"]), arrays["times_s"]
    rows = []
    for k, (whole, theta) in enumerate(zip(arrays["magnitude"], arrays["theta"], strict=True)):
        magnitude = whole.astype(np.float64)
        octave, height = octaves[magnitude.argmax(axis=0)], magnitude.max(axis=0)
        loud = height > 1e-3 * height.max()
        rate = np.polyfit(t[loud], octave[loud], 1, w=height[loud])[0]
        modulation = np.abs(np.sin(2 * np.pi * theta[1] * t))
        kept = (modulation > 0.5) & (height > 1e-2 * height.max())
        sd = _gaussian_sd(octave[kept], np.log(height[kept] / modulation[kept]))
        rows.append({"chirp": k + 1, "rate": float(rate), "bandwidth": WINDOW_SDS * sd})
    return rows


TABLES["cqt"] = ridges


def _gaussian_sd(x: np.ndarray, log_height: np.ndarray) -> float:
    """Return the standard deviation of a Gaussian through points; 0 where they have no peak."""
    if len(np.unique(x)) < 3:  # a parabola needs three
        return 0.0
    curvature = np.polyfit(x - x.mean(), log_height, 2)[0]
    return float(np.sqrt(-1 / (2 * curvature))) if curvature < 0 else 0.0


# ---- features of the clips ----


@computed
def cqt_shape(at: GinSettings) -> Found:
    """Return the bins and frames of the classifier's CQT, "96 x 257"."""
    bins = at.binding("medley_cqt", "CqtImage.n_bins")
    frames = 1 + CLIP_SAMPLES // at.value("medley_cqt", "CqtImage.hop_length")
    return Found(f"{bins.value} x {frames}", bins.file)


@computed
def cqt_octaves(at: GinSettings) -> Found:
    """Return the octaves of the classifier's CQT."""
    bins = at.binding("medley_cqt", "CqtImage.n_bins")
    return Found(bins.value / at.value("medley_cqt", "CqtImage.bins_per_octave"), bins.file)


def clip_tensors(at: GinSettings) -> JtfsTensors:
    """Return the classifier's JTFS as its gin file sets it."""
    options = at.options("medley_jtfs", "JtfsTensors")
    return JtfsTensors(sr=CLIP_SR, n_samples=CLIP_SAMPLES, **options)


@computed
def clip_jtfs_paths(at: GinSettings) -> Found:
    """Return the second-order paths of the classifier's JTFS."""
    return Found(clip_tensors(at).shapes["S2"][0], file_of(JtfsTensors))


@computed
def clip_jtfs_shape(at: GinSettings) -> Found:
    """Return the rows and frames of the classifier's JTFS tensor, "44 x 32"."""
    return Found(" x ".join(map(str, clip_tensors(at).shapes["S2"][1:])), file_of(JtfsTensors))


@computed
def clip_scattering1d_paths(at: GinSettings) -> Found:
    """Return the paths of orders 1 and 2 of the classifier's Scattering1D."""
    options = at.options("medley_scattering1d", "Scattering1dTensor")
    made = Scattering1D(shape=CLIP_SAMPLES, **{name: options[name] for name in ("J", "Q", "T")})
    return Found(made.channels - 1, file_of(Scattering1D))


@computed
def scrapl_paths(at: GinSettings, J_fr: str) -> Found:
    """Return the second-order joint paths in the settings of SCRAPL's granular synthesis."""
    made = TimeFrequencyScattering(
        shape=1 << 15, J=12, Q=(8, 2), Q_fr=2, F=8, T=4096, J_fr=int(J_fr), format="joint"
    )
    orders = np.asarray(made.meta()["order"])
    return Found(int((orders == 2).sum()), file_of(TimeFrequencyScattering))


@computed
def section5_averaging_ms(at: GinSettings, sr: str) -> Found:
    """Return the averaging time T of the resynthesis' JTFS, milliseconds."""
    found = at.binding("resynthesis_jtfs", "TimeFrequencyScattering.T")
    return Found(round(1000 * found.value / float(sr), 1), found.file)


# ---- training ----


def training_settings(at: GinSettings) -> TrainingSettings:
    """Return the settings of the training of the JTFS network."""
    return TrainingSettings(**at.options("training+train_jtfs", "TrainingSettings"))


@computed
def clips_per_epoch(at: GinSettings) -> Found:
    """Return the training clips that one epoch sees on the real set."""
    made = training_settings(at)
    steps = made.steps_per_epoch(sum(SUPPORTS["training"]))
    return Found(steps * made.batch_size, file_of(TrainingSettings))


@computed
def schedule_steps(at: GinSettings) -> Found:
    """Return the steps that the schedule takes for an epoch; none: the true ones."""
    return Found(training_settings(at).schedule_steps, file_of(TrainingSettings))


@computed
def largest_class_weight(at: GinSettings) -> Found:
    """Return the weight of the smallest class, max N / min N over training clips."""
    supports = SUPPORTS["training"]
    labels = np.repeat(np.arange(len(supports)), supports)
    rule = at.value("training", "TrainingSettings.class_weights")
    weights = class_weights(labels, n_classes=len(supports), rule=rule)
    return Found(round(float(weights.max()), 2), file_of(class_weights))


@computed
def optimiser_name(at: GinSettings) -> Found:
    """Return the class of the optimiser, made for one parameter."""
    made = optimiser([nn.Parameter(torch.zeros(1))], training_settings(at))
    return Found(type(made).__name__, file_of(optimiser))


@computed
def loss_reduction(at: GinSettings) -> Found:
    """Return whether the loss is the weighted mean or the weighted sum, on two clips."""
    logits, labels, weights = torch.eye(2), torch.tensor([0, 1]), torch.tensor([1.0, 3.0])
    total, weight = weighted_loss(logits, labels, weights)
    mean = nn.functional.cross_entropy(logits, labels, weight=weights)
    word = "weighted mean" if torch.isclose(total / weight, mean) else "weighted sum"
    return Found(word, file_of(weighted_loss))


# ---- networks of Table 2 ----


@functools.lru_cache(maxsize=8)
def network(at: GinSettings, model: str, input: str) -> Any:
    """Return a network as its gin file sets it, for ``input`` 'ours' or 'published'."""
    shapes = {"published": PUBLISHED_SHAPES[model], "ours": _our_shapes(at, model)}[input]
    made = NETWORKS[model]
    options = at.options(f"train_{model}", made.__name__)
    n_classes = len(SUPPORTS["training"])
    return made(
        shapes=shapes, statistics=Statistics.neutral(shapes), n_classes=n_classes, **options
    )


def _our_shapes(at: GinSettings, model: str) -> Mapping[str, tuple[int, ...]]:
    if model == "jtfs":
        return clip_tensors(at).shapes
    paths = {"S": (int(clip_scattering1d_paths(at).value), PUBLISHED_SHAPES[model]["S"][1])}
    return paths if model == "scattering1d" else PUBLISHED_SHAPES[model]


@computed
def network_parameters(at: GinSettings, model: str, input: str = "ours") -> Found:
    """Return the learnt values of a network."""
    made = network(at, model, input)
    return Found(made.n_parameters, file_of(type(made)))


@computed
def network_layers(at: GinSettings, part: str, input: str = "ours") -> Found:
    """Return what a part of the JTFS network is made of, see `PARTS`."""
    made = network(at, "jtfs", input)
    return Found(PARTS[part](made), file_of(type(made.body)))


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


# ---- resynthesis ----


@computed
def descent_sign(at: GinSettings) -> Found:
    """Return the sign with which a step along the gradient lowers the error of a small JTFS."""
    objective, point = _small_objective()
    gradient = _gradient(objective, point)
    step = 1e-3 * point.norm() / gradient.norm() * gradient
    down, up = (objective.evaluate(point + s * step).squared_error for s in (-1, 1))
    return Found("minus" if down < up else "plus", file_of(Objective))


@computed
def gradient_error(at: GinSettings) -> Found:
    """Return a bound on a derivative's relative error against a central difference, in float64."""
    objective, point = _small_objective()
    direction = torch.randn(point.shape, generator=_seeded(2), dtype=point.dtype)
    exact = float((_gradient(objective, point) * direction).sum())
    h = 1e-6
    ahead, behind = (objective.evaluate(point + s * h * direction).squared_error for s in (1, -1))
    error = abs((ahead - behind) / (2 * h) - exact) / abs(exact)
    # the digits of a difference of two near numbers are rounding: the bound alone is kept
    word = f"below {GRADIENT_BOUND:g}" if error < GRADIENT_BOUND else f"{error:.0e}"
    return Found(word, file_of(Objective))


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _gradient(objective: Objective, point: torch.Tensor) -> torch.Tensor:
    gradient = objective.evaluate(point).gradient
    return torch.zeros_like(point) if gradient is None else gradient


def _small_objective() -> tuple[Objective, torch.Tensor]:
    """Return the error of noise against other noise, under a JTFS of 512 samples."""
    target, point = (
        torch.randn(1, 512, generator=_seeded(seed), dtype=torch.float64) for seed in (0, 1)
    )
    made = functools.partial(
        TimeFrequencyScattering, J=6, J_fr=3, Q=(4, 1), T=64, F=0, format="time"
    )
    return Objective(target, made), point


# ---- the gin files ----


@computed
def absolute_paths(at: GinSettings) -> Found:
    """Return how many gin files name an absolute path."""
    return Found(sum(map(_is_absolute, at.files())), "gin/")


def _is_absolute(bindings: Mapping[str, Binding]) -> bool:
    texts = (text for binding in bindings.values() for text in _texts(binding.value))
    return any(re.match(r"/|[A-Za-z]:\\", text) for text in texts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
