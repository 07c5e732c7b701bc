"""Counts and small computations on our own modules, for the verdicts: no audio, no training.

Readers take the settings and return `Found`. Networks are built and not run, transforms are built
with their filters and path tables only.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from jtfs_repro import io
from jtfs_repro.datasets.chirps import ChirpGrid, ChirpSynthesis, chirp
from jtfs_repro.datasets.medley_solos_db import SUPPORTS
from jtfs_repro.experiments.fact_claims import Found, Read
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.features.jtfs_tensors import JtfsTensors
from jtfs_repro.resynthesis.objective import Objective
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from jtfs_repro.training.selection import weighted_loss
from jtfs_repro.training.settings import TrainingSettings
from jtfs_repro.training.weights import class_weights

CLIP_SR, CLIP_SAMPLES = 22050, 1 << 16
GRADIENT_BOUND = 1e-6
PROJECT = Path(__file__).parents[2]
_OPTIMISER = re.compile(r"torch\.optim\.(\w+)\(")
_ABSOLUTE = re.compile(r"['\"](?:/|[A-Za-z]:\\)")


def file_of(thing: Any) -> str:
    """Return the module that defines ``thing``, as ``jtfs_repro/...``."""
    return Path(inspect.getfile(thing)).relative_to(PROJECT).as_posix()


def product(stage: str, *names: str) -> Read:
    """Return the reader of a product of settings."""

    def read(settings: GinSettings) -> Found:
        bindings = [settings.binding(stage, name) for name in names]
        return Found(math.prod(b.value for b in bindings), bindings[-1].file)

    return read


def quotient(stage: str, above: str, below: str) -> Read:
    """Return the reader of a quotient of two settings."""

    def read(settings: GinSettings) -> Found:
        found = settings.binding(stage, above)
        return Found(found.value / settings.value(stage, below), found.file)

    return read


def clip_map(settings: GinSettings) -> Found:
    """Return bins and frames of the classifier's CQT, "96 x 257"."""
    bins = settings.binding("medley_cqt", "CqtImage.n_bins")
    frames = 1 + CLIP_SAMPLES // settings.value("medley_cqt", "CqtImage.hop_length")
    return Found(f"{bins.value} x {frames}", bins.file)


def clip_tensors(settings: GinSettings) -> JtfsTensors:
    """Return the classifier's JTFS as its gin file sets it."""
    options = settings.options("medley_jtfs", "JtfsTensors")
    return JtfsTensors(sr=CLIP_SR, n_samples=CLIP_SAMPLES, **options)


def joint_path_count(settings: GinSettings) -> Found:
    """Return the second-order paths of the classifier's JTFS."""
    return Found(clip_tensors(settings).shapes["S2"][0], file_of(JtfsTensors))


def tensor_shape(name: str, *axes: int) -> Read:
    """Return the reader of some axes of S1 or S2, "44 x 32"."""

    def read(settings: GinSettings) -> Found:
        shape = clip_tensors(settings).shapes[name]
        return Found(" x ".join(str(shape[k]) for k in axes), file_of(JtfsTensors))

    return read


def scattering1d_paths(settings: GinSettings) -> Found:
    """Return the paths of orders 1 and 2 of the classifier's Scattering1D."""
    options = settings.options("medley_scattering1d", "Scattering1dTensor")
    made = Scattering1D(
        shape=CLIP_SAMPLES, **{k: v for k, v in options.items() if k in ("J", "Q", "T")}
    )
    return Found(made.channels - 1, file_of(Scattering1D))


def joint_paths(n_samples: int, **options: Any) -> Read:
    """Return the reader of the number of second-order joint paths of a transform."""

    def read(settings: GinSettings) -> Found:
        made = TimeFrequencyScattering(shape=n_samples, format="joint", **options)
        orders = np.asarray(made.meta()["order"])
        return Found(int((orders == 2).sum()), file_of(TimeFrequencyScattering))

    return read


def chirp_dimension(settings: GinSettings) -> Found:
    """Return the dimension of Section 3's JTFS vector (orders 0, 1 and 2, frames averaged)."""
    options = settings.options("jtfs", "Jtfs")
    sr = settings.value("chirps", "ChirpSynthesis.sr")
    n = round(sr * settings.value("chirps", "ChirpSynthesis.duration"))
    names = ("J", "Q", "J_fr", "Q_fr", "F")
    made = TimeFrequencyScattering(
        shape=n, T=round(sr * options["T_s"]), format="time", **{k: options[k] for k in names}
    )
    return Found(len(made.meta()["order"]), file_of(TimeFrequencyScattering))


