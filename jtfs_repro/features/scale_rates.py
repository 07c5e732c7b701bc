r"""The scale–rate map of one sound: rate, scale, spin and energy of each cell, and its picture.

A cell is one 2-D wavelet: a rate in Hz (temporal modulation), a scale in cycles/octave (modulation
along log-frequency), and a spin: +1 rising frequency (theta = -1 in the paper), -1 falling (theta =
+1), 0 where a low-pass leaves no direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

from jtfs_repro import checks
from jtfs_repro.scattering.responses import Cell, nearest_cell

SPIN_NAMES = {1: "rising", -1: "falling"}
THETA = {1: -1, -1: 1}  # the paper's sign of our spin

CELL_FIELDS = ("rate_hz", "scale_cpo", "spin", "energy", "response")


@dataclass(frozen=True, kw_only=True, eq=False)
class ScaleRate:
    """Scalogram and responses of one sound, with their axes."""

    sr: float  # of the sound, Hz
    times_s: np.ndarray  # [shape=(frames,)] centres, from the first sample
    frequencies_hz: np.ndarray  # [shape=(rows,)], from high to low
    scalogram: np.ndarray  # [shape=(rows, frames)], the largest |x * psi_n1| in each tile
    fine_times_s: np.ndarray  # this and the next two: the same on finer tiles, for printing
    fine_frequencies_hz: np.ndarray
    fine_scalogram: np.ndarray
    rate_hz: np.ndarray  # [shape=(cells,)], 0: phi_t
    scale_cpo: np.ndarray  # [shape=(cells,)], 0: phi_f
    spin: np.ndarray  # [shape=(cells,)], int
    energy: np.ndarray  # [shape=(cells,)], squares summed over all rows and samples
    response: np.ndarray  # [shape=(cells, rows, frames)], the largest |X * Psi|; 0 out of reach

    def __post_init__(self) -> None:
        object.__setattr__(self, "sr", float(self.sr))
        image = (len(self.frequencies_hz), len(self.times_s))
        expected = {
            "scalogram": image,
            "fine_scalogram": (len(self.fine_frequencies_hz), len(self.fine_times_s)),
            "response": (len(self.rate_hz), *image),
            **dict.fromkeys(CELL_FIELDS[1:4], self.rate_hz.shape),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                checks.fail(f"{name}.shape", found, f"be {shape}")

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields, to be stored under their names."""
        return {name: np.asarray(value) for name, value in asdict(self).items()}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> ScaleRate:
        """Return what :meth:`arrays` gave; ``ValueError`` names an array that is missing."""
        for field in fields(cls):
            if field.name not in arrays:
                checks.fail("arrays", sorted(arrays), f"hold {field.name}", "another .npz file?")
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})  # pyright: ignore

    @property
    def rates_hz(self) -> np.ndarray:
        """Rates of the wavelets, from low to high; phi_t is not among them."""
        return np.unique(self.rate_hz[self.rate_hz > 0])

    @property
    def scales_cpo(self) -> np.ndarray:
        """Scales of the wavelets, from low to high; phi_f is not among them."""
        return np.unique(self.scale_cpo[self.scale_cpo > 0])

    def index(self, *, rate_hz: float, scale_cpo: float, spin: int = 0) -> int:
        """Return the cell next to a rate and a scale, see :func:`nearest_cell`."""
        table = [
            Cell(None, c, float(rate), float(scale), int(s))
            for c, (rate, scale, s) in enumerate(
                zip(self.rate_hz, self.scale_cpo, self.spin, strict=True)
            )
        ]
        return nearest_cell(table, rate_hz=rate_hz, scale_cpo=scale_cpo, spin=spin).n_fr

    def of_pair(self, rate_hz: float, scale_cpo: float, spin: int) -> np.ndarray:
        """Return the response of one cell [shape=(rows, frames)]."""
        return self.response[self.index(rate_hz=rate_hz, scale_cpo=scale_cpo, spin=spin)]

    def grid(self) -> np.ndarray:
        """Return the cells as they are drawn [shape=(2 scales + 1, 1 + rates)].

        Columns: phi_t, then rates from low to high. Rows: spin +1 with scales from high to low,
        phi_f, spin -1 with scales from low to high. The cells of phi_t stand in both halves.
        """
        scales = self.scales_cpo
        rows = [*((s, 1) for s in scales[::-1]), (0.0, 0), *((s, -1) for s in scales)]
        return np.array(
            [
                [
                    self.index(rate_hz=rate, scale_cpo=scale, spin=spin if rate else 0)
                    for rate in (0.0, *self.rates_hz)
                ]
                for scale, spin in rows
            ]
        )

    def strongest_pair(self) -> tuple[float, float]:
        """Return the rate (Hz) and the scale (cycles/octave) of the strongest directional cell."""
        directional = np.where(self.spin != 0, self.energy, -1.0)
        cell = int(directional.argmax())
        return float(self.rate_hz[cell]), float(self.scale_cpo[cell])

    def spin_ratio_db(
        self, *, rate_hz: float | None = None, scale_cpo: float | None = None
    ) -> float:
        """Return energy(+1) over energy(-1) in dB, of one (rate, scale) or of all together."""
        if rate_hz is None or scale_cpo is None:
            up, down = (self.energy[self.spin == spin].sum() for spin in (1, -1))
        else:
            cells = [
                self.index(rate_hz=rate_hz, scale_cpo=scale_cpo, spin=spin) for spin in (1, -1)
            ]
            up, down = self.energy[cells]
        return decibels(up, down)


def decibels(energy: float, reference: float) -> float:
    """Return ``10 log10(energy / reference)`` to a thousandth; NaN where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.round(10 * np.log10(np.float64(energy) / reference), 3)) + 0.0
