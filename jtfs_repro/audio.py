"""Sounds in memory and in files: reading any format, writing float32 WAV, mono, powers of two.

Samples are float32, channels first; amplitude 1 is full scale, but nothing here clips or rescales:
a float WAV file holds values beyond 1 as they are. Equal samples give equal bytes (no PEAK chunk,
which would hold a date).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from jtfs_repro import checks
from jtfs_repro.io import FileError, atomic_path, check_content
from jtfs_repro.whole_files import cut_short

if TYPE_CHECKING:
    from soundfile import SoundFile

LOWEST_SR_HZ, HIGHEST_SR_HZ = 1000, 768_000
MAX_CHANNELS = 64
MAX_VALUES = 1 << 27  # channels times samples: 512 MiB, 25 minutes of stereo at 44.1 kHz
HEADER_BYTES = 44  # of a plain WAV file
FLOAT_BYTES, FLOAT_CODE = 4, 3  # IEEE float32 in a WAV file
CUT = "was its copy or download interrupted?"
_SR_MISTAKE = "is it in kHz, or a number of samples?"
_RATES = f"must be in [{LOWEST_SR_HZ}, {HIGHEST_SR_HZ}]"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sound:
    """Samples with their sample rate in Hz; `TypeError` or `ValueError` if they cannot be a sound.

    >>> sound = Sound(samples=np.zeros((2, 22050)), sr=22050)
    >>> sound.n_channels, sound.n_samples, sound.duration_s
    (2, 22050, 1.0)
    """

    samples: np.ndarray  # [shape=(channels, N)], kept as float32; channels in [1, 64], N >= 1
    sr: float  # in [1000, 768000]

    def __post_init__(self) -> None:
        x = self.samples
        if not isinstance(x, np.ndarray):
            raise TypeError(checks.message("type(samples)", type(x).__name__, "be ndarray"))
        if x.dtype.kind != "f":
            rule = "be real floating point"
            raise TypeError(checks.message("samples.dtype", str(x.dtype), rule, "PCM? rescale it"))
        if x.ndim != 2 or x.shape[1] < 1 or not 1 <= x.shape[0] <= MAX_CHANNELS:
            rule = f"be (channels, N) with 1 to {MAX_CHANNELS} channels and N >= 1"
            checks.fail("samples.shape", x.shape, rule, "mono: x[None]; samples first: x.T")
        checks.number("sr", self.sr, low=LOWEST_SR_HZ, high=HIGHEST_SR_HZ, mistake=_SR_MISTAKE)
        object.__setattr__(self, "sr", float(self.sr))
        with np.errstate(over="ignore"):  # infinite: refused on writing
            object.__setattr__(self, "samples", np.ascontiguousarray(x, dtype=np.float32))

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return self.samples.shape[0]

    @property
    def n_samples(self) -> int:
        """Number of samples N of each channel."""
        return self.samples.shape[1]

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return self.n_samples / self.sr

    @property
    def rms(self) -> float:
        """Root mean square over all channels."""
        return float(np.sqrt(np.mean(np.square(self.samples, dtype=np.float64))))


def read_sound(
    path: str | os.PathLike[str], *, first: int | None = None, max_values: int = MAX_VALUES
) -> Sound:
    """Read a sound file of any format that libsndfile reads (WAV, FLAC, OGG, AIFF, MP3, ...).

    All channels, at the rate of the file; PCM is scaled to [-1, 1). ``first`` samples are read, or
    the whole file; ``max_values`` is channels times samples that may be, 4 bytes of memory each.
    `FileError`: it is missing, a folder, unreadable, not audio, empty, longer than ``max_values``,
    all zero, not finite, of more than 64 channels, or of a rate that is not in [1000, 768000] Hz.
    """
    path = Path(path)
    if first is not None:
        checks.integer("first", first, low=1, mistake="samples")
    _check_file(path)
    with _opened(path) as file:
        frames = _frames(path, file, first, max_values)
        samples, sr = file.read(frames, dtype="float32", always_2d=True).T, file.samplerate
        announced = announced_frames(path, file.frames)
        if samples.shape[1] < (announced if first is None else min(first, announced)):
            what = f"cut short: {samples.shape[1]} of {announced} samples"
            _refuse(path, what, CUT)
    if first is None and (missing := cut_short(path)):
        _refuse(path, f"cut short: {missing}", CUT)
    if not samples.shape[1]:
        _refuse(path, "holds no samples", "was its recording or download interrupted?")
    if not np.isfinite(samples).all():
        _refuse(path, "holds NaN or infinite samples", "export it again")
    if not samples.any():
        _refuse(path, "is silent: all samples are zero", "choose another sound or part of it")
    return Sound(samples=samples, sr=sr)


def _refuse(path: Path, what: str, step: str) -> NoReturn:
    raise FileError(f"{path}: {what} ({step})")


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            _refuse(path, "is a folder", "give one sound file")
        if not path.is_file():
            _refuse(path, "no such file", "check the path")
        with path.open("rb") as file:
            if not file.read(1):
                _refuse(path, "is empty", "was its recording or download interrupted?")
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        what = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{path}: cannot be opened: {what} (check path and permissions)") from None
    check_content(path)


def count_samples(path: str | os.PathLike[str]) -> int:
    """Return the number of samples per channel that a file announces, or raise `FileError`."""
    path = Path(path)
    _check_file(path)
    with _opened(path) as file:
        return file.frames


@contextmanager
def _opened(path: Path) -> Iterator[SoundFile]:
    """Yield the open file; what libsndfile and soundfile raise becomes one line."""
    import soundfile

    # soundfile raises TypeError for names that end in .raw, and asserts that streams are intact.
    refusals = (soundfile.SoundFileError, OSError, TypeError, AssertionError)
    try:
        with soundfile.SoundFile(path) as file:
            yield file
    except refusals as error:
        what = getattr(error, "error_string", None) or str(error) or type(error).__name__
        text = what.splitlines()[0].rstrip(".")
        step = "is it a sound file? convert it to WAV or FLAC"
        raise FileError(f"{path}: not audio or unreadable: {text} ({step})") from None


def _frames(path: Path, file: SoundFile, first: int | None, max_values: int) -> int:
    """Return how many samples per channel to read, after a look at the header."""
    sr, n_channels = file.samplerate, file.channels
    if not LOWEST_SR_HZ <= sr <= HIGHEST_SR_HZ:
        _refuse(path, f"sample rate {sr} Hz {_RATES} Hz", "broken header, or a rate in kHz?")
    if n_channels > MAX_CHANNELS:
        _refuse(path, f"{n_channels} channels, at most {MAX_CHANNELS}", "broken header?")
    frames = file.frames if first is None else min(first, file.frames)
    if frames * n_channels > max_values:
        what = f"too long: {frames} samples in {n_channels} channels, at most {max_values} together"
        _refuse(path, what, "cut it, or read its beginning only")
    return frames


def announced_frames(path: Path, frames: int) -> int:
    """Return the frames of a file that has `frames`; of a WAV file those that its header says.

    libsndfile takes what there is for what there should be. (0 and 2**32 - 1 bytes are written by
    programs that do not know the length.)
    """
    align = 0
    with path.open("rb") as raw:
        head = raw.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return frames
        while len(chunk := raw.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"fmt ":
                align = int.from_bytes(raw.read(16)[12:14], "little")
                raw.seek(size - 16 + size % 2, 1)
            elif chunk[:4] == b"data":
                known = align and 0 < size < 0xFFFFFF00
                # compressed WAV files have blocks: more frames than bytes / align
                return max(frames, size // align) if known else frames
            else:
                raw.seek(size + size % 2, 1)
    return frames


def write_sound(
    path: str | os.PathLike[str], sound: Sound, *, is_plain: bool = False, is_output: bool = True
) -> None:
    """Write a sound as float32 WAV (``.wav``), atomically; the folder is made.

    Values beyond 1 are stored as they are: players may clip them, this function does not.
    ``is_plain`` writes the short header of Medley-solos-DB's files, see `plain_header`;
    ``is_output``: see `io.atomic_path`.
    `ValueError`: another suffix, samples that are not finite, or a rate that is no whole number.
    `FileError`: the disk is full, or the folder cannot be written.
    """
    from scipy.io import wavfile

    check_wav_name(path)
    if not np.isfinite(sound.samples).all():
        checks.fail("sound.samples", "NaN or infinite", "be finite", "did an optimisation diverge?")
    if not sound.sr.is_integer():
        checks.fail("sound.sr", sound.sr, "be a whole number of Hz in a WAV file", "resample first")
    sr, samples = int(sound.sr), np.ascontiguousarray(sound.samples.T)
    with atomic_path(path, is_output=is_output) as part, part.open("wb") as file:
        if is_plain:
            file.write(plain_header(sound.n_samples, sr, n_channels=sound.n_channels))
            file.write(samples.astype("<f4").tobytes())
        else:
            wavfile.write(file, sr, samples)


def plain_header(n_samples: int, sr: int, *, n_channels: int = 1) -> bytes:
    """Return the 44 bytes before float32 samples: format and size, no further chunk.

    Examples
    --------
    >>> len(plain_header(131072, 44100)) + 4 * 131072
    524332
    """
    frame = n_channels * FLOAT_BYTES
    size = n_samples * frame
    form = (FLOAT_CODE, n_channels, sr, sr * frame, frame, 8 * FLOAT_BYTES)
    head = struct.pack("<4sI4s4sI", b"RIFF", size + HEADER_BYTES - 8, b"WAVE", b"fmt ", 16)
    return head + struct.pack("<HHIIHH", *form) + struct.pack("<4sI", b"data", size)


def is_plain_wav(path: str | os.PathLike[str], n_samples: int, *, sr: int) -> bool:
    """Return whether a file has the size and header of ``n_samples`` mono, written plainly."""
    try:
        with open(path, "rb") as file:
            is_alike = file.read(HEADER_BYTES) == plain_header(n_samples, sr)
            size = HEADER_BYTES + n_samples * FLOAT_BYTES
            return is_alike and os.fstat(file.fileno()).st_size == size
    except FileNotFoundError:
        return False


def check_wav_name(path: str | os.PathLike[str]) -> Path:
    """Return ``path``; ``ValueError`` if it does not end in ``.wav`` (in any case)."""
    if Path(path).suffix.lower() != ".wav":
        checks.fail("path", os.fspath(path), "end in .wav", "only float WAV is written")
    return Path(path)


def to_mono(sound: Sound) -> Sound:
    """Return the mean over channels as one channel; `ValueError` if they cancel each other.

    >>> to_mono(Sound(samples=np.array([[1.0, 0.0], [0.0, 0.0]]), sr=8000)).samples
    array([[0.5, 0. ]], dtype=float32)
    """
    mean = sound.samples.mean(axis=0, keepdims=True, dtype=np.float64)
    if sound.samples.any() and not mean.any():
        mistake = "opposite signs: keep one channel"
        checks.fail(
            "sound.samples", "channels that cancel", "have a mean that is not zero", mistake
        )
    return replace(sound, samples=mean)


def truncate_to_power_of_two(sound: Sound) -> Sound:
    """Return the first ``2**k`` samples, as many as there are (Section 5 of the paper).

    >>> truncate_to_power_of_two(Sound(samples=np.ones((1, 1000)), sr=8000)).n_samples
    512
    """
    n_samples = 1 << (sound.n_samples.bit_length() - 1)
    return replace(sound, samples=sound.samples[:, :n_samples])
