r"""Compression and standardisation of coefficients, one set of constants per path (axis 1).

.. math:: \tilde S = \log\Bigl(1 + \frac{S}{c \mu + 10^{-8}}\Bigr), \qquad
          z = \frac{\tilde S - m}{s}
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.models.statistics import Values, as_vector

OFFSET = 1e-8  # of the denominator: paths that are zero in the whole training set


class Standardise(nn.Module):
    """Subtract the mean and divide by the standard deviation, path by path.

    Both [shape=(paths,)] are those of the training set. A path with ``std = 0`` was constant there:
    it is divided by 1, so that it is 0 for every training clip. ValueError: lengths differ, a value
    is not finite or a deviation negative, or the input has another number of paths.

    Examples
    --------
    >>> Standardise([1.0, 2.0], [2.0, 0.0])(torch.tensor([[[5.0], [3.0]]])).flatten()
    tensor([2., 1.])
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Values, std: Values) -> None:
        super().__init__()
        centre, width = as_vector("mean", mean), _non_negative("std", std)
        if len(centre) != len(width):
            checks.fail("len(std)", len(width), f"equal len(mean) = {len(centre)}")
        self.register_buffer("mean", centre)
        self.register_buffer("std", torch.where(width == 0, 1.0, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the standardised ``x``: Tensor [shape=(B, paths, ...)]."""
        _check_paths(x, len(self.mean))
        return (x - along_paths(self.mean, x)) / along_paths(self.std, x)


class MuLog(nn.Module):
    r"""mu-log renormalisation followed by standardisation.

    With `is_learnable` ("AdaLog") the constant is ``c exp(tanh(eps))``, one parameter per path with
    ``eps ~ N(0, 1)`` from torch's global generator: between c / e and c e. ValueError, TypeError:
    lengths differ, a value is out of range, or the input has another number of paths. Reference:
    Muradeli et al., DAFx 2022, equations 9 and 10.

    Parameters
    ----------
    mu : array [shape=(paths,)]; mean of S over time, log-frequency and the training set; >= 0
    mean, std : array [shape=(paths,)]
        Mean and standard deviation of the mu-log coefficients, with the fixed `c`.
    c : float > 0; share of the mean at which the logarithm bends
    is_learnable : bool; whether the constant is learnt

    Notes
    -----
    S is a modulus, S >= 0. Below ``-(c mu + 1e-8)`` the logarithm is NaN: nothing is clipped.

    Examples
    --------
    >>> mu_log = MuLog([1.0], [0.0], [1.0])
    >>> mu_log(torch.tensor([[[0.0, 0.1]]]))
    tensor([[[0.0000, 0.6931]]])
    """

    mu: Tensor
    c: Tensor

    def __init__(
        self, mu: Values, mean: Values, std: Values, *, c: float = 0.1, is_learnable: bool = False
    ) -> None:
        super().__init__()
        constant = checks.number("c", c, above=0, mistake="the paper has 0.1")
        self.standardise = Standardise(mean, std)
        n_paths, centre = len(self.standardise.mean), _non_negative("mu", mu)
        if len(centre) != n_paths:
            checks.fail("len(mu)", len(centre), f"equal len(mean) = {n_paths}")
        self.register_buffer("mu", centre)
        self.register_buffer("c", torch.tensor(constant))
        self.eps = nn.Parameter(torch.randn(n_paths)) if is_learnable else None

    def constants(self) -> Tensor:
        """Return the constant of every path: Tensor [shape=(paths,)]."""
        if self.eps is None:
            return self.c.expand(len(self.mu))
        return self.c * torch.exp(torch.tanh(self.eps))

    def log(self, S: Tensor) -> Tensor:
        """Return the mu-log of ``S``, not standardised: Tensor [shape=(B, paths, ...)]."""
        _check_paths(S, len(self.mu))
        return torch.log1p(S / along_paths(self.constants() * self.mu + OFFSET, S))

    def forward(self, S: Tensor) -> Tensor:
        """Return the standardised mu-log of ``S``: Tensor [shape=(B, paths, ...)]."""
        return self.standardise(self.log(S))


def along_paths(values: Tensor, like: Tensor) -> Tensor:
    """Return ``values`` [shape=(paths,)] as a view that broadcasts along axis 1 of ``like``."""
    return values.view(-1, *[1] * (like.ndim - 2))


def _check_paths(x: Tensor, n_paths: int) -> None:
    if x.ndim < 2 or x.shape[1] != n_paths:
        rule = f"be (B, {n_paths}, ...)"
        checks.fail("S.shape", tuple(x.shape), rule, "statistics of other features?")


def _non_negative(name: str, values: Values) -> Tensor:
    tensor = as_vector(name, values)
    if (tensor < 0).any():
        index = int((tensor < 0).nonzero()[0])
        checks.fail(f"{name}[{index}]", float(tensor[index]), "be >= 0", "mean and std swapped?")
    return tensor
