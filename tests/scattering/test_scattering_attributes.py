"""Attributes after construction, Kymatio's arguments and states, modules built without memory."""

import copy
import inspect
import pickle
import warnings
from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

N = 128
TIME = {"J": 4, "shape": 128, "Q": 2}
JOINT = {"J": 4, "J_fr": 2, "Q": 2, "shape": 128}
CASES = [(Scattering1D, TIME), (TimeFrequencyScattering, JOINT)]
CHANGES = {
    **{"J": 3, "J_fr": 1, "Q": (3, 2), "shape": 150, "T": 32, "stride": 4, "max_order": 1},
    **{"Q_fr": 2, "F": 2, "stride_fr": 2, "out_type": "list", "format": "joint"},
    **{"oversampling": 1, "unpad_fr": True, "keep_lost": True, "global_average": "mean"},
    **{"pad_mode": "zero", "analytic": True, "check_finite": True, "prune": 0.1},
    **{"memory_budget": 1e9, "frontend": "torch", "backend": "torch"},
}
OF_TORCH = set(dir(nn.Module())) | {"training"}


def state(S):
    """All that is public, and the output of a signal."""
    x = torch.randn(S.shape[0], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    names = (
        *sorted(CHANGES.keys() & {f.name for f in fields(S)}),
        "frames",
        "channels",
        "pad_left",
    )
    values = [getattr(S, name) for name in names]
    table = {k: v.tolist() for k, v in S.paths(sr=1000).items()}
    buffers = [buffer.tolist() for buffer in S.buffers()]
    return repr([values, table, buffers, S.output_size(True), str(S.plan(2)), S.meta()]), S(x)


def settable():
    for cls, arguments in CASES:
        for field in fields(cls):
            if field.name not in ("_", "average", "average_fr", "learnable"):
                yield pytest.param(cls, arguments, field.name, id=f"{cls.__name__}-{field.name}")


@pytest.mark.filterwarnings("ignore:oversampling=1 is")
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
@pytest.mark.parametrize(("cls", "arguments", "name"), list(settable()))
def test_setting_an_argument_is_constructing_with_it(cls, arguments, name, used):
    S = cls(**arguments)
    if used:
        S(torch.zeros(128))
        S.for_length(99)
    setattr(S, name, CHANGES[name])
    right = cls(**{**arguments, name: CHANGES[name]})
    ours, expected = state(S), state(right)
    assert ours[0] == expected[0]
    torch.testing.assert_close(ours[1], expected[1], rtol=0, atol=0)
    other = copy.deepcopy(S).for_length(99)
    assert other._given == {**right._given, "shape": 99}


@pytest.mark.parametrize(("cls", "arguments"), CASES)
def test_all_other_attributes_are_read_only(cls, arguments):
    S = cls(**arguments)
    given = {field.name for field in fields(S)} | {"average", "average_fr"}
    public = {n for n in {*dir(S), *vars(S)} - OF_TORCH if not n.startswith("_")}
    before = state(S)
    assert len(public - given) > 20
    for name in public - given - set(dict(S.named_buffers())):
        with pytest.raises(AttributeError, match=f"^{name} is read-only") as caught:
            setattr(S, name, 1)
        assert "\n" not in str(caught.value)
        with pytest.raises(AttributeError, match=f"{name} cannot be deleted"):
            delattr(S, name)
    assert state(S)[0] == before[0]
    S.own_name = 3  # one's own are free
    assert S.own_name == 3


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("out_type", "tensor", ValueError),
        ("T", -1, ValueError),
        ("J", 2.5, TypeError),
        ("shape", 1, ValueError),
        ("stride", 3, ValueError),
    ],
)
def test_a_refused_change_changes_nothing(name, value, error):
    for cls, arguments in CASES:
        S = cls(**arguments)
        before = state(S)
        with pytest.raises(error, match=f"^{name}=") as caught:
            setattr(S, name, value)
        with pytest.raises(error) as constructed:
            cls(**{**arguments, name: value})
        assert str(caught.value) == str(constructed.value)
        assert state(S)[0] == before[0]


def test_what_kymatio_calls_average():
    S = TimeFrequencyScattering(**JOINT, out_type="list")
    S.average, S.average_fr = False, "global"
    assert (S.average, S.average_fr) == (False, "global")
    S.average = True
    assert (S.average, S.T) == ("local", 16)
    with pytest.raises(ValueError, match="average='mean' must be one of"):
        S.average = "mean"
    with pytest.raises(AttributeError, match=r"log2_T is read-only \(S\.T = 2\*\*log2_T\)"):
        S.log2_T = 3


def test_hooks_and_networks_stay():
    network = nn.Sequential(Scattering1D(**TIME), nn.Flatten())
    calls = []
    network[0].register_forward_hook(lambda *_: calls.append(1))
    network.eval().half()
    network[0].max_order = 1
    assert network(torch.zeros(2, 128)).shape == (2, network[0].channels * 8)
    assert calls == [1]
    assert not network[0].training
    assert network[0].xi1.dtype == torch.float16
    again = pickle.loads(pickle.dumps(Scattering1D(**TIME)))
    again.out_type = "dict"
    assert len(again(torch.zeros(128))) == again.channels


