"""Clips as an array: three readings, three scalings, indexing, and errors that name the file."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import soundfile
from clip_files import SAMPLE, make_clips, needs_sample, noise, wav
from scipy.signal import resample_poly

from jtfs_repro.datasets.clips import ClipSet, Reading
from jtfs_repro.datasets.medley_solos_db import CLASSES, N_SAMPLES
from jtfs_repro.io import FileError

CLIPS = make_clips()[:5]
TOL_RESAMPLING = 1e-3  # two anti-aliasing filters agree on what lies well below both
FLOAT32 = 1e-6


def tone(hz, sr=44100):
    return np.sin(2 * np.pi * hz * np.arange(N_SAMPLES) / sr).astype(np.float32)


def array(folder, files, **options):
    """Return a clip set of files, whatever they hold."""
    known = [replace(CLIPS[0], file=name, name=name, **identity(folder / name)) for name in files]
    reading = Reading(**options)
    return ClipSet(name="own", classes=CLASSES, clips=known, folder=folder, reading=reading)


def identity(path):
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": sha256(data).hexdigest()}


@pytest.fixture
def audio(tmp_path):
    """Return the clips, read as told."""
    for clip in CLIPS:
        (tmp_path / clip.file).write_bytes(wav(noise(clip)))
    return lambda **options: array(tmp_path, [clip.file for clip in CLIPS], **options)


@pytest.fixture
def one(tmp_path):
    """Write samples as a clip and read it again."""

    def write_and_read(samples, sr=44100, **options):
        soundfile.write(tmp_path / "one.wav", samples, sr, subtype="FLOAT")
        return array(tmp_path, ["one.wav"], **options)[:][0]

    return write_and_read


@pytest.mark.parametrize(
    ("reading", "sr_hz", "n"),
    [("resample_22050", 22050, 65536), ("crop_44100", 44100, 65536), ("full_44100", 44100, 131072)],
)
def test_readings(audio, reading, sr_hz, n):
    clips = audio(reading=reading)
    assert (clips.reading.sr_hz, clips.reading.n_samples) == (sr_hz, n)
    assert clips.shape == (5, n) == clips[:].shape
    assert len(clips) == 5
    assert clips[:].dtype == np.float32


def test_stored_samples_are_returned_as_they_are(audio):
    full = audio(reading="full_44100")[:]
    np.testing.assert_array_equal(full[1], noise(CLIPS[1]))
    np.testing.assert_array_equal(audio(reading="crop_44100")[:], full[:, :65536])
    np.testing.assert_array_equal(
        audio(reading="crop_44100", part="centre")[:], full[:, 32768:98304]
    )


@pytest.mark.parametrize(("part", "first"), [("start", 0), ("centre", 32268)])
def test_shorter_clips_are_filled_with_zeros(one, part, first):
    x = np.linspace(0.1, 1, 1000, dtype=np.float32)
    found = one(x, reading="crop_44100", part=part)
    np.testing.assert_array_equal(found[first : first + 1000], x)
    assert np.count_nonzero(found) == 1000
    assert found.shape == (65536,)


@pytest.mark.parametrize("sr", [8000, 48000, 96000])
def test_channels_are_averaged_and_any_rate_is_converted(one, sr):
    t = np.arange(5 * sr) / sr
    left = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    found = one(np.stack([left, np.zeros_like(left)], axis=1), sr=sr)
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(65536) / 22050)
    np.testing.assert_allclose(found[1000:-1000], wanted[1000:-1000], atol=1e-3)


def test_resampling_keeps_tones_in_time_and_removes_high_ones(one):
    inside = slice(1000, -1000)  # the edges ring
    t = np.arange(65536) / 22050
    np.testing.assert_allclose(
        one(tone(1000))[inside], np.sin(2 * np.pi * 1000 * t)[inside], atol=1e-4
    )
    assert np.abs(one(tone(15000))[inside]).max() < 1e-4


def harmonic(f0_hz, f1_hz):
    """A note that glides, twelve partials under the new Nyquist and some above, and its decay."""
    t = np.arange(N_SAMPLES) / 44100
    phase = 2 * np.pi * (f0_hz * t + (f1_hz - f0_hz) * t**2 / 6)
    partials = sum(np.sin(k * phase + k) / k for k in range(1, 25))
    return (0.3 * partials * np.exp(-t)).astype(np.float32)


@pytest.fixture(params=["generated", pytest.param("genuine", marks=needs_sample)])
def sounds(request, tmp_path):
    """Return a folder of clips and the names of four."""
    folder = SAMPLE / "audio"
    if request.param == "generated":
        folder = tmp_path
        for name, f0_hz in (("low", 110), ("mid", 440), ("high", 900), ("higher", 1300)):
            soundfile.write(
                tmp_path / f"{name}.wav", harmonic(f0_hz, 1.2 * f0_hz), 44100, subtype="FLOAT"
            )
    return folder, sorted(path.name for path in folder.glob("*.wav"))[:4]


def test_resampling_agrees_with_another_route(sounds):
    folder, names = sounds
    assert len(names) == 4
    for name, ours in zip(names, array(folder, names)[:], strict=True):
        stored = soundfile.read(folder / name)[0]
        other = resample_poly(stored, 1, 2, window=("kaiser", 12.0))
        low = np.abs(np.fft.rfft(ours - other)[:25000])  # below 8.4 kHz
        assert np.linalg.norm(low) < TOL_RESAMPLING * np.linalg.norm(np.fft.rfft(other))


def test_scalings(audio):
    full = {"reading": "full_44100"}
    stored = audio(**full)[:].astype(np.float64)
    by_std = audio(scaling="std", **full)[:]
    np.testing.assert_allclose(by_std, stored / stored.std(axis=1, keepdims=True), rtol=FLOAT32)
    by_peak = audio(scaling="peak", **full)[:]
    np.testing.assert_allclose(
        by_peak, stored / abs(stored).max(axis=1, keepdims=True), rtol=FLOAT32
    )
    assert by_std.dtype == by_peak.dtype == np.float32


@pytest.mark.parametrize("reading", ["resample_22050", "crop_44100"])
def test_scaling_is_of_the_signal_as_read(audio, reading):
    np.testing.assert_allclose(audio(reading=reading, scaling="std")[:].std(1), 1, rtol=1e-5)
    peaks = np.abs(audio(reading=reading, scaling="peak")[:]).max(1)
    np.testing.assert_allclose(peaks, 1, rtol=FLOAT32)


def test_silence(one, tmp_path):
    zeros = np.zeros(N_SAMPLES)
    assert not one(zeros, scaling="std").any()
    with pytest.raises(FileError, match=r"one.wav: silent, no peak"):
        one(zeros, scaling="peak")


@pytest.mark.parametrize(
    "index",
    [
        slice(1, 4),
        slice(None, None, -2),
        slice(3, 3),
        [4, 0, 0],
        np.array([2, -1]),
        np.arange(5) > 2,
    ],
    ids=str,
)
def test_indexing_is_that_of_an_array(audio, index):
    clips = audio(reading="crop_44100")
    whole = clips[:]
    np.testing.assert_array_equal(clips[index], whole[index])
    assert clips[index].shape == whole[index].shape


def test_only_the_files_asked_for_are_read(audio, tmp_path):
    clips = audio()
    (tmp_path / CLIPS[0].file).unlink()
    assert clips[1:].shape == (4, 65536)
    with pytest.raises(FileError, match=f"{CLIPS[0].file}: no such file"):
        clips[:1]


def test_index_errors(audio):
    with pytest.raises(IndexError):
        audio()[[5]]
    with pytest.raises(ValueError, match="rows=1 must choose several clips"):
        audio()[1]


def test_settings_are_checked():
    with pytest.raises(ValueError, match="reading='resample_16000' must be one of"):
        Reading(reading="resample_16000")
    with pytest.raises(ValueError, match="scaling='max' must be one of"):
        Reading(scaling="max")
    with pytest.raises(ValueError, match="part='end' must be one of"):
        Reading(part="end")


def test_content_is_compared_with_the_index_before_use(audio, tmp_path):
    clips = audio()
    before = clips[[2]]
    first, second = (tmp_path / CLIPS[i].file for i in (0, 1))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content[:-4])
    np.testing.assert_array_equal(clips[[2]], before)
    for row in (0, 1):
        with pytest.raises(FileError, match=r"its content is not what the index records"):
            clips[[row]]
