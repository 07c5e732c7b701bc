"""General MIDI programs, sounding registers and articulation of the eight instruments."""

from __future__ import annotations

from dataclasses import dataclass


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
