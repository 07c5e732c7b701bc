r"""A recording condition for rendered audio: room, tone, noise and level; and its file.

.. math:: y = g\,(h * x) + n

where `h` is a unit impulse followed by exponentially decaying noise (the room), with its spectrum
tilted by some decibels per octave (the tone), `n` is white noise and `g` sets the root mean
square of the song. Nothing here knows the instrument: the condition of the song with a given
number is the same in all classes, so that neither level nor noise nor room tells them apart.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from jtfs_repro.audio import Sound, write_sound
from jtfs_repro.datasets.ranges import Range, check_range, draw

ROOM_S = 0.5  # length of the impulse response in seconds
ROOM_DECAY = 3 * np.log(10)  # -60 dB after the reverberation time
TILT_HZ = (100.0, 10_000.0)  # the tilt is constant outside
TONE_DELAY = 2048  # samples; the tilt's impulse response is shorter than that


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Ranges from which every song draws its recording condition; both ends included.

    Parameters
    ----------
    level_db : (float, float); root mean square of the song, decibels relative to full scale
    reverberation_s : (float, float); time in which the room decays by 60 dB, seconds
    reverberation_db : (float, float); energy of the room relative to the direct sound
    tilt_db_per_oct : (float, float); slope of the tone around 1 kHz
    noise_db : (float, float); white noise relative to the root mean square of the song
    """

    level_db: Range = (-38.0, -24.0)
    reverberation_s: Range = (0.1, 0.4)
    reverberation_db: Range = (-24.0, -10.0)
    tilt_db_per_oct: Range = (-1.0, 1.0)
    noise_db: Range = (-65.0, -45.0)

    def __post_init__(self) -> None:
        check_range("level_db", self.level_db, low=-80, high=-20, mistake="20 dB are for peaks")
        check_range("reverberation_s", self.reverberation_s, low=0.01, high=ROOM_S)
        check_range("reverberation_db", self.reverberation_db, low=-120, high=0)
        check_range("tilt_db_per_oct", self.tilt_db_per_oct, low=-6, high=6)
        check_range("noise_db", self.noise_db, low=-120, high=-20)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One recording condition; the units are those of `Recording`, ``seed`` makes its noises."""

    level_db: float
    reverberation_s: float
    reverberation_db: float
    tilt_db_per_oct: float
    noise_db: float
    seed: tuple[int, ...]


def draw_condition(recording: Recording, *, seed: list[int]) -> Condition:
    """Return the condition that a seed draws from the ranges."""
    rng = np.random.default_rng(seed)
    return Condition(
        level_db=draw(rng, recording.level_db),
        reverberation_s=draw(rng, recording.reverberation_s),
        reverberation_db=draw(rng, recording.reverberation_db),
        tilt_db_per_oct=draw(rng, recording.tilt_db_per_oct),
        noise_db=draw(rng, recording.noise_db),
        seed=tuple(seed),
    )


def place_in_room(x: np.ndarray, *, sr: int, condition: Condition) -> np.ndarray:
    """Return dry audio ``x`` [shape=(N,)] in the condition's room and tone, float64."""
    from scipy.signal import oaconvolve  # slow to import

    response = _toned(_room(sr, condition), sr, condition.tilt_db_per_oct)
    return oaconvolve(x, response)[TONE_DELAY : TONE_DELAY + len(x)]


def _toned(response: np.ndarray, sr: int, db_per_oct: float) -> np.ndarray:
    """Return a response with its spectrum tilted, delayed by `TONE_DELAY` (no phase is turned)."""
    n = 1 << (len(response) + 2 * TONE_DELAY).bit_length()
    spectrum = np.fft.rfft(response, n) * _tilt(np.fft.rfftfreq(n, 1 / sr), db_per_oct)
    return np.roll(np.fft.irfft(spectrum, n), TONE_DELAY)[: len(response) + 2 * TONE_DELAY]


def _room(sr: int, condition: Condition) -> np.ndarray:
    """Return a unit impulse and, from the next sample on, decaying noise of a given energy."""
    t = np.arange(1, int(ROOM_S * sr)) / sr
    rng = np.random.default_rng([*condition.seed, 1])
    tail = rng.standard_normal(len(t)) * np.exp(-ROOM_DECAY * t / condition.reverberation_s)
    tail *= 10 ** (condition.reverberation_db / 20) / np.linalg.norm(tail)
    return np.concatenate([[1.0], tail])


def _tilt(frequencies_hz: np.ndarray, db_per_oct: float) -> np.ndarray:
    octaves = np.log2(np.clip(frequencies_hz, *TILT_HZ) / 1000)
    return 10 ** (db_per_oct * octaves / 20)


def set_level(clips: np.ndarray, *, condition: Condition) -> np.ndarray:
    """Return the clips of one song [shape=(n, N)], float32, with noise, at the condition's level.

    One gain for all clips, so that its dynamics stay. The root mean square over all clips, noise
    aside, is ``level_db``; if a peak would exceed full scale, the song is softer by as much.
    ValueError: all samples are zero.
    """
    rms = float(np.sqrt(np.mean(np.square(clips))))
    if rms == 0:
        raise ValueError("clips must sound (all samples are zero)")
    noise = np.random.default_rng([*condition.seed, 2]).standard_normal(clips.shape)
    noisy = clips / rms + 10 ** (condition.noise_db / 20) * noise
    gain = min(10 ** (condition.level_db / 20), 1 / float(np.abs(noisy).max()))
    return (gain * noisy).astype(np.float32)


def save_wav(path: str | os.PathLike[str], samples: np.ndarray, *, sr: int) -> None:
    """Write mono float32 samples with the header of Medley-solos-DB's files."""
    write_sound(path, Sound(samples=samples[None], sr=sr), is_plain=True, is_output=False)
