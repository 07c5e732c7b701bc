"""Values of ours that are counted or computed from our own modules, by the names claims use.

A claim names one as ``NAME`` or ``NAME(argument=value, ...)``. Networks are built and not run,
transforms are built with their filters and path tables only.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from jtfs_repro.config import ConfigError, stages
from jtfs_repro.datasets.chirps import ChirpGrid, ChirpSynthesis, chirp
from jtfs_repro.datasets.medley_solos_db import SUPPORTS
from jtfs_repro.features.jtfs import JtfsTensors
from jtfs_repro.gin_files import Binding
from jtfs_repro.resynthesis.objective import Objective
from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.training.loop import optimiser
from jtfs_repro.training.scoring import class_weights, weighted_loss
from jtfs_repro.training.settings import TrainingSettings
from jtfs_repro.verdicts.claims import COMPUTED, SETTINGS, Claim
from jtfs_repro.verdicts.networks import CLIP_SAMPLES, clip_tensors
from jtfs_repro.verdicts.settings import FUNCTIONS, GinSettings, computed, file_of

GRADIENT_BOUND = 1e-6
_CALL = re.compile(r"(\w+)(?:\((.*)\))?")


def fact(claim: Claim, at: GinSettings) -> Binding:
    """Return the setting, settings or computed value that a claim names, or raise `ClaimError`."""
    if claim.ours == COMPUTED:
        return _call(claim, at)
    bindings = [_binding(claim, one.strip(), at) for one in claim.item.split(";")]
    if claim.ours != SETTINGS:
        return bindings[0][1]
    words = dict.fromkeys(f"{name} = {binding.value!r}" for name, binding in bindings)
    return Binding(", ".join(words), bindings[0][1].file)


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


def _call(claim: Claim, at: GinSettings) -> Binding:
    match = _CALL.fullmatch(claim.item)
    if match is None:
        raise claim.error(f"item={claim.item!r} must be 'name' or 'name(argument=value, ...)'")
    claim.known("computed value", match[1], FUNCTIONS)
    function, about = FUNCTIONS[match[1]]
    arguments = claim.pairs(match[2] or "")
    for name in arguments:
        claim.known(f"argument of {match[1]}", name, [*inspect.signature(function).parameters][1:])
    try:
        value = function(at, **arguments)
    except (KeyError, TypeError) as error:
        raise claim.error(f"item={claim.item!r}: {error}") from None
    return value if isinstance(value, Binding) else Binding(value, file_of(about) if about else "")


# ---- published numbers alone ----


@computed()
def quotient(at: GinSettings, above: str, below: str, digits: str) -> float:
    """Return a quotient of two published numbers, rounded."""
    return round(float(above) / float(below), int(digits))


@computed()
def difference(at: GinSettings, larger: str, smaller: str, digits: str) -> float:
    """Return a difference of two published numbers, rounded."""
    return round(float(larger) - float(smaller), int(digits))


# ---- chirps ----


@computed()
def number_of_chirps(at: GinSettings) -> Binding:
    """Return the points of the grid of chirps."""
    sides = [at.binding("chirps", f"ChirpGrid.{name}") for name in ("n_f_c", "n_f_m", "n_gamma")]
    return Binding(math.prod(side.value for side in sides), sides[-1].file)


@computed(chirp)
def chirp_phase(at: GinSettings) -> str:
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
    return {(True, False): '"-1"', (False, True): 'no "-1"'}.get((agrees[0], agrees[1]), "either")


# ---- features of the clips ----


@computed()
def cqt_shape(at: GinSettings) -> Binding:
    """Return the bins and frames of the classifier's CQT, "96 x 257"."""
    bins = at.binding("medley_cqt", "CqtImage.n_bins")
    frames = 1 + CLIP_SAMPLES // at.value("medley_cqt", "CqtImage.hop_length")
    return Binding(f"{bins.value} x {frames}", bins.file)


@computed()
def cqt_octaves(at: GinSettings) -> Binding:
    """Return the octaves of the classifier's CQT."""
    bins = at.binding("medley_cqt", "CqtImage.n_bins")
    return Binding(bins.value / at.value("medley_cqt", "CqtImage.bins_per_octave"), bins.file)


@computed(JtfsTensors)
def clip_jtfs_paths(at: GinSettings) -> int:
    """Return the second-order paths of the classifier's JTFS."""
    return clip_tensors(at).shapes["S2"][0]


