"""Tables and plans of the transforms, other lengths, memory budget, pruning, threads."""

import copy

import numpy as np
import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from jtfs_repro.scattering.budget import SignalChunks, free_bytes
from jtfs_repro.scattering.padding import padded
from jtfs_repro.scattering.second_order import filtered

N = 1024
ROUNDING = 1e-12  # relative, float64: another order of the same sums


def joint(**options):
    return TimeFrequencyScattering(**{"J": 6, "J_fr": 2, "Q": 8, "shape": N, **options})


def signal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, N, dtype=torch.float64, generator=generator)


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


# --- paths() ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["time", "joint"])
@pytest.mark.parametrize("T", [None, "global", 16])
@pytest.mark.parametrize("F", [None, "global", 4])
def test_paths_have_the_length_and_the_labels_of_the_output(format, T, F):
    S = joint(format=format, T=T, F=F)
    table, meta = S.paths(sr=8000), S.meta()
    assert {len(column) for column in table.values()} == {S(signal()).shape[0]}
    for name in ("order", "n_fr", "spin"):
        np.testing.assert_array_equal(table[name], meta[name])
    np.testing.assert_array_equal(table["xi2"], meta["xi"][:, 1])
    np.testing.assert_allclose(table["rate_hz"], 8000 * table["xi2"])
    np.testing.assert_allclose(table["scale"], 8 * np.abs(meta["xi_fr"]))


@pytest.mark.parametrize(
    "S",
    [joint(T=0, F=0, out_type="list"), Scattering1D(J=6, Q=4, shape=N, T=0, out_type="list")],
    ids=["joint", "1d"],
)
def test_paths_without_averaging_know_each_stride(S):
    coefs = S(signal())
    table = S.paths()
    assert len(coefs) == len(table["stride"])
    for entry, stride, order in zip(coefs, table["stride"], table["order"], strict=True):
        if order == 2:
            assert entry["coef"].shape[-1] == pytest.approx(N / stride, abs=1)
    assert np.isnan(table["rate_hz"]).all()


def test_joint_paths_give_the_range_of_rows():
    S = joint(format="joint", F=4)
    table = S.paths()
    rows = S(signal()).shape[1]
    assert set((table["n1_stop"] - table["n1"]) / table["n1_step"]) == {rows}


# --- plan() ----------------------------------------------------------------------------------


def test_plan_counts_grow_with_batch_and_gradient():
    S = joint()
    one, four, training = S.plan(1), S.plan(4), S.plan(1, grad=True)
    assert four.flops == pytest.approx(4 * one.flops, rel=1e-9)
    assert 2 * one.flops < training.flops < 4 * one.flops
    assert training.bytes > one.bytes
    assert four.peak_bytes >= one.peak_bytes
    assert "first order" in str(one)
    assert "n2 = " in str(one)


def test_plan_counts_the_row_products_that_are_made(monkeypatch):
    """The products counted are those that run: matrix shapes seen by torch.mm, per stretch."""
    S = joint(F=0)
    x = signal().float()
    S(x)
    seen = []
    mm = torch.mm

    def counted(a, b, **options):
        seen.append(2 * a.shape[0] * a.shape[1] * b.shape[1])
        return mm(a, b, **options)

    monkeypatch.setattr(torch, "mm", counted)
    S(x)
    branches = S.engine.tables(x.device, x.dtype).second.branches
    products = sum(
        4 * branch.M * tile.A.numel() * (1 if tile.B is None else 2)
        for branch in branches
        for chunk in branch.kernels.chunks
        for tile in chunk.tiles
    )
    averages = sum(
        2 * branch.kernels.outputs * sum(c.matrix.numel() for c in branch.reduction.chunks)
        for branch in branches
    )
    assert sum(seen) == products + averages
    assert S.plan().flops > products + averages


def test_plan_refuses_no_signals():
    with pytest.raises(ValueError, match=r"batch=0 must be >= 1"):
        joint().plan(0)


# --- memory budget ---------------------------------------------------------------------------


def test_a_small_budget_changes_nothing_but_the_memory():
    """Gradients agree where the batch is cut and computed again in the backward pass."""
    x = signal(6).requires_grad_()
    free = joint(format="joint", F=4)
    (expected,) = torch.autograd.grad(free(x).square().sum(), x)
    budget = free.plan(6, grad=True, dtype=x.dtype).peak_bytes
    tight = joint(format="joint", F=4, memory_budget=budget)
    while True:  # the least budget that holds
        try:
            tight.plan(6, grad=True, dtype=x.dtype)
        except ValueError:
            break
        tight.memory_budget *= 0.95
    tight.memory_budget /= 0.95
    budget = tight.memory_budget
    how = tight.engine.chunks(6, x.dtype, x.device, grad=True, budget=budget)
    assert how.rerun
    assert how.signals < 6
    assert relative(tight(x), free(x)) < ROUNDING
    (gradient,) = torch.autograd.grad(tight(x).square().sum(), x)
    assert relative(gradient, expected) < ROUNDING
    assert "computed again" in str(tight.plan(6, grad=True, dtype=x.dtype))


def test_rerun_has_second_derivatives(monkeypatch):
    S = TimeFrequencyScattering(J=3, J_fr=2, Q=2, shape=48)
    x = torch.randn(2, 48, dtype=torch.float64, requires_grad=True)
    always = SignalChunks(signals=1, rerun=True, peak_bytes=0)
    monkeypatch.setattr(S.engine, "chunks", lambda *args, **options: always)
    assert torch.autograd.gradcheck(S, (x,), atol=1e-7, fast_mode=True)
    assert torch.autograd.gradgradcheck(S, (x,), atol=1e-6, fast_mode=True)


