"""Loading of weights into a network, or one line that says why they do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from jtfs_repro import checks


def load_checked(net: nn.Module, state: Mapping[str, Any], what: str = "state") -> None:
    """Copy a state dictionary into a network of the same architecture, statistics included.

    Settings that leave no trace in names and shapes (dropout, max pooling) are not compared;
    ``what`` says in messages where the state comes from. ValueError: the state is that of another
    architecture (the first name that is missing, has another shape or type, or does not belong);
    the network is left as it was.

    Examples
    --------
    >>> load_checked(nn.Linear(3, 2), nn.Linear(2, 2).state_dict(), "best.pt")
    Traceback (most recent call last):
    ValueError: best.pt['weight'].shape=(2, 2) must be (2, 3) (weights for other features, ...
    """
    own = net.state_dict()
    for name, value in own.items():
        _check_entry(f"{what}[{name!r}]", state.get(name), value)
    extra = [name for name in state if name not in own]
    if extra:
        mistake = "weights of another model, or of another option"
        checks.fail(what, extra[0], f"be one of the {len(own)} entries of {_kind(net)}", mistake)
    net.load_state_dict(dict(state))


def _check_entry(name: str, found: Any, own: Tensor) -> None:
    """Refuse an entry that is not like the network's own."""
    if not isinstance(found, Tensor):
        mistake = "weights of another model, or of another option"
        checks.fail(name, None if found is None else type(found).__name__, "be a tensor", mistake)
    if found.shape != own.shape:
        rule = f"be {tuple(own.shape)}"
        mistake = "weights for other features, other widths or another reduction"
        checks.fail(f"{name}.shape", tuple(found.shape), rule, mistake)
    if found.is_floating_point() != own.is_floating_point():
        checks.fail(f"{name}.dtype", found.dtype, f"be like {own.dtype}")


def _kind(net: nn.Module) -> str:
    return type(net).__name__
