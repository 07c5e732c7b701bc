"""Random composition of solo phrases for eight instruments, from a seed.

A phrase is a random walk over a scale inside the instrument's sounding register, in rhythms of a
few patterns with rests between. What tells the instruments apart besides their sound is what
their players do: the piano adds chords, the guitar plays power chords or bends notes, winds,
voice and violin have vibrato, saxophone and trumpet slide into notes. All other choices (key,
tempo, articulation, dynamics, density) are drawn from the same ranges for all instruments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jtfs_repro import checks
from jtfs_repro.datasets.midi_scores import MODULATION, SUSTAIN, Bend, Control, Note, Score
from jtfs_repro.datasets.ranges import Range, check_range, draw


@dataclass(frozen=True, kw_only=True)
class Player:
    """An instrument as it is played.

    Songs alternate between ``programs`` (General MIDI, 0-based); ``register`` is the lowest and
    highest sounding pitch (MIDI numbers); ``slides`` in [0, 1] says how often a note is reached
    from below by a pitch bend; ``texture``: one note at a time, melody over chords, or riffs of
    power chords or a line, song by song.
    """

    programs: tuple[int, ...]
    register: tuple[int, int]
    has_vibrato: bool = False
    slides: float = 0.0
    texture: str = "line"


PLAYERS = {
    "clarinet": Player(programs=(71,), register=(50, 89)),
    "distorted electric guitar": Player(
        programs=(30,), register=(40, 84), has_vibrato=True, slides=0.2, texture="power"
    ),
    # "Voice" is a choir: General MIDI has no solo singer.
    "female singer": Player(programs=(52, 53), register=(55, 84), has_vibrato=True, slides=0.1),
    "flute": Player(programs=(73,), register=(60, 96), has_vibrato=True),
    "piano": Player(programs=(0,), register=(36, 96), texture="chords"),
    "tenor saxophone": Player(programs=(66,), register=(44, 76), has_vibrato=True, slides=0.15),
    "trumpet": Player(programs=(56,), register=(54, 84), has_vibrato=True, slides=0.1),
    "violin": Player(programs=(40,), register=(55, 96), has_vibrato=True, slides=0.05),
}


SCALES = (  # semitones above the tonic
    (0, 2, 4, 5, 7, 9, 11),  # major
    (0, 2, 3, 5, 7, 8, 10),  # natural minor
    (0, 2, 3, 5, 7, 8, 11),  # harmonic minor
    (0, 2, 3, 5, 7, 9, 10),  # dorian
    (0, 2, 4, 7, 9),  # pentatonic
)
RHYTHMS = (  # lengths in beats; each pattern lasts four beats
    (1.0, 1.0, 1.0, 1.0),
    (2.0, 1.0, 1.0),
    (1.5, 0.5, 1.0, 1.0),
    (0.5, 0.5, 1.0, 0.5, 0.5, 1.0),
    (0.5,) * 8,
    (0.75, 0.25, 0.75, 0.25, 1.0, 1.0),
    (1 / 3,) * 6 + (1.0, 1.0),
    (0.25,) * 8 + (1.0, 1.0),
    (3.0, 1.0),
)
STEPS, STEP_WEIGHTS = (-4, -2, -1, 0, 1, 2, 4), (0.05, 0.12, 0.3, 0.06, 0.3, 0.12, 0.05)
BEATS_PER_BAR = 4
MIN_SPAN = 12  # semitones of a song's range at least, where the register has them
LEAD_S, TAIL_S = 0.1, 1.0  # silence before the first note, decay after the last
VIBRATO_DELAY_S, BEND_S, BEND_POINTS = 0.25, 0.12, 6


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Ranges from which every song draws how it is played; both ends included.

    Parameters
    ----------
    tempo_bpm : (float, float); beats per minute
    gate : (float, float); sounding part of a note's length: below 0.5 staccato, 1 legato
    velocity : (float, float); MIDI velocity around which a song's dynamics move, 1..127
    rest_probability : (float, float); chance that a note of a pattern is a rest instead
    tuning_cents : (float, float); deviation of the song's tuning from A4 = 440 Hz
    vibrato : (float, float); modulation wheel at full vibrato, 0..127 (about 50 cents at 127)
    """

    tempo_bpm: Range = (60.0, 160.0)
    gate: Range = (0.35, 1.0)
    velocity: Range = (60.0, 112.0)
    rest_probability: Range = (0.02, 0.2)
    tuning_cents: Range = (-20.0, 20.0)
    vibrato: Range = (20.0, 90.0)

    def __post_init__(self) -> None:
        check_range("tempo_bpm", self.tempo_bpm, low=20, high=400, mistake="beats per minute")
        check_range("gate", self.gate, low=0.05, high=1.0, mistake="part of a note's length")
        check_range("velocity", self.velocity, low=1, high=127)
        check_range("rest_probability", self.rest_probability, low=0, high=0.9)
        check_range("tuning_cents", self.tuning_cents, low=-100, high=100, mistake="cents")
        check_range("vibrato", self.vibrato, low=0, high=127, mistake="controller value")


