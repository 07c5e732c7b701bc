"""Runs a network whose wavelets are learnt: tables follow the parameters, and give gradients.

Tables are made as those of a fixed transform, from the wavelets as they are now, and kept until a
parameter has another value. The stages' adjoints give the gradients of the tables beside those of
the inputs, chunk by chunk; the chain rule through the formulae of the filters comes once per
backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from . import filter_gradients
from .bands import alias_periods, band_bins
from .engine import Assemble, Engine
from .filters import Filter
from .frequency import RowKernels
from .learnable import LearntWavelets
from .padding import padded
from .parallel import in_parallel
from .stages import Stage
from .watched import is_traced, is_transformed

Leaves = dict[int, Tensor]  # tables by identity


class LearntEngine(Engine):
    """An `Engine` for banks of which some are `LearntWavelets`."""

    def tables(self, device: torch.device, dtype: torch.dtype) -> Any:
        """See `Engine`; made again when the parameters have changed."""
        now = tuple(bank.current() for bank in self._banks().values())
        if now != self.__dict__.get("_made_of"):
            self._tables, self._memories, self._made_of = {}, {}, now
        return super().tables(device, dtype)

    def run(self, x: Tensor, budget: float | None, assemble: Assemble) -> list[Tensor]:
        """See `Engine`."""
        trained = [b for b in self._banks().values() if b.is_trained]
        if not (trained and (torch.is_grad_enabled() or is_transformed())):
            return super().run(x, budget, assemble)
        if is_traced():
            raise ValueError("learnable wavelets cannot be traced or exported (use S.fixed())")
        tables = self.attached(self.tables(x.device, x.dtype))

        def computed(some: Tensor) -> tuple[Tensor, ...]:
            U_0, scale = padded(some, self.network.bank.axis, self.pad_mode)
            return tuple(assemble(self.network.orders(U_0, tables), scale))

        how = self.chunks(len(x), x.dtype, x.device, grad=True, budget=budget)
        parts = [
            checkpoint(computed, some, use_reentrant=False) if how.rerun else computed(some)
            for some in x.split(how.signals)
        ]
        return (
            list(parts[0]) if len(parts) == 1 else [torch.cat(p) for p in zip(*parts, strict=True)]
        )

    def attached(self, tables: Any) -> Any:
        """Return the tables as functions of the parameters, as far as these are trained."""
        makers = self._makers(tables)
        banks = self._banks()
        moves = [p for name in makers for p in (banks[name].log2_xi, banks[name].log2_sigma)]
        flat = [pair for pairs in makers.values() for pair in pairs.leaves]

        def made(*moves: Tensor) -> tuple[Tensor, ...]:
            found = []
            for (name, maker), i in zip(makers.items(), range(0, len(moves), 2), strict=True):
                device = maker.leaves[0].device if maker.leaves else moves[i].device
                geometry = banks[name].geometry(moves[i].to(device), moves[i + 1].to(device))
                found += maker.make(*geometry)
            return tuple(t.to(leaf) for t, leaf in zip(found, flat, strict=True))

        if not flat:
            return tables
        values = made(*moves) if is_transformed() else _Made.apply(made, tuple(flat), *moves)
        into = {id(leaf): value for leaf, value in zip(flat, values, strict=True)}  # pyright: ignore
        changed: dict[str, Any] = {"first": [_learnt(stage, into) for stage in tables.first]}
        changed["second"] = tables.second and _learnt(tables.second, into)
        if hasattr(tables, "kernels_1"):
            changed["kernels_1"] = replaced(tables.kernels_1, into)
        return replace(tables, **changed)

    def _banks(self) -> dict[str, LearntWavelets]:
        found = {"psi1": self.network.bank.psi1, "psi2": self.network.bank.psi2}
        if rows := getattr(self.network, "rows", None):
            found["psi_fr"] = rows.psi_fr
        return {name: bank for name, bank in found.items() if isinstance(bank, LearntWavelets)}

    def _makers(self, tables: Any) -> dict[str, _Maker]:
        """Return, per trained bank, its tables and how they follow from (xi, sigma)."""
        kinds = {"psi1": self._first, "psi2": self._second, "psi_fr": self._rows}
        return {n: kinds[n](tables, list(b)) for n, b in self._banks().items() if b.is_trained}

    def _first(self, tables: Any, filters: list[Filter]) -> _Maker:
        bank, parts, start = self.network.bank, [], 0
        for stage in tables.first:
            stop = start + len(stage.band.gain)
            k = (bank.axis.N_padded // stage.band.M).bit_length() - 1
            parts.append((stage.band.gain, list(range(start, stop)), 0, k))
            start = stop
        return self._gains(parts, filters, aligned=False)

    def _second(self, tables: Any, filters: list[Filter]) -> _Maker:
        bank, parts = self.network.bank, []
        for branch in tables.second.branches if tables.second else ():
            k2 = bank.resolution(filters[branch.n2].j)
            live = bank.psi1[: bank.rows[branch.n2]]
            resolutions = sorted({bank.resolution(psi.j) for psi in live})
            for k1, band in zip(resolutions, branch.bands, strict=True):
                parts.append((band.gain, [branch.n2], k1, k2))
        return self._gains(parts, filters, aligned=getattr(self.network, "is_mirrored", False))

    def _gains(self, parts: Sequence[Any], filters: list[Filter], *, aligned: bool) -> _Maker:
        N, analytic = self.network.bank.axis.N_padded, self.network.bank.analytic

        def make(xi: Tensor, sigma: Tensor) -> list[Tensor]:
            j = [psi.j for psi in filters]
            norms = filter_gradients.l1_norms(xi, sigma, j, N, analytic=analytic)
            gains = []
            for _, those, k_in, k_out in parts:
                some = [filters[i] for i in those]
                bins = torch.as_tensor(band_bins(some, N, k_in, k_out, aligned=aligned))
                bins, N_in = bins.to(xi.device), N >> k_in
                reached = [
                    filter_gradients.values(
                        xi[those], sigma[those], norms[those], bins + q * N_in, N, analytic=analytic
                    )
                    for q in alias_periods(k_in)
                ]
                gain = torch.stack(reached).sum(0)
                sign = torch.where(torch.remainder(bins, N_in) > N_in // 2, -1.0, 1.0)
                gains.append(torch.stack([gain, sign * gain], dim=-1) * 2.0 ** (k_in - k_out))
            return gains

        return _Maker(leaves=[part[0] for part in parts], make=make)

    def _rows(self, tables: Any, filters: list[Filter]) -> _Maker:
        branches = tables.second.branches if tables.second else ()
        kernels: list[RowKernels] = [tables.kernels_1, *(b.kernels for b in branches)]
        tiles = [tile for kernel in kernels for chunk in kernel.chunks for tile in chunk.tiles]
        N_fr = self.network.rows.N_fr  # pyright: ignore[reportAttributeAccessIssue]

        def make(xi: Tensor, sigma: Tensor) -> list[Tensor]:
            psi = filter_gradients.responses(xi, sigma, [f.j for f in filters], N_fr).flatten()
            real, imag = psi.real, psi.imag
            found = []
            for tile in tiles:
                found.append(real[tile.source])
                if tile.B is not None:
                    found.append(imag[tile.source])
            return found

        leaves = [t for tile in tiles for t in (tile.A, tile.B) if t is not None]
        return _Maker(leaves=leaves, make=make)


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Tables of a bank, and the function of (xi, sigma) that they are."""

    leaves: list[Tensor]
    make: Callable[[Tensor, Tensor], list[Tensor]]


