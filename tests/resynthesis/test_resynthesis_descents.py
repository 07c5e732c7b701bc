"""The three descents: definitions, second routes, rejection, evaluations, level, state."""

import math
from functools import partial

import pytest
import torch

from jtfs_repro.resynthesis.adam import Adam
from jtfs_repro.resynthesis.bold_driver import BoldDriver
from jtfs_repro.resynthesis.descent import rms
from jtfs_repro.resynthesis.initial_noise import initial_noise
from jtfs_repro.resynthesis.lbfgs import Lbfgs
from jtfs_repro.resynthesis.objective import Evaluation, Objective
from jtfs_repro.scattering import Scattering1D

N, STEPS = 512, 12
ROUNDING = 1e-9  # float64, after a dozen steps
scattering = partial(Scattering1D, J=5, Q=4, T=64)
DESCENTS = {
    "bold_driver": BoldDriver,
    "as_coded": partial(BoldDriver, bold_driver="as_coded", mu_0=1.0),
    "lbfgs": Lbfgs,
    "adam": Adam,
}
every_descent = pytest.mark.parametrize("descent", DESCENTS.values(), ids=DESCENTS)


def sound(level=0.1, n=N):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, n, dtype=torch.float64, generator=generator)
    x *= torch.sin(torch.arange(n) / 30) ** 4
    return level * x / rms(x)


class Function:
    """An objective of one's own: the square of ``error(y)``."""

    def __init__(self, error):
        self.error, self.evaluations, self.limits = error, 0, []

    def evaluate(self, y, *, limit=math.inf):
        self.evaluations += 1
        self.limits.append(limit)
        y = y.detach().requires_grad_()
        square = self.error(y) ** 2
        value = square.item()
        is_wanted = math.isfinite(value) and value <= limit
        gradient = torch.autograd.grad(square, y)[0] if is_wanted else None
        return Evaluation(squared_error=value, gradient=gradient)


def started(descent, *, level=0.1):
    """A descent at the initial noise of a sound, and its objective."""
    x = sound(level)
    objective = Objective(x, scattering)
    made = descent()
    made.start(objective, initial_noise(x), x)
    return made, objective


def errors(descent, objective, steps=STEPS):
    found = [descent.error]
    for _ in range(steps):
        descent.step(objective)
        found.append(descent.error)
    return found


def relative_error(x):
    """The error by its definition, with a graph."""
    S = scattering(shape=N)
    S_x = S(x)
    return lambda y: (S(y) - S_x).norm() / S_x.norm()


# ------------------------------------------------------------------------------------ all descents


@every_descent
def test_one_evaluation_per_iteration_and_the_error_falls(descent):
    made, objective = started(descent)
    found = errors(made, objective)
    assert objective.evaluations == 1 + STEPS
    assert min(found) < 0.8 * found[0]


@every_descent
def test_the_stored_gradient_and_error_are_those_of_the_point(descent):
    made, objective = started(descent)
    errors(made, objective)
    found = objective.evaluate(made.point)
    assert made.squared_error == found.squared_error
    assert torch.equal(made.gradient, found.gradient)


@every_descent
def test_the_state_goes_on_to_the_last_bit(descent):
    made, objective = started(descent)
    errors(made, objective, 7)
    other = descent()
    other.load_state_dict(made.state_dict(), device=torch.device("cpu"))
    assert errors(made, objective) == errors(other, objective)
    assert torch.equal(made.point, other.point)


@every_descent
def test_an_interrupted_step_leaves_the_state_as_it_was(descent):
    made, objective = started(descent)
    twin, _ = started(descent)
    errors(made, objective, 4)
    errors(twin, objective, 4)

    def stop():
        raise KeyboardInterrupt

    objective.pause = stop
    with pytest.raises(KeyboardInterrupt):
        made.step(objective)
    objective.pause = lambda: None
    assert errors(made, objective) == errors(twin, objective)


@every_descent
def test_a_noise_without_an_error_is_refused(descent):
    bad = Function(lambda y: y.sum() * math.nan)
    with pytest.raises(ValueError, match="initial error=nan must be finite"):
        descent().start(bad, torch.ones(1, 4), torch.ones(1, 4))


@pytest.mark.parametrize(
    "descent", [partial(BoldDriver, step_unit="target_power"), Lbfgs, Adam], ids=lambda d: str(d)
)
@pytest.mark.parametrize("level", [1e-3, 50.0])
def test_the_level_of_the_sound_does_not_matter(descent, level):
    plain = errors(*started(descent))
    assert errors(*started(descent, level=level)) == pytest.approx(plain, rel=1e-6)


