"""Representations for sounds of any length, by name: `jtfs`, `scattering1d`, `mfcc`, `cqt`, `strf`.

Each is a function of the sample rate; its other arguments are what gin files set
(``representations.jtfs.Q = 12``). What it returns takes samples and yields frames, block by block.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from .. import checks
from ..scattering import Scattering1D, TimeFrequencyScattering

LONGEST_S = 1200.0  # of what is not computed in windows
Block = tuple[
    np.ndarray, np.ndarray
]  # seconds of frames [shape=(n,)], values [shape=(n, features)]


class Representation(Protocol):
    """Names of the features, and blocks of frames of a sound."""

    @property
    def names(self) -> list[str]:
        """Return the name of each feature."""
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


class Whole:
    """Frames of a module made for each length; sounds of at most `LONGEST_S` seconds."""

    def __init__(
        self, make: Callable[[int], Any], frames: Any, names: list[str], *, sr: float, shortest: int
    ) -> None:
        self._make, self._frames = functools.lru_cache(4)(make), frames
        self.names, self.sr, self.shortest = names, sr, shortest

    def blocks(self, x: np.ndarray, device: torch.device) -> Iterator[Block]:
        """See `Representation`."""
        if len(x) > LONGEST_S * self.sr:
            rule = f"be <= {LONGEST_S:g} s for this representation"
            checks.fail("duration_s", round(len(x) / self.sr, 1), rule, "cut it, or take jtfs")
        module = self._make(len(x)).to(device)
        values = self._frames(module, torch.from_numpy(np.array(x)).to(device)[None])
        times = np.arange(len(values)) * getattr(module, "hop_length", len(x)) / self.sr
        yield times, values.cpu().numpy()


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


def mfcc(*, sr: float, n_mfcc: int = 20, n_fft: int = 2048, hop_length: int = 512) -> Whole:
    """Return mel-frequency cepstral coefficients, one frame every `hop_length` samples."""
    from ..features.mfcc import Mfcc

    options = {"sr": sr, "n_mfcc": n_mfcc, "n_fft": n_fft, "hop_length": hop_length}
    return Whole(
        lambda N: Mfcc(n_samples=N, **options),  # pyright: ignore[reportArgumentType]
        lambda module, x: module.coefficients(x)[0].T,
        [f"mfcc{i}" for i in range(n_mfcc)],
        sr=sr,
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
) -> Whole:
    """Return the constant-Q spectrogram, one frame every `hop_length` samples."""
    from ..features.cqt import Cqt

    options: Any = {"sr": sr, "hop_length": hop_length, "fmin_hz": fmin_hz, "n_bins": n_bins}
    options |= {"bins_per_octave": bins_per_octave, "decibels": decibels}
    kernel = Cqt(n_samples=2**22, **options)
    return Whole(
        lambda N: Cqt(n_samples=N, **options),
        lambda module, x: module.image(x)[0].T,
        [f"cqt {f:.5g} Hz" for f in kernel.frequencies_hz],
        sr=sr,
        shortest=kernel.kernel_width // 2 + 1,
    )


def strf(*, sr: float, duration_s: float = 4.0) -> Whole:
    """Return rates and scales of the auditory spectrogram, one frame a sound.

    The first `duration_s` seconds count; shorter sounds get zeros at their end.
    """
    from ..features.strf import Strf

    samples = round(checks.number("duration_s", duration_s, above=0, mistake="seconds") * sr)
    module = Strf(sr=sr, n_samples=samples, duration=duration_s)
    return Whole(
        lambda _: module,
        lambda module, x: module(x[:, :samples]),
        [f"strf{i}" for i in range(module.dimension)],
        sr=sr,
        shortest=samples,
    )


REPRESENTATIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (jtfs, scattering1d, mfcc, cqt, strf)
}
