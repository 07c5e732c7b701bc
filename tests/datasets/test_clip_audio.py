"""Clips as an array: three readings, three scalings, indexing, and errors that name the file."""

import pickle

import numpy as np
import pytest
from clip_files import SAMPLE, make_clips, needs_sample, noise, wav
from scipy.signal import resample_poly

from jtfs_repro.datasets.clip_audio import ClipAudio, read_clip
from jtfs_repro.datasets.medley_solos_db import N_SAMPLES
from jtfs_repro.io import FileError
from jtfs_repro.journal import sha256

CLIPS = make_clips()[:5]
TOL_RESAMPLING = 1e-3  # two anti-aliasing filters agree on what lies well below both
FLOAT32 = 1e-6


def tone(hz, sr=44100):
    return np.sin(2 * np.pi * hz * np.arange(N_SAMPLES) / sr).astype(np.float32)


@pytest.fixture
def paths(tmp_path):
    made = [tmp_path / clip.file_name for clip in CLIPS]
    for clip, path in zip(CLIPS, made, strict=True):
        path.write_bytes(wav(noise(clip)))
    return made


@pytest.fixture
def one(tmp_path):
    """Write samples as a clip and read it again."""

    def write_and_read(samples, **options):
        path = tmp_path / "one.wav"
        path.write_bytes(wav(samples))
        return ClipAudio([path], **options)[0]

    return write_and_read


@pytest.mark.parametrize(
    ("reading", "sr_hz", "n"),
    [("resample_22050", 22050, 65536), ("crop_44100", 44100, 65536), ("full_44100", 44100, 131072)],
)
def test_readings(paths, reading, sr_hz, n):
    audio = ClipAudio(paths, reading=reading)
    assert (audio.sr_hz, audio.n_samples) == (sr_hz, n)
    assert audio.shape == (5, n) == audio[:].shape
    assert len(audio) == 5
    assert audio[:].dtype == audio.dtype == np.float32


def test_stored_samples_are_returned_as_they_are(paths):
    full = ClipAudio(paths, reading="full_44100")
    np.testing.assert_array_equal(full[1], noise(CLIPS[1]))
    np.testing.assert_array_equal(ClipAudio(paths, reading="crop_44100")[:], full[:][:, :65536])


def test_resampling_keeps_tones_in_time_and_removes_high_ones(one):
    inside = slice(1000, -1000)  # the edges ring
    t = np.arange(65536) / 22050
    np.testing.assert_allclose(
        one(tone(1000))[inside], np.sin(2 * np.pi * 1000 * t)[inside], atol=1e-4
    )
    assert np.abs(one(tone(15000))[inside]).max() < 1e-4


@needs_sample
def test_resampling_agrees_with_another_route():
    paths = sorted((SAMPLE / "audio").glob("*.wav"))[:4]
    for path, ours in zip(paths, ClipAudio(paths)[:], strict=True):
        other = resample_poly(read_clip(path).astype(np.float64), 1, 2, window=("kaiser", 12.0))
        low = np.abs(np.fft.rfft(ours - other)[:25000])  # below 8.4 kHz
        assert np.linalg.norm(low) < TOL_RESAMPLING * np.linalg.norm(np.fft.rfft(other))


def test_scalings(paths):
    full = {"reading": "full_44100"}
    stored = ClipAudio(paths, **full)[:].astype(np.float64)
    by_std = ClipAudio(paths, scaling="std", **full)[:]
    np.testing.assert_allclose(by_std, stored / stored.std(axis=1, keepdims=True), rtol=FLOAT32)
    by_peak = ClipAudio(paths, scaling="peak", **full)[:]
    np.testing.assert_allclose(
        by_peak, stored / abs(stored).max(axis=1, keepdims=True), rtol=FLOAT32
    )
    assert by_std.dtype == by_peak.dtype == np.float32


@pytest.mark.parametrize("reading", ["resample_22050", "crop_44100"])
def test_scaling_is_of_the_signal_as_read(paths, reading):
    np.testing.assert_allclose(
        ClipAudio(paths, reading=reading, scaling="std")[:].std(1), 1, rtol=1e-5
    )
    peaks = np.abs(ClipAudio(paths, reading=reading, scaling="peak")[:]).max(1)
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
def test_indexing_is_that_of_an_array(paths, index):
    audio = ClipAudio(paths, reading="crop_44100")
    array = audio[:]
    np.testing.assert_array_equal(audio[index], array[index])
    assert audio[index].shape == array[index].shape


def test_one_by_one_equals_batch(paths):
    audio = ClipAudio(paths)
    np.testing.assert_array_equal(np.stack([audio[i] for i in range(5)]), audio[:])
    np.testing.assert_array_equal(audio[-1], audio[np.int64(4)])


def test_only_the_files_asked_for_are_read(paths):
    paths[0].unlink()
    assert ClipAudio(paths)[1:].shape == (4, 65536)


def test_iteration_ends(paths):
    assert len(list(ClipAudio(paths, reading="crop_44100"))) == 5


def test_can_be_sent_to_workers(paths):
    audio = ClipAudio(paths, scaling="peak")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(audio))[2], audio[2])


def test_index_errors(paths):
    audio = ClipAudio(paths)
    with pytest.raises(IndexError):
        audio[5]
    with pytest.raises(IndexError):
        audio[0, 100]
    with pytest.raises(ValueError, match="choose clips, not samples"):
        audio[None]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (None, "no such file"),
        (b"<html>", "unreadable: "),
        (
            wav(np.ones(N_SAMPLES), sr=22050),
            r"are \(22050, 131072, 1\), expected \(44100, 131072, 1\)",
        ),
        (wav(np.ones(N_SAMPLES - 1)), r"are \(44100, 131071, 1\)"),
        (wav(np.ones(2 * N_SAMPLES), channels=2), r"are \(44100, 131072, 2\)"),
        (wav(np.full(N_SAMPLES, np.nan)), "NaN or infinite"),
    ],
    ids=["missing", "page", "rate", "short", "stereo", "NaN"],
)
def test_errors_name_the_file(paths, data, what):
    paths[2].unlink()
    if data is not None:
        paths[2].write_bytes(data)
    audio = ClipAudio(paths, reading="crop_44100")
    with pytest.raises(FileError, match=what) as caught:
        audio[:]
    assert str(caught.value).startswith(f"{paths[2]}: ")


def test_settings_are_checked(paths):
    with pytest.raises(ValueError, match="reading='resample_16000' must be one of"):
        ClipAudio(paths, reading="resample_16000")
    with pytest.raises(ValueError, match="scaling='max' must be one of"):
        ClipAudio(paths, scaling="max")
    with pytest.raises(ValueError, match=r"paths=\[\] must hold at least one path"):
        ClipAudio([])


def test_content_is_compared_with_the_index_before_use(paths):
    digests = [sha256(path) for path in paths]
    clips = ClipAudio(paths, sha256s=digests)
    assert np.array_equal(clips[:], ClipAudio(paths)[:])
    first, second = paths[0].read_bytes(), paths[1].read_bytes()
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)
    swapped = ClipAudio(paths, sha256s=digests)
    assert np.array_equal(swapped[2], clips[2])
    with pytest.raises(FileError, match=r"its content is not what the index records"):
        swapped[1]