@dataclass(frozen=True, kw_only=True)
class _Song:
    """What one song keeps from its first note to its last."""

    player: Player
    tempo_bpm: float
    gate: float
    velocity: float
    rest_probability: float
    tuning: float  # semitones
    vibrato: int  # controller value
    pitches: tuple[int, ...]  # of its scale, inside its range
    low_pitches: tuple[int, ...]  # for chords and riffs
    rhythms: tuple[tuple[float, ...], ...]
    has_riffs: bool
    has_pedal: bool

    def beats(self, seconds: float) -> float:
        return seconds * self.tempo_bpm / 60


def compose(
    instrument: str, *, song: int, duration_s: float, performance: Performance, seed: list[int]
) -> Score:
    """Return a song of at least ``duration_s`` seconds for one of `PLAYERS`, by its seed.

    ``song`` decides between the instrument's programs, in turn; music fills the length but for
    short silences at both ends. ValueError: the instrument is unknown, or a number is out of its
    range.

    Examples
    --------
    >>> score = compose("flute", song=0, duration_s=3.0, performance=Performance(), seed=[1])
    >>> score.program, score.duration_s
    (73, 3.0)
    """
    checks.choice("instrument", instrument, PLAYERS)
    checks.integer("song", song, low=0, mistake="counted from 0")
    checks.number("duration_s", duration_s, above=LEAD_S + TAIL_S, mistake="seconds")
    rng = np.random.default_rng(seed)
    player = PLAYERS[instrument]
    drawn = _draw_song(player, performance, rng)
    beats = drawn.beats(duration_s)
    notes = tuple(_notes(drawn, drawn.beats(LEAD_S), drawn.beats(duration_s - TAIL_S), rng))
    return Score(
        program=player.programs[song % len(player.programs)],
        tempo_bpm=drawn.tempo_bpm,
        n_beats=beats,
        notes=notes,
        controls=tuple(_controls(drawn, notes, beats)),
        bends=tuple(_bends(drawn, notes, rng)),
    )


