"""The project's own sounds: parametric, seeded, free of any licence.

They serve resynthesis and the scale-rate pictures. Bird calls and the flute are harmonic notes
(`notes`) over coloured noise, on a time line of some three seconds. A shorter sound is the
beginning of the time line; a longer one repeats it with other draws. (The AM chirp differs: a
shorter one is its middle; the chirp of chirp-sine-pulse always lasts the whole sound.) In our sign,
spin +1 is a rising frequency (hawk, both chirps), spin -1 a falling one (gull, dizi). Every maker
returns samples [shape=(n_samples,)], float64, at any level; ValueError: a setting is out of its
range, a partial reaches the Nyquist frequency, or no note falls into the sound. Reference:
"Differentiable Time-Frequency Scattering on GPU" (DAFx 2022), Figures 1 and 6: the recordings used
there have no stated source or licence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jtfs_repro import checks
from jtfs_repro.audio import Sound
from jtfs_repro.datasets.chirps import ChirpSynthesis, chirp, chirp_sine_pulse
from jtfs_repro.datasets.notes import (
    Series,
    Timbre,
    envelope,
    glide,
    harmonic_note,
    scaled,
    with_background,
)

RMS = 0.1  # of every sound; full scale is 1
PHRASE_S = 2.97  # after this time the time line starts again


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A sound: its title, what makes it, with which settings, its default rate (Hz) and length."""

    title: str
    make: Callable[..., np.ndarray]
    settings: Mapping[str, Any] = field(default_factory=dict)
    sr: int = 22_050
    n_samples: int = 1 << 16


