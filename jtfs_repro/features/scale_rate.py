r"""The scale–rate map of one sound: all responses :math:`|X * \Psi|`, and where energy lies.

A cell is one 2-D wavelet: a rate in Hz (temporal modulation), a scale in cycles/octave (modulation
along log-frequency), and a spin: +1 rising frequency (theta = -1 in the paper), -1 falling (theta =
+1), 0 for a low-pass. Energies are sums of squares of the un-averaged, un-decimated response; what
is drawn is smaller: the maximum over tiles of rows and samples, so that short events stay visible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import torch

from jtfs_repro import checks
from jtfs_repro.audio import Sound, to_mono
from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.scattering.responses import Cell, Response, Responses, nearest_cell

FINER = 4  # frames of the printed scalogram per frame of the responses
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


def scale_rate(
    sound: Sound,
    *,
    transform: Callable[..., TimeFrequencyScattering],
    max_frames: int = 128,
    max_rows: int = 64,
    max_samples: int = 1 << 20,
) -> ScaleRate:
    """Compute all responses of a sound; channels are averaged.

    ValueError: the sound is shorter than the longest wavelet, ``2**J`` samples, or than phi_t, or
    longer than `max_samples`.

    Parameters
    ----------
    max_frames, max_rows : int >= 1; size of the pictures: the maximum is taken over tiles of a
        power of two of samples and of a whole number of rows
    max_samples : int >= 1
        Longest sound; memory and time grow with it, and a picture of minutes shows nothing.
    """
    checks.integer("max_frames", max_frames, low=1, mistake="frames of a picture")
    checks.integer("max_rows", max_rows, low=1, mistake="rows of a picture")
    sound = to_mono(sound)
    if sound.n_samples > max_samples:
        rule = f"be <= {max_samples} ({max_samples / sound.sr:.3g} s)"
        checks.fail("n_samples", sound.n_samples, rule, "choose a part: --start and --duration")
    S = _made(transform, sound.n_samples)
    hop = 1 << max(0, (-(-sound.n_samples // max_frames) - 1).bit_length())
    tiles = _Tiles(
        frames=max(1, sound.n_samples // hop), hop=hop, group=-(-len(S.psi1) // max_rows)
    )
    fine_hop = max(1, hop // FINER)
    fine = _Tiles(frames=sound.n_samples // fine_hop, hop=fine_hop, group=1)
    x, sr = torch.from_numpy(sound.samples[0]), sound.sr
    # frames at least as fine as the picture's, whatever the wavelet
    made = [
        tiles.shrunk(response, len(S.psi1))
        for response in Responses(x, S, sr=sr, hop=hop, decimate=False)
    ]
    cells = [cell for cell, _, _ in made]
    scalogram = list(Responses(x, S, sr=sr, hop=fine_hop, decimate=False).scalogram())
    xi = np.array([psi.xi for psi in S.psi1])
    return ScaleRate(
        sr=sr,
        times_s=tiles.times(sr),
        frequencies_hz=tiles.centres(xi) * sr,
        scalogram=tiles.in_frequency(np.concatenate([tiles.in_time(r) for r in scalogram])),
        fine_times_s=fine.times(sr),
        fine_frequencies_hz=xi * sr,
        fine_scalogram=np.concatenate([fine.in_time(r) for r in scalogram]),
        rate_hz=np.array([cell.rate_hz for cell in cells]),
        scale_cpo=np.array([cell.scale_cpo for cell in cells]),
        spin=np.array([cell.spin for cell in cells]),
        energy=np.array([energy for _, energy, _ in made]),
        response=np.stack([image for _, _, image in made]),
    )


def part_of(
    sound: Sound, *, start_s: float | None = None, duration_s: float | None = None
) -> Sound:
    """Return a part of a sound; the default is from its beginning to its end.

    ValueError: the part begins beyond the end, or reaches beyond it.

    Examples
    --------
    >>> part_of(Sound(samples=np.ones((1, 8000)), sr=8000), start_s=0.25).n_samples
    6000
    """
    mistake = f"the sound lasts {sound.duration_s:.6g} s"
    start_s = checks.number("start", start_s or 0.0, low=0, high=sound.duration_s, mistake=mistake)
    rest = sound.duration_s - start_s
    if duration_s is None:
        duration_s = rest
    checks.number("duration", duration_s, above=0, high=rest, mistake=mistake)
    first = round(start_s * sound.sr)
    last = round((start_s + duration_s) * sound.sr)
    return replace(sound, samples=sound.samples[:, first:last])


def _made(transform: Callable[..., TimeFrequencyScattering], N: int) -> TimeFrequencyScattering:
    """Return the transform for N samples, after a look at a long one: short ones are refused."""
    model = transform(shape=max(N, 1 << 20))
    least = max(2**model.J, int(model.T))
    if least > N:
        rule = f"be >= {least} samples (J={model.J}, T={model.T:g})"
        checks.fail("n_samples", N, rule, "a longer sound, or a smaller J and T in the gin file")
    return model.for_length(N)


@dataclass(frozen=True, kw_only=True)
class _Tiles:
    """Tiles of ``hop`` samples and ``group`` rows; the last frame takes the rest of the sound."""

    frames: int
    hop: int
    group: int

    def times(self, sr: float) -> np.ndarray:
        """Return the centres of the frames in seconds."""
        return (np.arange(self.frames) + 0.5) * self.hop / sr

    def in_time(self, response: Response) -> np.ndarray:
        """Return the maximum over each frame [shape=(rows, frames)]."""
        frame = np.minimum(response.times // self.hop, self.frames - 1)
        starts = np.searchsorted(frame, np.arange(self.frames))
        return np.maximum.reduceat(response.values.numpy(), starts, axis=1)

    def in_frequency(self, rows: np.ndarray) -> np.ndarray:
        """Return the maximum over each group of rows."""
        return np.maximum.reduceat(rows, np.arange(0, len(rows), self.group), axis=0)

    def centres(self, xi: np.ndarray) -> np.ndarray:
        """Return the geometric mean of each group."""
        groups = np.split(xi, np.arange(self.group, len(xi), self.group))
        return np.array([np.exp(np.log(group).mean()) for group in groups])

    def shrunk(self, response: Response, n_rows: int) -> tuple[Cell, float, np.ndarray]:
        """Return the cell, its energy, and its picture with all rows."""
        image = self.in_time(response)
        image = np.pad(image, ((0, n_rows - len(image)), (0, 0)))
        assert response.cell is not None
        return response.cell, response.energy, self.in_frequency(image)