class _Made(torch.autograd.Function):
    """Tables that are there already, as a function of the parameters."""

    @staticmethod
    def forward(ctx: Any, made: Any, leaves: tuple[Tensor, ...], *moves: Tensor) -> Any:  # pyright: ignore
        ctx.made = made
        ctx.save_for_backward(*moves)
        return tuple(leaf.view_as(leaf) for leaf in leaves)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        moves = ctx.saved_tensors

        def pulled(_: Sequence[int]) -> tuple[Tensor, ...]:
            return torch.func.vjp(ctx.made, *moves)[1](grads)

        if torch.is_grad_enabled():
            return (None, None, *pulled([0]))
        (found,) = in_parallel(pulled, [0], moves[0].device)  # many small operations: on one core
        return (None, None, *found)


@dataclass(frozen=True, kw_only=True)
class Learnt(Stage):
    """A stage of which some tables are inputs: `own` are its tables, `tables` the same in a graph.

    It is called with the stage's inputs, `signals` of them.
    """

    stage: Any
    own: tuple[Tensor, ...]
    tables: tuple[Tensor, ...]

    @property
    def branches(self) -> Any:
        """Branches of the second order."""
        return self.stage.branches

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        if is_transformed():  # a batch of torch.func is none of the tables
            return self.plain(*inputs, *self.tables)
        return super().__call__(*inputs, *self.tables)

    def run(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        return self.stage.run(*inputs[: -len(self.own)])

    def plain(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See `Stage`."""
        n = len(inputs) - len(self.own)
        into = {id(own): table for own, table in zip(self.own, inputs[n:], strict=True)}
        return replaced(self.stage, into).plain(*inputs[:n])

    def adjoint(self, inputs: Sequence[Tensor], grads: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Stage`."""
        sink = {id(own): torch.zeros_like(own) for own in self.own}
        found = self.stage.adjoint(inputs[: -len(self.own)], grads, sink)
        return (*found, *(sink[id(own)] for own in self.own))


def _learnt(stage: Any, into: Leaves) -> Any:
    """Return the stage with those of its tables that are in `into` as inputs."""
    own = tuple({id(t): t for t in _tensors(stage) if id(t) in into}.values())
    tables = tuple(into[id(t)] for t in own)
    return Learnt(stage=stage, own=own, tables=tables) if own else stage


def _tensors(tables: Any) -> list[Tensor]:
    if isinstance(tables, Tensor):
        return [tables]
    if is_dataclass(tables):
        return [t for f in fields(tables) for t in _tensors(getattr(tables, f.name))]
    if isinstance(tables, (list, tuple)):
        return [t for value in tables for t in _tensors(value)]
    return []


def replaced(tables: Any, into: Leaves) -> Any:
    """Return `tables` with others in the place of those that `into` names."""
    if isinstance(tables, Tensor):
        return into.get(id(tables), tables)
    if is_dataclass(tables) and not isinstance(tables, type):
        own = {f.name: getattr(tables, f.name) for f in fields(tables)}
        return replace(tables, **{name: replaced(value, into) for name, value in own.items()})
    if isinstance(tables, (list, tuple)):
        return type(tables)(replaced(value, into) for value in tables)
    return tables
