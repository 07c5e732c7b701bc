r"""How the padding of the time axis leaks one spin into the other, on a rising chirp.

Reflection turns a chirp that rises up to the border into one that falls beyond it. A wavelet that
reaches across the border sees both, and at the border itself the two spins are equal. Zeros have no
direction, but the chirp then ends in a click, which has none either and belongs to both spins.

Energies are sums of squares over the second-order paths of one spin. A path keeps one row in
``2**j_fr`` and one frame in `stride` samples; its squares are multiplied by both, so that every
path counts as if nothing had been left out. Signals have unit L2 norm; 0 dB is their energy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import ChirpSynthesis, time_axis
from jtfs_repro.provenance import Stamp
from jtfs_repro.scattering import TimeFrequencyScattering

SIGNALS = ("full", "faded")  # constant up to both borders; a Hann window over the whole duration
PAD_MODES = ("reflect", "zero", "conj-reflect")
SPINS = {"plus": 1, "minus": -1}
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SpinLeak:
    """Rows of two tables: one row per signal and option, and one per output frame of each."""

    summary: list[Row]
    frames: list[Row]


def spin_leak(
    *,
    stamp: Stamp,
    sr: float,
    duration: float,
    f_c_hz: float,
    gamma_oct_per_s: float,
    transform: Callable[..., TimeFrequencyScattering],
    pad_modes: Sequence[str] = PAD_MODES,
    border_share: float = 0.25,
) -> SpinLeak:
    """Measure both spins of a rising chirp under every way of padding, ``analytic`` off and on.

    ``f_c_hz`` is reached at the middle of the signal; ``transform`` must average over time locally;
    ``border_share`` of the frames, at each end, count as border. Result: SpinLeak; ``summary``:
    signal, pad_mode, analytic, energy of spin +1 and of spin -1 over all frames (dB), and spin -1
    over spin +1 (dB) over all frames, the border and the rest. ``frames``: the same energies and
    ratio per frame, with its time, and the frequency and amplitude of the chirp there (amplitude 1
    at the peak). ValueError: the chirp reaches the Nyquist frequency, the transform sums over all
    time, or a setting is out of its range.
    """
    axis = ChirpSynthesis(sr=sr, duration=duration)
    checks.number("f_c_hz", f_c_hz, above=0, mistake="Hz")
    checks.number("gamma_oct_per_s", gamma_oct_per_s, above=0, mistake="only rising chirps")
    checks.number("border_share", border_share, above=0, mistake="share of the frames, at each end")
    if border_share >= 0.5:
        checks.fail("border_share", border_share, "be < 0.5", "share of the frames, at each end")
    chirp = _Chirp(f_c_hz=f_c_hz, gamma_oct_per_s=gamma_oct_per_s, axis=axis)
    x = torch.from_numpy(np.stack([chirp.signal(name) for name in SIGNALS]))
    table = SpinLeak(summary=[], frames=[])
    for pad_mode, analytic in product(pad_modes, (False, True)):
        jtfs = transform(
            shape=axis.n_samples, F=0, format="time", pad_mode=pad_mode, analytic=analytic
        )
        for name, energy in zip(SIGNALS, spin_energies(x, jtfs), strict=True):
            option = {"signal": name, "pad_mode": pad_mode, "analytic": analytic}
            is_border = _border(energy.shape[-1], border_share)
            table.summary.append({**option, **_summary(energy, is_border), **stamp.as_dict()})
            frames = _frames(energy, is_border, chirp, name, frame_times(jtfs, sr))
            table.frames.extend({**option, **frame, **stamp.as_dict()} for frame in frames)
    order = [(name, mode) for name in SIGNALS for mode in pad_modes]
    for rows in (table.summary, table.frames):
        rows.sort(key=lambda row: order.index((row["signal"], row["pad_mode"])))
    return table


@dataclass(frozen=True, kw_only=True)
class _Chirp:
    """``sin(phase)`` with instantaneous frequency ``f_c * 2**(gamma * t)``, t = 0 in the middle.

    The carrier of Eq. (5) without its amplitude modulation, which alone puts energy into both
    spins, and without its window, which ends long before the border.
    """

    f_c_hz: float
    gamma_oct_per_s: float
    axis: ChirpSynthesis

    def __post_init__(self) -> None:
        top, nyquist = float(self.frequency_hz(self.axis.duration / 2)), self.axis.sr / 2
        if top >= nyquist:
            rule = f"keep the last frequency, {top:g} Hz, below Nyquist ({nyquist:g} Hz)"
            checks.fail("f_c_hz", self.f_c_hz, rule, "raise sr or lower f_c_hz or gamma_oct_per_s")

    def frequency_hz(self, t: Any) -> Any:
        return self.f_c_hz * np.exp2(self.gamma_oct_per_s * t)

    def amplitude(self, name: str, t: np.ndarray) -> np.ndarray:
        is_faded = name == "faded"
        return np.cos(np.pi * t / self.axis.duration) ** 2 if is_faded else np.ones_like(t)

    def signal(self, name: str) -> np.ndarray:
        t = time_axis(self.axis)
        rate = np.log(2) * self.gamma_oct_per_s
        x = self.amplitude(name, t) * np.sin(2 * np.pi * self.f_c_hz / rate * np.expm1(rate * t))
        return x / np.linalg.norm(x)


def spin_energies(x: torch.Tensor, jtfs: TimeFrequencyScattering) -> np.ndarray:
    """Return the second-order energies of spin +1 and spin -1 [shape=(n, 2, frames)].

    The transform has ``F=0`` and ``format='time'``. ValueError: it has no frames.
    """
    if jtfs.average != "local":
        checks.fail("T", "global", "be a number of samples", "one frame has no border")
    with torch.inference_mode():
        S = jtfs(x).numpy()
    meta = jtfs.meta()
    weight = np.where(meta["order"] == 2, np.exp2(np.nan_to_num(meta["j_fr"])), 0) * jtfs.stride
    chosen = [weight * (meta["spin"] == spin) for spin in SPINS.values()]
    return np.einsum("sc,nct->nst", np.stack(chosen), S**2)


def frame_times(jtfs: TimeFrequencyScattering, sr: float) -> np.ndarray:
    """Return the centres of the frames in seconds; 0 is the middle of the signal."""
    # frames stand at multiples of the stride, counted from the first sample of the padding
    first = -jtfs.pad_left % jtfs.stride
    return (first + jtfs.stride * np.arange(jtfs.frames) - jtfs.shape[0] // 2) / sr


def _border(n_frames: int, share: float) -> np.ndarray:
    """Return which frames are border; at least one at each end and one between them."""
    n = max(1, round(share * n_frames))
    if 2 * n >= n_frames:
        checks.fail("n_frames", n_frames, f"be > {2 * n}", "lower the stride or border_share")
    position = np.arange(n_frames)
    return (position < n) | (position >= n_frames - n)


def _summary(energy: np.ndarray, is_border: np.ndarray) -> Row:
    parts = {"": slice(None), "_border": is_border, "_inner": ~is_border}
    sums = {part: energy[:, chosen].sum(-1) for part, chosen in parts.items()}
    levels = {f"spin_{name}_db": _db(e) for name, e in zip(SPINS, sums[""], strict=True)}
    ratios = {f"ratio{part}_db": _db(minus / plus) for part, (plus, minus) in sums.items()}
    return {**levels, **ratios, "n_frames": len(is_border), "n_border_frames": sum(is_border)}


def _frames(
    energy: np.ndarray, is_border: np.ndarray, chirp: _Chirp, name: str, times_s: np.ndarray
) -> list[Row]:
    columns = {
        "time_s": times_s,
        "frequency_hz": chirp.frequency_hz(times_s),
        "amplitude": chirp.amplitude(name, times_s),
        "spin_plus_db": _db(energy[0]),
        "spin_minus_db": _db(energy[1]),
        "ratio_db": _db(energy[1] / energy[0]),
        "is_border": is_border,
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _db(energy: Any) -> Any:
    """Return decibels to a thousandth: the table is the same on every machine."""
    return np.round(10 * np.log10(energy), 3) + 0.0  # no negative zero
