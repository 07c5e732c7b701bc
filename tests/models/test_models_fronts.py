"""Fronts: shapes at every stage, the definition in loops, the top rows, errors."""

import numpy as np
import pytest
import torch
from model_cases import SHAPES, SMALL, features, statistics

from jtfs_repro.models.fronts import CqtFront, JtfsFront, Scattering1dFront

FLOAT32 = 1e-5  # sums over 16 rows
EPS = 1e-5  # of batch normalisation
PUBLISHED = {"S1": (177, 32), "S2": (191, 45, 32)}


def make(front, shapes, **options):
    torch.manual_seed(0)
    return front(shapes=shapes, statistics=statistics(shapes), **options)


@pytest.mark.parametrize(
    ("shapes", "n_conv_rows", "n_zero_rows", "shape"),
    [
        (SHAPES["jtfs"], 160, 3, (169, 44, 32)),
        (PUBLISHED, 162, 4, (195, 45, 32)),
        (SMALL["jtfs"], 16, 3, (10, 8, 8)),
    ],
)
def test_jtfs_stages(shapes, n_conv_rows, n_zero_rows, shape):
    front = make(JtfsFront, shapes)
    stages = {}
    for name in ("filters", "pool", "norm"):
        module = getattr(front, name)
        module.register_forward_hook(lambda _, x, y, name=name: stages.update({name: y.shape[1:]}))
    found = front(features(shapes))
    rows, frames = shape[1:]
    assert stages["filters"] == (4, n_conv_rows, frames)
    assert stages["pool"] == (4, rows - n_zero_rows, frames)
    assert front.n_zero_rows == n_zero_rows
    assert found.shape == (2, *shape) == (2, *front.shape)


def test_jtfs_front_has_68_parameters_before_normalisation():
    front = make(JtfsFront, SHAPES["jtfs"])
    assert sum(p.numel() for p in front.filters.parameters()) == 68
    assert front.norm.num_features == 169


def test_zero_rows_are_the_top_ones():
    """Row 0 is the highest frequency; rows 0, 1, 2 of the four channels are zero, no other is."""
    front = make(JtfsFront, SHAPES["jtfs"])
    with torch.no_grad():
        front.filters.bias.fill_(1.0)  # no row that ReLU sets to zero throughout
        found = front.first_order(features(SHAPES["jtfs"])["S1"])
    is_zero = (found == 0).all(dim=(0, 3))
    assert is_zero[:, :3].all()
    assert not is_zero[:, 3:].any()


def test_jtfs_definition_in_loops():
    """Filters, ReLU, average with two zero rows at either end, order of channels, BN."""
    shapes = SMALL["jtfs"]
    front, batch = make(JtfsFront, shapes).eval(), features(shapes)
    first = front.mu_log_1(batch["S1"]).double().numpy()
    second = front.mu_log_2(batch["S2"]).double().numpy()
    kernel = front.filters.weight.detach().double().numpy()[:, 0, :, 0]
    bias = front.filters.bias.detach().double().numpy()
    expected = np.zeros((2, 10, 8, 8))
    expected[:, 4:] = second
    for k in range(4):
        rows = [np.einsum("r,brt->bt", kernel[k], first[:, n : n + 16]) for n in range(16)]
        rows = [np.zeros((2, 8))] * 2 + [np.maximum(row + bias[k], 0) for row in rows]
        rows += [np.zeros((2, 8))] * 2
        for n in range(5):
            expected[:, k, 3 + n] = np.mean(rows[4 * n : 4 * n + 4], axis=0)
    with torch.no_grad():
        found = front(batch).numpy() * np.sqrt(1 + EPS)
    assert np.abs(found - expected).max() < FLOAT32


def test_statistics_of_each_order_reach_their_order():
    shapes = SMALL["jtfs"]
    values = statistics(shapes)
    front = JtfsFront(shapes=shapes, statistics=values)
    np.testing.assert_array_equal(front.mu_log_1.mu, values["S1"].mu)
    np.testing.assert_array_equal(front.mu_log_2.mu, values["S2"].mu)
    np.testing.assert_array_equal(front.mu_log_2.standardise.mean, values["S2"].mean)
    np.testing.assert_array_equal(front.mu_log_2.standardise.std, values["S2"].std)