def _draw_song(player: Player, performance: Performance, rng: np.random.Generator) -> _Song:
    scale, tonic = SCALES[rng.integers(len(SCALES))], int(rng.integers(12))
    low, high = player.register
    span = int(rng.integers(MIN_SPAN, max(MIN_SPAN + 1, (high - low) * 2 // 3)))
    bottom = int(rng.integers(low, high - span + 1))
    chosen = rng.choice(len(RHYTHMS), size=3, replace=False)
    return _Song(
        player=player,
        tempo_bpm=draw(rng, performance.tempo_bpm),
        gate=draw(rng, performance.gate),
        velocity=draw(rng, performance.velocity),
        rest_probability=draw(rng, performance.rest_probability),
        tuning=draw(rng, performance.tuning_cents) / 100,
        vibrato=round(draw(rng, performance.vibrato)),
        pitches=_scale_pitches(scale, tonic, bottom, bottom + span),
        low_pitches=_scale_pitches(scale, tonic, low, low + 2 * MIN_SPAN),
        rhythms=tuple(RHYTHMS[index] for index in chosen),
        has_riffs=player.texture == "power" and rng.random() < 0.5,
        has_pedal=player.texture == "chords" and rng.random() < 0.5,
    )


def _scale_pitches(scale: tuple[int, ...], tonic: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(pitch for pitch in range(low, high + 1) if (pitch - tonic) % 12 in scale)


def _notes(song: _Song, begin: float, end: float, rng: np.random.Generator) -> Iterator[Note]:
    """Yield the notes of bar after bar; none begins or sounds after ``end``."""
    place, bar = int(rng.integers(len(song.pitches))), 0
    while begin + BEATS_PER_BAR * bar < end:
        first = begin + BEATS_PER_BAR * bar
        swell = 12 * np.sin(2 * np.pi * bar / 8)
        is_riff = song.has_riffs and rng.random() < 0.8
        now = first
        for length in song.rhythms[rng.integers(len(song.rhythms))]:
            place = _step(place, len(song.pitches), rng)
            velocity = _velocity(song.velocity + swell + rng.normal(0, 5))
            if rng.random() >= song.rest_probability and now < end:
                pitches = _power_chord(song, place) if is_riff else (song.pitches[place],)
                sounding = min(length * song.gate, end - now)
                for pitch in pitches:
                    yield Note(start=now, length=sounding, pitch=pitch, velocity=velocity)
            now += length
        if song.player.texture == "chords":
            yield from _accompaniment(song, first, end, rng)
        bar += 1


def _step(place: int, n: int, rng: np.random.Generator) -> int:
    """Return the next place of the random walk, reflected at both ends of 0..n-1."""
    place += int(rng.choice(STEPS, p=STEP_WEIGHTS))
    place = abs(place)
    return place if place < n else max(2 * (n - 1) - place, 0)


def _velocity(value: float) -> int:
    return int(np.clip(round(value), 30, 127))


def _power_chord(song: _Song, place: int) -> tuple[int, int, int]:
    """Return root, fifth and octave on one of the lowest nine semitones or so."""
    low = [pitch for pitch in song.low_pitches if pitch < song.player.register[0] + MIN_SPAN]
    root = low[place % len(low)]
    return root, root + 7, root + 12


def _accompaniment(
    song: _Song, first: float, end: float, rng: np.random.Generator
) -> Iterator[Note]:
    """Yield a triad of the scale below the melody: as a block, or its notes one by one."""
    ceiling = min(song.pitches)
    low = [pitch for pitch in song.low_pitches if pitch < ceiling]
    if len(low) < 5 or rng.random() < 0.2:
        return
    place = int(rng.integers(len(low) - 4))
    triad = [low[place + offset] for offset in (0, 2, 4)]
    is_block = rng.random() < 0.5
    for beat in range(BEATS_PER_BAR):
        if first + beat >= end:
            return
        for pitch in triad if is_block and beat % 2 == 0 else triad[beat % 3 : beat % 3 + 1]:
            length = min(song.gate, end - first - beat)
            velocity = _velocity(song.velocity - 12)
            yield Note(start=first + beat, length=length, pitch=pitch, velocity=velocity)


def _controls(song: _Song, notes: tuple[Note, ...], n_beats: float) -> Iterator[Control]:
    """Yield delayed vibrato on long notes, and the pedal, renewed at every bar."""
    if song.has_pedal:
        for bar in range(int(n_beats) // BEATS_PER_BAR):
            start = song.beats(LEAD_S) + bar * BEATS_PER_BAR
            yield Control(start=start + 0.1, number=SUSTAIN, value=127)
            yield Control(start=start + BEATS_PER_BAR - 0.05, number=SUSTAIN, value=0)
    if song.player.has_vibrato:
        delay = song.beats(VIBRATO_DELAY_S)
        for note in notes:
            yield Control(start=note.start, number=MODULATION, value=0)
            if note.length > 2 * delay:
                yield Control(start=note.start + delay, number=MODULATION, value=song.vibrato)


def _bends(song: _Song, notes: tuple[Note, ...], rng: np.random.Generator) -> Iterator[Bend]:
    """Yield the song's tuning, and the slides into some notes from one semitone below."""
    yield Bend(start=0.0, semitones=song.tuning)
    for start in sorted({note.start for note in notes}):
        if rng.random() < song.player.slides:
            for depth, after in zip(
                np.linspace(-1, 0, BEND_POINTS), np.linspace(0, BEND_S, BEND_POINTS), strict=True
            ):
                semitones = song.tuning + float(depth)
                yield Bend(start=start + song.beats(float(after)), semitones=semitones)