# --- Kymatio's calls ------------------------------------------------------------------------


def test_positions():
    x = torch.randn(256)
    S = Scattering1D(5, 256, 4, None, None, 2, 0, "list", "torch")
    assert len(S(x)) == Scattering1D(J=5, shape=256, Q=4).channels
    S = TimeFrequencyScattering(5, 2, 4, 256, None, None, 1, None, None, "array", "joint", "torch")
    assert S(x).ndim == 3
    order = "J shape Q T stride max_order oversampling out_type backend"
    assert list(inspect.signature(Scattering1D).parameters)[:9] == order.split()


def test_oversampling_is_a_smaller_stride():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Scattering1D(J=5, shape=256, oversampling=0).stride == 32
    for cls, arguments in CASES:
        with pytest.warns(DeprecationWarning, match="oversampling=2 .* stride=4"):
            S = cls(**arguments, oversampling=2)
        assert S.stride == 4
    with pytest.raises(ValueError, match="stride=2 must be None or 8 with oversampling=1"):
        Scattering1D(**TIME, oversampling=1, stride=2)


@pytest.mark.parametrize(
    ("change", "spelling"),
    [
        ({"out_type": "doesnotexist"}, "out_type must be one of"),
        ({"Q": 0}, "Q must always be >= 1"),
        ({"shape": (8, 8)}, "exactly one element"),
        ({"oversampling": -1}, "oversampling must be nonnegative"),
        ({"frontend": "jax"}, "frontend='jax' must be one of 'torch'"),
        ({"frontend": "numpy"}, r"jtfs_repro\.scattering\.numpy"),
    ],
    ids=str,
)
def test_errors_have_the_spellings_that_code_matches_on(change, spelling):
    with pytest.raises(ValueError, match=spelling):
        Scattering1D(**{**TIME, **change})


def test_a_scalar_has_no_axis():
    with pytest.raises(ValueError, match="at least one axis"):
        Scattering1D(**TIME)(torch.tensor(1.0))


# --- states, modules without memory --------------------------------------------------------


@pytest.mark.parametrize(("cls", "arguments"), CASES)
def test_modules_without_memory(cls, arguments):
    """Built on the device 'meta', and given their state afterwards."""
    x, S = torch.randn(128), cls(**arguments)
    with torch.device("meta"):
        assigned, emptied, other = cls(**arguments), cls(**arguments), cls(**{**arguments, "Q": 3})
    assigned.load_state_dict(S.state_dict(), assign=True)
    emptied.to_empty(device="cpu").load_state_dict(S.state_dict())
    for module in (assigned, emptied):
        torch.testing.assert_close(module(x), S(x), rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="xi1 must be that of this transform"):
        other.load_state_dict(S.state_dict(), assign=True)
    assert S(torch.empty(2, 128, device="meta")).shape == (2, *S(x).shape)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_rounded_states_are_taken(dtype):
    S = TimeFrequencyScattering(**JOINT)
    S.load_state_dict({name: value.to(dtype) for name, value in S.state_dict().items()})


def test_a_key_that_is_not_kymatio_s_is_unexpected():
    network = nn.Sequential(Scattering1D(**TIME), nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="Unexpected key"):
        network.load_state_dict({**network.state_dict(), "0.tensor": torch.zeros(512, 1)})


def seen(S):
    """Some of what a transform shows and computes."""
    output = S(torch.sin(torch.arange(S.shape[0]) ** 1.5 / 30))
    return (
        output.double().sum().item(),
        S.output_size(True),
        S.frames,
        S.T,
        S.average,
        str(S.meta()),
    )


@pytest.mark.parametrize("T", [None, "global", 16])
@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda S: pickle.loads(pickle.dumps(S)), replace],
)
def test_copies_change_apart(T, copied):
    S = Scattering1D(**TIME, T=T)
    S(torch.zeros(N))
    other = copied(S)
    assert seen(other) == seen(S)
    other.max_order = 1
    assert seen(other) == seen(Scattering1D(**TIME, T=T, max_order=1))
    assert seen(S) == seen(Scattering1D(**TIME, T=T))


def test_what_belongs_to_torch_and_to_the_user_stays():
    class Mine(Scattering1D):
        def __init__(self, rate):
            super().__init__(**TIME)
            self.rate = rate

    S = Mine(8000).eval().half()
    calls = []
    S.register_forward_hook(lambda *_: calls.append(1))
    S.register_buffer("mine", torch.ones(2))
    S.T = 16
    assert S(torch.zeros(N)).shape[-1] == N // 16
    assert (S.rate, S.training, S.xi1.dtype, calls) == (8000, False, torch.float16, [1])
    assert set(S.state_dict()) == {"xi1", "xi2", "sigma1", "sigma2", "mine"}
    assert S.for_length(300).stride == 16
    S.for_length(300).out_type = "dict"
    assert isinstance(S.for_length(300)(torch.zeros(300)), torch.Tensor)


def test_what_computes_the_same_keeps_its_tables():
    S = Scattering1D(**TIME)
    engine = S.engine
    S.out_type, S.check_finite, S.memory_budget = "list", True, 1e8
    assert S.engine is engine
