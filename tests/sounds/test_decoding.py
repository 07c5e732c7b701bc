"""From files of any format to samples; files that are cut short."""

import os
import subprocess
from unittest.mock import Mock

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from tones import tone

from jtfs_repro.io import FileError
from jtfs_repro.sounds import decoding
from jtfs_repro.sounds.decoding import decoded, ffmpeg


def test_decoding_is_one_good_resampling(tmp_path):
    """A tone keeps its amplitude and place; what is above the new band is gone."""
    n = 44100 * 3
    x = tone(3, 44100, 1000) + 0.3 * np.sin(2 * np.pi * 6000 * np.arange(n) / 44100)
    soundfile.write(tmp_path / "a.wav", np.stack([x, 0 * x], axis=1), 44100, subtype="FLOAT")
    with decoded(tmp_path / "a.wav", sr=8000, channel=0) as (y, sr):
        assert sr == 8000
        assert abs(len(y) - 24000) <= 1
        inner = slice(1000, 23000)
        np.testing.assert_allclose(y[inner], tone(3, 8000, 1000)[inner], atol=2e-3)
    with decoded(tmp_path / "a.wav", sr=None) as (y, sr):
        np.testing.assert_allclose(y, x / 2, atol=1e-6)
    with pytest.raises(FileError, match="channel=2 must be 0 to 1"):
        decoded(tmp_path / "a.wav", sr=None, channel=2).__enter__()


def test_long_sounds_are_maps_of_a_temporary_file(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", tone(2), 8000, subtype="FLOAT")
    monkeypatch.setattr(decoding, "IN_MEMORY", 5000)
    monkeypatch.setattr(decoding, "BLOCK", 3000)
    with decoded(tmp_path / "a.wav", sr=8000, folder=tmp_path) as (x, _):
        assert isinstance(x, np.memmap)
        np.testing.assert_allclose(x, tone(2), atol=1e-6)
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize(
    ("name", "damage", "why"),
    [
        ("a.wav", lambda b: b[: len(b) // 2], "cut short: .* of 8000 samples"),
        ("a.flac", lambda b: b[: len(b) // 2], "cut short|decoded to its end"),
        ("a.wav", lambda b: b"", "is empty"),
        ("a.wav", lambda b: b"text" * 99, "no sound in it|not read by libsndfile"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, damage, why):
    path = tmp_path / name
    soundfile.write(path, tone(), 8000)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(FileError, match=rf"{name}: .*({why})") as caught, decoded(path, sr=8000):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "suffix",
    ["wav", "rf64", "w64", "au", "caf", "aiff", "flac", "ogg", "opus", "mp3", "m4a", "mka", "avi"],
)
def test_sounds_cut_short_are_refused_not_read_as_far_as_they_go(tmp_path, suffix):
    whole, cut = tmp_path / f"a.{suffix}", tmp_path / f"cut.{suffix}"
    noise = 0.1 * np.random.default_rng(0).standard_normal(16000)
    if suffix in ("opus", "m4a", "mka", "avi"):
        soundfile.write(tmp_path / "a.wav", noise, 8000)
        command = [ffmpeg(whole, ""), "-v", "error", "-i", tmp_path / "a.wav", whole]
        subprocess.run(command, check=True)
    else:
        soundfile.write(whole, noise, 8000, format=suffix.upper())
    with decoded(whole, sr=8000) as (x, _):
        assert abs(len(x) - 16000) < 4000
    for share in (0.3, 0.6, 0.9):
        cut.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
        why = "cut short|cannot be decoded to its end|no sound in it|not read by libsndfile"
        with pytest.raises(FileError, match=why), decoded(cut, sr=8000):
            pass


def test_wav_of_unknown_length_is_whole(tmp_path):
    """Programs that write to a pipe say 0 or 2**32 - 1 bytes."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), 8000)
    whole = path.read_bytes()
    at = whole.index(b"data") + 4
    path.write_bytes(whole[:at] + b"\xff" * 4 + whole[at + 4 :])
    with decoded(path, sr=8000) as (x, _):
        assert len(x) == 8000


def test_formats_of_ffmpeg(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(), 8000)
    for name in ("a.m4a", "a.mka", "a.wma"):
        command = [ffmpeg(tmp_path, ""), "-v", "error", "-i", tmp_path / "a.wav", tmp_path / name]
        subprocess.run(command, check=True)
        with decoded(tmp_path / name, sr=8000) as (x, _):
            assert abs(len(x) - 8000) < 4000
            assert np.std(x) == pytest.approx(np.std(tone()), rel=0.2)


def test_rate_and_channels_are_those_of_the_file(tmp_path):
    """Five channels at another rate, by FFmpeg."""
    x = np.stack([0.1 * (c + 1) * tone(1, 12000) for c in range(5)], axis=1)
    soundfile.write(tmp_path / "a.wav", x, 12000, subtype="FLOAT")
    command = [ffmpeg(tmp_path, ""), "-v", "error", "-i", tmp_path / "a.wav", "-c:a", "alac"]
    subprocess.run([*command, tmp_path / "a.m4a"], check=True)
    for channel, wanted in ((None, x.mean(1)), (3, x[:, 3])):
        with decoded(tmp_path / "a.m4a", sr=None, channel=channel) as (y, sr):
            assert sr == 12000
            np.testing.assert_allclose(y, wanted, atol=1e-3)


def test_what_libsndfile_cannot_decode_to_its_end_goes_to_ffmpeg(tmp_path, monkeypatch):
    """Whole files alone: those that end early have fewer samples than libsndfile announced."""

    def blocks(*_, **options):
        yield np.zeros((9, 1), np.float32)
        raise soundfile.LibsndfileError(0)

    soundfile.write(tmp_path / "a.flac", tone(), 8000)
    monkeypatch.setattr(soundfile.SoundFile, "blocks", blocks)
    with decoded(tmp_path / "a.flac", sr=None) as (x, sr):
        assert sr == 8000
        np.testing.assert_allclose(x, tone(), atol=1e-4)
    monkeypatch.setattr(decoding, "announced_frames", lambda *_: 8001)
    with pytest.raises(FileError, match="cut short: 8000 of 8001"):
        decoded(tmp_path / "a.flac", sr=None).__enter__()


def test_without_ffmpeg_the_remedy_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.m4a").write_bytes(b"no sound that libsndfile reads")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", Mock(side_effect=RuntimeError))
    with (
        pytest.raises(FileError, match=r"a\.m4a: not read by libsndfile: .*install FFmpeg"),
        decoded(tmp_path / "a.m4a", sr=8000),
    ):
        pass
