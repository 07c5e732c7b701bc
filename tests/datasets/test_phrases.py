"""The music and the recording of the rendered clip set, by numbers."""

import io
from dataclasses import replace

import mido
import numpy as np
import pytest
import soundfile
from tiny_soundfont import tiny_soundfont

from jtfs_repro.audio import is_plain_wav
from jtfs_repro.datasets.medley_solos_db import CLASSES
from jtfs_repro.datasets.midi_scores import Bend, Note, Score, midi_bytes
from jtfs_repro.datasets.phrases import LEAD_S, PLAYERS, TAIL_S, Performance, compose
from jtfs_repro.datasets.recording import (
    Condition,
    Recording,
    draw_condition,
    place_in_room,
    save_wav,
    set_level,
)
from jtfs_repro.datasets.solo_songs import _synthesise

SR_HZ = 44100
CENTS_TOL = 5.0  # a bin of two seconds is 4 cents wide at 220 Hz, interpolated
DRY = Condition(
    level_db=-30.0, reverberation_s=0.2, reverberation_db=-120.0, tilt_db_per_oct=0.0,
    noise_db=-120.0, seed=(0,),
)  # fmt: skip


def song(instrument, number=0, seed=0, duration_s=12.0, **performance):
    ranges = Performance(**performance)
    return compose(
        instrument, song=number, duration_s=duration_s, performance=ranges, seed=[seed, number]
    )


def fundamental_hz(x, near_hz):
    """Return the peak of the spectrum within a third of an octave around a frequency."""
    n = 1 << 19
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)), n))
    hz = np.arange(len(spectrum)) * SR_HZ / n
    near = np.abs(np.log2(np.maximum(hz, 1) / near_hz)) < 1 / 3
    return float(hz[near][np.argmax(spectrum[near])])


def sustained(font, pitch, program=71, bend=0.0):
    note = Note(start=0, length=4, pitch=pitch, velocity=100)
    score = Score(
        program=program, tempo_bpm=120, n_beats=4.5, notes=(note,),
        bends=(Bend(start=0, semitones=bend),),
    )  # fmt: skip
    return _synthesise(midi_bytes(score), font, "tiny")


@pytest.mark.parametrize(("pitch", "bend"), [(57, 0.0), (69, 0.0), (76, 0.5), (69, -1.0)])
def test_fundamental_is_the_pitch(pitch, bend):
    x = sustained(tiny_soundfont(), pitch, bend=bend)
    hz = 440 * 2 ** ((pitch + bend - 69) / 12)
    found = fundamental_hz(x[SR_HZ // 4 : SR_HZ * 7 // 4], hz)
    assert abs(1200 * np.log2(found / hz)) < CENTS_TOL
    assert np.abs(x).max() < 1


def test_programs_and_fonts_sound_different():
    spectra = [
        np.abs(np.fft.rfft(sustained(font, 69, program)[:SR_HZ]))
        for font in (tiny_soundfont(), tiny_soundfont(seed=1))
        for program in (71, 40)
    ]
    spectra = [spectrum / np.linalg.norm(spectrum) for spectrum in spectra]
    products = np.array(spectra) @ np.array(spectra).T
    assert products[~np.eye(4, dtype=bool)].max() < 0.99


@pytest.mark.parametrize("instrument", CLASSES)
def test_register_and_limits(instrument):
    low, high = PLAYERS[instrument].register
    pitches = set()
    for seed in range(40):
        score = song(instrument, seed=seed)
        assert score.duration_s == pytest.approx(12.0)
        beat = score.tempo_bpm / 60
        assert 60 <= score.tempo_bpm <= 160
        for note in score.notes:
            pitches.add(note.pitch)
            assert 1 <= note.velocity <= 127
            assert note.length > 0
            assert note.start >= LEAD_S * beat - 1e-9
            assert note.start + note.length <= (12.0 - TAIL_S) * beat + 1e-9
        assert len(score.notes) > 5
    assert low <= min(pitches)
    assert max(pitches) <= high
    assert max(pitches) - min(pitches) > 0.6 * (high - low)


def test_registers_are_true_ones():
    registers = {name: player.register for name, player in PLAYERS.items()}
    assert tuple(PLAYERS) == CLASSES
    lowest = {"violin": 55, "flute": 60, "clarinet": 50, "tenor saxophone": 44, "trumpet": 52}
    highest = {"violin": 103, "flute": 98, "clarinet": 94, "tenor saxophone": 80, "trumpet": 86}
    for name, pitch in lowest.items():
        assert pitch <= registers[name][0] < registers[name][1] <= highest[name]
    assert registers["distorted electric guitar"] == (40, 84)


def test_voice_alternates_between_two_programs():
    assert [song("female singer", number).program for number in range(3)] == [52, 53, 52]


def at_once(score):
    starts = [note.start for note in score.notes]
    return max(starts.count(start) for start in set(starts))


def test_textures():
    lines = [song(name, seed=s) for s in range(10) for name in ("flute", "violin", "clarinet")]
    assert all(at_once(score) == 1 for score in lines)
    assert max(at_once(song("piano", seed=s)) for s in range(10)) >= 3
    guitar = [song("distorted electric guitar", seed=s) for s in range(10)]
    assert {at_once(score) for score in guitar} == {1, 3}
    chord = next(score for score in guitar if at_once(score) == 3)
    start = next(n.start for n in chord.notes if sum(m.start == n.start for m in chord.notes) == 3)
    root, fifth, octave = (n.pitch for n in chord.notes if n.start == start)
    assert (fifth - root, octave - root) == (7, 12)


def test_articulation_and_vibrato():
    staccato, legato = (song("flute", gate=(gate, gate)) for gate in (0.4, 1.0))
    ratio = legato.notes[0].length / staccato.notes[0].length
    assert ratio == pytest.approx(2.5)
    assert {c.number for c in legato.controls} == {1}
    assert not song("clarinet").controls
    assert 64 in {c.number for s in range(6) for c in song("piano", seed=s).controls}


def test_slides_reach_the_note():
    score = next(
        s for s in (song("tenor saxophone", seed=i, tuning_cents=(10.0, 10.0)) for i in range(9))
        if len(s.bends) > 1
    )  # fmt: skip
    assert score.bends[0].semitones == pytest.approx(0.1)
    assert score.bends[-1].semitones == pytest.approx(0.1)
    assert min(bend.semitones for bend in score.bends) == pytest.approx(-0.9)


def test_equal_seeds_equal_bytes():
    first, again, other = (midi_bytes(song("piano", seed=seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_midi_file_has_the_length_and_closes_every_note():
    score = song("piano", seed=3)
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(score)))
    assert file.length == pytest.approx(score.duration_s, abs=0.01)
    kinds = [message.type for message in file]
    assert kinds.count("note_on") == kinds.count("note_off") == len(score.notes)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"gate": (0.5, 1.2)}, "gate=1.2 must be >= 0.05 and <= 1"),
        ({"tempo_bpm": (120.0, 60.0)}, "must not decrease"),
        ({"velocity": 90.0}, "must be a pair"),
    ],
)
def test_performance_ranges(settings, match):
    with pytest.raises(ValueError, match=match):
        Performance(**settings)


