"""mu-log, AdaLog, standardisation and their statistics: values by hand, gradients, errors."""

import math

import numpy as np
import pytest
import torch
from model_cases import SMALL, features, statistics

from jtfs_repro.models.mu_log import MuLog, Standardise
from jtfs_repro.models.statistics import Statistics, feature_shape, take, vectors

FLOAT32 = 1e-6  # a handful of roundings, eps 6e-8


def test_values_by_hand():
    mu_log = MuLog([2.0, 0.5], [0.3, -1.0], [2.0, 0.25])
    S = torch.tensor([[[0.0, 0.2, 1.8], [0.0, 0.05, 0.45]]])
    log = [0.0, math.log(2), math.log(10)]
    expected = [[(v - 0.3) / 2 for v in log], [(v + 1) / 0.25 for v in log]]
    assert torch.allclose(mu_log(S)[0], torch.tensor(expected), atol=FLOAT32)


@pytest.mark.parametrize("shape", [(3, 5, 4), (3, 5, 2, 4), (3, 5)])
def test_path_is_axis_1(shape):
    """Path by path in float64 numpy, for maps with and without a log-frequency axis."""
    S = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    stats = statistics({"S": (5,)})["S"]
    found = MuLog(stats.mu, stats.mean, stats.std, c=0.2)(S)
    for k in range(5):
        mu, mean, std = (np.float64(values[k]) for values in (stats.mu, stats.mean, stats.std))
        log = np.log(1 + S[:, k].double().numpy() / (0.2 * mu + 1e-8))
        assert np.abs(found[:, k].numpy() - (log - mean) / std).max() < 10 * FLOAT32


def test_small_values_keep_their_precision():
    """log(1 + u) with u = 1e-9, which float32 cannot add to 1."""
    assert float(MuLog([10.0], [0.0], [1.0])(torch.tensor([[1e-9]]))) == pytest.approx(1e-9)


def test_constant_path_is_zero_not_infinite():
    standardise = Standardise([3.0, 1.0], [0.0, 2.0])
    assert standardise(torch.tensor([[3.0, 5.0], [4.0, 1.0]])).tolist() == [[0, 2], [1, 0]]


def test_zero_path_is_finite_on_new_data():
    """mu = 0, std = 0: a path that was silent in training and is not in test."""
    found = MuLog([0.0], [0.0], [0.0])(torch.tensor([[0.0], [1e-3]]))
    assert found[:, 0].tolist() == pytest.approx([0.0, math.log(1 + 1e5)])


@pytest.mark.parametrize("mu", [0.0, 0.5])
def test_gradient_at_zero(mu):
    S = torch.zeros(1, 1, requires_grad=True)
    MuLog([mu], [0.3], [2.0])(S).sum().backward()
    assert float(S.grad) == pytest.approx(1 / (0.1 * mu + 1e-8) / 2)


def test_gradcheck():
    torch.manual_seed(0)
    mu_log = MuLog([0.5, 2.0], [0.1, 0.2], [1.0, 2.0], is_learnable=True).double()
    S = torch.rand(2, 2, 3, dtype=torch.float64, requires_grad=True)

    def log(S, eps):
        return torch.func.functional_call(mu_log, {"eps": eps}, (S,))

    assert torch.autograd.gradcheck(log, (S, mu_log.eps.detach().requires_grad_()))


