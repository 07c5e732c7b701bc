"""Recover a bank of wavelets from its coefficients alone: `python -m tools.recover_bank`.

A bank whose wavelets were moved is the truth: centre frequencies by up to 0.15 octave, bandwidths
down by up to 0.3 octave (as far as the bounds let them). A learnable transform that begins with the
default bank sees the coefficients of a few noises under the true bank, nothing else, and is fitted
to them by Adam.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from jtfs_repro.scattering import Scattering1D


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Median relative errors over the wavelets, of xi, sigma and Q = xi / sigma."""

    before: dict[str, float]
    after: dict[str, float]
    seconds: float


def recover(
    *, J: int, Q: int, N: int, signals: int, steps: int, rate: float, seed: int
) -> Recovery:
    """Fit the first-order bank of ``Scattering1D(J, N, Q)`` to that of a moved one.

    steps, rate : of Adam, which goes down to 0 along half a cosine
    """
    rng = torch.Generator().manual_seed(seed)
    truth, learner = (
        Scattering1D(J, N, Q, T=64, max_order=1, learnable=("psi1",)) for _ in range(2)
    )
    with torch.no_grad():
        log2_xi, log2_sigma = truth.parameters()
        log2_xi.uniform_(-0.15, 0.15, generator=rng)
        log2_sigma.uniform_(-0.3, 0, generator=rng)
    true = _geometry(truth)
    x = torch.randn(signals, N, generator=rng, dtype=torch.float64)
    target = truth.fixed()(x)
    optimiser = torch.optim.Adam(learner.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    before, start = _errors(learner, true), time.perf_counter()
    for _ in range(steps):
        optimiser.zero_grad()
        loss = ((learner(x) - target) / target.mean((0, 2), keepdim=True)).square().mean()
        loss.backward()
        optimiser.step()
        schedule.step()
    seconds = time.perf_counter() - start
    return Recovery(before=before, after=_errors(learner, true), seconds=seconds)


def _geometry(S: Scattering1D) -> dict[str, Tensor]:
    xi, sigma = (
        torch.tensor([getattr(psi, field) for psi in S.psi1], dtype=torch.float64)
        for field in ("xi", "sigma")
    )
    return {"xi": xi, "sigma": sigma, "Q": xi / sigma}


def _errors(S: Scattering1D, true: dict[str, Tensor]) -> dict[str, float]:
    now = _geometry(S)
    return {name: float((now[name] / true[name] - 1).abs().median()) for name in true}


def main() -> None:
    """Print the errors before and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    found = recover(J=6, Q=8, N=2048, signals=8, steps=args.steps, rate=0.02, seed=args.seed)
    for name in found.before:
        print(f"{name}: median relative error {found.before[name]:.2g} -> {found.after[name]:.2g}")
    print(f"{args.steps} steps, {found.seconds:.1f} s")


if __name__ == "__main__":
    main()
