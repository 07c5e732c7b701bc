"""Songs of the rendered clip set: composed, synthesised, recorded, cut into clips.

A song is one performance composed by chance (`jtfs_repro.datasets.phrases`), played by a
soundfont, put into one recording condition (`jtfs_repro.datasets.recording`); clips are cut from
it at times that do not overlap. The identifier of a clip is derived from all that determines its
sound, hence a file's name tells its content.
"""

from __future__ import annotations

import hashlib
import io as streams
import json
import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata

import numpy as np

from jtfs_repro import checks, io
from jtfs_repro.datasets import phrases, recording
from jtfs_repro.datasets.medley_solos_db import CLASSES, N_SAMPLES, SR_HZ, SUBSETS, Clip, clip_of
from jtfs_repro.datasets.midi_scores import midi_bytes
from jtfs_repro.datasets.phrases import Performance
from jtfs_repro.datasets.recording import Condition, Recording

VERSION = 1  # of the way from MIDI to clip; a new one gives new identifiers
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "soundfont_solos.jtfs_repro")
SYNTHESIS_PACKAGES = ("midirenderer", "soxr")  # whose versions may change the sound
GAP_S = 0.3  # between two clips of a song
FRAME = 1024  # samples; frames for telling sound from silence
SILENCE_DB = -40.0  # relative to the song's loud frames (95th percentile)


@dataclass(frozen=True, kw_only=True)
class Solos:
    """Settings of the clip set.

    Parameters
    ----------
    training_songs, validation_songs, test_songs : int >= 1; songs per class
    clips_per_song : int >= 1; clips cut from each
    min_sounding : float in (0, 1]
        Part of a clip that must sound; other cuts of the song are taken instead.
    seed : int >= 0; of all that is drawn
    performance : Performance; how songs are played
    recording : Recording; how songs are recorded
    """

    training_songs: int = 12
    validation_songs: int = 6
    test_songs: int = 12
    clips_per_song: int = 2
    min_sounding: float = 0.3
    seed: int = 0
    performance: Performance = field(default_factory=Performance)
    recording: Recording = field(default_factory=Recording)

    def __post_init__(self) -> None:
        for name in ("training_songs", "validation_songs", "test_songs", "clips_per_song"):
            checks.integer(name, getattr(self, name), low=1, mistake="per class")
        checks.number("min_sounding", self.min_sounding, above=0, high=1)
        checks.integer("seed", self.seed, low=0)

    def n_songs(self, subset: str) -> int:
        """Return the number of songs per class in a subset."""
        return {
            "training": self.training_songs,
            "validation": self.validation_songs,
            "test": self.test_songs,
        }[subset]

    @property
    def n_cuts(self) -> int:
        """Places in a song where a clip may be cut: some more than clips."""
        return self.clips_per_song + 1 + self.clips_per_song // 2

    @property
    def song_s(self) -> float:
        """Length of a song in seconds."""
        return self.n_cuts * (N_SAMPLES / SR_HZ + GAP_S) + phrases.TAIL_S


@dataclass(frozen=True, kw_only=True)
class Song:
    """A song before it is rendered: its notes, its recording condition, its clips' names."""

    midi: bytes
    condition: Condition
    clips: tuple[Clip, ...]


def plan_songs(solos: Solos, *, font_sha256: Mapping[str, str]) -> Iterator[Song]:
    """Yield every song of the set, subset by subset, class by class; nothing is rendered.

    ``font_sha256`` maps a subset to the SHA-256 of its soundfont.
    """
    for subset in SUBSETS:
        for instrument_id in range(len(CLASSES)):
            for number in range(solos.n_songs(subset)):
                yield _plan(solos, subset, instrument_id, number, font_sha256[subset])


def _plan(solos: Solos, subset: str, instrument_id: int, number: int, sha256: str) -> Song:
    place = SUBSETS.index(subset)
    instrument = CLASSES[instrument_id]
    score = phrases.compose(
        instrument,
        song=number,
        duration_s=solos.song_s,
        performance=solos.performance,
        seed=[solos.seed, 0, place, instrument_id, number],
    )
    # no instrument in this seed: what it draws is the same for all classes
    condition = recording.draw_condition(solos.recording, seed=[solos.seed, 1, place, number])
    midi = midi_bytes(score)
    origin = {
        "version": VERSION,
        "packages": {name: metadata.version(name) for name in SYNTHESIS_PACKAGES},
        "font": sha256,
        "midi": hashlib.sha256(midi).hexdigest(),
        "condition": asdict(condition),
        "cut": [solos.clips_per_song, solos.min_sounding],
        "song": [subset, instrument_id, number],
    }
    text = json.dumps(origin, sort_keys=True)
    clips = tuple(
        clip_of(
            subset=subset,
            instrument=instrument,
            instrument_id=instrument_id,
            song_id=f"{subset}-{instrument_id}-{number:03d}",
            uuid4=str(uuid.uuid5(NAMESPACE, f"{text} {index}")),
        )
        for index in range(solos.clips_per_song)
    )
    return Song(midi=midi, condition=condition, clips=clips)


def render_song(song: Song, font: bytes, *, solos: Solos, font_name: str = "font") -> np.ndarray:
    """Return the clips of one song [shape=(clips_per_song, 131072)], float32, at 44.1 kHz.

    FileError: the font cannot be rendered. ValueError: too little of the song sounds.
    """
    dry = _synthesise(song.midi, font, font_name)
    starts = _cuts(dry, solos, song.clips[0].group)
    wet = recording.place_in_room(dry, sr=SR_HZ, condition=song.condition)
    clips = np.stack([wet[start : start + N_SAMPLES] for start in starts])
    return recording.set_level(clips, condition=song.condition)


def _synthesise(midi: bytes, font: bytes, font_name: str) -> np.ndarray:
    """Return the mean of both channels at 44.1 kHz, float64 [shape=(N,)]."""
    import librosa
    import midirenderer
    import soundfile

    try:
        data = midirenderer.render_wave_from(font, midi)
    except (ValueError, RuntimeError) as error:
        raise io.corrupt(font_name, "a soundfont that can be rendered", error) from None
    stereo, sr = soundfile.read(streams.BytesIO(data), dtype="float64")
    return librosa.resample(stereo.mean(axis=1), orig_sr=sr, target_sr=SR_HZ, res_type="soxr_hq")


def _cuts(dry: np.ndarray, solos: Solos, song_id: str) -> list[int]:
    """Return the first samples of the clips: the first cuts of which enough sounds."""
    n_frames = len(dry) // FRAME
    power = np.square(dry[: n_frames * FRAME]).reshape(n_frames, FRAME).mean(axis=1)
    sounds = power > 10 ** (SILENCE_DB / 10) * np.quantile(power, 0.95)
    hop = N_SAMPLES + math.ceil(GAP_S * SR_HZ)
    starts = [hop * cut for cut in range(solos.n_cuts) if hop * cut + N_SAMPLES <= len(dry)]
    ends = [(start, start // FRAME, (start + N_SAMPLES) // FRAME) for start in starts]
    good = [start for start, a, b in ends if sounds[a:b].mean() >= solos.min_sounding]
    if len(good) < solos.clips_per_song:
        rule = f"sound in {solos.clips_per_song} clips, does in {len(good)} of {len(starts)}"
        checks.fail("song", song_id, rule, "fewer rests, a lower min_sounding, or another font")
    return good[: solos.clips_per_song]
