"""Wavelets whose centre frequencies and bandwidths are parameters.

A learnable bank starts as the fixed one and holds, per wavelet, how many octaves its `xi` and its
`sigma` have moved from there: ``xi = xi0 * 2**log2_xi``. At 0 the tables, hence the coefficients,
are those of the fixed transform bit for bit (where gradients are recorded, torch.matmul may add up
in another order). What is discrete stays as constructed: the subsampling j, the pairs with j1 < j2,
the shape of the output. So that this stays right, a wavelet may move as far as

- ``xi + ALPHA * sigma <= 2**-(j + 1)``, the rule by which j was chosen, where j > 0 (with j = 0
  nothing is subsampled);
- ``xi <= 0.5`` and ``sigma <= 0.5`` (Nyquist); ``sigma >= 0.1 / 2**J``, the least bandwidth of a
  bank; ``xi >= sigma`` (or the initial xi, if that was lower).

A step of an optimiser that goes further is taken back to the bound, in place, when the wavelets are
next used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from .. import checks
from .any_length import AnyLength
from .attributes import LIGHT, Attributes
from .filters import ALPHA, SIGMA0, Filter
from .padding import TimeAxis
from .watched import has_tangent, plain_value

BANKS = ("psi1", "psi2", "psi_fr")


class LearntWavelets(nn.Module):
    """A bank, read like a tuple of `Filter`, whose wavelets follow parameters.

    log2_xi, log2_sigma : octaves that each wavelet has moved [shape=(wavelets,)]. Along
        log-frequency both spins share them, and the low-pass filter has none.

    Parameters
    ----------
    filters : sequence of Filter
        Where the wavelets begin. Low-pass filters stay as they are.
    J : int
        log2 of the largest scale of the bank, which fixes the least bandwidth.
    """

    def __init__(self, filters: Sequence[Filter], J: int) -> None:
        super().__init__()
        self.initial = tuple(filters)
        self.movable = tuple(psi for psi in filters if psi.spin > 0)
        self.log2_xi = nn.Parameter(torch.zeros(len(self.movable), dtype=torch.float64))
        self.log2_sigma = nn.Parameter(torch.zeros(len(self.movable), dtype=torch.float64))
        self._sigma_min, self._at_start = SIGMA0 / 2**J, False
        self._seen: tuple[Any, tuple[Filter, ...]] = (None, self.initial)

    def __len__(self) -> int:
        return len(self.initial)

    def __iter__(self) -> Iterator[Filter]:
        return iter(self.current())

    def __getitem__(self, i: Any) -> Any:
        return self.current()[i]

    def extra_repr(self) -> str:
        """Return the number of wavelets."""
        return f"{len(self.movable)} wavelets" + ("" if self.is_trained else ", not trained")

    @property
    def is_trained(self) -> bool:
        """Whether gradients are wanted for any of the parameters."""
        moved = (self.log2_xi, self.log2_sigma)
        return any(p.requires_grad or has_tangent(p) for p in moved)

    def current(self) -> tuple[Filter, ...]:
        """Return the wavelets as the parameters say, after these were taken back to the bounds."""
        moved = [plain_value(p).detach() for p in (self.log2_xi, self.log2_sigma)]
        if self._at_start or moved[0].is_meta:
            return self.initial
        key = tuple(tuple(m.double().tolist()) for m in moved)
        if key != self._seen[0]:
            bounded = tuple(zip(*map(self._bounded, self.movable, *key), strict=True))
            if bounded != key:
                with torch.no_grad():
                    for parameter, values in zip((self.log2_xi, self.log2_sigma), bounded):  # noqa: B905
                        parameter.copy_(torch.tensor(values, dtype=torch.float64))
                key = tuple(tuple(m.double().tolist()) for m in moved)
            ups = [
                replace(psi, xi=psi.xi * 2.0**a, sigma=psi.sigma * 2.0**b)
                for psi, a, b in zip(self.movable, *key, strict=True)
            ]
            self._seen = (key, self._with_ups(ups))
        return self._seen[1]

    def _with_ups(self, ups: list[Filter]) -> tuple[Filter, ...]:
        """Put moved wavelets in the places of theirs, of either spin."""
        rest = {1: iter(ups), -1: iter(ups)}
        made = []
        for psi in self.initial:
            up = next(rest[psi.spin]) if psi.spin else psi
            made.append(replace(up, xi=-up.xi) if psi.spin < 0 else up)
        return tuple(made)

    def _bounded(self, psi: Filter, a: float, b: float) -> tuple[float, float]:
        """Return the octaves moved, taken back to the bounds."""
        if not (abs(a) < 64 and abs(b) < 64):
            rule = "be finite, a few octaves at most"
            checks.fail("(log2_xi, log2_sigma)", (a, b), rule, "a step too long?")
        xi, sigma = psi.xi * 2.0**a, psi.sigma * 2.0**b
        least = min(psi.sigma, self._sigma_min)
        widest = 2.0 ** -(psi.j + 1) if psi.j else float("inf")
        bounded_sigma = min(max(sigma, least), 0.5)
        bounded_xi = max(min(xi, 0.5), min(bounded_sigma, psi.xi))
        excess = (bounded_xi + ALPHA * bounded_sigma) / widest
        if excess > 1 + 1e-12:
            bounded_xi, bounded_sigma = bounded_xi / excess, bounded_sigma / excess
        if bounded_xi != xi:
            a = _log2(bounded_xi / psi.xi)
        if bounded_sigma != sigma:
            b = _log2(bounded_sigma / psi.sigma)
        return a, b

    def geometry(self, log2_xi: Tensor, log2_sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Return xi and sigma of all filters, differentiably: float64 [shape=(len(self),)]."""
        ups, found = range(len(self.movable)), []
        counts = {1: iter(ups), -1: iter(ups)}
        index = [next(counts[psi.spin]) if psi.spin else -1 for psi in self.initial]
        at = torch.tensor([max(i, 0) for i in index], device=log2_xi.device)
        moves = torch.tensor([float(i >= 0) for i in index], dtype=torch.float64, device=at.device)
        for field, moved in (("xi", log2_xi), ("sigma", log2_sigma)):
            begin = [getattr(psi, field) for psi in self.initial]
            begin = torch.tensor(begin, dtype=torch.float64, device=at.device)
            found.append(begin * 2.0 ** (moved.double()[at] * moves))
        return found[0], found[1]


