"""Representations for sounds of any length, by name: `jtfs`, `scattering1d`, `mfcc`, `cqt`, `strf`.

Each is a function of the sample rate; its other arguments are what gin files set
(``representations.jtfs.Q = 12``). What it returns takes samples and yields frames, block by block,
in bounded memory: the frames of one computation of the whole sound.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from .. import checks
from ..scattering import Scattering1D, TimeFrequencyScattering

AT_ONCE = 1024  # frames of MFCC and CQT that are computed together
# seconds of frames [shape=(n,)], values [shape=(n, features)]
Block = tuple[np.ndarray, np.ndarray]


class Representation(Protocol):
    """Names of the features, and blocks of frames of a sound."""

    @property
    def names(self) -> list[str]:
        """Return the name of each feature."""
        ...

    @property
    def paths(self) -> dict[str, list[Any]]:
        """Return what each feature is, column by column; None where a column says nothing."""
        ...

    @property
    def shortest(self) -> int:
        """Return the least number of samples; shorter sounds get zeros at their end."""
        ...

    def blocks(self, x: np.ndarray, device: torch.device) -> Iterator[Block]:
        """Yield the frames of samples [shape=(N,)], in order and in bounded memory."""
        ...


class Scattered:
    """Frames of a scattering transform, in windows where the sound is long."""

    def __init__(self, transform: Any, sr: float, T: Any) -> None:
        self.transform, self.sr, self.T = transform, sr, T
        self.shortest = max(2, 2 if T == "global" else int(T))

    @property
    def names(self) -> list[str]:
        """Return a name per path: its order and wavelets, with Hz and cycles/octave."""
        table = self.transform.paths(self.sr)
        keys = ("n1", "n2", "n_fr", "frequency_hz", "rate_hz", "scale", "spin")
        keys = [key for key in keys if key in table]
        return [
            " ".join(
                [
                    f"S{table['order'][c]}",
                    *(f"{k}={v:.5g}" for k in keys if not np.isnan(v := table[k][c])),
                ]
            )
            for c in range(self.transform.channels)
        ]

    @property
    def paths(self) -> dict[str, list[Any]]:
        """Return the transform's table of paths: order, wavelets, Hz, cycles/octave, spin."""
        found = {key: np.asarray(column) for key, column in self.transform.paths(self.sr).items()}
        return {
            key: [v if v == v else None for v in column.tolist()]  # JSON knows no NaN
            for key, column in found.items()
            if column.shape == (self.transform.channels,)
        }

    def blocks(self, x: np.ndarray, device: torch.device) -> Iterator[Block]:
        """See `Representation`."""
        if self.T == "global":
            S = self.transform.for_length(len(x))(torch.from_numpy(np.array(x)).to(device))
            yield np.array([len(x) / 2 / self.sr]), S.cpu().numpy().T
            return
        times = self.transform.frame_times(self.sr, len(x))
        for first, S in self.transform.blocks(_On(x, device)):
            values = S.cpu().numpy().T
            yield times[first : first + len(values)], values


class _On:
    """Samples whose slices are tensors on a device."""

    def __init__(self, x: np.ndarray, device: torch.device) -> None:
        self.x, self.device, self.shape = x, device, x.shape

    def __getitem__(self, index: Any) -> torch.Tensor:
        return torch.from_numpy(np.array(self.x[index])).to(self.device)


