"""Synthetic bird calls: series of gliding harmonic notes over the noise of sea or wind.

A sound shorter than the phrase is its beginning; a longer one repeats it, with other draws of
pitch, level and timing each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jtfs_repro import checks
from jtfs_repro.datasets.texture_notes import (
    Timbre,
    envelope,
    glide,
    harmonic_note,
    with_background,
)


@dataclass(frozen=True, kw_only=True)
class Series:
    """Equal notes at equal distances.

    Parameters
    ----------
    onset_s : float >= 0; start of the first note
    count : int >= 1; number of notes
    period_s : float > 0; distance of onsets; at least ``duration_s``
    duration_s : float > 0; duration of each note
    f_start_hz, f_end_hz : float > 0; frequency of the fundamental at the ends of each note
    drift : float > 0; pitch of the last note relative to the first
    """

    onset_s: float
    count: int
    period_s: float
    duration_s: float
    f_start_hz: float
    f_end_hz: float
    drift: float = 1.0

    def __post_init__(self) -> None:
        checks.number("onset_s", self.onset_s, low=0, mistake="seconds")
        checks.integer("count", self.count, low=1)
        checks.number("duration_s", self.duration_s, above=0, mistake="seconds")
        mistake = "shorter than duration_s: notes overlap"
        checks.number("period_s", self.period_s, low=self.duration_s, mistake=mistake)
        checks.number("f_start_hz", self.f_start_hz, above=0, mistake="Hz")
        checks.number("f_end_hz", self.f_end_hz, above=0, mistake="Hz")
        checks.number("drift", self.drift, above=0, mistake="a ratio of frequencies")


@dataclass(frozen=True, kw_only=True)
class Calls:
    """Series of gliding harmonic calls over coloured noise.

    Parameters
    ----------
    series : tuple of Series; the time line
    timbre : Timbre; spectrum of all notes
    phrase_s : float > 0; after this time the time line starts again
    attack_s : float > 0; rise of the envelope
    release : float in (0, 1]; fall of the envelope, as a share of the note
    curve : float > 0
        The pitch moves as ``(t / duration_s)**curve`` in octaves; above 1 it starts slowly.
    pitch_spread, timing_spread : float in [0, 0.3]
        Largest relative deviation of a note's pitch, and of its onset in periods.
    level_spread_db : float >= 0; largest deviation of a note's level
    background_db, background_db_per_oct : float
        RMS of the noise relative to that of the calls, and its slope above 60 Hz.
    """

    title: ClassVar[str] = "calls"
    sr: ClassVar[int] = 22_050
    n_samples: ClassVar[int] = 1 << 16
    series: tuple[Series, ...]
    timbre: Timbre
    phrase_s: float = 2.97
    attack_s: float = 0.012
    release: float = 0.35
    curve: float = 1.0
    pitch_spread: float = 0.04
    timing_spread: float = 0.04
    level_spread_db: float = 2.0
    background_db: float = -11.0
    background_db_per_oct: float = -3.0

    def __post_init__(self) -> None:
        if not self.series:
            checks.fail("series", self.series, "hold at least one Series")
        for name in ("phrase_s", "attack_s", "curve"):
            checks.number(name, getattr(self, name), above=0)
        checks.number("release", self.release, above=0, high=1, mistake="a share of the note")
        for name in ("pitch_spread", "timing_spread"):
            checks.number(name, getattr(self, name), low=0, high=0.3, mistake="a share")
        checks.number("level_spread_db", self.level_spread_db, low=0)
        checks.number("background_db", self.background_db, high=20, mistake="dB below the calls")
        checks.number("background_db_per_oct", self.background_db_per_oct, high=0)

    def waveform(self, *, sr: float, n_samples: int, seed: int) -> np.ndarray:
        """Return calls and background [shape=(n_samples,)], float64.

        ValueError: a partial reaches the Nyquist frequency, or no note falls into the sound.
        """
        y = np.zeros(n_samples)
        for start_s, note in self._notes(n_samples / sr, seed, sr):
            start = max(0, round(start_s * sr))
            y[start : start + len(note)] += note[: max(0, n_samples - start)]
        return with_background(
            y, level_db=self.background_db, tilt=self.background_db_per_oct, sr=sr, seed=seed
        )

    def _notes(self, end_s: float, seed: int, sr: float) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the onset in seconds and the samples of each note that starts before ``end_s``."""
        for phrase in range(int(np.ceil(end_s / self.phrase_s))):
            for line, series in enumerate(self.series):
                for number in range(series.count):
                    rng = np.random.default_rng([seed, phrase, line, number])
                    timing = rng.uniform(-1, 1) * self.timing_spread
                    start_s = series.onset_s + series.period_s * (number + timing)
                    start_s += phrase * self.phrase_s
                    if start_s < end_s:
                        yield start_s, self._note(series, number, sr, rng)

    def _note(self, series: Series, number: int, sr: float, rng: np.random.Generator) -> np.ndarray:
        pitch, level = rng.uniform(-1, 1, 2)
        n = round(series.duration_s * sr)
        drift = series.drift ** (number / max(series.count - 1, 1))
        f_hz = glide(n, series.f_start_hz, series.f_end_hz, self.curve)
        f_hz *= drift * (1 + pitch * self.pitch_spread)
        shape = envelope(n, attack=round(self.attack_s * sr), release=round(self.release * n))
        note = harmonic_note(f_hz, shape, timbre=self.timbre, sr=sr, rng=rng)
        return note * 10 ** (level * self.level_spread_db / 20)


GULL = Timbre(
    n_partials=8,
    tilt_db_per_oct=-4.0,
    resonances_hz=(1700.0, 3300.0),
    resonance_db=7.0,
    resonance_oct=0.3,
    breath_db=-20.0,
    jitter=0.006,
)


@dataclass(frozen=True, kw_only=True)
class Gull(Calls):
    """In the manner of a laughing gull: two long falling cries, then a run of short ones; sea."""

    title: ClassVar[str] = "Gull-like falling calls"
    series: tuple[Series, ...] = (
        Series(onset_s=0.12, count=2, period_s=0.6, duration_s=0.42, f_start_hz=1000, f_end_hz=550),
        Series(
            onset_s=1.34,
            count=10,
            period_s=0.155,
            duration_s=0.12,
            f_start_hz=1000,
            f_end_hz=720,
            drift=0.92,
        ),
    )
    timbre: Timbre = GULL
    curve: float = 1.3


HAWK = Timbre(
    n_partials=4, tilt_db_per_oct=-5.0, resonances_hz=(3800.0,), resonance_db=5.0, breath_db=-22.0
)


@dataclass(frozen=True, kw_only=True)
class Hawk(Calls):
    """In the manner of a goshawk: rising calls, about five per second; wind."""

    title: ClassVar[str] = "Hawk-like rising calls"
    series: tuple[Series, ...] = (
        Series(
            onset_s=0.06, count=14, period_s=0.205, duration_s=0.11, f_start_hz=1700, f_end_hz=2300
        ),
    )
    timbre: Timbre = HAWK
    attack_s: float = 0.008
    pitch_spread: float = 0.025
    background_db_per_oct: float = -4.5
