"""What happens when an attribute of a transform is set: a whole change at once, or one line."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self

from torch import nn

from .. import checks

LIGHT = ("check_finite", "memory_budget")  # read at each call: nothing is built from them
WIDTHS = {"average": "T", "average_fr": "F"}  # what they say is said by the width
INSTEAD = {
    "log2_T": "S.T = 2**log2_T",
    "log2_F": "S.F = 2**log2_F",
    "log2_stride": "S.stride = 2**log2_stride",
    "log2_stride_fr": "S.stride_fr = 2**log2_stride_fr",
}
OF_MODULE = frozenset([*nn.Module().__dict__, *dir(nn.Module)])  # torch's own


class Attributes:
    """Arguments of the constructor can be set afterwards; what follows from them cannot."""

    _given: dict[str, Any]

    def __setattr__(self, name: str, value: Any) -> None:
        if not self.__dict__.get("_is_built") or name.startswith("_") or name in OF_MODULE:
            super().__setattr__(name, value)
        elif name in WIDTHS and hasattr(self, name):
            self._change(WIDTHS[name], self._width_of(name, value))
        elif name in self._given:
            self._change(name, value)
        elif name in self.__dict__ or hasattr(type(self), name):
            raise AttributeError(self._read_only(name))
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        own = name in self.__dict__ or hasattr(type(self), name) or name in self._given
        if self.__dict__.get("_is_built") and own and not name.startswith("_"):
            raise AttributeError(f"{name} cannot be deleted (it belongs to the transform)")
        super().__delattr__(name)

    def _read_only(self, name: str) -> str:
        what = "it follows from the constructor's arguments, which can be set: S.T, S.Q, ..."
        return f"{name} is read-only ({INSTEAD.get(name, what)})"

    def _width_of(self, name: str, value: Any) -> Any:
        """Return the T (or F) for which the attribute `name` is `value`."""
        mistake = f"or set S.{WIDTHS[name]} to a number, 'global' or 0"
        checks.choice(name, value, (False, True, "local", "global"), mistake)
        if value in ("global", False):
            return value or 0
        given = self._given[WIDTHS[name]]
        return None if given in ("global", 0) else given

    def _made(self, given: dict[str, Any]) -> Self:
        """Construct with other arguments, also a subclass whose own constructor takes others."""
        owner = next(kind for kind in type(self).__mro__ if "__dataclass_params__" in vars(kind))
        other = type(self).__new__(type(self))
        own = {field.name: given[field.name] for field in fields(owner)}  # pyright: ignore
        owner.__init__(other, **own)  # pyright: ignore
        return other

    def _change(self, name: str, value: Any) -> None:
        """Become the transform with one other argument; nothing changes if it is refused."""
        given = {**self._given, name: value}
        if name in ("stride", "T"):
            given["oversampling"] = 0
        if name == "oversampling":
            given["stride"] = None
        other = self._made(given)
        if name in LIGHT:
            self.__dict__[name], self._given = other.__dict__[name], given
            self._others.clear()  # pyright: ignore[reportAttributeAccessIssue]
            return
        old, new = self.__dict__["engine"], other.__dict__["engine"]
        how = ("network", "outputs", "pad_mode")
        if all(getattr(old, part) == getattr(new, part) for part in how):
            other.__dict__["engine"] = old  # with its tables
        for key, attribute in other.__dict__.items():
            if key not in OF_MODULE:
                self.__dict__[key] = attribute
        buffers = self.__dict__["_buffers"] = {**self.__dict__["_buffers"]}  # a copy has its own
        like = next(iter(buffers.values()))
        for key, buffer in other.__dict__["_buffers"].items():
            buffers[key] = buffer.to(like)