@pytest.mark.parametrize("front", [JtfsFront, Scattering1dFront])
def test_options_of_the_mu_log(front):
    shapes = SMALL["jtfs" if front is JtfsFront else "scattering1d"]
    learnt = make(front, shapes, c=0.2, is_c_learnable=True)
    fixed = make(front, shapes, c=0.2)
    n_paths = sum(shape[0] for shape in shapes.values())
    assert sum(p.numel() for n, p in learnt.named_parameters() if "eps" in n) == n_paths
    assert not [n for n, _ in fixed.named_parameters() if "eps" in n]
    mu_log = fixed.mu_log_2 if front is JtfsFront else fixed.mu_log
    assert float(mu_log.constants()[0]) == pytest.approx(0.2)


def test_scattering1d_definition():
    shapes = SMALL["scattering1d"]
    front, batch = make(Scattering1dFront, shapes).eval(), features(shapes)
    with torch.no_grad():
        found = front(batch) * np.sqrt(1 + EPS)
    assert torch.allclose(found, front.mu_log(batch["S"]), atol=FLOAT32)
    assert make(Scattering1dFront, SHAPES["scattering1d"]).shape == (1243, 32)


def test_cqt_definition():
    """96 x 257: standardised by bin, 3 x 8 averages, the last frame dropped."""
    shapes = SHAPES["cqt"]
    values = statistics(shapes)
    front, batch = CqtFront(shapes=shapes, statistics=values).eval(), features(shapes)
    assert front.shape == (1, 32, 32)
    mean, std = (v.astype(float)[:, None] for v in (values["S"].mean, values["S"].std))
    standard = (batch["S"].double().numpy() - mean) / std
    expected = standard[:, :, :256].reshape(2, 32, 3, 32, 8).mean(axis=(2, 4))
    with torch.no_grad():
        found = front(batch)[:, 0].numpy() * np.sqrt(1 + EPS)
    assert np.abs(found - expected).max() < FLOAT32


@pytest.mark.parametrize(
    ("front", "model"),
    [(JtfsFront, "jtfs"), (Scattering1dFront, "scattering1d"), (CqtFront, "cqt")],
)
def test_normalised_in_training(front, model):
    module, batch = make(front, SMALL[model]), features(SMALL[model], n=8)
    before = {name: value.clone() for name, value in batch.items()}
    found = module(batch)
    axes = [k for k in range(found.ndim) if k != 1]
    assert torch.allclose(found.mean(axes), torch.zeros(found.shape[1]), atol=FLOAT32)
    assert torch.allclose(found.var(axes, correction=0), torch.ones(found.shape[1]), atol=0.05)
    assert all(torch.equal(batch[name], before[name]) for name in batch)


def jtfs(**shapes):
    return lambda: make(JtfsFront, {**SMALL["jtfs"], **shapes})


def call(front, model, **batch):
    return lambda: make(front, SMALL[model])({**features(SMALL[model]), **batch})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (jtfs(S1=(15, 8)), r"^shapes\['S1'\].rows=15 must be >= 16"),
        (jtfs(S2=(6, 4, 8)), r"^shapes\['S2'\].rows=4 must be >= 5, the rows of S1 after pooling"),
        (jtfs(S2=(6, 8, 4)), r"^shapes\['S2'\].frames=4 must equal those of S1, 8 \(one stride"),
        (jtfs(S2=(6, 8)), r"^shapes\['S2'\]=\(6, 8\) must be \(paths, rows, frames\)"),
        (lambda: make(JtfsFront, SMALL["cqt"]), r"^shapes=\['S'\] must have 'S1'"),
        (lambda: make(CqtFront, {"S": (2, 64)}), r"^shapes\['S'\].bins=2 must be >= 3"),
        (lambda: make(CqtFront, {"S": (96, 7)}), r"^shapes\['S'\].frames=7 must be >= 8"),
        (call(JtfsFront, "jtfs", S1=torch.ones(2, 31, 9)), r"^features\['S1'\].shape=\(2, 31, 9\)"),
        (call(CqtFront, "cqt", S=torch.ones(2, 24, 63)), r"must be \(B, 24, 64\) \(the network"),
        (call(Scattering1dFront, "scattering1d", S=torch.ones(40, 8)), r"must be \(B, 40, 8\)"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
