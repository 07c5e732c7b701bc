r"""Amplitude-modulated exponential chirps with three degrees of freedom.

Conventions of this module: the parameters are, in this order everywhere, the carrier frequency
``f_c`` (Hz), the rate of amplitude modulation ``f_m`` (Hz) and the chirp rate ``gamma``
(octaves/s). Time is in seconds and is zero at sample ``N / 2``. Reference: "Differentiable
Time-Frequency Scattering on GPU" (DAFx 2022), Section 3, Eq. (5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from jtfs_repro import checks

PARAMETERS = ("f_c", "f_m", "gamma")
COLUMNS = ("f_c_hz", "f_m_hz", "gamma_oct_per_s")
AMPLITUDES = ("unit_l2", "gamma", "none")
WINDOWS = ("time_grid", "symmetric")
SUPPORT_SD = 5.0  # the window is below 4e-6 beyond five standard deviations


@dataclass(frozen=True, kw_only=True)
class ChirpSynthesis:
    """Settings of Eq. (5) that all chirps of a set share.

    Parameters
    ----------
    sr : float > 0; sample rate in Hz
    duration : float > 0; duration in seconds; ``sr * duration`` must be an even number of samples
    bandwidth : float > 0
        Bandwidth ``w`` in octaves; the window's standard deviation is ``0.1 * w / gamma`` s.
    amplitude : {'unit_l2', 'gamma', 'none'}
        Divide by the L2 norm, multiply by ``gamma`` (the tutorial), or leave the peak at 1.
    window : {'time_grid', 'symmetric'}; centre the Gaussian at t = 0, or half a sample earlier (a
        symmetric window of N points, as the original code does)
    """

    # ASSUME: the paper states no sample rate; 8192 Hz is the original code's.
    sr: float = 8192.0
    duration: float = 4.0
    bandwidth: float = 2.0
    # ASSUME: the paper states no normalisation; unit L2 norm is the original code's.
    amplitude: str = "unit_l2"
    window: str = "time_grid"

    def __post_init__(self) -> None:
        checks.number("sr", self.sr, above=0, mistake="Hz")
        checks.number("duration", self.duration, above=0, mistake="seconds")
        checks.number("bandwidth", self.bandwidth, above=0, mistake="octaves")
        checks.choice("amplitude", self.amplitude, AMPLITUDES)
        checks.choice("window", self.window, WINDOWS)
        n = self.sr * self.duration
        if n != round(n) or n < 2 or round(n) % 2:
            rule = f"give an even number of samples with sr={self.sr:g}"
            checks.fail("duration", self.duration, rule, f"it gives {n:g}")

    @property
    def n_samples(self) -> int:
        """Number of samples N of a chirp."""
        return round(self.sr * self.duration)


@dataclass(frozen=True, kw_only=True)
class ChirpGrid:
    """Geometric grid of parameters; ranges are (lowest, highest), both included.

    ValueError: a range is not positive and increasing, or a number is below 1.

    Parameters
    ----------
    f_c_hz, f_m_hz, gamma_oct_per_s : (float, float); ranges of the three parameters
    n_f_c, n_f_m, n_gamma : int >= 1; number of values along each
    """

    f_c_hz: tuple[float, float] = (512.0, 1024.0)
    f_m_hz: tuple[float, float] = (4.0, 32.0)
    gamma_oct_per_s: tuple[float, float] = (0.5, 4.0)
    n_f_c: int = 16
    n_f_m: int = 16
    n_gamma: int = 16

    def __post_init__(self) -> None:
        for name in COLUMNS:
            _check_range(name, getattr(self, name))
        for name in ("n_f_c", "n_f_m", "n_gamma"):
            checks.integer(name, getattr(self, name), low=1)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of values (n_f_c, n_f_m, n_gamma)."""
        return self.n_f_c, self.n_f_m, self.n_gamma


def _check_range(name: str, value: tuple[float, float]) -> None:
    if len(value) != 2:
        checks.fail(name, value, "be a pair (lowest, highest)")
    low, high = (checks.number(name, end, above=0) for end in value)
    if high < low:
        checks.fail(name, value, "increase", "is it (highest, lowest)?")


def grid_parameters(grid: ChirpGrid) -> np.ndarray:
    """Return the grid's f_c (Hz, slowest), f_m (Hz), gamma (octaves/s, fastest) [shape=(n, 3)].

    Examples
    --------
    >>> grid_parameters(ChirpGrid(n_f_c=1, n_f_m=1, n_gamma=2)).tolist()
    [[512.0, 4.0, 0.5], [512.0, 4.0, 4.0]]
    """
    ends = [getattr(grid, name) for name in COLUMNS]
    axes = [np.geomspace(low, high, n) for (low, high), n in zip(ends, grid.shape, strict=True)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=-1)


