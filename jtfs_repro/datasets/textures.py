"""Embedded sounds: parametric, seeded, free of any licence.

They serve resynthesis and the scale-rate pictures. Every recipe is a frozen dataclass of settings
with a method ``waveform``. Bird calls and the flute are harmonic notes (`texture_notes`) over
coloured noise, on a time line of some three seconds. A shorter sound is the beginning of the time
line; a longer one repeats it with other draws. (The AM chirp differs: a shorter one is its middle;
the chirp of chirp-sine-pulse always lasts the whole sound.) In our sign, spin +1 is a rising
frequency (hawk, both chirps), spin -1 a falling one (gull, dizi). Reference: "Differentiable
Time-Frequency Scattering on GPU" (DAFx 2022), Figures 1 and 6: the recordings used there have no
stated source or licence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np

from jtfs_repro import checks
from jtfs_repro.audio import Sound
from jtfs_repro.datasets.texture_calls import Gull, Hawk
from jtfs_repro.datasets.texture_notes import scaled
from jtfs_repro.datasets.texture_tones import AmChirp, ChirpSinePulse, Dizi, chirp_sine_pulse

__all__ = ["RECIPES", "RMS", "Recipe", "chirp_sine_pulse", "synthesise"]

RMS = 0.1  # of every embedded sound; full scale is 1


class Recipe(Protocol):
    """What `synthesise` needs of a sound."""

    title: ClassVar[str]
    sr: ClassVar[int]  # default sample rate, Hz
    n_samples: ClassVar[int]  # default length

    def waveform(self, *, sr: float, n_samples: int, seed: int) -> np.ndarray:
        """Return samples [shape=(n_samples,)], float64, at any level."""
        ...


RECIPES: Mapping[str, Recipe] = {
    "gull": Gull(),
    "hawk": Hawk(),
    "dizi": Dizi(),
    "am_chirp": AmChirp(),
    "chirp_sine_pulse": ChirpSinePulse(),
}


def synthesise(
    name: str,
    *,
    sr: float | None = None,
    n_samples: int | None = None,
    seed: int = 0,
    recipes: Mapping[str, Recipe] = RECIPES,
) -> Sound:
    """Return an embedded sound, mono, with a root mean square of 0.1 and peaks below 1.

    ``name`` is a key of ``recipes``, which give the sample rate (Hz) and the length (a power of
    two) by default; ``seed`` draws phases, pitches, levels and noise: equal arguments give equal
    samples. ValueError: the name is unknown, a length is no power of two, a partial reaches the
    Nyquist frequency, no note falls into the sound, or its peak exceeds full scale.

    Examples
    --------
    >>> synthesise("hawk", n_samples=8192).samples.shape
    (1, 8192)
    """
    recipe = recipes[checks.choice("name", name, tuple(recipes), "a sound file: read_sound")]
    sr = checks.number("sr", recipe.sr if sr is None else sr, above=0, mistake="Hz")
    length = recipe.n_samples if n_samples is None else n_samples
    checks.power_of_two("n_samples", length)
    checks.integer("seed", seed, low=0)
    y = scaled(recipe.waveform(sr=sr, n_samples=length, seed=seed), RMS)
    if np.abs(y).max() >= 1:
        rule, mistake = f"be < 1 at an RMS of {RMS}", "one short pulse in a long sound?"
        checks.fail("peak", round(float(np.abs(y).max()), 3), rule, mistake)
    return Sound(samples=y[None], sr=sr)