def _log2(x: float) -> float:
    return float(torch.tensor(x, dtype=torch.float64).log2())


class Learnable(Attributes, AnyLength):
    """What a transform offers when some of its banks are learnable."""

    learnable: Any
    _is_learnt: bool = False  # fixed, with wavelets that were learnt

    def _bank(self, name: str, filters: Sequence[Filter], J: int) -> Any:
        """Return the filters, as `LearntWavelets` where they are to be learnt."""
        return LearntWavelets(filters, J) if name in self.learnable else tuple(filters)

    def _check_learnable(self, banks: Sequence[str]) -> None:
        given = self.learnable
        names = (given,) if isinstance(given, str) else tuple(given)
        for name in names:
            checks.choice("learnable", name, banks, "names of banks of wavelets")
        self.learnable = tuple(name for name in banks if name in names)

    def _learnt(self) -> dict[str, LearntWavelets]:
        """Return the learnable banks by name."""
        return {name: getattr(self, name) for name in self.learnable}

    def fixed(self) -> Self:
        """Return the fixed transform of the wavelets as they are now: no parameters, same values.

        It is a transform of its own: further training of this one does not reach it.
        """
        other = self._made({**self._given, "learnable": ()})
        for name in self.learnable:
            other.__dict__[name] = tuple(getattr(self, name))
        other._is_learnt = self._is_learnt or bool(self.learnable)
        for suffix, name in (("1", "psi1"), ("2", "psi2"), ("_fr", "psi_fr")):
            for field in ("xi", "sigma") if name in self.learnable else ():
                values = [getattr(psi, field) for psi in getattr(self, name)]
                buffer = other.__dict__["_buffers"][field + suffix]
                buffer.copy_(torch.tensor(values, dtype=torch.float64))
        other._put_together(self.bank.axis)
        return other

    def _put_together(self, axis: TimeAxis) -> None:
        """Build again from the banks as they are now."""
        psi1, psi2 = self.psi1, self.psi2  # pyright: ignore[reportAttributeAccessIssue]
        self.__dict__["_is_built"] = False
        self.bank = replace(self.bank, axis=axis, psi1=psi1, psi2=psi2)
        self._build()

    def _on_axis(self, axis: TimeAxis) -> Self:
        """Return the same transform on another axis: with the same parameters, not copies."""
        is_known = axis == self.bank.axis or axis in self._others
        other = super()._on_axis(axis)
        if is_known:
            return other
        for name, bank in {n: getattr(self, n) for n in BANKS if hasattr(self, n)}.items():
            if isinstance(bank, LearntWavelets):
                other.__dict__["_modules"][name] = bank
            elif bank != getattr(other, name):  # a fixed one that was learnt
                other.__dict__[name] = bank
            else:
                continue
            other._put_together(axis)
        return other

    def _change(self, name: str, value: Any) -> None:
        """Refuse what would build other wavelets than those being learnt."""
        if name == "learnable":  # an optimiser would not know the parameters, or keep dead ones
            raise AttributeError("learnable is read-only (construct with it, or S.fixed())")
        if (self.learnable or self._is_learnt) and name not in LIGHT:
            what = "is read-only where wavelets are learnt (construct a transform with it)"
            raise AttributeError(f"{name} {what}")
        super()._change(name, value)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        """Compare the filters of a state with those at the start; the learnt ones may differ."""
        for bank in self._learnt().values():
            bank._at_start = True
        try:
            super()._load_from_state_dict(state_dict, prefix, *args)  # pyright: ignore[reportAttributeAccessIssue]
        finally:
            for bank in self._learnt().values():
                bank._at_start = False