def training_settings(settings: GinSettings, preset: str) -> TrainingSettings:
    """Return the settings of the training of the JTFS network."""
    options = settings.options("training+train_jtfs", "TrainingSettings", preset=preset)
    return TrainingSettings(**options)


def clips_per_epoch(preset: str) -> Read:
    """Return the reader of the training clips that one epoch sees on the real set."""

    def read(settings: GinSettings) -> Found:
        made = training_settings(settings, preset)
        steps = made.steps_per_epoch(sum(SUPPORTS["training"]))
        return Found(steps * made.batch_size, file_of(TrainingSettings))

    return read


def schedule_steps(preset: str) -> Read:
    """Return the reader of the steps that the schedule takes for an epoch; None: the true ones."""
    return lambda settings: Found(
        training_settings(settings, preset).schedule_steps, file_of(TrainingSettings)
    )


def largest_class_weight(settings: GinSettings) -> Found:
    """Return the weight of the smallest class, max N / min N over training clips."""
    supports = SUPPORTS["training"]
    labels = np.repeat(np.arange(len(supports)), supports)
    rule = settings.value("training", "TrainingSettings.class_weights")
    weights = class_weights(labels, n_classes=len(supports), rule=rule)
    return Found(round(float(weights.max()), 2), file_of(class_weights))


def optimiser(settings: GinSettings) -> Found:
    """Return the name of the optimiser, from the text of the training module.

    Importing the module would import Lightning, which takes longer than all verdicts.
    """
    file = "jtfs_repro/training/module.py"
    names = _OPTIMISER.findall(io.load_text(PROJECT / file))
    return Found(", ".join(dict.fromkeys(names)), file)


def loss_is_mean(settings: GinSettings) -> Found:
    """Return whether the loss is the weighted mean or the weighted sum, on two clips."""
    logits, labels, weights = torch.eye(2), torch.tensor([0, 1]), torch.tensor([1.0, 3.0])
    total, weight = weighted_loss(logits, labels, weights)
    mean = nn.functional.cross_entropy(logits, labels, weight=weights)
    word = "weighted mean" if torch.isclose(total / weight, mean) else "weighted sum"
    return Found(word, file_of(weighted_loss))


def phase_offset(settings: GinSettings) -> Found:
    """Return which phase our chirp has, from one sample: with the "-1" of the code, or without."""
    synthesis = ChirpSynthesis()
    grid = ChirpGrid(**_by_name(settings, "chirps", "ChirpGrid"))
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


def _by_name(settings: GinSettings, stage: str, prefix: str) -> dict[str, Any]:
    return settings.options(stage, prefix)


def descent_sign(settings: GinSettings) -> Found:
    """Return the sign with which a step along the gradient lowers the error of a small JTFS."""
    objective, point = _small_objective(settings)
    gradient = _gradient(objective, point)
    step = 1e-3 * point.norm() / gradient.norm() * gradient
    down, up = (objective.evaluate(point + s * step).squared_error for s in (-1, 1))
    return Found("minus" if down < up else "plus", file_of(Objective))


def gradient_error(settings: GinSettings) -> Found:
    """Return a bound on a derivative's relative error against a central difference, in float64."""
    objective, point = _small_objective(settings)
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


def _small_objective(settings: GinSettings) -> tuple[Objective, torch.Tensor]:
    """Return the error of noise against other noise, under a JTFS of 512 samples."""
    target, point = (
        torch.randn(1, 512, generator=_seeded(seed), dtype=torch.float64) for seed in (0, 1)
    )
    made = functools.partial(
        TimeFrequencyScattering, J=6, J_fr=3, Q=(4, 1), T=64, F=0, format="time"
    )
    return Objective(target, made), point


def absolute_paths(settings: GinSettings) -> Found:
    """Return how many gin files name an absolute path."""
    files = sorted(Path(settings.folder).rglob("*.gin"))
    found = [file for file in files if _ABSOLUTE.search(io.load_text(file))]
    return Found(len(found), "gin/")