@computed(JtfsTensors)
def clip_jtfs_shape(at: GinSettings) -> str:
    """Return the rows and frames of the classifier's JTFS tensor, "44 x 32"."""
    return " x ".join(map(str, clip_tensors(at).shapes["S2"][1:]))


@computed(TimeFrequencyScattering)
def scrapl_paths(at: GinSettings, J_fr: str) -> int:
    """Return the second-order joint paths in the settings of SCRAPL's granular synthesis."""
    made = TimeFrequencyScattering(
        shape=1 << 15, J=12, Q=(8, 2), Q_fr=2, F=8, T=4096, J_fr=int(J_fr), format="joint"
    )
    return int((np.asarray(made.meta()["order"]) == 2).sum())


@computed()
def section5_averaging_ms(at: GinSettings, sr: str) -> Binding:
    """Return the averaging time T of the resynthesis' JTFS, milliseconds."""
    found = at.binding("resynthesis_jtfs", "TimeFrequencyScattering.T")
    return Binding(round(1000 * found.value / float(sr), 1), found.file)


# ---- training ----


def training_settings(at: GinSettings) -> TrainingSettings:
    """Return the settings of the training of the JTFS network."""
    return TrainingSettings(**at.options("training+train_jtfs", "TrainingSettings"))


@computed(TrainingSettings)
def clips_per_epoch(at: GinSettings) -> int:
    """Return the training clips that one epoch sees on the real set."""
    made = training_settings(at)
    return made.steps_per_epoch(sum(SUPPORTS["training"])) * made.batch_size


@computed(TrainingSettings)
def schedule_steps(at: GinSettings) -> int | None:
    """Return the steps that the schedule takes for an epoch; none: the true ones."""
    return training_settings(at).schedule_steps


@computed(class_weights)
def largest_class_weight(at: GinSettings) -> float:
    """Return the weight of the smallest class, max N / min N over training clips."""
    supports = SUPPORTS["training"]
    labels = np.repeat(np.arange(len(supports)), supports)
    rule = at.value("training", "TrainingSettings.class_weights")
    weights = class_weights(labels, n_classes=len(supports), rule=rule)
    return round(float(weights.max()), 2)


@computed(optimiser)
def optimiser_name(at: GinSettings) -> str:
    """Return the class of the optimiser, made for one parameter."""
    made = optimiser([nn.Parameter(torch.zeros(1))], training_settings(at))
    return type(made).__name__


@computed(weighted_loss)
def loss_reduction(at: GinSettings) -> str:
    """Return whether the loss is the weighted mean or the weighted sum, on two clips."""
    logits, labels, weights = torch.eye(2), torch.tensor([0, 1]), torch.tensor([1.0, 3.0])
    total, weight = weighted_loss(logits, labels, weights)
    mean = nn.functional.cross_entropy(logits, labels, weight=weights)
    return "weighted mean" if torch.isclose(total / weight, mean) else "weighted sum"


# ---- resynthesis ----


@computed(Objective)
def descent_sign(at: GinSettings) -> str:
    """Return the sign with which a step along the gradient lowers the error of a small JTFS."""
    objective, point = _small_objective()
    gradient = _gradient(objective, point)
    step = 1e-3 * point.norm() / gradient.norm() * gradient
    down, up = (objective.evaluate(point + s * step).squared_error for s in (-1, 1))
    return "minus" if down < up else "plus"


@computed(Objective)
def gradient_error(at: GinSettings) -> str:
    """Return a bound on a derivative's relative error against a central difference, in float64."""
    objective, point = _small_objective()
    direction = torch.randn(point.shape, generator=_seeded(2), dtype=point.dtype)
    exact = float((_gradient(objective, point) * direction).sum())
    h = 1e-6
    ahead, behind = (objective.evaluate(point + s * h * direction).squared_error for s in (1, -1))
    error = abs((ahead - behind) / (2 * h) - exact) / abs(exact)
    # the digits of a difference of two near numbers are rounding: the bound alone is kept
    return f"below {GRADIENT_BOUND:g}" if error < GRADIENT_BOUND else f"{error:.0e}"


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


@computed()
def absolute_paths(at: GinSettings) -> Binding:
    """Return how many gin files name an absolute path."""
    return Binding(sum(map(_is_absolute, at.files())), "gin/")


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
