"""A flute's glissando, the chirp of Figure 1(a), and the signal of the scale-rate figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jtfs_repro import checks
from jtfs_repro.datasets.chirps import ChirpSynthesis, chirp
from jtfs_repro.datasets.texture_notes import (
    Timbre,
    envelope,
    glide,
    harmonic_note,
    with_background,
)

DIZI = Timbre(
    n_partials=7,
    tilt_db_per_oct=-9.0,
    resonances_hz=(3200.0, 5200.0),
    resonance_db=11.0,
    resonance_oct=0.25,
    breath_db=-24.0,
    jitter=0.002,
)


@dataclass(frozen=True, kw_only=True)
class Dizi:
    """In the manner of a bamboo flute with a buzzing membrane: tone, downward glissando, tone.

    Parameters
    ----------
    f_start_hz, f_end_hz : float > 0; fundamental before and after the glissando
    onset_s, tone_s, glissando_s, last_s : float > 0
        Silence before the first tone, and durations of the first tone, glissando and last tone.
    phrase_s : float > 0; after this time the phrase starts again; at least the sum of the four
    vibrato_hz, vibrato : float >= 0; its rate, and its depth as a share of the pitch
    timbre : Timbre; spectrum of the tone, with the membrane's resonances
    background_db, background_db_per_oct : float
        RMS of the noise relative to that of the flute, and its slope above 60 Hz.
    """

    title: ClassVar[str] = "Flute-like downward glissando"
    sr: ClassVar[int] = 22_050
    n_samples: ClassVar[int] = 1 << 16
    f_start_hz: float = 1400.0
    f_end_hz: float = 600.0
    onset_s: float = 0.1
    tone_s: float = 0.7
    glissando_s: float = 1.0
    last_s: float = 0.95
    phrase_s: float = 2.97
    vibrato_hz: float = 5.5
    vibrato: float = 0.004
    timbre: Timbre = DIZI
    background_db: float = -26.0
    background_db_per_oct: float = -3.0

    def __post_init__(self) -> None:
        times = ("onset_s", "tone_s", "glissando_s", "last_s")
        for name in ("f_start_hz", "f_end_hz", *times):
            checks.number(name, getattr(self, name), above=0)
        total = sum(getattr(self, name) for name in times)
        checks.number("phrase_s", self.phrase_s, low=total, mistake="phrases would overlap")
        checks.number("vibrato_hz", self.vibrato_hz, low=0)
        checks.number("vibrato", self.vibrato, low=0, high=0.05, mistake="a share of the pitch")
        checks.number("background_db", self.background_db, high=20, mistake="dB below the flute")
        checks.number("background_db_per_oct", self.background_db_per_oct, high=0)

    def waveform(self, *, sr: float, n_samples: int, seed: int) -> np.ndarray:
        """Return flute and background [shape=(n_samples,)], float64; raises as `Calls.waveform`."""
        f_hz = self.pitch(sr)
        shape = envelope(len(f_hz), attack=round(0.03 * sr), release=round(0.15 * sr))
        y = np.zeros(n_samples)
        for phrase in range(int(np.ceil(n_samples / (sr * self.phrase_s)))):
            start = round((self.onset_s + phrase * self.phrase_s) * sr)
            rng = np.random.default_rng([seed, phrase])
            note = harmonic_note(f_hz, shape, timbre=self.timbre, sr=sr, rng=rng)
            y[start : start + len(note)] = note[: max(0, n_samples - start)]
        return with_background(
            y, level_db=self.background_db, tilt=self.background_db_per_oct, sr=sr, seed=seed
        )

    def pitch(self, sr: float) -> np.ndarray:
        """Return the fundamental in Hz from the first tone to the end of the last."""
        first, glissando, last = (
            round(s * sr) for s in (self.tone_s, self.glissando_s, self.last_s)
        )
        moving = glide(glissando, self.f_start_hz, self.f_end_hz)
        f_hz = np.concatenate(
            [np.full(first, self.f_start_hz), moving, np.full(last, self.f_end_hz)]
        )
        t = np.arange(len(f_hz)) / sr
        return f_hz * (1 + self.vibrato * np.sin(2 * np.pi * self.vibrato_hz * t))


@dataclass(frozen=True, kw_only=True)
class AmChirp:
    """Figure 1(a): a rising exponential chirp with sinusoidal amplitude modulation, `chirps.chirp`.

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

    title: ClassVar[str] = "Rising chirp with amplitude modulation"
    sr: ClassVar[int] = 22_050
    n_samples: ClassVar[int] = 1 << 16
    f_c_hz: float = 700.0
    f_m_hz: float = 4.0
    gamma_oct_per_s: float = 1.5
    bandwidth_oct: float = 6.0
    phrase_s: float = 2.97

    def __post_init__(self) -> None:
        checks.number("phrase_s", self.phrase_s, above=0, mistake="seconds")

    def waveform(self, *, sr: float, n_samples: int, seed: int) -> np.ndarray:
        """Return the chirp [shape=(n_samples,)], float64; ``seed`` changes nothing.

        ValueError: the chirp reaches the Nyquist frequency.
        """
        n = min(n_samples, 1 << round(np.log2(self.phrase_s * sr)))
        synthesis = ChirpSynthesis(
            sr=sr, duration=n / sr, bandwidth=self.bandwidth_oct, amplitude="none"
        )
        y = chirp(self.f_c_hz, self.f_m_hz, self.gamma_oct_per_s, synthesis=synthesis)
        return np.tile(y, n_samples // n)


@dataclass(frozen=True, kw_only=True)
class ChirpSinePulse:
    """The signal of the scale-rate figure as a recipe, see `chirp_sine_pulse`; no settings."""

    title: ClassVar[str] = "Chirp, sine and pulse"
    sr: ClassVar[int] = 4096
    n_samples: ClassVar[int] = 4096

    def waveform(self, *, sr: float, n_samples: int, seed: int) -> np.ndarray:
        """Return the signal [shape=(n_samples,)], float64; ``seed`` changes nothing."""
        return chirp_sine_pulse(n_samples, sr)


def chirp_sine_pulse(n_samples: int = 4096, sr: float = 4096) -> np.ndarray:
    r"""Return the original repository's signal of three directions in time-frequency.

    .. math:: x(t) = \tfrac12 \cos\bigl(2 \pi \tfrac{64 D}{\ln 32} (32^{t/D} - 1)\bigr)
              + \tfrac12 \cos(2 \pi\, 364\, t) + 5 \cdot 1_{\text{32 centre samples}}

    The chirp rises from 64 to 2048 Hz over the whole duration ``D = n_samples / sr``. Result:
    ndarray [shape=(n_samples,)], float64. ValueError: a parameter is out of its range.

    Parameters
    ----------
    n_samples : int >= 32; length
    sr : float >= 4096
        Sample rate in Hz; at 4096 Hz the chirp ends at the Nyquist frequency, as in the original.

    Examples
    --------
    >>> chirp_sine_pulse().shape
    (4096,)
    """
    low, high, tone = 64.0, 2048.0, 364.0  # Hz
    checks.integer("n_samples", n_samples, low=32)
    checks.number("sr", sr, low=2 * high, mistake="the chirp ends at 2048 Hz")
    t, duration = np.arange(n_samples) / sr, n_samples / sr
    ratio = np.log(high / low)
    # ASSUME: the constant phase of the chirp is not stated; zero at the start.
    phase = 2 * np.pi * low * duration / ratio * np.expm1(ratio * t / duration)
    x = 0.5 * np.cos(phase) + 0.5 * np.cos(2 * np.pi * tone * t)
    x[n_samples // 2 - 16 : n_samples // 2 + 16] += 5
    return x