class TestAdaLog:
    def test_range(self):
        ones = torch.ones(3)
        mu_log = MuLog(ones, ones, ones, is_learnable=True)
        mu_log.eps.data = torch.tensor([-50.0, 0.0, 50.0])
        expected = [0.1 / math.e, 0.1, 0.1 * math.e]
        assert mu_log.constants().tolist() == pytest.approx(expected)

    def test_start(self):
        """eps ~ N(0, 1), from torch's generator; fixed: no parameter, no draw."""
        ones = torch.ones(20_000)
        torch.manual_seed(3)
        eps = MuLog(ones, ones, ones, is_learnable=True).eps.detach()
        assert abs(float(eps.mean())) < 0.03  # 4 standard errors
        assert float(eps.std()) == pytest.approx(1, abs=0.03)
        torch.manual_seed(3)
        assert not list(MuLog(ones, ones, ones).parameters())
        assert torch.equal(MuLog(ones, ones, ones, is_learnable=True).eps.detach(), eps)

    def test_own_constant_per_path(self):
        ones = torch.ones(2)
        mu_log = MuLog(ones, 0 * ones, ones, is_learnable=True)
        mu_log.eps.data = torch.tensor([0.0, 0.7])
        found = mu_log(torch.ones(1, 2, 4))
        constant = 0.1 * math.exp(math.tanh(0.7))
        assert found[0, 0].tolist() == pytest.approx([math.log(11)] * 4)
        assert found[0, 1].tolist() == pytest.approx([math.log(1 + 1 / constant)] * 4)


def test_state_carries_the_statistics():
    ours, other = MuLog([2.0], [1.0], [3.0], c=0.3), MuLog([1.0], [0.0], [1.0])
    other.load_state_dict(ours.state_dict())
    assert torch.equal(other(torch.ones(1, 1)), ours(torch.ones(1, 1)))


def test_arrays_are_copied():
    mean = np.ones(2)
    standardise = Standardise(mean, np.ones(2))
    mean[:] = 7
    assert standardise.mean.tolist() == [1, 1]


def test_neutral_statistics():
    stats = Statistics.neutral(SMALL["jtfs"])
    assert [len(stats[name].mu) for name in ("S1", "S2")] == [31, 6]
    found = MuLog(*vectors(stats, "S2", 6))
    S = features(SMALL["jtfs"])["S2"]
    assert torch.allclose(found(S), torch.log1p(S / 0.1), atol=10 * FLOAT32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MuLog([1.0], [0.0, 0.0], [1.0, 1.0]), r"^len\(mu\)=1 must equal len\(mean\) = 2$"),
        (lambda: Standardise([0.0], [1.0, 1.0]), r"^len\(std\)=2 must equal len\(mean\) = 1$"),
        (lambda: MuLog([-1.0], [0.0], [1.0]), r"^mu\[0\]=-1.0 must be >= 0"),
        (lambda: Standardise([0.0, 0.0], [1.0, -2.0]), r"^std\[1\]=-2.0 must be >= 0"),
        (lambda: Standardise([math.nan], [1.0]), r"^mean\[0\]=nan must be finite"),
        (lambda: MuLog([[1.0]], [0.0], [1.0]), r"^mu.shape=\(1, 1\) must be \(paths,\)"),
        (lambda: MuLog([1.0], [0.0], [1.0], c=0), r"^c=0 must be > 0"),
        (lambda: MuLog([1.0], [0.0], [1.0])(torch.ones(2, 3)), r"^S.shape=\(2, 3\) must be \(B, 1"),
        (lambda: Standardise([1.0], [0.0])(torch.ones(4)), r"^S.shape=\(4,\) must be \(B, 1"),
        (lambda: vectors(statistics(SMALL["cqt"]), "S1", 3), r"^statistics=\['S'\] must have 'S1'"),
        (
            lambda: vectors(statistics(SMALL["cqt"]), "S", 3),
            r"^statistics\['S'\].mu=24 must have 3",
        ),
        (lambda: feature_shape({"S": (3, 4)}, "S1", ("rows",)), r"^shapes=\['S'\] must have 'S1'"),
        (lambda: feature_shape({"S": (3, 4)}, "S", ("rows",)), r"^shapes\['S'\]=\(3, 4\) must be"),
        (lambda: feature_shape({"S": (0,)}, "S", ("rows",)), r"^shapes\['S'\].rows=0 must be >= 1"),
        (lambda: take({"S": torch.ones(2, 3)}, "S1", (3,)), r"^features=\['S'\] must have 'S1'"),
        (lambda: take({"S": torch.ones(2, 3)}, "S", (4,)), r"^features\['S'\].shape=\(2, 3\) must"),
        (lambda: take({"S": torch.ones(2, 3).int()}, "S", (3,)), r"dtype=torch.int32 must be real"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
