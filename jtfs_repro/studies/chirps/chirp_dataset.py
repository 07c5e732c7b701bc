"""The chirp data set of Section 3: a grid of parameters and one signal per grid point."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from jtfs_repro.datasets.chirps import (
    ChirpGrid,
    ChirpSynthesis,
    chirps,
    grid_parameters,
    rows_from_theta,
)


@dataclass(frozen=True, kw_only=True)
class ChirpSet:
    """Signals [shape=(n, N)], float32, and theta [shape=(n, 3)]: f_c, f_m (Hz), gamma (oct/s)."""

    chirps: np.ndarray
    theta: np.ndarray
    grid: ChirpGrid
    synthesis: ChirpSynthesis

    def rows(self) -> list[dict[str, float]]:
        """Return the table of parameters: index, f_c_hz, f_m_hz, gamma_oct_per_s."""
        return rows_from_theta(self.theta)

    def facts(self) -> dict[str, object]:
        """Return what a later stage must know: sizes, sample rate, settings."""
        n, n_samples = self.chirps.shape
        return {
            "n_chirps": n,
            "n_samples": n_samples,
            "sr": self.synthesis.sr,
            "grid": asdict(self.grid),
            "synthesis": asdict(self.synthesis),
        }


def chirp_dataset(*, grid: ChirpGrid, synthesis: ChirpSynthesis) -> ChirpSet:
    """Synthesise the chirps of a grid, ``f_c`` slowest and ``gamma`` fastest.

    Holds ``n * N * 4`` bytes of samples: 64 MiB at demo, 512 MiB at paper scale. ValueError: a
    chirp of the grid would alias.
    """
    theta = grid_parameters(grid)
    return ChirpSet(
        chirps=chirps(theta, synthesis=synthesis), theta=theta, grid=grid, synthesis=synthesis
    )
