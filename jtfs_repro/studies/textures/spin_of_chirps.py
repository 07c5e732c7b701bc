"""Which spin the energy of signals falls on: made chirps, a sine, a pulse, and sounds.

By theory a rising frequency falls on spin +1 (theta = -1 in the paper) and a falling one on spin -1
(theta = +1); what has no direction, a sine or a pulse, falls on both alike. Reversing time swaps
the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jtfs_repro import checks
from jtfs_repro.audio import Sound
from jtfs_repro.features.scale_rate import ScaleRate, decibels
from jtfs_repro.provenance import Stamp

SPIN_DB = 3.0  # a direction: twice the energy of the other spin; less is none
EXPECTED: Mapping[str, int] = {
    "up_chirp": 1,
    "down_chirp": -1,
    "sine": 0,
    "pulse": 0,
    "am_chirp": 1,
    "dizi": -1,
    "gull": -1,
    "hawk": 1,
}
LOW_SHARE, HIGH_SHARE = 1 / 64, 1 / 4  # ends of the chirp as shares of the sample rate
Row = dict[str, Any]


def spin_of_chirps(
    sounds: Mapping[str, ScaleRate],
    *,
    stamp: Stamp,
    picture: Callable[[Sound], ScaleRate],
    sr: float,
    n_samples: int,
    expected: Mapping[str, int] = EXPECTED,
) -> list[Row]:
    """Tabulate the energies of both spins, of made signals and then of ``sounds``.

    ``expected`` is the spin that theory says. Columns: ratio_db (energy of spin +1 over that of
    spin -1, all rates and scales together), rate_hz, scale_cpo and ratio_best_db of the strongest
    directional wavelet, share_plus_db and share_minus_db (energy of each spin, over that of all
    wavelets but phi_t), holds ('yes', 'no', or empty where nothing is expected): the ratio is at
    least 3 dB on the side expected, or less than 3 dB either way where none is.
    """
    checks.integer("n_samples", n_samples, low=64, mistake="samples")
    checks.number("sr", sr, above=0, mistake="sample rate in Hz")
    for name, spin in expected.items():
        checks.choice(f"expected[{name!r}]", spin, (-1, 0, 1))
    made = {name: picture(sound) for name, sound in made_signals(sr, n_samples).items()}
    table = {**made, **sounds}
    return [
        {"signal": name, **_row(result, expected.get(name)), **stamp.as_dict()}
        for name, result in table.items()
    ]


def made_signals(sr: float, n_samples: int) -> dict[str, Sound]:
    """Return four signals of RMS 0.1: a rising chirp, its reversal, a sine, and a pulse.

    The chirp is exponential over four octaves, under a Hann window. The sine has 16 samples per
    period; the pulse, one sample, stands in the middle.
    """
    t = np.arange(n_samples) / n_samples
    rate = np.log(HIGH_SHARE / LOW_SHARE)
    phase = 2 * np.pi * LOW_SHARE * n_samples / rate * np.expm1(rate * t)
    up = np.sin(phase) * np.sin(np.pi * (np.arange(n_samples) + 0.5) / n_samples) ** 2
    sine = np.cos(2 * np.pi * (np.arange(n_samples) + 0.5) / 16)
    pulse = np.where(np.arange(n_samples) == n_samples // 2, 1.0, 0.0)
    signals = {"up_chirp": up, "down_chirp": up[::-1], "sine": sine, "pulse": pulse}
    return {
        name: Sound(samples=(0.1 * x / np.sqrt(np.mean(x**2)))[None], sr=sr)
        for name, x in signals.items()
    }


def _row(result: ScaleRate, expected: int | None) -> Row:
    rate, scale = result.strongest_pair()
    ratio = result.spin_ratio_db()
    moving = result.energy[result.rate_hz > 0].sum()
    shares = [decibels(result.energy[result.spin == spin].sum(), moving) for spin in (1, -1)]
    return {
        "expected_spin": expected,
        "ratio_db": ratio,
        "rate_hz": rate,
        "scale_cpo": scale,
        "ratio_best_db": result.spin_ratio_db(rate_hz=rate, scale_cpo=scale),
        "share_plus_db": shares[0],
        "share_minus_db": shares[1],
        "holds": "" if expected is None else _holds(ratio, expected),
    }


def _holds(ratio_db: float, expected: int) -> str:
    holds = abs(ratio_db) < SPIN_DB if expected == 0 else ratio_db * expected >= SPIN_DB
    return "yes" if holds else "no"
