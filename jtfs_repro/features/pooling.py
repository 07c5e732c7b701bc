"""What both scattering features share: seconds to samples, frames to one vector."""

from __future__ import annotations

from torch import Tensor

from jtfs_repro import checks


def averaging_samples(T_s: float | str, sr: float) -> float | str:
    """Return the averaging width in samples; 'global' stays as it is."""
    sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
    if isinstance(T_s, str):
        return checks.choice("T_s", T_s, ("global",), "or a number of seconds")
    return checks.number("T_s", T_s, above=0, mistake="seconds") * sr


def pooled(S: Tensor, time_pool: str) -> Tensor:
    """Return the mean over frames, or all of them: S [shape=(B, C, frames)] -> (B, dimension)."""
    return S.mean(-1) if time_pool == "mean" else S.flatten(1)


def pooled_size(channels: int, frames: int, time_pool: str) -> int:
    """Return the dimension of the pooled vector."""
    return channels if time_pool == "mean" else channels * frames