def time_axis(synthesis: ChirpSynthesis) -> np.ndarray:
    """Return ``t = -D/2 + n/sr`` in seconds, n = 0..N-1 [shape=(N,)]."""
    return (np.arange(synthesis.n_samples) - synthesis.n_samples // 2) / synthesis.sr


def chirp(f_c: float, f_m: float, gamma: float, *, synthesis: ChirpSynthesis) -> np.ndarray:
    r"""Synthesise one chirp.

    .. math::
        g(t) = \phi_w(\gamma t) \sin(2 \pi f_m t)
               \sin\Bigl(\frac{2 \pi f_c}{\gamma \ln 2} (2^{\gamma t} - 1)\Bigr)

    whose instantaneous frequency is ``f_c * 2**(gamma * t)``. The amplitude modulation is bipolar
    and of full depth. Eq. (5) of the paper prints ``2^(gamma t)`` without "-1", which differs by a
    constant phase only. Result: ndarray [shape=(N,)], float64; the phase exceeds 5e5 rad at gamma =
    4, hence float64 throughout. ValueError: a parameter is not positive, or the chirp reaches the
    Nyquist frequency while its window is still open.

    Parameters
    ----------
    f_c, f_m : float > 0; carrier frequency and rate of amplitude modulation in Hz
    gamma : float > 0; chirp rate in octaves per second
    synthesis : ChirpSynthesis; sample rate, duration, bandwidth, amplitude and window
    """
    _check_parameters(f_c, f_m, gamma, synthesis)
    t = time_axis(synthesis)
    phase = 2 * np.pi * f_c / (gamma * np.log(2)) * np.expm1(np.log(2) * gamma * t)
    g = _window(t, gamma, synthesis) * np.sin(2 * np.pi * f_m * t) * np.sin(phase)
    return g * _gain(g, gamma, synthesis.amplitude)


def _window(t: np.ndarray, gamma: float, synthesis: ChirpSynthesis) -> np.ndarray:
    """Gaussian of peak 1 and standard deviation ``0.1 * w / gamma`` seconds."""
    sd = 0.1 * synthesis.bandwidth / gamma
    centre = 0.0 if synthesis.window == "time_grid" else -0.5 / synthesis.sr
    return np.exp(-0.5 * ((t - centre) / sd) ** 2)


def _gain(g: np.ndarray, gamma: float, amplitude: str) -> float:
    if amplitude == "unit_l2":
        return 1 / float(np.linalg.norm(g))
    return gamma if amplitude == "gamma" else 1.0


def _check_parameters(f_c: float, f_m: float, gamma: float, synthesis: ChirpSynthesis) -> None:
    """Refuse parameters whose chirp would alias: +-5 sd of the window span ``w / 2`` octaves."""
    checks.number("f_c", f_c, above=0, mistake="Hz")
    checks.number("f_m", f_m, above=0, mistake="Hz")
    checks.number("gamma", gamma, above=0, mistake="octaves/s; only rising chirps are defined")
    octaves = min(0.1 * SUPPORT_SD * synthesis.bandwidth, gamma * synthesis.duration / 2)
    top, nyquist = f_c * 2**octaves + f_m, synthesis.sr / 2
    if top >= nyquist:
        rule = f"keep f_c * 2**{octaves:g} + f_m = {top:g} Hz below Nyquist ({nyquist:g} Hz)"
        checks.fail("f_c", f_c, rule, "raise sr or lower f_c, f_m or bandwidth")


def chirps(theta: np.ndarray, *, synthesis: ChirpSynthesis) -> np.ndarray:
    """Synthesise one chirp per row of ``theta``, f_c (Hz), f_m (Hz), gamma (octaves/s).

    float32 [shape=(n, N)]. ValueError: ``theta`` has not three columns, or as in `chirp`.
    """
    theta = np.asarray(theta, dtype=np.float64)
    if theta.ndim != 2 or theta.shape[1] != len(PARAMETERS):
        checks.fail("theta.shape", theta.shape, "be (n, 3)", "columns f_c, f_m, gamma")
    x = np.empty((len(theta), synthesis.n_samples), dtype=np.float32)
    for row, parameters in zip(x, theta.tolist(), strict=True):
        row[:] = chirp(*parameters, synthesis=synthesis)
    return x


def rows_from_theta(theta: np.ndarray) -> list[dict[str, float]]:
    """Return one dict per chirp: ``index`` and the three parameters with their units."""
    rows = enumerate(np.asarray(theta, dtype=np.float64).tolist())
    return [{"index": i, **dict(zip(COLUMNS, row, strict=True))} for i, row in rows]


def theta_from_rows(rows: Iterable[Mapping[str, object]]) -> np.ndarray:
    """Return parameters [shape=(n, 3)] from the rows of a chirp table (numbers or strings).

    ValueError: a column is missing or a value is not a number.
    """
    rows = list(rows)
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        checks.fail("rows", missing, "hold these columns", "is this the chirps' csv?")
    return np.array([[float(str(row[name])) for name in COLUMNS] for row in rows])


def chirp_sine_pulse(*, sr: float = 4096, n_samples: int = 4096, seed: int = 0) -> np.ndarray:
    r"""Return the original repository's signal of three directions in time-frequency.

    .. math:: x(t) = \tfrac12 \cos\bigl(2 \pi \tfrac{64 D}{\ln 32} (32^{t/D} - 1)\bigr)
              + \tfrac12 \cos(2 \pi\, 364\, t) + 5 \cdot 1_{\text{32 centre samples}}

    The chirp rises from 64 to 2048 Hz over the whole duration ``D = n_samples / sr``: ``sr`` is at
    least 4096 Hz, where it ends at the Nyquist frequency, as in the original; ``n_samples`` at
    least 32; ``seed`` changes nothing.
    """
    low, high, tone = 64.0, 2048.0, 364.0  # Hz
    checks.integer("n_samples", n_samples, low=32)
    checks.number("sr", sr, low=2 * high, mistake="the chirp ends at 2048 Hz")
    t, duration = np.arange(n_samples) / sr, n_samples / sr
    ratio = np.log(high / low)
    # ASSUME: the constant phase of the chirp is not stated; zero at the start.
    phase = 2 * np.pi * low * duration / ratio * np.expm1(ratio * t / duration)
    x = 0.5 * np.cos(phase) + 0.5 * np.cos(2 * np.pi * tone * t)
    x[n_samples // 2 - 16 : n_samples // 2 + 16] += 5
    return x
