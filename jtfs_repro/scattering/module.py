"""What users see of either transform: shared keywords, filters, lengths, labels, plans."""

from __future__ import annotations

import math
import warnings
from collections import OrderedDict
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from .. import checks
from .arguments import (
    averaging_width,
    check_signal,
    dyadic_stride,
    frozen,
    quality_factors,
    signal_length,
    take_average,
)
from .bank import TimeBank
from .engine import Assemble, Engine, Network, full_precision
from .filters import wavelets
from .learnable import BANKS, Learnable
from .learnt_engine import LearntEngine
from .padding import TimeAxis, time_axis
from .paths import Path, path_table
from .plan import Plan, bytes_per_signal
from .pruning import pruned_rows
from .state import FilterState
from .watched import is_traced, uncompiled

PAD_MODES = ("reflect", "zero", "conj-reflect")
OUT_TYPES = ("array", "list", "dict")
GLOBAL_AVERAGES = ("sum", "mean")


@dataclass(eq=False, repr=False)
class ScatteringModule(Learnable, FilterState):
    """Arguments of both transforms, and what both offer.

    A transform is a dataclass: its fields are the constructor's arguments, which hold after
    construction what the checks made of them. It is put together of a `bank` (wavelets in time),
    a network (what is computed) and an `engine` (how batches go through it).

    Parameters
    ----------
    global_average : 'sum' or 'mean'
        'sum' runs over the padded axis at each path's own rate; 'mean' is that of the signal
        (time) and of the live rows (log-frequency).
    pad_mode : 'reflect', 'zero' or 'conj-reflect'
        Padding of the time axis. 'conj-reflect' is 'reflect' in time (the signal is real) and
        mirrors the rows of U_1 * psi_n2, conjugated, into the padding of the log-frequency axis,
        which is zero otherwise.
    analytic : bool
        Set negative frequencies of the wavelets in time to exactly zero.
    check_finite : bool
        Refuse NaN and Inf in the input (reads the input once more).
    prune : number in [0, 0.5]
        An approximation, off by default: drop the second-order pairs (n1, n2) that hold together
        at most this share of white noise's energy. They count as zero rows; paths without rows
        leave the output. See `scattering/pruning.py`.
    memory_budget : None or number of bytes
        Memory that the transform may use, in the backward pass as well. Batches that need more are
        computed in parts, and recomputed in the backward pass. None: 80 % of what is free.
    learnable : tuple of 'psi1', 'psi2', 'psi_fr'
        Banks of wavelets whose centre frequencies and bandwidths are parameters, such as
        ``S.psi1.log2_xi``, in octaves from where they begin. See `scattering/learnable.py`.
    frontend : None or 'torch'
        Kymatio's name for the kind of arrays; NumPy's are those of `jtfs_repro.scattering.numpy`.
    average : None, bool, 'local' or 'global'
        Kymatio's former argument: False is ``T=0``, 'global' is ``T='global'``.
    """

    FRONTEND: ClassVar[str] = "torch"

    _: KW_ONLY
    global_average: str = "sum"
    pad_mode: str = "reflect"
    analytic: bool = False
    check_finite: bool = False
    prune: float = 0
    memory_budget: float | None = None
    learnable: Any = ()
    frontend: str | None = None
    average: Any = None

    def __post_init__(self) -> None:
        self._given = {field.name: frozen(getattr(self, field.name)) for field in fields(self)}
        self._others: OrderedDict[TimeAxis, Any] = OrderedDict()
        super().__init__()

    def _check_frontend(self) -> None:
        """Check the arguments that name a kind of arrays."""
        own = self.FRONTEND
        given = own if self.frontend is None else self.frontend
        others = "from jtfs_repro.scattering.numpy or .sklearn import the others"
        self.frontend = checks.choice("frontend", str(given).lower(), (own,), others)
        backend = getattr(self.backend, "name", self.backend)  # Kymatio: modules  # pyright: ignore
        checks.choice("backend", backend, {"torch": 0, own: 0}, others)

    def _check_time(self, J: Any, shape: Any, Q: Any, T: Any, stride: Any, out_type: Any) -> None:
        """Check the keywords and the arguments of the time axis, and build its wavelets."""
        mistake = "out_type must be one of these"
        self.out_type = checks.choice("out_type", out_type, OUT_TYPES, mistake)
        checks.choice("pad_mode", self.pad_mode, PAD_MODES)
        checks.choice("global_average", self.global_average, GLOBAL_AVERAGES)
        self.analytic, self.check_finite = bool(self.analytic), bool(self.check_finite)
        self._check_frontend()
        N = signal_length(shape)
        self.shape = (N,)
        self.J = checks.integer("J", J, low=0, mistake="J is log2 of the largest scale in samples")
        self.Q = quality_factors("Q", Q)
        T, stride = take_average(self._given, "T", "stride", "average", 2**self.J)
        self.T, self.average = averaging_width("T", T, self.J, N, "samples")
        self.log2_T = math.floor(math.log2(self.T))
        axis = time_axis(N, self.T)
        if (limit := axis.N_padded.bit_length() - 1) < self.J:
            rule = f"be <= {limit} for shape={N}"
            checks.fail("J", self.J, rule, "2**J samples exceed the padded signal")
        stride = self._oversampled(stride)
        self.log2_stride = dyadic_stride("stride", stride, "T", T, self.average, self.log2_T)
        self.stride = 2**self.log2_stride  # samples between two output frames
        if self.log2_stride > (coarsest := max(self.J, self.log2_T)):
            rule = f"be <= {2**coarsest} = max(2**J, T)"
            checks.fail("stride", self.stride, rule, "a longer stride skips samples")
        if out_type == "array" and not self.average:
            mistake = "Cannot convert paths of many lengths. Please set out_type to one of these"
            checks.fail("out_type", out_type, "be 'list' or 'dict' with T=0", mistake)
        self._check_learnable(BANKS if hasattr(self, "J_fr") else BANKS[:2])
        names = zip(BANKS, self.Q, strict=False)
        self.psi1, self.psi2 = (self._bank(name, wavelets(self.J, q), self.J) for name, q in names)
        mistake = "a share of the energy, such as 0.001; 0 drops nothing"
        self.prune = checks.number("prune", self.prune, low=0, high=0.5, mistake=mistake)
        if self.memory_budget is not None:
            budget = checks.number("memory_budget", self.memory_budget, above=0, mistake="bytes")
            self.memory_budget = budget
        bank = TimeBank(
            axis=axis,
            T=self.T,
            average=self.average,
            mean=self.global_average == "mean",
            log2_stride=self.log2_stride,
            psi1=self.psi1,
            psi2=self.psi2,
            rows=tuple(sum(p.j < psi.j for p in self.psi1) for psi in self.psi2),
            analytic=self.analytic,
        )
        if self.prune and bank.live_n2:
            samples = [axis.N_padded >> bank.resolution(psi.j) for psi in self.psi2]
            rows = pruned_rows(self.psi1, self.psi2, bank.rows, samples, self.prune)
            bank = replace(bank, rows=tuple(rows))
        self.bank = bank
        self._register_filters("1", self.psi1)
        self._register_filters("2", self.psi2)

    def _oversampled(self, stride: Any) -> Any:
        """Return the stride that `oversampling` stands for, or the given one."""
        mistake = "oversampling must be nonnegative and at most log2(T)"
        oversampling = self.oversampling  # pyright: ignore
        if not isinstance(oversampling or 0, int):
            what = "oversampling must be integer"
            checks.fail("oversampling", oversampling, "be an integer", what)
        oversampling = oversampling or 0
        n = checks.integer("oversampling", oversampling, low=0, high=self.log2_T, mistake=mistake)
        if n == 0:
            return stride
        line = f"oversampling={n} is Kymatio's old name for stride={2 ** (self.log2_T - n)}"
        warnings.warn(line, DeprecationWarning, stacklevel=2)
        if stride not in (None, 2 ** (self.log2_T - n)):
            rule = f"be None or {2 ** (self.log2_T - n)} with oversampling={n}"
            checks.fail("stride", stride, rule, "incompatible: one of them is enough")
        return 2 ** (self.log2_T - n)

    def _set_network(self, network: Network, paths: list[Path], *, first_averaged: bool) -> None:
        """Take what is computed, and the paths of its output."""
        self._is_built = False
        self._paths = paths
        self._strides = [self.bank.stride_of(p, first_averaged=first_averaged) for p in paths]
        rows = [len(path.n1) if isinstance(path.n1, range) else 1 for path in paths]
        frames = [self.frames if self.average else -(-self.bank.axis.N // s) for s in self._strides]
        kind = LearntEngine if self.learnable else Engine
        self.engine = kind(
            network, sum(n * m for n, m in zip(rows, frames, strict=True)), self.pad_mode
        )
        self._is_built = True

    def _computed(self, x: Tensor, assemble: Assemble) -> list[Tensor]:
        """Check the input; return what `assemble` makes of its coefficients [shape=(..., ...)]."""
        check_signal(x, self.bank.axis.N, finite=self.check_finite)
        batch = x.shape[:-1]
        rows = x if x.ndim == 2 else x.reshape(batch.numel(), self.bank.axis.N)
        is_empty = not is_traced() and len(rows) == 0
        if is_empty:  # one signal of zeros says what shape the output has
            rows = torch.cat([rows, x.new_zeros(1, self.bank.axis.N)])
        with full_precision(x):
            found = uncompiled(self.engine.run)(rows, self.memory_budget, assemble)
        found = [part[:0] for part in found] if is_empty else found
        return found if x.ndim == 2 else [S.reshape(*batch, *S.shape[1:]) for S in found]

    def __prepare_scriptable__(self) -> None:
        raise TypeError("torch.jit.script cannot compile the transform (use torch.export.export)")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_others": OrderedDict()}

    # --- what both transforms offer, under the names that users of the field's package know -------

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
        return self.bank.frames

    @property
    def pad_left(self) -> int:
        """Samples added before the signal."""
        return self.bank.axis.left

    @property
    def pad_right(self) -> int:
        """Samples added after the signal."""
        return self.bank.axis.right

    @property
    def ind_start(self) -> dict[int, int]:
        """First frame of the signal on the padded axis, by log2 of the samples per frame."""
        return {k: self.bank.axis.border(k)[0] for k in range(max(self.J, self.log2_T) + 1)}

    @property
    def ind_end(self) -> dict[int, int]:
        """One past the last frame of the signal, as `ind_start`."""
        return {k: self.bank.axis.border(k)[1] for k in range(max(self.J, self.log2_T) + 1)}

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
        psi_fr = getattr(self, "psi_fr", ())
        banks = (self.psi1, self.psi2, psi_fr)
        return path_table(self._paths, banks, Q1=self.Q[0], sr=sr, strides=self._strides)

    @property
    def bytes_per_signal(self) -> int:
        """Bytes that one signal of a batch needs at most, in float32, without gradient."""
        return bytes_per_signal(self.bank, torch.float32.itemsize)

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
        name, device, budget = type(self).__name__, torch.device(device), self.memory_budget
        return self.engine.plan(name, batch, dtype, device, grad=grad, budget=budget)

    def scattering(self, x: Tensor) -> Any:
        """Apply the transform; the same as calling the module."""
        return self(x)
