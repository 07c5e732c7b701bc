"""Attributes after construction: arguments change at once and wholly, the rest is read-only."""

import copy
import inspect
import pickle
from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

N = 256
TIME = dict(J=5, shape=N, Q=4)
JOINT = dict(**TIME, J_fr=2)
KINDS = [(Scattering1D, TIME), (TimeFrequencyScattering, JOINT)]
CHANGES = dict(
    J=4, Q=(3, 1), shape=128, T=16, stride=8, out_type="dict", max_order=1, format="joint",
    J_fr=1, Q_fr=2, F=2, stride_fr=2, global_average="mean", pad_mode="zero", analytic=True,
    check_finite=True, prune=0.1, memory_budget=1e9, unpad_fr=True, keep_lost=True,
)  # fmt: skip
AS_GIVEN = dict(oversampling=1, oversampling_fr=1, average="global", average_fr="global")
ONE_VALUE = ("frontend", "backend")
BAD = dict(
    J=99, Q=0, shape=1.5, T=1e9, stride=3, out_type="tensor", pad_mode="wrap", prune=2,
    memory_budget=-1, frontend="keras", backend="cuda", average="no", oversampling=-1,
)  # fmt: skip


def public(S):
    return [n for n in dir(S) if not n.startswith("_") and n not in dir(nn.Module())]


def seen(S):
    """Everything that a transform shows and computes."""
    x = torch.sin(torch.arange(S.shape[0]) ** 1.5 / 30)
    output = S(x)
    coefs = output if isinstance(output, dict) else {0: output}
    numbers = [(key, coef.shape, coef.double().sum().item()) for key, coef in coefs.items()]
    shown = (S.output_size(True), S.frames, S.channels, S.T, S.average, S.pad_left, S.Q, S.shape)
    return numbers, shown, str(S.meta()), str(S.plan(3)), len(S.psi2_f), S.for_length(300).frames


@pytest.mark.parametrize(("kind", "given"), KINDS)
@pytest.mark.parametrize("is_used", [False, True])
def test_every_public_attribute_changes_wholly_or_is_read_only(kind, given, is_used):
    arguments = {f.name for f in fields(kind)}
    assert arguments <= {*CHANGES, *AS_GIVEN, *ONE_VALUE}
    for name in arguments & {*CHANGES}:
        S = kind(**given)
        if is_used:
            S(torch.zeros(N)), S.for_length(300)
        setattr(S, name, CHANGES[name])
        assert seen(S) == seen(kind(**{**given, name: CHANGES[name]})), name
    S = kind(**given)
    before = seen(S) if is_used else None
    for name in {*public(S)} - arguments - {"forward"}:
        for act in (lambda name=name: setattr(S, name, 1), lambda name=name: delattr(S, name)):
            with pytest.raises(AttributeError, match=f"^{name} (is read-only|cannot be)") as caught:
                act()
            assert "\n" not in str(caught.value)
    if is_used:
        assert seen(S) == before


@pytest.mark.parametrize(("kind", "given"), KINDS)
def test_a_refused_change_changes_nothing(kind, given):
    S = kind(**given)
    before, state = seen(S), dict(vars(S))
    for name in {*BAD} & {f.name for f in fields(kind)}:
        with pytest.raises((ValueError, TypeError)) as caught:
            setattr(S, name, BAD[name])
        assert "\n" not in str(caught.value)
    assert all(vars(S)[key] is value for key, value in state.items())
    assert seen(S) == before


@pytest.mark.parametrize(("kind", "given"), KINDS)
def test_nothing_that_is_shown_can_be_changed_in_place(kind, given):
    S = kind(**given)
    before = seen(S)
    for name in public(S):
        value = getattr(S, name)
        assert not isinstance(value, (list, dict)) or getattr(S, name) is not value, name
    S.psi1_f.clear(), S.phi_f.clear(), S.ind_start.clear()
    assert seen(S) == before


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


def test_averages_and_oversampling_of_kymatio():
    S = TimeFrequencyScattering(**JOINT, out_type="dict")
    for name, width in (("average", "T"), ("average_fr", "F")):
        for value, given in ((False, 0), ("global", "global"), (True, None)):
            setattr(S, name, value)
            assert getattr(S, name) == (value if value is not True else "local")
            assert S._given[width] == given
    with pytest.warns(DeprecationWarning, match="pass stride=8"):
        S.oversampling = 2
    assert S.stride == 8
    S.stride = 16
    assert (S.stride, S.oversampling) == (16, 0)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0].__name__)
def test_methods_are_not_arguments(kind):
    S = kind[0](**kind[1])
    assert all(inspect.signature(kind[0]).parameters[name] for name in S._given)
    plain = S.forward
    S.forward = lambda x: plain(x) * 2  # as hooks of other packages do
    assert torch.equal(S(torch.ones(N)), plain(torch.ones(N)) * 2)
