"""Pooling of scattering coefficients over frames to one vector; seconds to samples."""

from __future__ import annotations

from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering


class ScatteringVector(nn.Module):
    """A scattering transform whose channels and frames become one vector, stored under one name.

    ``transform`` has `out_type` 'array' and, if joint, `format` 'time'; ``time_pool`` says what is
    done with several frames.
    """

    def __init__(
        self,
        transform: Scattering1D | TimeFrequencyScattering,
        *,
        time_pool: str,
        representation: str,
    ) -> None:
        super().__init__()
        self.transform = transform
        self.time_pool = checks.choice("time_pool", time_pool, ("mean", "flatten"))
        frames = 1 if time_pool == "mean" else transform.frames
        self.dimension = transform.channels * frames
        self.parts = {representation: slice(0, self.dimension)}
        self.bytes_per_signal = transform.bytes_per_signal

    def forward(self, x: Tensor) -> Tensor:
        """Return the coefficients: x [shape=(B, n_samples)] -> [shape=(B, dimension)]."""
        S = self.transform(checks.signal_batch(x, self.transform.shape[0]))
        return S.mean(-1) if self.time_pool == "mean" else S.flatten(1)


def averaging_samples(T_s: float | str, sr: float) -> float | str:
    """Return the averaging width in samples; 'global' stays as it is."""
    sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
    if isinstance(T_s, str):
        return checks.choice("T_s", T_s, ("global",), "or a number of seconds")
    return checks.number("T_s", T_s, above=0, mistake="seconds") * sr
