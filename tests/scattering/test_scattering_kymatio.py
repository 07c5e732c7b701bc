"""Kymatio's calls, errors and states; building without memory."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from jtfs_repro.scattering import numpy as arrays

STATES = Path(__file__).resolve().parents[1] / "data/kymatio/states"
N = 256
TIME = dict(J=5, shape=N, Q=4)
JOINT = dict(**TIME, J_fr=2)


def test_positions():
    x = torch.randn(2, N)
    S = Scattering1D(5, N, 4, None, None, 2, 0, "array", "torch", frontend="torch")
    assert torch.equal(S(x), Scattering1D(**TIME)(x))
    S = TimeFrequencyScattering(5, 2, 4, N, None, None, 1, None, None, "array", "time", "torch")
    assert torch.equal(S(x), TimeFrequencyScattering(**JOINT)(x))


def test_former_arguments():
    with pytest.warns(DeprecationWarning, match="old name for stride=8"):
        assert Scattering1D(**TIME, oversampling=2).stride == 8
    with pytest.warns(DeprecationWarning, match="average is deprecated in favour of T"):
        assert Scattering1D(**TIME, average=False, out_type="list").average is False
    assert Scattering1D(**TIME, oversampling=None).stride == 32


@pytest.mark.parametrize("name", ["numpy", "sklearn"])
def test_other_frontends_are_named(name):
    match = r"from jtfs_repro.scattering.numpy or .sklearn import"
    with pytest.raises(ValueError, match=match):
        Scattering1D(**TIME, frontend=name)
    assert arrays.Scattering1D(**TIME, frontend="numpy", backend="numpy").shape == (N,)


ERRORS = [
    (dict(shape=(5, 6)), "exactly one element"),
    (dict(shape=1.5), "integer or a 1-tuple"),
    (dict(Q=0.9), "Q must always be >= 1"),
    (dict(Q=0), "Q must always be >= 1"),
    (dict(out_type="no"), "out_type must be one of"),
    (dict(T=0), "Cannot convert .* Please set out_type to"),
    (dict(T=999), "The support T of the low-pass filter cannot exceed"),
    (dict(T=0.5), "must be ==0 or >=1"),
    (dict(oversampling=-1), "nonnegative"),
    (dict(oversampling=0.5), "oversampling must be integer"),
    (dict(stride="no"), "integer"),
    (dict(stride=17), "power of two"),
    (dict(T="global", stride=16), "incompatible"),
    (dict(F=999), "The support F of the low-pass filter cannot exceed"),
    (dict(Q_fr=0.9), "Q_fr must be >= 1"),
    (dict(format="no"), "format must be"),
]


@pytest.mark.parametrize(("change", "match"), ERRORS, ids=str)
def test_words_that_code_matches_on(change, match):
    with pytest.raises(ValueError, match=match) as caught:
        TimeFrequencyScattering(**{**JOINT, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [dict(Q=(1, 1, 1)), dict(Q_fr=(1, 2))], ids=str)
def test_more_orders_are_not_implemented(change):
    with pytest.raises(
        NotImplementedError, match=r"Scattering transforms beyond|integer or 1-tupl"
    ):
        TimeFrequencyScattering(**{**JOINT, **change})


# --- states ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Scattering1D, TimeFrequencyScattering])
def test_a_network_saved_with_kymatio(kind):
    """What Kymatio's modules save (``tools.stored_outputs``) within a user's network."""
    stored = np.load(STATES / f"{kind.__name__}.npz")
    given = json.loads(str(stored["kwargs"]))
    linear = nn.Linear(2, 2)
    state = {f"0.{name}": torch.from_numpy(stored[name]) for name in stored if name != "kwargs"}
    state |= {"1.weight": linear.weight, "1.bias": linear.bias}
    network = nn.Sequential(kind(**given), nn.Linear(2, 2))
    network.load_state_dict(state)
    assert torch.equal(network[1].weight, linear.weight)
    others = [{"Q": 3}, {"T": 16}, *([{"J_fr": 2}, {"F": 1}] if kind is not Scattering1D else [])]
    for change in others:
        other = nn.Sequential(kind(**{**given, **change}), nn.Linear(2, 2))
        with pytest.raises(RuntimeError, match="must hold the filters of this transform"):
            other.load_state_dict(state)
        rest = {name: value for name, value in state.items() if ".tensor" not in name}
        other.load_state_dict(rest, strict=False)


@pytest.mark.parametrize("rounded", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_built_without_memory(rounded):
    S = TimeFrequencyScattering(**JOINT)
    state = {key: value.to(rounded) for key, value in S.state_dict().items()}
    foreign = TimeFrequencyScattering(**{**JOINT, "Q": 3}).state_dict()
    x = torch.randn(2, N)
    for load in (
        lambda M, state: M.load_state_dict(state, assign=True),
        lambda M, state: M.to_empty(device="cpu").load_state_dict(state),
    ):
        with torch.device("meta"):
            M = TimeFrequencyScattering(**JOINT)
        assert M.xi1.is_meta
        with pytest.raises(RuntimeError, match="must be that of this transform"):
            load(M, foreign)
        load(M, state)
        assert not M.xi1.is_meta
        assert torch.equal(M(x), S(x))


@pytest.mark.parametrize("out_type", ["array", "dict"])
def test_shapes_without_memory(out_type):
    S = Scattering1D(**TIME, out_type=out_type)
    x = torch.empty(2, 3, N, device="meta")
    output, same = S(x), S(torch.zeros(2, 3, N))
    outputs, same = ((y,) if out_type == "array" else y.values() for y in (output, same))
    assert all(y.is_meta for y in outputs)
    assert [y.shape for y in outputs] == [y.shape for y in same]
    S.to("meta").T = 16
    assert S.xi1.is_meta
