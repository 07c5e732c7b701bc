"""What may be changed on a transform after construction: its arguments, at once and wholly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

# What to write instead, for attributes that follow from the arguments.
REMEDIES = {
    "log2_T": "set T",
    "log2_F": "set F",
    "log2_stride": "set stride",
    "log2_stride_fr": "set stride_fr",
    "frames": "set stride or T",
    "N_fr": "set F, J_fr or stride_fr",
    "psi_fr": "set J_fr or Q_fr",
    "filters_fr": "set J_fr, Q_fr or F",
    "phi_f": "set T",
    "pad_left": "set shape or T",
    "pad_right": "set shape or T",
    "ind_start": "set shape or T",
    "ind_end": "set shape or T",
}
# Attributes of Kymatio's objects that have no meaning here; reading them raises AttributeError.
FOREIGN = ("alpha", "r_psi", "sigma0", "filterbank", "filterbank_fr", "vectorize")
# An argument that decides another one: the other one is as if it had not been given.
INSTEAD = {
    "T": ("average",),
    "stride": ("oversampling",),
    "oversampling": ("stride",),
    "F": ("average_fr",),
    "stride_fr": ("oversampling_fr",),
    "oversampling_fr": ("stride_fr",),
}
WIDTHS = {"average": "T", "average_fr": "F"}
METHODS_TO_WRAP = ("forward",)  # hooks of other packages replace it on the object
NAMES_OF_TORCH = frozenset(vars(nn.Module()))


class Changeable:
    """Arguments change as if the transform were constructed again; the rest is read-only."""

    _given: dict[str, Any]
    _is_built: bool = False

    def _made(self, **changes: Any) -> Self:
        """Return the transform that the constructor makes of the same arguments but `changes`."""
        kinds = (kind for kind in type(self).__mro__ if "__dataclass_params__" in vars(kind))
        owner = next(kind for kind in kinds if is_dataclass(kind))
        given = {**self._given, **changes}
        other = type(self).__new__(type(self))
        owner.__init__(other, **{f.name: given[f.name] for f in fields(owner) if f.name in given})
        return other

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """Let the transform itself set what is read-only."""
        self.__dict__["_is_built"] = False
        try:
            yield
        finally:
            self.__dict__["_is_built"] = True

    def __setattr__(self, name: str, value: Any) -> None:
        if not self._is_built or name.startswith("_"):
            super().__setattr__(name, value)
        elif name in self._given:
            self._change(name, value)
        elif name in METHODS_TO_WRAP or not self._is_own(name):
            super().__setattr__(name, value)
        elif not self._is_label(name, value):
            raise AttributeError(_read_only(name, "set"))
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        own = name in self._given or self._is_own(name)
        if self._is_built and own and name not in METHODS_TO_WRAP:
            raise AttributeError(_read_only(name, "deleted"))
        super().__delattr__(name)

    def _is_own(self, name: str) -> bool:
        """Return whether a public name is the transform's, neither torch's nor the user's."""
        if name in FOREIGN or name in self._own:
            return True
        return hasattr(type(self), name) and not hasattr(nn.Module, name)

    def _seal(self) -> None:
        """End the construction."""
        names = {*vars(self), *vars(self)["_buffers"]} - NAMES_OF_TORCH
        self._own = frozenset(name for name in names if not name.startswith("_"))
        self._is_built = True

    def _is_label(self, name: str, value: Any) -> bool:
        """Return whether `value` is what the buffer `name` holds, on any device, rounded or not."""
        labels = self._labels()
        return name in labels and isinstance(value, Tensor) and is_close(value, labels[name])

    def _labels(self) -> dict[str, list[float]]:
        """Return the values of the buffers."""
        banks = {"1": "psi1", "2": "psi2", "_fr": "psi_fr"}
        return {
            field + suffix: [getattr(psi, field) for psi in getattr(self, bank)]
            for suffix, bank in banks.items()
            if hasattr(self, bank)
            for field in ("xi", "sigma")
        }

    def _change(self, name: str, value: Any) -> None:
        """Take over the state of the transform with one argument changed, if it can be made."""
        changes = {name: value, **{other: _default(self, other) for other in INSTEAD.get(name, ())}}
        if name in WIDTHS:
            kept, width = self._given[WIDTHS[name]], WIDTHS[name]
            local = value is True or value == "local"
            if local and getattr(self, name) == "local":
                return
            if not local and value is not False and value != "global":
                raise ValueError(f"{name}={value!r} must be True, False or 'global' (set {width}?)")
            kept = None if local else {False: 0, "global": "global"}[value]
            changes = {width: kept, name: _default(self, name)}
        other = self._made(**changes)
        state = {k: v for k, v in vars(other).items() if k not in NAMES_OF_TORCH}
        if other._same_network(self):
            state["engine"] = vars(self)["engine"]
        buffers = {**vars(self)["_buffers"]}
        for key, new in vars(other)["_buffers"].items():
            old = buffers.get(key)
            buffers[key] = new if old is None else new.to(old.device, old.dtype)
        self.__dict__.update(state, _buffers=buffers)

    def _same_network(self, other: Any) -> bool:
        engine, its = vars(self)["engine"], vars(other)["engine"]
        return engine.network == its.network and engine.outputs == its.outputs


def _default(S: Any, name: str) -> Any:
    return next(field.default for field in fields(S) if field.name == name)


def _read_only(name: str, what: str) -> str:
    remedy = REMEDIES.get(name, "set the arguments that it follows from, such as J, Q, T or shape")
    if name in FOREIGN:
        remedy = "the filters are Kymatio's with its default values"
    rule = "is read-only" if what == "set" else "cannot be deleted"
    return f"{name} {rule} ({remedy})"


def is_close(value: Tensor, expected: list[float]) -> bool:
    """Return whether a tensor, which may be rounded to half precision, holds these numbers."""
    if tuple(value.shape) != (len(expected),) or not value.is_floating_point():
        return False
    if value.is_meta:
        return True
    own = torch.tensor(expected, dtype=torch.float64, device="cpu")
    return torch.allclose(value.detach().to("cpu", torch.float64), own, rtol=1e-2, atol=1e-7)
