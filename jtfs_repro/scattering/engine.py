"""Runs a network on batches: its tables on the input's device, as many signals at once as fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from .bank import TimeBank
from .budget import ChunkSizes, SignalChunks, chunk_sizes, signal_chunks
from .padding import padded
from .parallel import apart, threads_of
from .plan import Memory, Plan, count_memory, count_steps
from .portions import Portions
from .watched import is_traced, is_watched

Assemble = Callable[[list[Tensor], Tensor], Sequence[Tensor]]


class Network(Protocol):
    """What is computed: tables [attributes first, second], and coefficients from them."""

    @property
    def bank(self) -> TimeBank:
        """Wavelets in time."""
        ...

    def tables(self, sizes: ChunkSizes, like: Any = None) -> Any:
        """Return tables of NumPy arrays, to compute `sizes` at once.

        like : tables for another length with as much padding: the wavelets are taken from them
        """
        ...

    def orders(self, U_0: Tensor, tables: Any) -> list[Tensor]:
        """Return the coefficients of padded signals, each Tensor [shape=(B, ...)]."""
        ...


class Engine:
    """Keeps a network's tables per (device, dtype) of its inputs, and cuts batches into chunks."""

    def __init__(self, network: Network, outputs: int, pad_mode: str) -> None:
        self.network, self.outputs = network, outputs  # outputs: coefficients per signal
        self.pad_mode = pad_mode
        self.like: Engine | None = None  # has the same wavelets' tables
        self._tables: dict[tuple[torch.device, torch.dtype], Any] = {}
        self._memories: dict[tuple[str, torch.dtype, int], Memory] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the tables: copies make their own."""
        return {**self.__dict__, "_tables": {}, "_memories": {}, "like": None}

    def run(self, x: Tensor, budget: float | None, assemble: Assemble) -> list[Tensor]:
        """Return what `assemble` makes of the coefficients of signals [shape=(B, N)].

        It gets the tensors of `Network.orders` for some of the signals, and the scale by which they
        are to be multiplied [shape=(b, 1)]; its results have the signals as their first axis.
        """
        tables = self.tables(x.device, x.dtype)

        def computed(some: Tensor) -> tuple[Tensor, ...]:
            U_0, scale = padded(some, self.network.bank.axis, self.pad_mode)
            return tuple(assemble(self.network.orders(U_0, tables), scale))

        if is_traced():  # the graph is to serve for other batches
            return list(computed(x))
        grad = torch.is_grad_enabled() and x.requires_grad
        how = self.chunks(len(x), x.dtype, x.device, grad=grad, budget=budget)
        portions = Portions(function=computed, signals=how.signals)
        if how.rerun:
            return list(portions(x))
        whole = portions.joined if grad or is_watched() else portions.run
        return list(whole(x))

    def tables(self, device: torch.device, dtype: torch.dtype) -> Any:
        """Return the tables for inputs on `device`: built in float64 on the CPU, then kept."""
        key = (device, dtype)
        if key not in self._tables:
            like = self.like and self.like.tables(device, dtype)
            build = partial(self.network.tables, chunk_sizes(device), like)
            # inference mode and the levels of torch.func belong to a thread: not to the tables
            self._tables[key] = apart(lambda: to_tensors(build(), device, dtype, {}))
        return self._tables[key]

    def memory(self, dtype: torch.dtype, device: torch.device) -> Memory:
        """Return the bytes that the network needs for inputs on `device`, which need not exist."""
        key = (device.type, dtype, threads_of(device))
        if key not in self._memories:
            self._memories[key] = count_memory(
                self._counted(dtype, device),
                self.network.bank.axis,
                outputs=self.outputs,
                item=dtype.itemsize,
                threads=key[-1],
                sizes=chunk_sizes(device),
            )
        return self._memories[key]

    def _counted(self, dtype: torch.dtype, device: torch.device) -> Any:
        kept = self._tables.get((device, dtype))
        return self.network.tables(chunk_sizes(device)) if kept is None else kept

    def chunks(
        self,
        batch: int,
        dtype: torch.dtype,
        device: torch.device,
        *,
        grad: bool,
        budget: float | None,
    ) -> SignalChunks:
        """Return how many of `batch` signals are computed at once."""
        most = chunk_sizes(device).signals // self.network.bank.axis.N_padded
        memory = self.memory(dtype, device)
        return signal_chunks(memory, batch, most, grad=grad, budget=budget, device=device)

    def plan(
        self,
        title: str,
        batch: int,
        dtype: torch.dtype,
        device: torch.device,
        *,
        grad: bool,
        budget: float | None,
    ) -> Plan:
        """Return what is computed for a batch: steps, FLOPs, bytes, peak memory."""
        tables = self._counted(dtype, device)
        how = self.chunks(batch, dtype, device, grad=grad, budget=budget)
        what = "forward and backward" if grad else "forward"
        note = f"{how.signals} of {batch} signals at once"
        note += ", computed again in the backward pass" if how.rerun else ""
        return Plan(
            title=f"{title}, {batch} x {self.network.bank.axis.N} samples, {what}, {dtype}",
            steps=count_steps(
                tables.first, tables.second, batch=batch, grad=grad, item=dtype.itemsize
            ),
            peak_bytes=how.peak_bytes,
            table_bytes=self.memory(dtype, device).tables,
            notes=(note,) if batch > 1 else (),
        )


def full_precision(x: Tensor) -> torch.autocast:
    """Return the context in which autocast does not round matrix products to half precision."""
    return torch.autocast("cpu" if x.is_meta else x.device.type, enabled=False)


def to_tensors(tables: Any, device: torch.device, dtype: torch.dtype, memo: dict[int, Any]) -> Any:
    """Return `tables` with NumPy arrays as tensors: floats in `dtype`, shared arrays once."""

    def convert(value: Any) -> Any:
        return to_tensors(value, device, dtype, memo)

    if isinstance(tables, np.ndarray):
        if id(tables) not in memo:
            is_float = np.issubdtype(tables.dtype, np.floating)
            tensor = torch.from_numpy(np.ascontiguousarray(tables))
            memo[id(tables)] = tensor.to(device, dtype if is_float else None)
        return memo[id(tables)]
    if is_dataclass(tables) and not isinstance(tables, type):
        return replace(tables, **{f.name: convert(getattr(tables, f.name)) for f in fields(tables)})
    if isinstance(tables, (list, tuple)):
        return type(tables)(convert(value) for value in tables)
    return tables
