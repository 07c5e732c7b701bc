"""The scale–rate figure: every 2-D wavelet, and its response to a chirp, a sine and a pulse."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import torch

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import chirp_sine_pulse
from jtfs_repro.features.filterbank import Wavelets2d, wavelets_2d
from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.scattering.responses import Cell, Responses


@dataclass(frozen=True, kw_only=True, eq=False)
class ScaleRateGrid:
    """Wavelets and responses, laid out alike: phi_t first, spin +1 above, phi_f in the middle.

    ``response`` [shape=(2 scales + 1, 1 + rates, n1, frames)] holds un-averaged moduli, 0 on rows
    that a rate cannot reach; with phi_t both spins are equal. Frequencies go from high to low.
    """

    wavelets: Wavelets2d
    response: np.ndarray
    times_s: np.ndarray
    frequencies_hz: np.ndarray


def scale_rate_grid(
    *,
    transform: Callable[..., TimeFrequencyScattering],
    sr: float = 4096.0,
    n_samples: int = 4096,
    excluded_n2: Collection[int] = (3, 4),
    hop: int = 8,
    crop: float = 1.8,
) -> ScaleRateGrid:
    """Return wavelets and responses of the chirp–sine–pulse signal.

    ``excluded_n2`` are second-order wavelets that are left out (the fastest), ``hop`` the samples
    (a power of two) between two frames of the responses; nothing is averaged. ValueError: no
    second-order wavelet is left, or a setting is out of its range.
    """
    checks.number("crop", crop, low=1, mistake="the largest support is divided by it")
    S = transform(shape=n_samples)
    x = torch.from_numpy(chirp_sine_pulse(n_samples=n_samples, sr=sr))
    responses = Responses(x, S, sr=sr, hop=hop)
    chosen = [cell for cell in responses.cells if cell.n2 not in excluded_n2]
    if all(cell.n2 is None for cell in chosen):
        rule = "leave at least one second-order wavelet"
        checks.fail("excluded_n2", sorted(excluded_n2), rule, f"there are {len(S.psi2)}")
    made = list(responses.of(chosen))
    images = {r.cell: r.values.numpy() for r in made if r.cell is not None}
    wavelets = wavelets_2d(S, sr=sr, chosen=chosen, crop=crop)
    return ScaleRateGrid(
        wavelets=wavelets,
        response=_laid_out(images, wavelets, len(S.psi1)),
        times_s=made[0].times / sr,
        frequencies_hz=np.array([psi.xi for psi in S.psi1]) * sr,
    )


def _laid_out(images: dict[Cell, np.ndarray], wavelets: Wavelets2d, rows: int) -> np.ndarray:
    """Return the responses [shape=(grid rows, grid columns, rows, frames)]."""
    scales = wavelets.scales_cpo
    places = {(s, 1): i for i, s in enumerate(reversed(scales))}
    places |= {(s, -1): len(scales) - 1 + i for i, s in enumerate(scales)}
    frames = next(iter(images.values())).shape[-1]
    grid = np.zeros((2 * len(scales) - 1, len(wavelets.rates_hz), rows, frames))
    for cell, image in images.items():
        column = wavelets.rates_hz.index(cell.rate_hz)
        for spin in (cell.spin,) if cell.spin else (1, -1):
            grid[places[cell.scale_cpo, spin], column, : len(image)] = image
    return grid
