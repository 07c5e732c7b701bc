"""Sounds in files: formats, equal bytes, what is refused, broken files; mono, powers of two."""

import struct

import numpy as np
import pytest
import soundfile
from texture_files import FACTS, needs_recordings, recording

from jtfs_repro import audio
from jtfs_repro.audio import (
    Sound,
    count_samples,
    read_sound,
    to_mono,
    truncate_to_power_of_two,
    write_sound,
)
from jtfs_repro.io import FileError

SR = 22050
SUBTYPES = {  # file -> largest error: a step of the format; of OGG and MP3 what coding loses
    ("u8.wav", "PCM_U8"): 2**-7,
    ("16.wav", "PCM_16"): 2**-15,
    ("24.wav", "PCM_24"): 2**-23,
    ("32.wav", "PCM_32"): 2**-23,
    ("float.wav", "FLOAT"): 0.0,
    ("double.wav", "DOUBLE"): 2**-24,
    ("16.flac", "PCM_16"): 2**-15,
    ("24.flac", "PCM_24"): 2**-23,
    ("16.aiff", "PCM_16"): 2**-15,
    ("sound.ogg", "VORBIS"): 0.05,
    ("sound.mp3", "MPEG_LAYER_III"): 0.05,
}


def tone(n=2000, channels=1, sr=SR):
    t = np.arange(n) / sr
    return Sound(
        samples=np.stack([0.5 * np.sin(2 * np.pi * 440 * (1 + c) * t) for c in range(channels)]),
        sr=sr,
    )


def store(path, samples=None, sr=SR, subtype="FLOAT"):
    samples = tone().samples if samples is None else samples
    soundfile.write(path, np.atleast_2d(samples).T, sr, subtype=subtype)
    return path


def test_round_trip_keeps_every_sample_and_peaks_beyond_one(tmp_path):
    sound = Sound(samples=3 * np.random.default_rng(0).standard_normal((2, 999)), sr=44100)
    write_sound(tmp_path / "new folder" / "a.wav", sound)
    back = read_sound(tmp_path / "new folder" / "a.wav")
    assert back.sr == 44100
    np.testing.assert_array_equal(back.samples, sound.samples)
    assert np.abs(back.samples).max() > 1


def test_header_is_float_wav_without_date(tmp_path):
    write_sound(tmp_path / "a.wav", tone(channels=2))
    data = (tmp_path / "a.wav").read_bytes()
    kind, channels, sr, _, block, bits = struct.unpack("<HHIIHH", data[20:36])
    assert (kind, channels, sr, block, bits) == (3, 2, SR, 8, 32)
    assert b"PEAK" not in data  # libsndfile's float header holds the time of writing
    write_sound(tmp_path / "b.WAV", tone(channels=2))
    assert (tmp_path / "b.WAV").read_bytes() == data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "b.WAV"]


@pytest.mark.parametrize(("name", "subtype"), SUBTYPES)
def test_formats(tmp_path, name, subtype):
    sound = tone(4096, channels=2)
    store(tmp_path / name, sound.samples, subtype=subtype)
    read = read_sound(tmp_path / name)
    assert read.samples.shape == sound.samples.shape
    assert read.sr == SR
    assert read.samples.dtype == np.float32
    error = np.abs(read.samples - sound.samples)[:, 100:-100].max()
    assert error <= SUBTYPES[name, subtype]


@pytest.mark.parametrize("name", ["two words.wav", "Möwe - чайка 鳥.wav", "a'b\"$.wav", "-x.wav"])
def test_names(tmp_path, name):
    write_sound(tmp_path / name, tone())
    np.testing.assert_array_equal(read_sound(tmp_path / name).samples, tone().samples)


def test_beginning_only(tmp_path):
    path = store(tmp_path / "a.wav", tone(channels=2).samples)
    np.testing.assert_array_equal(read_sound(path, first=5).samples, tone(5, 2).samples)
    assert read_sound(path, first=10**9).n_samples == count_samples(path) == 2000
    assert read_sound(path, first=50, max_values=100).n_samples == 50
    with pytest.raises(FileError, match="too long: 2000 samples in 2 channels, at most 3999"):
        read_sound(path, max_values=3999)
    with pytest.raises(ValueError, match="first=0 must be >= 1"):
        read_sound(path, first=0)


def test_missing_folder_empty_and_text(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not a sound")
    (tmp_path / "x.raw").write_bytes(bytes(100))
    cases = {
        "none.wav": "no such file",
        "": "is a folder",
        "empty.wav": "is empty",
        "text.wav": "not audio or unreadable: Format not recognised",
        "x.raw": "not audio or unreadable",
        "a\0b.wav": "no such file|cannot be opened",
        "a" * 300: "no such file|cannot be opened",
    }
    for name, what in cases.items():
        for read in (read_sound, count_samples):
            with pytest.raises(FileError, match=rf"(?s)^{tmp_path}.*: ({what}).*\(.*\)$") as caught:
                read(tmp_path / name)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("samples", "sr", "what"),
    [
        (np.zeros((1, 0)), SR, "holds no samples"),
        (np.zeros((2, 100)), SR, "is silent: all samples are zero"),
        (np.full((1, 100), np.nan), SR, "NaN or infinite"),
        (np.array([[0.5, np.inf, 0.5]]), SR, "NaN or infinite"),
        (np.ones((1, 100)), 999, r"sample rate 999 Hz must be in \[1000, 768000\]"),
        (np.ones((1, 100)), 768_001, "sample rate 768001 Hz must be"),
        (np.ones((65, 100)), SR, "65 channels, at most 64"),
    ],
)
def test_refused_contents(tmp_path, samples, sr, what):
    path = store(tmp_path / "a.wav", samples, sr)
    with pytest.raises(FileError, match=what):
        read_sound(path)