def test_the_absolute_step_depends_on_the_level():
    plain, quiet = (started(BoldDriver, level=level)[0] for level in (0.1, 0.05))
    assert plain.step_size == quiet.step_size == 100
    unit = partial(BoldDriver, step_unit="target_power")
    assert started(unit, level=0.05)[0].step_size == pytest.approx(25)
    assert started(unit, level=0.1)[0].step_size == pytest.approx(100)


# ------------------------------------------------------------------------------------- bold driver


def test_bold_driver_by_its_definition():
    """Own loop on the error itself: try, keep or go back."""
    made, objective = started(BoldDriver)
    y, mu, error = made.point.clone(), 100.0, relative_error(sound())
    for _ in range(40):
        y.requires_grad_()
        before = error(y)
        (slope,) = torch.autograd.grad(before, y)
        trial = (y - mu * slope).detach()
        accepted = bool(error(trial) <= before)
        step = made.step(objective)
        assert (step.accepted, step.step_size) == (accepted, pytest.approx(mu))
        assert step.trial_error == pytest.approx(error(trial).item(), rel=ROUNDING)
        y, mu = (trial, mu * 1.1) if accepted else (y.detach(), mu * 0.55)
        torch.testing.assert_close(made.point, y, rtol=1e-7, atol=1e-10)
    assert mu != 100.0 * 1.1**40, "some step must fail for this to say anything"


def test_a_rejected_step_is_undone_and_needs_no_gradient():
    made, objective = started(partial(BoldDriver, mu_0=1e6))
    before = made.point, made.squared_error, made.gradient
    step = made.step(objective)
    assert not step.accepted
    assert all(a is b for a, b in zip(before, (made.point, made.squared_error, made.gradient)))  # noqa: B905
    assert made.step_size == pytest.approx(0.55e6)


def test_the_limit_of_an_evaluation_is_the_current_error():
    bowl = Function(lambda y: (y - 1).square().sum().sqrt())
    for descent in (BoldDriver(mu_0=0.1), Lbfgs()):
        bowl.limits.clear()
        descent.start(bowl, torch.zeros(1, 3, dtype=torch.float64), torch.ones(1, 3))
        before = descent.squared_error
        descent.step(bowl)
        assert bowl.limits == [math.inf, before]


def test_as_coded_keeps_worse_points_and_piles_gradients_up():
    """The original's loop: the gradient is cleared only where the error did not rise."""
    made, objective = started(DESCENTS["as_coded"])
    made.step_size = mu = 3000.0
    error = relative_error(sound())
    y = made.point.clone().requires_grad_()
    before = error(y)
    before.backward()
    rose = 0
    for _ in range(STEPS):
        with torch.no_grad():
            y -= mu * y.grad
        made.step(objective)
        after = error(y)
        if after <= before:
            mu *= 1.1
            y.grad = None
        else:
            mu, rose = mu * 0.55, rose + 1
        after.backward()
        before = after.detach()
        torch.testing.assert_close(made.point, y.detach(), rtol=1e-6, atol=1e-9)
        assert made.error == pytest.approx(after.item(), rel=1e-7)
    assert 0 < rose < STEPS
    assert made.returns_last
    assert not made.is_monotonic


# ----------------------------------------------------------------------------------- L-BFGS, Adam


def test_lbfgs_directions_are_those_of_the_inverse_hessian():
    """The recursion against the explicit matrix: Nocedal and Wright, Eq. 7.16 and 7.20."""
    made, objective = started(partial(Lbfgs, history=4))
    errors(made, objective, 9)
    s, q = [z.flatten() for z in made._s], [z.flatten() for z in made._q]
    assert len(s) == 4
    eye = torch.eye(N, dtype=torch.float64)
    H = (s[-1] @ q[-1]) / (q[-1] @ q[-1]) * eye
    for a, b in zip(s, q, strict=True):
        V = eye - torch.outer(b, a) / (b @ a)
        H = V.T @ H @ V + torch.outer(a, a) / (b @ a)
    direction = -(H @ made.gradient.flatten())
    torch.testing.assert_close(made._direction.flatten(), direction, rtol=1e-8, atol=1e-14)


def test_lbfgs_finds_the_bottom_of_a_narrow_valley():
    weights = torch.logspace(0, 3, 8, dtype=torch.float64)
    valley = Function(lambda y: (weights * (y - 1).square()).sum().sqrt())
    descents = Lbfgs(), BoldDriver(mu_0=1e-3)
    for descent in descents:
        descent.start(valley, torch.zeros(1, 8, dtype=torch.float64), torch.ones(1, 8))
        errors(descent, valley, 60)
    assert descents[0].error < 1e-4 < 1e-2 < descents[1].error


def test_lbfgs_first_step_is_a_share_of_the_noise():
    made, _ = started(partial(Lbfgs, first_step=0.25))
    assert made._direction.norm() == pytest.approx(0.25 * made.point.norm())
    cosine = torch.sum(made._direction * made.gradient) / (
        made._direction.norm() * made.gradient.norm()
    )
    assert cosine == pytest.approx(-1)


