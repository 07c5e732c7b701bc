"""From a file of any format to mono samples at one rate, in memory or in a memory map."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..audio import CUT, announced_frames
from ..io import FileError
from ..whole_files import cut_short
from .listing import shown

BLOCK = 2**18  # frames that are decoded at once
IN_MEMORY = 2**25  # samples (128 MB) that are kept in memory; longer sounds go to a file
FFMPEG = "install FFmpeg, or convert it to WAV or FLAC"


@dataclass(frozen=True, kw_only=True)
class Source:
    """An open sound: its rate in Hz, channels, announced frames (None: not known), its blocks."""

    sr: int
    channels: int
    frames: int | None
    blocks: Iterator[np.ndarray]  # float32 [shape=(frames, channels)]


@contextmanager
def decoded(
    path: Path, *, sr: float | None, channel: int | None = None, folder: Path | None = None
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the samples [shape=(N,)], float32, and their rate in Hz.

    The mean over channels, or one `channel` (0 is the first); resampled once to `sr` Hz (None: as
    it is), band-limited (soxr, VHQ). More than `IN_MEMORY` samples are a memory map of a temporary
    file in `folder`, which is removed at the end.
    FileError: not readable, cut short, without samples, NaN or Inf, or the channel does not exist.
    """
    _check_whole(path)
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            with _by_libsndfile(path) as source:
                rest, rate = _mono_samples(path, source, sr, channel, file)
        except _NotDecoded as failure:
            file.seek(0)
            file.truncate()
            with _by_ffmpeg(path, failure) as source:
                rest, rate = _mono_samples(path, source, sr, channel, file)
        if not file.tell():
            yield rest, rate
            return
        file.write(rest.tobytes())
        file.flush()
        yield np.memmap(file, dtype=np.float32, mode="r"), rate


def _check_whole(path: Path) -> None:
    if not path.is_file():
        raise FileError(f"{shown(path)}: no such file (check the path)")
    if not path.stat().st_size:
        raise FileError(f"{shown(path)}: is empty ({CUT})")
    if missing := cut_short(path):
        raise FileError(f"{shown(path)}: cut short: {missing} ({CUT})")


def _mono_samples(
    path: Path, source: Source, sr: float | None, channel: int | None, file: IO[bytes]
) -> tuple[np.ndarray, float]:
    """Return the samples, or the last of them where the others are in `file`, and their rate."""
    import soxr

    if channel is not None and not 0 <= channel < source.channels:
        rule = f"be 0 to {source.channels - 1}, a channel of {shown(path)}"
        raise FileError(f"channel={channel} must {rule}")
    rate = float(source.sr if sr is None else sr)
    resampler = soxr.ResampleStream(source.sr, rate, 1, dtype="float32", quality="VHQ")
    is_same, seen, written = rate == source.sr, 0, 0
    parts: list[np.ndarray] = []
    for block in _with_end(source.blocks):
        mono = _mono(block, channel)
        if not np.isfinite(mono).all():
            raise FileError(f"{shown(path)}: holds NaN or infinite samples (export it again)")
        seen += len(mono)
        part = mono if is_same else resampler.resample_chunk(mono, last=len(block) == 0)
        written += len(part)
        parts.append(part)
        if written > IN_MEMORY:
            file.write(np.concatenate(parts).tobytes())
            parts.clear()
    if source.frames is not None and seen < source.frames:
        raise FileError(f"{shown(path)}: cut short: {seen} of {source.frames} samples ({CUT})")
    if not written:
        raise FileError(f"{shown(path)}: holds no samples (was its recording interrupted?)")
    return np.concatenate([*parts, np.empty(0, np.float32)]), rate


def _with_end(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield from blocks
    yield np.empty((0, 1), np.float32)


def _mono(block: np.ndarray, channel: int | None) -> np.ndarray:
    return block[:, channel] if channel is not None and len(block) else block.mean(axis=1)


class _NotDecoded(Exception):
    """What libsndfile does not open, or not decode to its end; FFmpeg may."""

    def __init__(self, why: Exception, sr: int = 0, frames: int | None = None) -> None:
        super().__init__(next(iter(str(why).splitlines()), "damaged"))
        self.sr, self.frames = sr, frames


@contextmanager
def _by_libsndfile(path: Path) -> Iterator[Source]:
    import soundfile

    try:
        name: Any = os.fsencode(path)  # any bytes are a name
        file = soundfile.SoundFile(name)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise _NotDecoded(error) from None
    with file:
        frames = announced_frames(path, file.frames)
        blocks = file.blocks(BLOCK, dtype="float32", always_2d=True)
        source = Source(sr=file.samplerate, channels=file.channels, frames=frames, blocks=blocks)
        try:
            yield source
        except (soundfile.SoundFileError, AssertionError) as error:
            raise _NotDecoded(error, source.sr, frames) from None


@contextmanager
def _by_ffmpeg(path: Path, failure: _NotDecoded) -> Iterator[Source]:
    command = [
        ffmpeg(path, str(failure)),
        "-v",
        "error",
        "-xerror",
        "-nostdin",
        "-i",
        f"file:{path}",
    ]
    command += ["-map", "a:0", "-f", "au", "-c:a", "pcm_f32be", "-"]
    # what it says goes to a file: a pipe that nobody reads would stop it once full
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said)
        try:
            assert process.stdout is not None
            head = process.stdout.read(24)
            if len(head) < 24:
                what = "no sound in it that libsndfile or FFmpeg reads"
                what = f"cannot be decoded to its end: {failure}" if failure.sr else what
                raise FileError(f"{shown(path)}: {what}")
            _, start, _, _, sr, channels = struct.unpack(">4s5I", head)
            process.stdout.read(start - 24)  # notes
            frames = failure.frames if failure.sr == sr else None
            blocks = _piped(path, process, channels, said, failure)
            yield Source(sr=sr, channels=channels, frames=frames, blocks=blocks)
        finally:
            process.kill()
            process.communicate()


def ffmpeg(path: Path, why: str) -> str:
    """Return FFmpeg's command: the machine's, or that of the package; `FileError` if none is."""
    import imageio_ffmpeg

    if found := shutil.which("ffmpeg"):
        return found
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError:  # no wheel for this kind of machine
        raise FileError(f"{shown(path)}: not read by libsndfile: {why} ({FFMPEG})") from None


def _piped(
    path: Path,
    process: subprocess.Popen,
    channels: int,
    said: IO[bytes],
    failure: _NotDecoded,
) -> Iterator[np.ndarray]:
    assert process.stdout is not None
    while data := process.stdout.read(4 * channels * BLOCK):
        samples = np.frombuffer(data, dtype=">f4", count=len(data) // (4 * channels) * channels)
        yield samples.reshape(-1, channels).astype(np.float32)
    if process.wait():
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").splitlines()
        last = re.sub(r"^(\[[^]]*\] *)+", "", lines[-1]) if lines else "FFmpeg ended early"
        what = failure if failure.sr else last  # what libsndfile says is plainer
        raise FileError(f"{shown(path)}: cannot be decoded to its end: {what}")
