"""Learnable wavelets: exact at the start, right gradients, bounds, states, export."""

import copy
import pickle

import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from tools.recover_bank import recover

BANKS = ("psi1", "psi2", "psi_fr")
SMALL = {"J": 4, "J_fr": 2, "Q": 2, "shape": 128}
TINY = {"J": 3, "J_fr": 1, "Q": 1, "shape": 32, "format": "joint"}
ROUNDING = 1e-11  # two ways to the same sums in float64


def made(learnable=BANKS, **options):
    return TimeFrequencyScattering(**{**SMALL, **options}, learnable=learnable)


def moved(S, xi=-0.2, sigma=0.03):
    """Move all wavelets within their bounds."""
    with torch.no_grad():
        for name, parameter in S.named_parameters():
            parameter.fill_(xi if name.endswith("xi") else sigma)
    return S


def flat(S):
    return torch.cat([p["coef"].flatten() for p in S]) if isinstance(S, list) else S.flatten()


@pytest.fixture
def x():
    return torch.randn(2, 128, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


MODES = [
    {},
    {"format": "joint"},
    {"pad_mode": "conj-reflect"},
    {"T": "global", "F": "global", "global_average": "mean"},
    {"T": 0, "F": 0, "out_type": "list"},
    {"analytic": True, "prune": 0.01},
]


@pytest.mark.parametrize("mode", MODES)
def test_starts_exactly_as_the_fixed_transform(mode, x):
    learnt, fixed = made(**mode), made((), **mode)
    for signal, rounding in ((x, 1e-14), (x.float(), 1e-6)):
        expected = flat(fixed(signal))
        with torch.no_grad():
            assert torch.equal(flat(learnt(signal)), expected)
        # torch.matmul adds up in another order for operands that require gradients
        assert (flat(learnt(signal)) - expected).abs().max() <= rounding * expected.abs().max()


@pytest.mark.parametrize("mode", MODES)
def test_fast_gradients_of_parameters_and_input_are_those_of_plain_operations(mode, x):
    S = moved(made(**mode))
    x.requires_grad_()
    wanted = [x, *S.parameters()]
    S_x = flat(S(x))
    weights = torch.randn(S_x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(1))
    loss = (S_x * weights).sum()
    fast = torch.autograd.grad(loss, wanted, retain_graph=True)
    plain = torch.autograd.grad(loss, wanted, create_graph=True)  # leaves the adjoints aside
    for own, other in zip(fast, plain, strict=True):
        assert own.abs().max() > 0
        assert (own - other).abs().max() <= ROUNDING * other.abs().max()


@pytest.mark.parametrize("bank", BANKS)
def test_gradcheck_of_each_bank(bank):
    S = TimeFrequencyScattering(**TINY, learnable=(bank,))
    names, parameters = zip(*moved(S).named_parameters(), strict=True)
    begin = [p.detach().clone().requires_grad_() for p in parameters]
    x = torch.randn(1, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def function(x, *values):
        return torch.func.functional_call(S, dict(zip(names, values, strict=True)), (x,))

    inputs = (x.requires_grad_(), *begin)
    assert torch.autograd.gradcheck(function, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, inputs, fast_mode=True)


def test_derivatives_of_torch_func():
    S = TimeFrequencyScattering(**TINY, learnable=BANKS)
    names, parameters = zip(*S.named_parameters(), strict=True)
    values = [p.detach() for p in parameters]
    x = torch.randn(2, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(3))

    def energy(x, *values):
        call = torch.func.functional_call(S, dict(zip(names, values, strict=True)), (x,))
        return call.square().sum()

    energy(x, *parameters).backward()
    expected = parameters[0].grad
    per_signal = torch.func.vmap(torch.func.grad(energy, argnums=1), (0, *(None for _ in values)))
    assert torch.allclose(per_signal(x, *values).sum(0), expected, rtol=1e-9)
    ones = torch.ones_like(values[0])
    along = torch.func.jvp(lambda v: energy(x, v, *values[1:]), (values[0],), (ones,))[1]
    assert torch.allclose(along, expected.sum(), rtol=1e-9)


def test_both_spins_move_together_and_labels_follow(x):
    S = moved(made())
    n = len(S.psi_fr) // 2
    for up, down in zip(S.psi_fr[1 : 1 + n], S.psi_fr[1 + n :], strict=True):
        assert (down.xi, down.sigma) == (-up.xi, up.sigma)
    fixed = made(())
    assert S.psi_fr[0] == fixed.psi_fr[0]
    assert S.psi1[0].xi == pytest.approx(fixed.psi1[0].xi * 2**-0.2)
    assert S.psi1_f[0]["xi"] == S.psi1[0].xi
    table = moved(Scattering1D(4, 128, 2, learnable="psi1"))
    assert table.paths()["xi1"][2] == table.meta()["xi"][2][0] == table.psi1[1].xi
    assert S.output_size() == fixed.output_size()


def test_steps_that_go_too_far_are_taken_back(x):
    S = made()
    with torch.no_grad():
        for parameter in S.parameters():
            parameter.uniform_(-4, 4, generator=torch.Generator().manual_seed(4))
    S_x = S(x)
    assert S_x.isfinite().all()
    for J, bank in ((4, S.psi1), (4, S.psi2), (2, S.psi_fr[1:4])):
        for psi in bank:
            assert 0 < psi.xi <= 0.5
            assert psi.sigma <= 0.5
            if psi.j:
                assert psi.xi + 5 * psi.sigma <= 2.0 ** -(psi.j + 1) * (1 + 1e-9)
            else:
                assert psi.sigma >= 0.1 / 2**J * (1 - 1e-9)
    before = [p.detach().clone() for p in S.parameters()]
    S(x)
    assert all(map(torch.equal, before, S.parameters()))


def test_a_parameter_that_is_not_a_number_is_refused(x):
    S = made()
    with torch.no_grad():
        S.psi1.log2_xi[0] = float("nan")
    with pytest.raises(ValueError, match=r"log2_xi.* must be finite"):
        S(x)


def test_tables_are_made_again_only_when_parameters_change(x):
    S = made()
    first = S.engine.tables(x.device, x.dtype)
    assert S.engine.tables(x.device, x.dtype) is first
    optimiser = torch.optim.Adam(S.parameters(), 0.01)
    S(x).sum().backward()
    optimiser.step()
    with torch.no_grad():
        after = S(x)
    assert S.engine.tables(x.device, x.dtype) is not first
    assert torch.equal(after, S.fixed()(x))


def test_fixed_keeps_the_values_and_has_no_parameters(x):
    S = moved(made())
    fixed = S.fixed()
    assert list(fixed.parameters()) == []
    with torch.no_grad():
        assert torch.equal(fixed(x), S(x))
        assert torch.equal(pickle.loads(pickle.dumps(fixed))(x), S(x))
        assert torch.equal(fixed.for_length(100)(x[:, :100]), S.for_length(100)(x[:, :100]))
    assert torch.equal(fixed.xi1, torch.tensor([p.xi for p in S.psi1], dtype=torch.float64))
    with pytest.raises(AttributeError, match="T is read-only where wavelets are learnt"):
        fixed.T = 8


def test_other_lengths_share_the_parameters(x):
    S = made()
    S.for_length(100)(x[:, :100]).sum().backward()
    assert all(p.grad is not None for p in S.parameters())


def test_states_and_copies(x):
    S = moved(made())
    other = made()
    other.load_state_dict(S.state_dict())
    for S_2 in (other, copy.deepcopy(S), pickle.loads(pickle.dumps(S))):
        assert torch.equal(S_2(x), S(x))
    S.load_state_dict(made().state_dict())  # a trained one takes the state of another
    with torch.no_grad():
        assert torch.equal(S(x), made(())(x))
    with pytest.raises(RuntimeError, match="xi1 must be that of this transform"):
        S.load_state_dict(made(Q=3).state_dict())


def test_frozen_banks_and_parameters_in_float32(x):
    S = made(("psi1", "psi2"))
    S.psi1.requires_grad_(False)
    S(x).sum().backward()
    assert S.psi1.log2_xi.grad is None
    assert S.psi2.log2_xi.grad is not None
    S.requires_grad_(False)
    assert not S(x).requires_grad
    S = made().float()
    S(x.float()).sum().backward()
    assert S.psi_fr.log2_xi.grad.dtype == torch.float32


def test_batches_in_parts_have_the_same_gradients(x):
    S = made()
    need = [S.plan(b, grad=True, dtype=x.dtype).peak_bytes for b in (1, 16)]
    batch = x.repeat(8, 1)
    found = []
    for budget in (None, (need[0] + need[1]) / 2):
        S.memory_budget = budget
        S.zero_grad()
        S(batch).square().sum().backward()
        found.append([p.grad.clone() for p in S.parameters()])
    for whole, parts in zip(*found, strict=True):
        assert torch.allclose(whole, parts, rtol=1e-8, atol=1e-12)


def test_what_cannot_be_is_refused_in_one_line(x):
    with pytest.raises(ValueError, match="learnable='psi_fr' must be one of 'psi1', 'psi2'"):
        Scattering1D(4, 128, learnable="psi_fr")
    with pytest.raises(AttributeError, match="format is read-only where wavelets are learnt"):
        made().format = "joint"
    for S in (made(), made(())):
        with pytest.raises(AttributeError, match="learnable is read-only"):
            S.learnable = ("psi1",)
    with pytest.raises(ValueError, match="cannot be traced or exported"):
        torch.export.export(made(), (x,))


def test_a_moved_bank_is_recovered_from_its_coefficients():
    found = recover(J=3, Q=2, N=256, signals=4, steps=100, rate=0.03, seed=0)
    for name, error in found.after.items():
        assert error < 0.05 * found.before[name]