def test_double_beyond_float32_is_infinite(tmp_path):
    path = store(tmp_path / "a.wav", np.full((1, 10), 1e300), subtype="DOUBLE")
    with pytest.raises(FileError, match="NaN or infinite"):
        read_sound(path)


def outcomes(path, contents):
    """Read each version of a file; return how many are sounds. Anything else must be FileError."""
    sounds, messages = [], []
    for data in contents:
        path.write_bytes(data)
        try:
            sounds.append(read_sound(path, max_values=1 << 20))
        except FileError as error:
            messages.append(str(error))
    assert all(np.isfinite(sound.samples).all() for sound in sounds)
    assert not any("\n" in message for message in messages)
    return len(sounds)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_truncated_anywhere(tmp_path, name):
    subtype = {"a.wav": "FLOAT", "a.flac": "PCM_16", "a.ogg": "VORBIS"}[name]
    data = store(tmp_path / name, tone(64).samples, subtype=subtype).read_bytes()
    stops = range(0, len(data) + 1, max(1, len(data) // 400))
    n_sounds = outcomes(tmp_path / name, (data[:stop] for stop in [*stops, len(data)]))
    assert 1 <= n_sounds < len(data)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_corrupt_bytes(tmp_path, name):
    subtype = {"a.wav": "PCM_16", "a.flac": "PCM_16"}[name]
    data = store(tmp_path / name, tone(64).samples, subtype=subtype).read_bytes()
    rng = np.random.default_rng(0)
    broken = []
    for position in range(min(len(data), 120)):
        for value in (0, 255, int(rng.integers(256))):
            broken.append(data[:position] + bytes([value]) + data[position + 1 :])
    assert outcomes(tmp_path / name, broken) > 0


@pytest.mark.parametrize("name", ["a.flac", "a", "a.wav.txt"])
def test_writes_only_wav(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.wav"):
        write_sound(tmp_path / name, tone())
    assert not list(tmp_path.iterdir())


def test_refuses_to_write(tmp_path):
    path = tmp_path / "a.wav"
    for bad in (np.nan, np.inf, 1e300):
        sound = Sound(samples=np.array([[0.0, bad]]), sr=SR)
        with pytest.raises(ValueError, match="must be finite"):
            write_sound(path, sound)
    with pytest.raises(ValueError, match=r"sound\.sr=22050\.5 must be a whole number of Hz"):
        write_sound(path, Sound(samples=np.ones((1, 4)), sr=22050.5))
    assert not path.exists()


@pytest.mark.parametrize(
    ("samples", "sr", "error", "match"),
    [
        ([[0.0]], SR, TypeError, "must be ndarray"),
        (np.zeros((1, 4), np.int16), SR, TypeError, "real floating point"),
        (np.zeros((1, 4), complex), SR, TypeError, "real floating point"),
        (np.zeros(4), SR, ValueError, r"samples.shape=\(4,\) must be \(channels, N\)"),
        (np.zeros((4, 0)), SR, ValueError, "N >= 1"),
        (np.zeros((22050, 2)), SR, ValueError, r"samples first: x\.T"),
        (np.zeros((1, 4)), 22.05, ValueError, r"sr=22\.05 must be >= 1000.*kHz"),
        (np.zeros((1, 4)), 1 << 20, ValueError, "sr=1048576 must"),
    ],
)
def test_sound_checks(samples, sr, error, match):
    with pytest.raises(error, match=match):
        Sound(samples=samples, sr=sr)


def test_to_mono_is_the_mean():
    x = np.random.default_rng(1).standard_normal((3, 100)).astype(np.float32)
    mono = to_mono(Sound(samples=x, sr=SR))
    np.testing.assert_allclose(mono.samples, x.mean(0)[None], atol=1e-6)
    assert (mono.n_channels, mono.sr) == (1, SR)
    alone = to_mono(mono)
    np.testing.assert_array_equal(alone.samples, mono.samples)
    with pytest.raises(ValueError, match="channels that cancel"):
        to_mono(Sound(samples=np.stack([x[0], -x[0]]), sr=SR))


@pytest.mark.parametrize(("n", "kept"), [(1, 1), (2, 2), (3, 2), (1023, 512), (1024, 1024)])
def test_truncation_keeps_the_beginning(n, kept):
    sound = tone(n, channels=2)
    short = truncate_to_power_of_two(sound)
    np.testing.assert_array_equal(short.samples, sound.samples[:, :kept])


def test_measures():
    sound = Sound(samples=np.array([[3.0, 4.0], [0.0, 0.0]]), sr=1000)
    assert sound.rms == pytest.approx(2.5)
    assert sound.duration_s == 0.002
    assert audio.MAX_VALUES * 4 == 512 * 2**20


@needs_recordings
@pytest.mark.parametrize("name", FACTS)
def test_real_recordings(name):
    sound = read_sound(recording(name))
    assert (sound.sr, *sound.samples.shape) == FACTS[name]
    assert count_samples(recording(name)) == FACTS[name][2]
    assert 0.05 < sound.rms < 0.3


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_wav_that_is_cut_short_is_named(tmp_path, share):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.sin(np.arange(8000.0)), 8000)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FileError, match=r"a\.wav: cut short: \d+ of 8000 samples"):
        read_sound(path)
    assert read_sound(path, first=1000).n_samples == 1000
    at = whole.index(b"data") + 4  # programs that write to a pipe do not know the size
    path.write_bytes(whole[:at] + b"\xff" * 4 + whole[at + 4 :])
    assert read_sound(path).n_samples == 8000
