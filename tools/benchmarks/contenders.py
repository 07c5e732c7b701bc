"""The programs that are compared, in one table: to add one, write a function and a line.

A contender builds its program from a configuration. Its libraries are imported when it does, so
that reading this file needs the standard library alone.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.benchmarks.configurations import Configuration

if TYPE_CHECKING:
    from torch import Tensor

OWN, PEER = "own", "peer"  # interpreters: the project's, and that of `make peers`


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is timed.

    Parameters
    ----------
    call : callable
        Maps a batch of signals [shape=(B, N)] to the output.
    objective : callable
        Maps the output to the scalar that training differentiates.
    transform : object
        With a method ``plan(batch=, grad=)`` if it can tell what it must compute.
    """

    call: Callable[[Tensor], Tensor]
    objective: Callable[[Tensor], Tensor]
    transform: Any = None


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A program and where it runs.

    Parameters
    ----------
    name, label : str
        For options and for tables.
    interpreter : {'own', 'peer'}
    build : callable
        ``build(configuration, x)`` returns the `Program` for inputs like `x`.
    peer : str
        The name in ``--peers`` that asks for it; empty: always there.
    more_repeats : int
        Factor on the repetitions, for programs whose calls differ.
    distribution : str
        The installed package whose version tells which program it is.
    """

    name: str
    label: str
    interpreter: str
    build: Callable[[Configuration, Tensor], Program]
    peer: str = ""
    more_repeats: int = 1
    distribution: str = ""


def _energy(y: Tensor) -> Tensor:
    return y.square().sum()


def _itself(loss: Tensor) -> Tensor:
    return loss


def _our_transform(configuration: Configuration) -> Any:
    from jtfs_repro.scattering import TimeFrequencyScattering

    return TimeFrequencyScattering(**configuration.arguments())


def build_ours(configuration: Configuration, x: Tensor) -> Program:
    """Return the transform of this project."""
    S = _our_transform(configuration).to(x.device)
    return Program(call=S, objective=_energy, transform=S)


def _import_scrapl() -> Any:
    """Import SCRAPL, which puts its copy of Kymatio on the path; quietly."""
    os.environ.setdefault("LOGLEVEL", "WARNING")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import scrapl  # pyright: ignore[reportMissingImports]
    return scrapl


def build_kymatio(configuration: Configuration, x: Tensor) -> Program:
    """Return the transform of Kymatio's development line."""
    _import_scrapl()
    from kymatio.torch import (  # pyright: ignore[reportMissingImports]
        TimeFrequencyScattering,
    )

    S = TimeFrequencyScattering(**configuration.arguments()).to(x.device)
    return Program(call=S, objective=_energy)


def _target(x: Tensor) -> Tensor:
    """Return other signals of the same kind: those of `x`, turned round in time."""
    return x.detach().flip(-1)


def build_our_loss(configuration: Configuration, x: Tensor) -> Program:
    """Return the squared distance of all coefficients, both signals transformed at each step."""
    S = _our_transform(configuration).to(x.device)
    target = _target(x)

    def loss(x: Tensor) -> Tensor:
        return (S(x) - S(target)).square().sum()

    return Program(call=loss, objective=_itself)


def build_our_cached_loss(configuration: Configuration, x: Tensor) -> Program:
    """Return the squared distance of all coefficients, those of the target kept."""
    S = _our_transform(configuration).to(x.device)
    target = S(_target(x))

    def loss(x: Tensor) -> Tensor:
        return (S(x) - target).square().sum()

    return Program(call=loss, objective=_itself)


def build_scrapl(c: Configuration, x: Tensor) -> Program:
    """Return SCRAPL's distance along one random path, without its optimisers' bookkeeping."""
    SCRAPLLoss = _import_scrapl().SCRAPLLoss
    octaves = {"J": c.J, "Q1": c.Q[0], "Q2": c.Q[1], "J_fr": c.J_fr, "Q_fr": c.Q_fr}
    plain = {"grad_mult": 1.0, "use_p_adam": False, "use_p_saga": False}
    distance = SCRAPLLoss(shape=c.n_samples, T=c.T, F=c.F, **octaves, **plain).to(x.device)
    target = _target(x)[:, None]

    def loss(x: Tensor) -> Tensor:
        return distance(x[:, None], target)

    return Program(call=loss, objective=_itself)


_TRANSFORMS = (
    Contender(name="ours", label="ours", interpreter=OWN, build=build_ours),
    Contender(
        name="kymatio",
        label="Kymatio",
        interpreter=PEER,
        build=build_kymatio,
        peer="kymatio",
        distribution="scrapl-loss",  # Kymatio 0.4.dev is in it
    ),
)
_LOSSES = (
    Contender(
        name="our_loss_cached",
        label="exact, target's coefficients kept",
        interpreter=OWN,
        build=build_our_cached_loss,
    ),
    Contender(
        name="our_loss",
        label="exact, both computed",
        interpreter=OWN,
        build=build_our_loss,
    ),
    Contender(
        name="scrapl",
        label="SCRAPL, one random path",
        interpreter=PEER,
        build=build_scrapl,
        peer="scrapl",
        more_repeats=5,
        distribution="scrapl-loss",
    ),
)
BY_STUDY = {"transform": _TRANSFORMS, "loss": _LOSSES}
CONTENDERS = {c.name: c for c in (*_TRANSFORMS, *_LOSSES)}
PEERS = tuple(c.peer for c in CONTENDERS.values() if c.peer)