def test_compose_refuses():
    with pytest.raises(ValueError, match="instrument='oboe' must be one of"):
        song("oboe")
    with pytest.raises(ValueError, match=r"duration_s=1\.0 must be > 1\.1"):
        song("flute", duration_s=1.0)
    with pytest.raises(ValueError, match="song=-1 must be >= 0"):
        compose("flute", song=-1, duration_s=3.0, performance=Performance(), seed=[0])


def test_recording_ranges():
    with pytest.raises(ValueError, match=r"reverberation_s=0\.9 must be"):
        Recording(reverberation_s=(0.1, 0.9))
    drawn = [draw_condition(Recording(), seed=[seed]) for seed in range(200)]
    levels = [condition.level_db for condition in drawn]
    assert -38 <= min(levels) < -37.5
    assert -24.5 < max(levels) <= -24


def noise(n=SR_HZ, seed=0):
    return np.random.default_rng(seed).standard_normal(n)


def test_dry_room_changes_nothing():
    x = noise()
    np.testing.assert_allclose(place_in_room(x, sr=SR_HZ, condition=DRY), x, atol=1e-4)


def test_room_has_its_energy_and_decay():
    impulse = np.zeros(SR_HZ)
    impulse[0] = 1
    room = replace(DRY, reverberation_db=-10.0, reverberation_s=0.2)
    h = place_in_room(impulse, sr=SR_HZ, condition=room)
    assert h[0] == pytest.approx(1)
    assert 10 * np.log10(np.sum(h[1:] ** 2)) == pytest.approx(-10, abs=1e-6)
    a, b = (np.mean(h[k : k + 2000] ** 2) for k in (1, 1 + SR_HZ // 10))
    assert 10 * np.log10(b / a) == pytest.approx(-30, abs=1)  # half of the time for -60 dB


def test_tilt():
    x = noise()
    tilted = place_in_room(x, sr=SR_HZ, condition=replace(DRY, tilt_db_per_oct=1.0))
    gain = 20 * np.log10(np.abs(np.fft.rfft(tilted)) / np.abs(np.fft.rfft(x)))
    assert np.median(gain[980:1020]) == pytest.approx(0, abs=0.1)
    assert np.median(gain[3900:4100]) == pytest.approx(2, abs=0.1)


def test_level_and_noise():
    clips = np.stack([noise(seed=1), 0.1 * noise(seed=2)])
    out = set_level(clips, condition=DRY)
    assert out.dtype == np.float32
    assert 10 * np.log10(np.mean(np.square(out))) == pytest.approx(-30, abs=1e-3)
    gains = [np.dot(y, x) / np.dot(x, x) for y, x in zip(out, clips, strict=True)]
    assert gains[1] == pytest.approx(gains[0], rel=1e-4)
    noisy = set_level(clips, condition=replace(DRY, noise_db=-20.0))
    floor = noisy.astype(float) - clips / np.sqrt(np.mean(clips**2)) * 10**-1.5
    assert 10 * np.log10(np.mean(floor**2)) == pytest.approx(-50, abs=0.1)


def test_peak_is_kept_below_full_scale():
    clips = np.zeros((1, SR_HZ))
    clips[0, 5] = 1
    assert np.abs(set_level(clips, condition=DRY)).max() == pytest.approx(1)


def test_silence_has_no_level():
    with pytest.raises(ValueError, match="all samples are zero"):
        set_level(np.zeros((1, 10)), condition=DRY)


def test_wav(tmp_path):
    path, x = tmp_path / "x.wav", noise(100).astype(np.float32)
    assert not is_plain_wav(path, 100, sr=SR_HZ)
    save_wav(path, x, sr=SR_HZ)
    read, sr = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(read, x)
    assert sr == SR_HZ
    assert is_plain_wav(path, 100, sr=SR_HZ)
    assert not is_plain_wav(path, 101, sr=SR_HZ)
    assert not is_plain_wav(path, 100, sr=48000)
