"""Random changes of recordings while a network trains on raw audio: shift, gain, noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jtfs_repro import checks


class Augmentation(nn.Module):
    r"""Shift, amplify and add noise, clip by clip; only in training mode.

    .. math:: y(t) = g \, x(t - d) + \sigma \, n(t), \qquad g = 10^{G / 20}

    with a gain of G dB, a delay d (negative: the clip begins later in the recording), and white
    Gaussian noise n of the level that gives the drawn signal-to-noise ratio; each drawn uniformly
    in its range, and applied with its own probability. All draws come from torch's global
    generator, as many for every batch of one shape, whatever is applied. A silent clip stays
    silent. ValueError, TypeError: an argument is outside its range, or ``x`` is not real with shape
    (B, N).

    Parameters
    ----------
    gain_db : (low, high); range of the gain in dB
    max_shift : int >= 0; largest delay or advance in samples; at most the clip's length
    snr_db : (low, high); range of the ratio of the clip's power to the noise's, in dB
    gain_probability, shift_probability, noise_probability : float in [0, 1]
        How often each change is made.

    Examples
    --------
    >>> augmentation = Augmentation(max_shift=2)
    >>> x = torch.ones(1, 4)
    >>> torch.equal(augmentation.eval()(x), x)
    True
    """

    # ASSUME: the paper has no augmentation; ranges are small enough to keep the instrument.
    def __init__(
        self,
        *,
        gain_db: tuple[float, float] = (-6.0, 6.0),
        max_shift: int = 4096,
        snr_db: tuple[float, float] = (20.0, 40.0),
        gain_probability: float = 0.5,
        shift_probability: float = 0.5,
        noise_probability: float = 0.5,
    ) -> None:
        super().__init__()
        self.gain_db = _interval("gain_db", gain_db)
        self.snr_db = _interval("snr_db", snr_db)
        self.max_shift = checks.integer("max_shift", max_shift, low=0, mistake="in samples")
        self.gain_probability = _share("gain_probability", gain_probability)
        self.shift_probability = _share("shift_probability", shift_probability)
        self.noise_probability = _share("noise_probability", noise_probability)

    def forward(self, x: Tensor) -> Tensor:
        """Return clips like ``x`` [shape=(B, N)]; ``x`` itself in evaluation mode."""
        if not self.training:
            return x
        checks.signal_batch(x, x.shape[-1])
        if self.max_shift > x.shape[1]:
            mistake = "in samples, not beyond the clip"
            checks.fail("max_shift", self.max_shift, f"be <= N = {x.shape[1]}", mistake)
        return self._noise(self._gain(self._shift(x)))

    def _shift(self, x: Tensor) -> Tensor:
        low, high = -self.max_shift, self.max_shift + 1
        delays = torch.randint(low, high, (len(x),)) * _chosen(len(x), self.shift_probability)
        return delayed(x, delays)

    def _gain(self, x: Tensor) -> Tensor:
        gains = _uniform(len(x), self.gain_db) * _chosen(len(x), self.gain_probability)
        return x * from_db(gains).to(x)[:, None]

    def _noise(self, x: Tensor) -> Tensor:
        ratios = from_db(-_uniform(len(x), self.snr_db)) * _chosen(len(x), self.noise_probability)
        level = x.square().mean(dim=1, keepdim=True).sqrt() * ratios.to(x)[:, None]
        return x + level * torch.randn_like(x)


def delayed(x: Tensor, delays: Tensor) -> Tensor:
    """Return every clip [shape=(B, N)] moved by its own number of samples (positive: later).

    What leaves the clip is lost; what is missing is zero, not wrapped around and not reflected, so
    that no note sounds backwards or twice.

    Examples
    --------
    >>> delayed(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([1]))
    tensor([[0., 1., 2.]])
    """
    n_samples = x.shape[1]
    source = torch.arange(n_samples, device=x.device) - delays.to(x.device)[:, None]
    is_inside = (source >= 0) & (source < n_samples)
    return x.gather(1, source.clamp(0, n_samples - 1)) * is_inside


def from_db(level_db: Tensor) -> Tensor:
    """Return the amplitude ratio of a level in dB."""
    return 10 ** (level_db / 20)


def _uniform(n: int, interval: tuple[float, float]) -> Tensor:
    low, high = interval
    return low + (high - low) * torch.rand(n)


def _chosen(n: int, probability: float) -> Tensor:
    """Return 1 where a change is made, else 0."""
    return (torch.rand(n) < probability).long()


def _interval(name: str, interval: tuple[float, float]) -> tuple[float, float]:
    if len(interval) != 2:
        checks.fail(name, interval, "be (low, high)")
    low, high = (checks.number(f"{name}[{k}]", value) for k, value in enumerate(interval))
    if low > high:
        checks.fail(name, interval, "have low <= high", "the two swapped?")
    return low, high


def _share(name: str, value: float) -> float:
    return checks.number(name, value, low=0, high=1, mistake="a share, not per cent")