class Framed:
    """Frames every `hop` samples, each of the `half` samples on either side of its centre.

    Long sounds are cut into windows that overlap by what frames see; the true ends are reflected.
    `make` gives the module for a number of samples, `frames` what it makes of samples.
    """

    def __init__(
        self,
        make: Callable[[int], Any],
        frames: Callable[[Any, torch.Tensor], torch.Tensor],
        names: list[str],
        paths: dict[str, list[Any]],
        *,
        sr: float,
        hop: int,
        half: int,
        shortest: int,
    ) -> None:
        self._make, self._frames = functools.lru_cache(4)(make), frames
        self.names, self.paths, self.shortest = names, paths, shortest
        self.sr, self.hop, self.half = sr, hop, half

    def blocks(self, x: np.ndarray, device: torch.device) -> Iterator[Block]:
        """See `Representation`."""
        for first, values in self._windows(x, device, self._frames):
            times = (first + np.arange(len(values))) * self.hop / self.sr
            yield times, values.cpu().numpy()

    def _windows(
        self, x: np.ndarray, device: torch.device, frames: Callable[..., torch.Tensor]
    ) -> Iterator[tuple[int, torch.Tensor]]:
        """Yield the first frame and the frames [shape=(n, features)] of window after window."""
        N, hop, margin = len(x), self.hop, -(-self.half // self.hop)
        n_frames, at_once = 1 + N // hop, max(AT_ONCE, 2 * margin)
        edges = [*range(0, max(1, n_frames - at_once // 2), at_once), n_frames]
        for first, last in itertools.pairwise(edges):
            start = max(0, first - margin) * hop
            stop = N if last == n_frames else min(N, (last - 1 + margin) * hop + 1)
            part = torch.from_numpy(np.array(x[start:stop])).to(device)
            found = frames(self._make(stop - start).to(device), part[None])
            yield first, found[first - start // hop :][: last - first]


class Decibels(Framed):
    """MFCC of long sounds: decibels have a floor below the loudest bin of all windows."""

    def blocks(self, x: np.ndarray, device: torch.device) -> Iterator[Block]:
        """See `Representation`."""
        levels = (level.max() for _, level in self._windows(x, device, _mel_decibels))
        loudest = functools.reduce(torch.maximum, levels)
        for first, level in self._windows(x, device, _mel_decibels):
            module = self._make(self.shortest).to(device)
            values = torch.maximum(level, loudest - module.top_db) @ module.dct.to(level).T
            times = (first + np.arange(len(values))) * self.hop / self.sr
            yield times, values.cpu().numpy()


def _mel_decibels(module: Any, x: torch.Tensor) -> torch.Tensor:
    """Return the level of the mel bands: [shape=(frames, bands)]."""
    from ..features.mfcc import AMIN

    return 10 * torch.log10((module.mel.to(x) @ module._power(x))[0].clamp(min=AMIN)).T


class Segments:
    """One frame of a module every `samples`; the last ends with the sound."""

    def __init__(self, module: Any, *, sr: float, samples: int) -> None:
        self.module, self.sr, self.shortest = module, sr, samples
        self.paths = {"strf": list(range(module.dimension))}
        self.names = [f"strf{i}" for i in range(module.dimension)]

    def blocks(self, x: np.ndarray, device: torch.device) -> Iterator[Block]:
        """See `Representation`."""
        n, module = self.shortest, self.module.to(device)
        starts = [*range(0, len(x) - n, n), len(x) - n]
        for start in starts:
            part = torch.from_numpy(np.array(x[start : start + n])).to(device)
            yield np.array([(start + n / 2) / self.sr]), module(part[None]).cpu().numpy()


def jtfs(
    *,
    sr: float,
    J: int = 12,
    J_fr: int = 3,
    Q: Sequence[int] | int = (8, 1),
    T: float | str = 2048,
    Q_fr: int = 1,
    F: int | str = 0,
    pad_mode: str = "reflect",
) -> Scattered:
    """Return joint scattering with T samples a frame (or 'global'), one feature a path and row."""
    given = {"J": J, "J_fr": J_fr, "Q": Q, "T": T, "Q_fr": Q_fr, "F": F, "pad_mode": pad_mode}
    return Scattered(_made(TimeFrequencyScattering, J, T, given), sr, T)


def scattering1d(
    *,
    sr: float,
    J: int = 12,
    Q: Sequence[int] | int = (8, 1),
    T: float | str = 2048,
    max_order: int = 2,
    pad_mode: str = "reflect",
) -> Scattered:
    """Return scattering in time with T samples a frame (or 'global'), one feature a path."""
    given = {"J": J, "Q": Q, "T": T, "max_order": max_order, "pad_mode": pad_mode}
    return Scattered(_made(Scattering1D, J, T, given), sr, T)


def _made(cls: Any, J: int, T: Any, given: dict[str, Any]) -> Any:
    J = checks.integer("J", J, low=0, high=20, mistake="J is log2 of the largest scale in samples")
    shape = max(2 ** (J + 2), 4096, 0 if isinstance(T, str) else int(T or 0))
    return cls(**given, shape=shape, global_average="mean")


def mfcc(*, sr: float, n_mfcc: int = 20, n_fft: int = 2048, hop_length: int = 512) -> Framed:
    """Return mel-frequency cepstral coefficients, one frame every `hop_length` samples."""
    from ..features.mfcc import Mfcc

    options: Any = {"sr": sr, "n_mfcc": n_mfcc, "n_fft": n_fft, "hop_length": hop_length}
    Mfcc(n_samples=n_fft, **options)  # refuses what cannot be, before any work
    return Decibels(
        lambda N: Mfcc(n_samples=N, **options),
        _mel_decibels,
        [f"mfcc{i}" for i in range(n_mfcc)],
        {"mfcc": list(range(n_mfcc))},
        sr=sr,
        hop=hop_length,
        half=n_fft // 2,
        shortest=n_fft,
    )


def cqt(
    *,
    sr: float,
    hop_length: int = 512,
    fmin_hz: float = 64.0,
    n_bins: int = 84,
    bins_per_octave: int = 12,
    decibels: str = "power",
) -> Framed:
    """Return the constant-Q spectrogram, one frame every `hop_length` samples."""
    from ..features.cqt import Cqt

    options: Any = {"sr": sr, "hop_length": hop_length, "fmin_hz": fmin_hz, "n_bins": n_bins}
    options |= {"bins_per_octave": bins_per_octave, "decibels": decibels}
    kernel = Cqt(n_samples=2**22, **options)
    return Framed(
        lambda N: Cqt(n_samples=N, **options),
        lambda module, x: module.image(x)[0].T,
        [f"cqt {f:.5g} Hz" for f in kernel.frequencies_hz],
        {"frequency_hz": kernel.frequencies_hz},
        sr=sr,
        hop=kernel.hop_length,
        half=kernel.kernel_width // 2,
        shortest=kernel.kernel_width // 2 + 1,
    )


def strf(*, sr: float, duration_s: float = 4.0) -> Segments:
    """Return rates and scales of the auditory spectrogram, one frame every `duration_s` seconds.

    The last frame is that of the last `duration_s` seconds; shorter sounds get zeros at their end.
    """
    from ..features.strf import Strf

    samples = round(checks.number("duration_s", duration_s, above=0, mistake="seconds") * sr)
    return Segments(Strf(sr=sr, n_samples=samples, duration=duration_s), sr=sr, samples=samples)


REPRESENTATIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (jtfs, scattering1d, mfcc, cqt, strf)
}