def test_a_budget_below_one_signal_is_refused_with_the_least():
    S = joint(memory_budget=1e5)
    with pytest.raises(ValueError, match=r"memory_budget=100000.0 must be >= \d+ bytes for 1 sig"):
        S(signal())
    with pytest.raises(ValueError, match=r"memory_budget=-1"):
        joint(memory_budget=-1)


def test_free_memory_is_read():
    assert free_bytes(torch.device("cpu")) > 2**24


# --- other lengths ---------------------------------------------------------------------------


@pytest.mark.parametrize("S", [joint(F=4), Scattering1D(6, N, 4, T="global")], ids=["joint", "1d"])
def test_for_length_is_the_same_transform_for_other_signals(S):
    other = S.for_length(700)
    assert other.shape == (700,)
    assert (other.J, other.Q, other.T, other.average) == (S.J, S.Q, S.T, S.average)
    assert S.for_length(700) is other
    assert S.for_length(N) is S
    assert other(torch.randn(700)).shape[0] == S(signal()).shape[0]
    assert copy.deepcopy(S).for_length(700).shape == (700,)


# --- pruning ---------------------------------------------------------------------------------


def test_pruning_is_off_by_default_and_drops_what_it_says():
    full, pruned = joint(F=0), joint(F=0, prune=0.05)
    assert list(full.bank.rows) == [sum(p.j < psi.j for p in full.psi1) for psi in full.psi2]
    assert sum(pruned.bank.rows) < sum(full.bank.rows)
    assert pruned.channels == len(pruned.meta()["key"]) < full.channels
    # noise after padding is white inside the signal: share of the energy of Y_2 that is dropped
    tables = full.engine.tables(torch.device("cpu"), torch.float64)
    energies = {}
    for seed in range(4):
        U_0_hat = torch.fft.rfft(padded(signal(seed=seed)[None], full.bank.axis, "reflect")[0])
        hats = [stage(U_0_hat)[1] for stage in tables.first]
        for branch in tables.second.branches:
            Y = filtered(hats, branch)[0].abs().square().sum(-1)
            Y *= 2 ** full.bank.resolution(full.psi2[branch.n2].j)
            energies[branch.n2] = energies.get(branch.n2, 0) + Y
    lost = sum(E[pruned.bank.rows[n2] :].sum() for n2, E in energies.items())
    assert 0.01 < lost / sum(E.sum() for E in energies.values()) < 0.1


def test_pruned_output_is_close_to_the_paths_that_remain():
    full, pruned = joint(format="joint", F=4), joint(format="joint", F=4, prune=0.01)
    index = {tuple(key): i for i, key in enumerate(full.meta()["key"])}
    kept = [index[tuple(key)] for key in pruned.meta()["key"]]
    x = signal()
    difference = relative(pruned(x), full(x)[kept])
    assert 1e-6 < difference < 0.1  # sqrt(0.01) of the second order, less in the whole


def test_prune_is_a_share():
    with pytest.raises(ValueError, match=r"prune=2"):
        joint(prune=2)


# --- checkpoints and threads -----------------------------------------------------------------


def test_state_dict_names_the_filters_and_refuses_those_of_another_transform():
    S = joint()
    state = S.state_dict()
    assert set(state) == {"xi1", "sigma1", "xi2", "sigma2", "xi_fr", "sigma_fr"}
    np.testing.assert_allclose(state["xi1"], [psi.xi for psi in S.psi1])
    joint().load_state_dict(state)
    with pytest.raises(RuntimeError, match="xi1 must be that of this transform"):
        joint(Q=7).load_state_dict(state)
    network = torch.nn.Sequential(S, torch.nn.Linear(16, 1))
    with pytest.raises(RuntimeError, match=r"0\.xi_fr must be that"):
        torch.nn.Sequential(joint(J_fr=3), torch.nn.Linear(16, 1)).load_state_dict(
            network.state_dict()
        )


def test_half_of_the_filters_in_a_checkpoint_are_still_recognised():
    joint().load_state_dict(joint().half().state_dict())


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(
    "S",
    [joint(format="joint", F=4), joint(T=0, F=0, out_type="dict"), Scattering1D(6, N, 4)],
    ids=["joint", "dict", "1d"],
)
def test_threads_change_rounding_only_and_leave_the_settings(S):
    def both():
        x = signal(3).requires_grad_()
        y = S(x)
        y = torch.cat([v.flatten() for v in y.values()]) if isinstance(y, dict) else y
        return y.detach(), torch.autograd.grad(y.square().sum(), x)[0]

    shared = both()
    assert torch.get_num_threads() == 2
    assert all(torch.equal(a, b) for a, b in zip(shared, both(), strict=True))
    torch.set_num_threads(1)
    for a, b in zip(shared, both(), strict=True):
        assert relative(a, b) < ROUNDING


def test_first_order_keeps_only_the_bins_that_the_second_reads():
    S = joint()
    first = S.engine.tables(torch.device("cpu"), torch.float64).first
    assert all(0 < stage.bins <= stage.band.M // 2 + 1 for stage in first)
    assert first[0].bins < first[0].band.M // 2


@pytest.mark.usefixtures("two_threads")
def test_forward_mode_is_exact_with_threads():
    """Dual numbers reach the threads' operations unless their tangents are taken off before."""
    S = TimeFrequencyScattering(J=3, J_fr=2, Q=2, shape=48)
    x = torch.randn(48, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(S, (x,), atol=1e-7, check_forward_ad=True, fast_mode=True)
