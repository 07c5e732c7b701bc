"""What both transforms share: arguments, the padded input, tables on the input's device."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from .. import checks
from .arguments import (
    averaging_width,
    check_signal,
    dyadic_stride,
    quality_factors,
    signal_length,
)
from .averaging import Reduction, global_average, local_average, no_average
from .bands import Band, band
from .budget import Portions, Rerun, portions
from .filters import Filter, low_pass, spectrum, wavelets
from .first_order import FirstOrder
from .padding import time_axis
from .parallel import apart, threads_of
from .paths import Path, path_table
from .plan import Memory, Plan, count_memory, count_steps
from .pruning import pruned_rows
from .scaling import power_of_two
from .second_order import SecondOrder

PAD_MODES = ("reflect", "zero", "conj-reflect")
OUT_TYPES = ("array", "list", "dict")
GLOBAL_AVERAGES = ("sum", "mean")


@dataclass(frozen=True, kw_only=True)
class Blocking:
    """How much is computed at once; it changes the speed, and the results by rounding only.

    batch : samples of a padded batch (more signals go one group after another)
    chunk : samples of the first order
    stretch : samples that are averaged at once, of one signal
    columns : samples after the wavelets along n1, of several signals
    tile, group : kernel rows of those wavelets (None: no limit)
    """

    batch: int
    chunk: int
    stretch: int
    columns: int
    tile: int | None
    group: int | None


# On a CPU what is computed at once is to stay in its cache; on a GPU it is to keep it busy.
BLOCKING = {
    "cpu": Blocking(batch=2**17, chunk=2**18, stretch=512, columns=512, tile=64, group=256),
    "cuda": Blocking(batch=2**24, chunk=2**25, stretch=8192, columns=2**16, tile=None, group=None),
}
LONG_STRETCH = 8192  # samples averaged at once where they exist anyway


class ScatteringBase(nn.Module, ABC):
    """Arguments, filters of the time axis and input handling; see the two transforms."""

    _paths: list[Path]
    _given: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Remember the arguments, for `for_length`."""
        self = super().__new__(cls)
        object.__setattr__(self, "_given", (args, kwargs))
        return self

    def __init__(
        self,
        *,
        J: Any,
        shape: Any,
        Q: Any,
        T: Any,
        stride: Any,
        out_type: Any,
        global_average: Any,
        pad_mode: Any,
        analytic: bool,
        check_finite: bool,
        prune: float,
        memory_budget: float | None,
        backend: Any,
    ) -> None:
        super().__init__()
        self.out_type = checks.choice("out_type", out_type, OUT_TYPES)
        self.pad_mode = checks.choice("pad_mode", pad_mode, PAD_MODES)
        self.global_average = checks.choice("global_average", global_average, GLOBAL_AVERAGES)
        self.analytic, self.check_finite = bool(analytic), bool(check_finite)
        checks.choice("backend", backend, ("torch",))
        self.shape = (signal_length(shape),)
        self.J = checks.integer("J", J, low=0, mistake="J is log2 of the largest scale in samples")
        self.Q = quality_factors("Q", Q)
        self.T, self.average = averaging_width("T", T, self.J, self.shape[0], "samples")
        self.log2_T = math.floor(math.log2(self.T))
        self._axis = time_axis(self.shape[0], self.T)
        self._check_fits()
        self.log2_stride = dyadic_stride("stride", stride, "T", T, self.average, self.log2_T)
        coarsest = max(self.J, self.log2_T)
        if self.log2_stride > coarsest:
            rule = f"be <= {2**coarsest} = max(2**J, T)"
            checks.fail("stride", stride, rule, "a longer stride skips samples")
        if out_type == "array" and not self.average:
            rule = "be 'list' or 'dict' with T=0"
            checks.fail("out_type", out_type, rule, "without averaging, paths differ in length")
        self.psi1, self.psi2 = (wavelets(self.J, q) for q in self.Q)
        mistake = "a share of the energy, such as 0.001; 0 drops nothing"
        self.prune = checks.number("prune", prune, low=0, high=0.5, mistake=mistake)
        self._row_counts = [sum(p.j < psi.j for p in self.psi1) for psi in self.psi2]
        if self.prune:
            samples = [self._axis.N_padded >> self._resolution(psi.j) for psi in self.psi2]
            rows = self._row_counts
            self._row_counts = pruned_rows(self.psi1, self.psi2, rows, samples, self.prune)
        if memory_budget is not None:
            memory_budget = checks.number("memory_budget", memory_budget, above=0, mistake="bytes")
        self.memory_budget = memory_budget
        self._register_filters("1", self.psi1)
        self._register_filters("2", self.psi2)
        self._cache: dict[tuple[torch.device, torch.dtype], Any] = {}
        self._memories: dict[tuple[str, torch.dtype, int], Memory] = {}
        self._others: dict[int, Self] = {}

    def _register_filters(self, suffix: str, bank: Sequence[Filter]) -> None:
        """Show the bank in `state_dict`: buffers xi, sigma. Nothing is computed from them."""
        for field in ("xi", "sigma"):
            values = torch.tensor([getattr(psi, field) for psi in bank], dtype=torch.float64)
            self.register_buffer(field + suffix, values)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:  # pyright: ignore
        """Refuse the filters of another transform: what was learnt on them would be misled."""
        errors = args[-1]
        for name, own in self.named_buffers(recurse=False):
            other = state_dict.get(prefix + name)
            if other is None:
                continue
            if other.shape != own.shape or not torch.allclose(other.to(own), own, rtol=1e-2):
                rule = "must be that of this transform (saved with other J, Q or Q_fr?)"
                errors.append(f"{prefix}{name} {rule}")
                return
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _check_fits(self) -> None:
        limit = self._axis.N_padded.bit_length() - 1
        if limit < self.J:
            rule = f"be <= {limit} for shape={self.shape[0]}"
            checks.fail("J", self.J, rule, "2**J samples exceed the padded signal")

    # --- geometry, under the names that users of the field's package know ------------------------

    @property
    def stride(self) -> int:
        """Samples between two output frames."""
        return 2**self.log2_stride

    @property
    def channels(self) -> int:
        """Length of the output's path axis."""
        return len(self._paths)

    def output_size(self, detail: bool = False) -> int | tuple[int, ...]:
        """Return the number of paths, or the numbers per order."""
        orders = [p.order for p in self._paths]
        return tuple(map(orders.count, sorted(set(orders)))) if detail else len(orders)

    @property
    def frames(self) -> int:
        """Number of output frames of averaged paths."""
        first, last = self._axis.border(self.log2_stride)
        return last - first if self.average == "local" else 1

    @property
    def pad_left(self) -> int:
        """Samples added before the signal."""
        return self._axis.left

    @property
    def pad_right(self) -> int:
        """Samples added after the signal."""
        return self._axis.right

    def for_length(self, N: int) -> Self:
        """Return the same transform for signals of `N` samples, made once per length.

        The tables of a length are made at its first signal; a few lengths that recur (or padding
        to them) are cheap, a new length for every signal is not.
        """
        if self.shape[0] == N:
            return self
        if N not in self._others:
            args, kwargs = self._given
            given = inspect.signature(type(self)).bind(*args, **kwargs)
            given.arguments["shape"] = N
            self._others[N] = type(self)(*given.args, **given.kwargs)
        return self._others[N]

    def paths(self, sr: float | None = None) -> dict[str, Any]:
        """Return one table of the output's path axis: columns of its length and in its order.

        order; n1, n2, n_fr (indices of the wavelets; for a joint path the first n1, with n1_stop
        and n1_step); j1, j2, j_fr; xi1, xi2 (cycles/sample), xi_fr (cycles/row); frequency_hz and
        rate_hz (of xi1 and xi2, given the sample rate `sr` in Hz); scale (cycles/octave, where the
        first order has Q wavelets per octave); spin; stride (samples between frames). NaN where
        there is none. ``pandas.DataFrame(S.paths())`` works.
        """
        if sr is not None:
            sr = checks.number("sr", sr, above=0, mistake="sample rate in Hz")
        return path_table(
            self._paths,
            self.psi1,
            self.psi2,
            getattr(self, "psi_fr", ()),
            Q1=self.Q[0],
            sr=sr,
            strides=[self._stride_of(path) for path in self._paths],
        )

    def _stride_of(self, path: Path) -> int:
        """Return the samples between two frames of a path."""
        if self.average == "global":
            return self.shape[0]
        if self.average == "local" or path.order == 0:
            return self.stride if self.average else 1
        bank, n = (self.psi2, path.n2) if path.order == 2 else (self.psi1, path.n1)
        return 2 ** self._resolution(bank[n].j) if isinstance(n, int) else self.stride

    @property
    def phi_f(self) -> dict[str, Any]:
        """The low-pass filter: xi, sigma, j and its spectrum ``levels[0]`` [shape=(N_padded,)]."""
        return self._described(low_pass(self.T))

    @property
    def psi1_f(self) -> list[dict[str, Any]]:
        """The first-order wavelets, as `phi_f`."""
        return [self._described(psi) for psi in self.psi1]

    @property
    def psi2_f(self) -> list[dict[str, Any]]:
        """The second-order wavelets in time, as `phi_f`."""
        return [self._described(psi) for psi in self.psi2]

    def workspace_bytes(self, itemsize: int = 4) -> int:
        """Return an upper estimate of the memory that one signal needs while it is transformed.

        Counts, without gradient, the padded signal and its spectrum, the first order and its
        spectra, and the larger of what builds the first order and of one second-order wavelet.
        """
        N = self._axis.N_padded
        sizes: dict[int, int] = {}
        for psi in self.psi1:
            k = self._resolution(psi.j)
            sizes[k] = sizes.get(k, 0) + (N >> k)
        second = [
            self._rows(n2) * (N >> self._resolution(self.psi2[n2].j)) for n2 in self._live_n2()
        ]
        largest = max(8 * max(sizes.values()), 6 * max(second, default=0))
        return itemsize * (6 * N + 3 * sum(sizes.values()) + largest)

    def _described(self, psi: Filter) -> dict[str, Any]:
        N = self._axis.N_padded
        analytic = self.analytic and psi.xi != 0
        levels = [spectrum(psi, N, analytic=analytic)]
        return {"xi": psi.xi, "sigma": psi.sigma, "j": psi.j, "levels": levels}

    # --- resolutions -----------------------------------------------------------------------------

    def _resolution(self, j: int) -> int:
        """log2 of the subsampling of a band-passed signal."""
        return min(j, self.log2_stride) if self.average == "local" else j

    def _rows(self, n2: int) -> int:
        """Return the number of first-order wavelets with j1 < j2 (that are not pruned)."""
        return self._row_counts[n2]

    def _live_n2(self) -> list[int]:
        return [n2 for n2 in range(len(self.psi2)) if self._rows(n2) > 0]

    # --- tables: built in float64 on the CPU, kept per (device, dtype) of the input --------------

    @abstractmethod
    def _build_tables(self, blocking: Blocking) -> Any:
        """Return the transform's tables, computing as much at once as `blocking` says."""

    def _tables(self, x: Tensor) -> Any:
        key = (x.device, x.dtype)
        if key not in self._cache:
            build = partial(self._build_tables, self._blocking(x.device))
            # inference mode and the levels of torch.func belong to a thread: not to the tables
            self._cache[key] = apart(lambda: to_tensors(build(), *key, {}))
        return self._cache[key]

    def _blocking(self, device: torch.device) -> Blocking:
        return BLOCKING["cpu" if device.type == "cpu" else "cuda"]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cache": {}, "_memories": {}, "_others": {}}

    def _first_orders(
        self,
        reduction: Callable[[int], Reduction],
        second: SecondOrder | None,
        blocking: Blocking,
    ) -> list[FirstOrder]:
        """One stage per resolution of the first order; n1 runs through them in order."""
        groups: dict[int, list[Filter]] = {}
        for psi in self.psi1:
            groups.setdefault(self._resolution(psi.j), []).append(psi)
        N = self._axis.N_padded
        slices = second.slices if second else []
        reach = [[b.reach for b in part.bands] for part in slices]
        return [
            FirstOrder(
                band=band(group, N, 0, k, analytic=self.analytic),
                reduction=reduction(k),
                bins=max([bins[i] for bins in reach if i < len(bins)], default=1) if second else 0,
                chunk=blocking.chunk,
            )
            for i, (k, group) in enumerate(groups.items())
        ]

    def _second_order_bands(self, n2: int, *, aligned: bool = False) -> list[Band]:
        """Bands of psi2[n2], one per resolution of the first order that has rows for it."""
        psi, N = self.psi2[n2], self._axis.N_padded
        k2 = self._resolution(psi.j)
        resolutions = sorted({self._resolution(p.j) for p in self.psi1[: self._rows(n2)]})
        options: Any = {"analytic": self.analytic, "aligned": aligned}
        return [band([psi], N, k1, k2, **options) for k1 in resolutions]

    def _reduction(self, k: int, stretch: int) -> Reduction:
        """Averaging in time of a signal at resolution ``2**-k``, as `T` says."""
        if self.average == "local":
            return local_average(self._axis, self.T, k, self.log2_stride, stretch=stretch)
        if self.average == "global":
            mean = self.global_average == "mean"
            return global_average(self._axis, k, mean=mean, stretch=stretch)
        return no_average(self._axis, k, stretch=stretch)

    # --- stages ----------------------------------------------------------------------------------

    def _padded(self, x: Tensor) -> tuple[Tensor, Tensor, torch.Size]:
        """Check, flatten, scale and pad the input.

        The transform is homogeneous: scaling each signal by the power of two below its largest
        sample changes no digit of the result, and keeps the products of tiny or huge signals in
        range.

        Returns
        -------
        U_0 : Tensor [shape=(B, N_padded)]
        scale : Tensor [shape=(B, 1)], what the output is to be multiplied by
        batch : the leading shape of `x`
        """
        check_signal(x, self.shape[0], finite=self.check_finite)
        batch = x.shape[:-1]
        x = x.reshape(batch.numel(), x.shape[-1])
        scale = power_of_two(x.detach().abs().amax(-1, keepdim=True))
        mode = "constant" if self.pad_mode == "zero" else "reflect"
        ends = (self.pad_left, self.pad_right)
        return nn.functional.pad((x / scale)[:, None], ends, mode=mode)[:, 0], scale, batch

    @abstractmethod
    def _orders(self, U_0: Tensor, tables: Any) -> list[Tensor]:
        """Return the coefficients of padded signals, each Tensor [shape=(B, ...)]."""

    def _in_batches(self, U_0: Tensor, tables: Any) -> list[Tensor]:
        """Return `_orders`, computed for as many signals at once as are fast and fit."""
        grad = torch.is_grad_enabled() and U_0.requires_grad
        memory = self._memory(tables, U_0.dtype, U_0.device)
        how = self._portions(memory, U_0.shape[0], grad, U_0.device)
        orders = Rerun(function=partial(self._orders, tables=tables))
        compute = orders if how.rerun else orders.function
        parts = [compute(part) for part in U_0.split(how.together)]
        if len(parts) == 1:
            return list(parts[0])
        return [torch.cat(part) for part in zip(*parts, strict=True)]

    def _portions(self, memory: Memory, batch: int, grad: bool, device: torch.device) -> Portions:
        together = self._blocking(device).batch // self._axis.N_padded
        budget = self.memory_budget
        return portions(memory, batch, together, grad=grad, budget=budget, device=device)

    def _memory(self, tables: Any, dtype: torch.dtype, device: torch.device) -> Memory:
        threads = threads_of(device)
        key = (device.type, dtype, threads)
        if key not in self._memories:
            self._memories[key] = count_memory(
                tables,
                N_padded=self._axis.N_padded,
                outputs=self._coefficients(),
                item=dtype.itemsize,
                threads=threads,
                blocking=self._blocking(device),
            )
        return self._memories[key]

    def _coefficients(self) -> int:
        """Return the number of coefficients per signal."""
        rows = [len(p.n1) if isinstance(p.n1, range) else 1 for p in self._paths]
        if self.average:
            return self.frames * sum(rows)
        N = self.shape[0]
        return sum(n * -(-N // self._stride_of(p)) for n, p in zip(rows, self._paths, strict=True))

    def plan(
        self,
        batch: int = 1,
        *,
        grad: bool = False,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
    ) -> Plan:
        """Return what will be computed for a batch: steps, FLOPs, bytes, peak memory.

        Parameters
        ----------
        batch : int >= 1, number of signals
        grad : bool, with the backward pass
        dtype, device : of the input; the device need not exist, unless its free memory counts
        """
        batch = checks.integer("batch", batch, low=1, mistake="the number of signals")
        device = torch.device(device)
        blocking = self._blocking(device)
        tables = self._cache.get((device, dtype)) or self._build_tables(blocking)
        memory = self._memory(tables, dtype, device)
        how = self._portions(memory, batch, grad, device)
        options: Any = {"batch": batch, "grad": grad, "item": dtype.itemsize}
        what = "forward and backward" if grad else "forward"
        note = f"{how.together} of {batch} signals at once"
        note += ", computed again in the backward pass" if how.rerun else ""
        return Plan(
            title=f"{type(self).__name__}, {batch} x {self.shape[0]} samples, {what}, {dtype}",
            steps=count_steps(tables.first, tables.second, **options),
            peak_bytes=how.peak_bytes,
            table_bytes=memory.tables,
            notes=(note,) if batch > 1 else (),
        )

    def scattering(self, x: Tensor) -> Any:
        """Apply the transform; the same as calling the module."""
        return self(x)


def full_precision(x: Tensor) -> torch.autocast:
    """Return the context in which autocast does not round matrix products to half precision."""
    return torch.autocast(x.device.type, enabled=False)


def to_tensors(tables: Any, device: torch.device, dtype: torch.dtype, memo: dict[int, Any]) -> Any:
    """Return `tables` with NumPy arrays as tensors: floats in `dtype`, shared arrays once."""
    convert: Callable[[Any], Any] = lambda value: to_tensors(value, device, dtype, memo)  # noqa: E731
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
