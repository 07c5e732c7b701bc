r"""Additive synthesis of the project's own sounds: harmonic notes, breath and coloured noise.

A note is

.. math:: y(t) = e(t) \Bigl(\sum_{k=1}^{K} g(k f(t)) \sin(2 \pi k \varphi(t) + \theta_k)
                 + b\, n(t)\Bigr), \quad \varphi' = f

where all partials share one envelope `e`, hence one onset: this synchrony across frequency is what
the evaluation of a resynthesis measures. The gain `g` depends on frequency, not on the number of
the partial, so that partials brighten and fade as they glide through a resonance. `n` is noise
with the gain `g` as its spectrum (breath). Phases are in cycles, float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jtfs_repro import checks

DB_PER_OCT = 20 * np.log10(2)  # of a spectrum proportional to frequency
LOWEST_NOISE_HZ = 60.0  # coloured noise is flat below
JITTER_HZ = (4.0, 20.0)  # rates of the slow wander of the pitch
N_JITTER = 4  # sinusoids in it
BACKGROUND = 1 << 20  # word of a seed that no note has


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """Spectrum of a note, the same for all its partials.

    Parameters
    ----------
    n_partials : int >= 1; harmonics, the fundamental included
    tilt_db_per_oct : float <= 0; slope of the gain
    resonances_hz : tuple of float > 0; centres of bumps of the gain
    resonance_db : float >= 0; their height
    resonance_oct : float > 0; their standard deviation in octaves
    breath_db : float <= 0; RMS of the breath noise relative to that of the partials
    jitter : float in [0, 0.05]; largest relative wander of the pitch
    """

    n_partials: int = 8
    tilt_db_per_oct: float = -4.0
    resonances_hz: tuple[float, ...] = ()
    resonance_db: float = 0.0
    resonance_oct: float = 0.3
    breath_db: float = -26.0
    jitter: float = 0.004

    def __post_init__(self) -> None:
        checks.integer("n_partials", self.n_partials, low=1)
        checks.number("tilt_db_per_oct", self.tilt_db_per_oct, high=0, mistake="higher is softer")
        for frequency in self.resonances_hz:
            checks.number("resonances_hz", frequency, above=0, mistake="Hz")
        checks.number("resonance_db", self.resonance_db, low=0)
        checks.number("resonance_oct", self.resonance_oct, above=0, mistake="octaves")
        checks.number("breath_db", self.breath_db, high=0, mistake="dB below the partials")
        checks.number("jitter", self.jitter, low=0, high=0.05, mistake="a share of the pitch")


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


def gain(frequency_hz: np.ndarray, timbre: Timbre) -> np.ndarray:
    """Return the amplitude of a partial at each frequency; 1 at 1 kHz without resonances.

    Examples
    --------
    >>> gain(np.array([1000.0, 4000.0]), Timbre(tilt_db_per_oct=-6.0)).round(2).tolist()
    [1.0, 0.25]
    """
    octaves = np.log2(frequency_hz / 1000)
    level_db = timbre.tilt_db_per_oct * octaves
    for centre_hz in timbre.resonances_hz:
        distance = (octaves - np.log2(centre_hz / 1000)) / timbre.resonance_oct
        level_db = level_db + timbre.resonance_db * np.exp(-0.5 * distance**2)
    return 10 ** (level_db / 20)


def harmonic_note(
    f_hz: np.ndarray, envelope: np.ndarray, *, timbre: Timbre, sr: float, rng: np.random.Generator
) -> np.ndarray:
    """Return a note of given pitch and envelope [shape=(n,)], float64, by the module's equation.

    ``f_hz`` is the fundamental, the jitter comes on top; ``rng`` draws the phases, the jitter and
    the breath. ValueError: the highest partial reaches the Nyquist frequency.
    """
    f_hz = f_hz * (1 + _jitter(len(f_hz), timbre.jitter, sr, rng))
    top = timbre.n_partials * float(f_hz.max())
    if top >= sr / 2:
        rule = f"exceed {2 * top:.0f} Hz: partial {timbre.n_partials} reaches {top:.0f} Hz"
        checks.fail("sr", sr, rule, "raise sr, or lower n_partials or the pitch")
    cycles = np.cumsum(f_hz) / sr
    partials = np.zeros(len(f_hz))
    for k in range(1, timbre.n_partials + 1):
        phase = 2 * np.pi * (k * cycles + rng.uniform())
        partials += gain(k * f_hz, timbre) * np.sin(phase)
    breath = _breath(len(f_hz), timbre, sr, rng) * rms(partials)
    return envelope * (partials + breath)


def _jitter(n: int, depth: float, sr: float, rng: np.random.Generator) -> np.ndarray:
    """Slow wander of the pitch within +-depth: a few sinusoids of random rate and phase."""
    t = np.arange(n) / sr
    rates, phases = rng.uniform(*JITTER_HZ, (N_JITTER, 1)), rng.uniform(size=(N_JITTER, 1))
    return depth * np.sin(2 * np.pi * (rates * t + phases)).mean(axis=0)


def _breath(n: int, timbre: Timbre, sr: float, rng: np.random.Generator) -> np.ndarray:
    """Noise with the timbre's gain as spectrum, at its level relative to RMS 1."""
    frequencies = np.maximum(np.fft.rfftfreq(n, 1 / sr), LOWEST_NOISE_HZ)
    low_cut = np.minimum(1, np.fft.rfftfreq(n, 1 / sr) / 500)  # breath has no rumble
    noise = np.fft.irfft(
        np.fft.rfft(rng.standard_normal(n)) * gain(frequencies, timbre) * low_cut, n
    )
    return scaled(noise, 10 ** (timbre.breath_db / 20))