def synthesise(
    name: str,
    *,
    sr: float | None = None,
    n_samples: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Sound:
    """Return one of the `RECIPES`, mono, with a root mean square of 0.1 and peaks below 1.

    The recipe gives the sample rate (Hz), the length (a power of two) and the settings where none
    are given; ``seed`` draws phases, pitches, levels and noise: equal arguments give equal samples.
    ValueError: the name or a setting is unknown, a length is no power of two, the maker refuses, or
    the peak exceeds full scale.

    Examples
    --------
    >>> synthesise("hawk", n_samples=8192).samples.shape
    (1, 8192)
    """
    recipe = RECIPES[checks.choice("name", name, tuple(RECIPES), "a sound file: read_sound")]
    known = tuple(inspect.signature(recipe.make).parameters)[3:]
    for setting in settings or {}:
        checks.choice(f"setting of {name}", setting, known)
    sr = checks.number("sr", recipe.sr if sr is None else sr, above=0, mistake="Hz")
    length = recipe.n_samples if n_samples is None else n_samples
    checks.power_of_two("n_samples", length)
    checks.integer("seed", seed, low=0)
    options = {**recipe.settings, **(settings or {})}
    y = scaled(recipe.make(sr=sr, n_samples=length, seed=seed, **options), RMS)
    if np.abs(y).max() >= 1:
        rule, mistake = f"be < 1 at an RMS of {RMS}", "one short pulse in a long sound?"
        checks.fail("peak", round(float(np.abs(y).max()), 3), rule, mistake)
    return Sound(samples=y[None], sr=sr)


def calls(
    *,
    sr: float,
    n_samples: int,
    seed: int,
    series: Sequence[Series],
    timbre: Timbre,
    phrase_s: float = PHRASE_S,
    attack_s: float = 0.012,
    release: float = 0.35,
    curve: float = 1.0,
    pitch_spread: float = 0.04,
    timing_spread: float = 0.04,
    level_spread_db: float = 2.0,
    background_db: float = -11.0,
    background_db_per_oct: float = -3.0,
) -> np.ndarray:
    """Return bird calls: series of gliding harmonic notes over the noise of sea or wind.

    Parameters
    ----------
    series : sequence of Series; the time line
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
    if not series:
        checks.fail("series", series, "hold at least one Series")
    _check_positive(phrase_s=phrase_s, attack_s=attack_s, curve=curve)
    checks.number("release", release, above=0, high=1, mistake="a share of the note")
    for name, value in (("pitch_spread", pitch_spread), ("timing_spread", timing_spread)):
        checks.number(name, value, low=0, high=0.3, mistake="a share")
    checks.number("level_spread_db", level_spread_db, low=0)
    y, end_s = np.zeros(n_samples), n_samples / sr
    for phrase in range(int(np.ceil(end_s / phrase_s))):
        for i, line in enumerate(series):
            for number in range(line.count):
                rng = np.random.default_rng([seed, phrase, i, number])
                timing = rng.uniform(-1, 1) * timing_spread
                start_s = line.onset_s + line.period_s * (number + timing)
                start_s += phrase * phrase_s
                if start_s >= end_s:
                    continue
                pitch, level = rng.uniform(-1, 1, 2)
                n = round(line.duration_s * sr)
                drift = line.drift ** (number / max(line.count - 1, 1))
                f_hz = glide(n, line.f_start_hz, line.f_end_hz, curve)
                f_hz *= drift * (1 + pitch * pitch_spread)
                shape = envelope(n, attack=round(attack_s * sr), release=round(release * n))
                note = harmonic_note(f_hz, shape, timbre=timbre, sr=sr, rng=rng)
                note = note * 10 ** (level * level_spread_db / 20)
                start = max(0, round(start_s * sr))
                y[start : start + n] += note[: max(0, n_samples - start)]
    return with_background(y, level_db=background_db, tilt=background_db_per_oct, sr=sr, seed=seed)


def flute(
    *,
    sr: float,
    n_samples: int,
    seed: int,
    timbre: Timbre,
    f_start_hz: float = 1400.0,
    f_end_hz: float = 600.0,
    onset_s: float = 0.1,
    tone_s: float = 0.7,
    glissando_s: float = 1.0,
    last_s: float = 0.95,
    phrase_s: float = PHRASE_S,
    vibrato_hz: float = 5.5,
    vibrato: float = 0.004,
    background_db: float = -26.0,
    background_db_per_oct: float = -3.0,
) -> np.ndarray:
    """Return a bamboo flute with a buzzing membrane: tone, downward glissando, tone.

    Parameters
    ----------
    timbre : Timbre; spectrum of the tone, with the membrane's resonances
    f_start_hz, f_end_hz : float > 0; fundamental before and after the glissando
    onset_s, tone_s, glissando_s, last_s : float > 0
        Silence before the first tone, and durations of the first tone, glissando and last tone.
    phrase_s : float > 0; after this time the phrase starts again; at least the sum of the four
    vibrato_hz, vibrato : float >= 0; its rate, and its depth as a share of the pitch
    background_db, background_db_per_oct : float
        RMS of the noise relative to that of the flute, and its slope above 60 Hz.
    """
    _check_positive(f_start_hz=f_start_hz, f_end_hz=f_end_hz, onset_s=onset_s)
    _check_positive(tone_s=tone_s, glissando_s=glissando_s, last_s=last_s)
    total = onset_s + tone_s + glissando_s + last_s
    checks.number("phrase_s", phrase_s, low=total, mistake="phrases would overlap")
    checks.number("vibrato_hz", vibrato_hz, low=0)
    checks.number("vibrato", vibrato, low=0, high=0.05, mistake="a share of the pitch")
    first, moving, last = (round(s * sr) for s in (tone_s, glissando_s, last_s))
    f_hz = np.concatenate(
        [np.full(first, f_start_hz), glide(moving, f_start_hz, f_end_hz), np.full(last, f_end_hz)]
    )
    t = np.arange(len(f_hz)) / sr
    f_hz = f_hz * (1 + vibrato * np.sin(2 * np.pi * vibrato_hz * t))
    shape = envelope(len(f_hz), attack=round(0.03 * sr), release=round(0.15 * sr))
    y = np.zeros(n_samples)
    for phrase in range(int(np.ceil(n_samples / (sr * phrase_s)))):
        start = round((onset_s + phrase * phrase_s) * sr)
        rng = np.random.default_rng([seed, phrase])
        note = harmonic_note(f_hz, shape, timbre=timbre, sr=sr, rng=rng)
        y[start : start + len(note)] = note[: max(0, n_samples - start)]
    return with_background(y, level_db=background_db, tilt=background_db_per_oct, sr=sr, seed=seed)


def am_chirp(
    *,
    sr: float,
    n_samples: int,
    seed: int,
    f_c_hz: float = 700.0,
    f_m_hz: float = 4.0,
    gamma_oct_per_s: float = 1.5,
    bandwidth_oct: float = 6.0,
    phrase_s: float = PHRASE_S,
) -> np.ndarray:
    """Return Figure 1(a): a rising exponential chirp with sinusoidal AM; ``seed`` changes nothing.

    Parameters
    ----------
    f_c_hz : float > 0; frequency at the middle
    f_m_hz : float > 0
        Rate of the modulation, bipolar and of full depth: ``2 * f_m_hz`` pulses per second.
    gamma_oct_per_s : float > 0; chirp rate
    bandwidth_oct : float > 0; the Gaussian window has a standard deviation of a tenth of it
    phrase_s : float > 0
        Longer sounds repeat the chirp after about this time (the nearest power of two in samples).
    """
    checks.number("phrase_s", phrase_s, above=0, mistake="seconds")
    n = min(n_samples, 1 << round(np.log2(phrase_s * sr)))
    synthesis = ChirpSynthesis(sr=sr, duration=n / sr, bandwidth=bandwidth_oct, amplitude="none")
    return np.tile(chirp(f_c_hz, f_m_hz, gamma_oct_per_s, synthesis=synthesis), n_samples // n)


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        checks.number(name, value, above=0)


# In the manner of a laughing gull: two long falling cries, then a run of short ones; sea.
GULL = {
    "series": (
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
    ),
    "timbre": Timbre(
        n_partials=8,
        tilt_db_per_oct=-4.0,
        resonances_hz=(1700.0, 3300.0),
        resonance_db=7.0,
        resonance_oct=0.3,
        breath_db=-20.0,
        jitter=0.006,
    ),
    "curve": 1.3,
}
# In the manner of a goshawk: rising calls, about five per second; wind.
HAWK = {
    "series": (
        Series(
            onset_s=0.06, count=14, period_s=0.205, duration_s=0.11, f_start_hz=1700, f_end_hz=2300
        ),
    ),
    "timbre": Timbre(
        n_partials=4,
        tilt_db_per_oct=-5.0,
        resonances_hz=(3800.0,),
        resonance_db=5.0,
        breath_db=-22.0,
    ),
    "attack_s": 0.008,
    "pitch_spread": 0.025,
    "background_db_per_oct": -4.5,
}
DIZI = {
    "timbre": Timbre(
        n_partials=7,
        tilt_db_per_oct=-9.0,
        resonances_hz=(3200.0, 5200.0),
        resonance_db=11.0,
        resonance_oct=0.25,
        breath_db=-24.0,
        jitter=0.002,
    ),
}
RECIPES: Mapping[str, Recipe] = {
    "gull": Recipe(title="Gull-like falling calls", make=calls, settings=GULL),
    "hawk": Recipe(title="Hawk-like rising calls", make=calls, settings=HAWK),
    "dizi": Recipe(title="Flute-like downward glissando", make=flute, settings=DIZI),
    "am_chirp": Recipe(title="Rising chirp with amplitude modulation", make=am_chirp),
    "chirp_sine_pulse": Recipe(
        title="Chirp, sine and pulse", make=chirp_sine_pulse, sr=4096, n_samples=4096
    ),
}