def test_lbfgs_drops_its_pairs_after_failures():
    made, objective = started(partial(Lbfgs, failures=3))
    errors(made, objective, 6)
    made._direction = -made._direction  # uphill: every trial fails
    point, sizes = made.point, []
    for _ in range(3):
        step = made.step(objective)
        assert not step.accepted
        sizes.append(step.step_size)
    assert sizes == pytest.approx([1, 0.4, 0.16])
    assert made._s == made._q == []
    assert torch.equal(made.point, point)
    assert torch.sum(made._direction * made.gradient) < 0
    assert made._direction.norm() == pytest.approx(made._length)
    assert errors(made, objective, 8)[-1] < made.state_dict()["squared_error"] ** 0.5 + 1e-12


def test_lbfgs_stores_no_pair_of_negative_curvature():
    hill = Function(lambda y: (2 - y.square().sum()).clamp(min=0).sqrt())  # concave square
    made = Lbfgs(first_step=0.01)
    made.start(hill, torch.ones(1, 4, dtype=torch.float64) / 2, torch.ones(1, 4))
    errors(made, hill, 3)
    assert made._s == []
    assert made.error < 1


@pytest.mark.parametrize("name", ["bold_driver", "lbfgs"])
def test_a_trial_that_is_not_finite_is_rejected(name):
    cliff = Function(lambda y: (y - 1).square().sum().sqrt() + (0 / (y < 5).all()))
    made = DESCENTS[name](**({"mu_0": 1e3} if name == "bold_driver" else {"first_step": 100.0}))
    made.start(cliff, torch.full((1, 2), -3.0), torch.ones(1, 2))
    first = made.step(cliff)
    assert (first.accepted, math.isnan(first.trial_error)) == (False, True)
    assert errors(made, cliff, 60)[-1] < 0.1


def test_adam_is_that_of_torch():
    x, lr = sound(), 0.05
    made, objective = started(partial(Adam, lr=lr))
    y = made.point.clone().requires_grad_()
    torchs = torch.optim.Adam([y], lr=lr * rms(x))
    error = relative_error(x)
    for _ in range(STEPS):
        torchs.zero_grad()
        (x.numel() * rms(x) * error(y) ** 2).backward()
        torchs.step()
        made.step(objective)
        torch.testing.assert_close(made.point, y.detach(), rtol=1e-7, atol=1e-10)


def test_adam_undoes_a_step_that_is_not_finite():
    cliff = Function(lambda y: (y - 1).square().sum().sqrt() + (0 / (y < 0.2).all()))
    made = Adam(lr=0.5)
    made.start(cliff, torch.zeros(1, 2), torch.ones(1, 2))
    point = made.point
    step = made.step(cliff)
    assert math.isnan(step.trial_error)
    assert (step.accepted, made._t) == (False, 0)
    assert torch.equal(made.point, point)


@every_descent
def test_at_the_bottom_the_step_collapses(descent):
    bowl = Function(lambda y: y.square().sum().sqrt() if y.any() else y.sum())
    made = descent()
    made.start(bowl, torch.zeros(1, 3), torch.ones(1, 3))
    assert made.is_collapsed
    made.start(bowl, torch.ones(1, 3), torch.ones(1, 3))
    assert not made.is_collapsed


@pytest.mark.parametrize(
    ("descent", "options", "rule"),
    [
        (BoldDriver, {"mu_0": 0.0}, "mu_0=0.0 must be > 0"),
        (BoldDriver, {"grow": 1.0}, "grow=1.0 must be > 1"),
        (BoldDriver, {"shrink": 1.0}, "shrink=1.0 must be < 1"),
        (BoldDriver, {"step_unit": "db"}, "step_unit='db' must be one of"),
        (BoldDriver, {"bold_driver": "paper"}, "bold_driver='paper' must be one of"),
        (Lbfgs, {"history": 0}, "history=0 must be >= 1"),
        (Lbfgs, {"first_step": -1.0}, "first_step=-1.0 must be > 0"),
        (Lbfgs, {"shrink": 2}, "shrink=2 must be < 1"),
        (Lbfgs, {"failures": 0}, "failures=0 must be >= 1"),
        (Adam, {"lr": 0.0}, "lr=0.0 must be > 0"),
        (Adam, {"beta_2": 1.0}, "beta_2=1.0 must be < 1"),
        (Adam, {"epsilon": 0.0}, "epsilon=0.0 must be > 0"),
    ],
)
def test_settings_out_of_range_are_refused(descent, options, rule):
    with pytest.raises(ValueError, match=rule):
        descent(**options)
