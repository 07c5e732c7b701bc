"""Score of a piece for one player, and its bytes as a Standard MIDI File.

Times and durations are in beats (quarter notes), pitches are MIDI numbers (69 is A4, 440 Hz),
velocities 1..127, bends in semitones within `BEND_RANGE`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import mido

TICKS_PER_BEAT = 480
BEND_RANGE = 2.0  # semitones; what every synthesiser starts with
MODULATION, VOLUME, PAN, SUSTAIN, REVERB, CHORUS = 1, 7, 10, 64, 91, 93  # controller numbers
# Full volume, middle, no effects of the synthesiser: the room is added to the audio.
SETUP = ((VOLUME, 127), (PAN, 64), (REVERB, 0), (CHORUS, 0))
_ORDER = {"note_off": 0, "control_change": 1, "pitchwheel": 2, "note_on": 3}  # at equal times


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note; ``start`` and ``length`` in beats."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True, kw_only=True)
class Control:
    """A controller takes a value (0..127) at a time in beats."""

    start: float
    number: int
    value: int


@dataclass(frozen=True, kw_only=True)
class Bend:
    """The pitch of all sounding notes is moved by some semitones, from a time in beats on."""

    start: float
    semitones: float


@dataclass(frozen=True, kw_only=True)
class Score:
    """A piece for one player: General MIDI program (0-based), events in any order.

    ``n_beats`` is its length in beats, the last note's decay included.
    """

    program: int
    tempo_bpm: float
    n_beats: float
    notes: tuple[Note, ...]
    controls: tuple[Control, ...] = ()
    bends: tuple[Bend, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_beats * 60 / self.tempo_bpm


def midi_bytes(score: Score) -> bytes:
    """Return a score as a MIDI file of type 0; equal scores give equal bytes.

    Examples
    --------
    >>> note = Note(start=0, length=1, pitch=69, velocity=100)
    >>> midi_bytes(Score(program=71, tempo_bpm=120, n_beats=2, notes=(note,)))[:4]
    b'MThd'
    """
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(score.tempo_bpm), time=0))
    track.append(mido.Message("program_change", program=score.program, time=0))
    track.extend(mido.Message("control_change", control=n, value=v, time=0) for n, v in SETUP)
    now = 0
    for tick, message in _timed(score):
        track.append(message.copy(time=tick - now))
        now = tick
    end = max(_ticks(score.n_beats) - now, 0)
    track.append(mido.MetaMessage("end_of_track", time=end))
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _timed(score: Score) -> list[tuple[int, mido.Message]]:
    """Return messages with their absolute ticks, in the order in which they are sent."""
    timed = []
    for note in score.notes:
        begin, end = _ticks(note.start), _ticks(note.start + note.length)
        on = mido.Message("note_on", note=note.pitch, velocity=note.velocity)
        timed.append((begin, on))
        timed.append((max(end, begin + 1), mido.Message("note_off", note=note.pitch, velocity=0)))
    for control in score.controls:
        message = mido.Message("control_change", control=control.number, value=control.value)
        timed.append((_ticks(control.start), message))
    timed += [(_ticks(b.start), mido.Message("pitchwheel", pitch=_wheel(b))) for b in score.bends]
    return sorted(timed, key=lambda event: (event[0], _ORDER[event[1].dict()["type"]]))


def _ticks(beats: float) -> int:
    return round(beats * TICKS_PER_BEAT)


def _wheel(bend: Bend) -> int:
    return max(-8192, min(8191, round(bend.semitones / BEND_RANGE * 8192)))