def envelope(n: int, *, attack: int, release: int) -> np.ndarray:
    """Return squared-sine flanks around a flat middle [shape=(n,)]; attack, release in samples.

    Examples
    --------
    >>> envelope(6, attack=2, release=3).round(2).tolist()
    [0.15, 0.85, 1.0, 0.93, 0.5, 0.07]
    """
    up = np.clip((np.arange(n) + 0.5) / max(attack, 1), 0, 1)
    down = np.clip((n - np.arange(n) - 0.5) / max(release, 1), 0, 1)
    return np.sin(np.pi / 2 * up) ** 2 * np.sin(np.pi / 2 * down) ** 2


def coloured_noise(n: int, *, tilt_db_per_oct: float, sr: float, seed: list[int]) -> np.ndarray:
    """Return noise of RMS 1 whose spectrum falls by ``tilt_db_per_oct`` above 60 Hz [shape=(n,)].

    -3 is pink noise (the sea), -6 brown noise (wind).
    """
    white = np.random.default_rng(seed).standard_normal(n)
    frequencies = np.maximum(np.fft.rfftfreq(n, 1 / sr), LOWEST_NOISE_HZ)
    spectrum = np.fft.rfft(white) * (frequencies / LOWEST_NOISE_HZ) ** (
        tilt_db_per_oct / DB_PER_OCT
    )
    spectrum[0] = 0
    return scaled(np.fft.irfft(spectrum, n), 1.0)


def glide(n: int, start_hz: float, end_hz: float, curve: float = 1.0) -> np.ndarray:
    """Return frequencies that move from one to another, evenly in octaves for ``curve`` 1."""
    return start_hz * (end_hz / start_hz) ** (np.linspace(0, 1, n) ** curve)


def with_background(
    y: np.ndarray, *, level_db: float, tilt: float, sr: float, seed: int
) -> np.ndarray:
    """Return ``y`` plus noise ``level_db`` above its RMS, ``tilt`` dB per octave.

    ValueError: ``y`` is silent, or the noise is 20 dB louder or has a rising spectrum.
    """
    checks.number("background_db", level_db, high=20, mistake="dB below the notes")
    checks.number("background_db_per_oct", tilt, high=0)
    level = rms(y) * 10 ** (level_db / 20)
    if not y.any():
        checks.fail("n_samples", len(y), "reach the first note", "raise n_samples or lower sr")
    noise = coloured_noise(len(y), tilt_db_per_oct=tilt, sr=sr, seed=[seed, BACKGROUND])
    return y + level * noise


def rms(x: np.ndarray) -> float:
    """Return the root mean square of a signal."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))


def scaled(x: np.ndarray, level: float) -> np.ndarray:
    """Return ``x`` with root mean square ``level``; zeros stay zeros."""
    present = rms(x)
    return x * (level / present) if present else x
