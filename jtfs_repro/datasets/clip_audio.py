"""The clips of a set as one array of signals, read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import checks
from jtfs_repro.datasets.medley_solos_db import N_SAMPLES, SR_HZ
from jtfs_repro.io import FileError, missing
from jtfs_repro.journal import sha256

FIND_ALL = "run python -m jtfs_repro index_clips to find all such files"

# reading -> (sample rate in Hz, samples)
READINGS = {
    "resample_22050": (SR_HZ // 2, N_SAMPLES // 2),
    "crop_44100": (SR_HZ, N_SAMPLES // 2),
    "full_44100": (SR_HZ, N_SAMPLES),
}
SCALINGS = ("none", "std", "peak")
MAX_BYTES = 16 * N_SAMPLES  # of a file: four times what the samples take
EPSILON = 1e-10  # the original code's x / (std + 1e-10)
# ASSUME: the original read clips through mirdata, whose librosa then resampled by "kaiser_best";
# this is the default of today's librosa.
RESAMPLER = "soxr_hq"


class ClipAudio:
    """Clips as an array of shape (n, N), float32, that reads files when it is indexed.

    ValueError: a setting is unknown, or there is no path. FileError, on indexing: a file is
    missing, unreadable, not 44.1 kHz, not mono, not 131072 samples long, not finite, silent with
    scaling 'peak', or has another SHA-256. The message names the file.

    Parameters
    ----------
    paths : sequence of path; one file per clip: 44.1 kHz, mono, 131072 samples
    reading : {'resample_22050', 'crop_44100', 'full_44100'}; whole clips at 22 050 Hz (N = 65536;
        what the original code does), the first 65536 samples at 44.1 kHz, or all 131072
    scaling : {'none', 'std', 'peak'}; as stored; divided by (standard deviation + 1e-10); or
        divided by the largest magnitude. Applied to the signal as read.
    sha256s : sequence of str, optional
        SHA-256 of each file, compared when it is read for the first time.

    Examples
    --------
    >>> ClipAudio(["a.wav", "b.wav"]).shape
    (2, 65536)
    """

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        reading: str = "resample_22050",
        scaling: str = "none",
        sha256s: Sequence[str] = (),
    ) -> None:
        self.paths = tuple(Path(path) for path in paths)
        self._unchecked = dict(zip(self.paths, sha256s, strict=True)) if sha256s else {}
        self.reading = checks.choice("reading", reading, tuple(READINGS))
        self.scaling = checks.choice("scaling", scaling, SCALINGS)
        if not self.paths:
            checks.fail("paths", paths, "hold at least one path")

    @property
    def sr_hz(self) -> int:
        """Sample rate of the signals in Hz."""
        return READINGS[self.reading][0]

    @property
    def n_samples(self) -> int:
        """Length of the signals."""
        return READINGS[self.reading][1]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of clips and of samples."""
        return len(self.paths), self.n_samples

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return the clips of a slice, of an array of integers or of a mask: (k, N); or one: (N,).

        IndexError: out of range. FileError: see the class.
        """
        chosen = np.arange(len(self))[index]
        if chosen.ndim == 0:
            return self._read(int(chosen))
        if chosen.ndim != 1:
            checks.fail("index", index, "choose clips, not samples", "index the result instead")
        out = np.empty((len(chosen), self.n_samples), dtype=self.dtype)
        for row, number in enumerate(chosen):
            out[row] = self._read(int(number))
        return out

    def _read(self, number: int) -> np.ndarray:
        path = self.paths[number]
        expected = self._unchecked.pop(path, None)
        if expected and path.is_file() and sha256(path) != expected:
            remedy = "corrupted or swapped since; make or fetch the set again"
            raise FileError(f"{path}: its content is not what the index records ({remedy})")
        return _scale(_convert(read_clip(path), self.reading), self.scaling, path)


def read_clip(path: str | Path) -> np.ndarray:
    """Return the samples of one clip as stored, float32 of shape (131072,).

    FileError: see `ClipAudio`.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise missing(path)
    if path.stat().st_size > MAX_BYTES:
        what = f"{path.stat().st_size} bytes, a clip has at most {MAX_BYTES}"
        raise FileError(f"{path}: {what} ({FIND_ALL})")
    # soundfile raises TypeError for names that end in .raw, and asserts that streams are intact
    refusals = (soundfile.SoundFileError, OSError, TypeError, AssertionError)
    try:
        with soundfile.SoundFile(path) as file:
            _check_form(path, (file.samplerate, file.frames, file.channels))
            samples = file.read(dtype="float32", always_2d=True)
    except refusals as error:
        text = (getattr(error, "error_string", None) or str(error) or "damaged").rstrip(".")
        raise FileError(f"{path}: unreadable: {text} ({FIND_ALL})") from None
    _check_form(path, (SR_HZ, *samples.shape))
    if not np.isfinite(samples).all():
        raise FileError(f"{path}: samples are NaN or infinite ({FIND_ALL})")
    return samples[:, 0]


def _check_form(path: Path, found: tuple[int, ...]) -> None:
    """Compare with what a clip is; called on the header first, which may announce anything."""
    expected = (SR_HZ, N_SAMPLES, 1)
    if found != expected:
        rule = f"(Hz, samples, channels) are {found}, expected {expected}"
        raise FileError(f"{path}: {rule} ({FIND_ALL})")


def _convert(x: np.ndarray, reading: str) -> np.ndarray:
    if reading == "resample_22050":
        import librosa  # heavy: only where it is needed

        return librosa.resample(x, orig_sr=SR_HZ, target_sr=SR_HZ // 2, res_type=RESAMPLER)
    # ASSUME: which half "2^16 samples at 44.1 kHz" means is not stated: the first.
    return x[: READINGS[reading][1]]


def _scale(x: np.ndarray, scaling: str, path: Path) -> np.ndarray:
    if scaling == "none":
        return x
    if scaling == "std":
        return x / (x.std(dtype=np.float64) + EPSILON)
    peak = np.abs(x).max()
    if peak == 0:
        raise FileError(f"{path}: silent, no peak to divide by (use scaling 'std' or leave it out)")
    return x / peak
