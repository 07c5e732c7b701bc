"""The error and its gradient: definition, two routes, segments, bounded memory, bad sounds."""

from functools import partial
from itertools import pairwise

import pytest
import torch

from jtfs_repro.resynthesis.objective import Objective, segment_starts
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

N = 1024
ROUNDING = 1e-12  # float64
scattering = partial(Scattering1D, J=6, Q=4, T=128)
joint = partial(TimeFrequencyScattering, J=6, J_fr=2, Q=4, T=128, F=0, format="time")
REPRESENTATIONS = {"scattering1d": scattering, "jtfs": joint}


def sounds(n=N, channels=2, seed=0):
    """A target and an estimate."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, channels, n, dtype=torch.float64, generator=generator)


def by_autograd(x, y, transform, pieces):
    """Squared error and gradient in one graph, straight from the definition."""
    y = y.clone().requires_grad_()
    S_x = torch.cat([transform(x[:, piece]).flatten() for piece in pieces])
    S_y = torch.cat([transform(y[:, piece]).flatten() for piece in pieces])
    error = ((S_y - S_x).norm() / S_x.norm()) ** 2
    error.backward()
    return error.item(), y.grad


class Counting:
    """A transform that counts its calls, forwards only and with a graph."""

    def __init__(self, shape):
        self.transform = scattering(shape=shape)
        self.J, self.T = self.transform.J, self.transform.T
        self.forwards, self.with_graph = 0, 0

    def __call__(self, x):
        self.forwards += 1
        self.with_graph += torch.is_grad_enabled()
        return self.transform(x)


@pytest.mark.parametrize("representation", REPRESENTATIONS.values(), ids=REPRESENTATIONS)
def test_the_error_is_zero_at_the_target_and_one_at_silence(representation):
    x, _ = sounds()
    objective = Objective(x, representation)
    assert objective.evaluate(x).squared_error == 0
    assert objective.evaluate(0 * x).squared_error == pytest.approx(1, abs=ROUNDING)
    assert objective.n_coefficients == representation(shape=N)(x).numel()


@pytest.mark.parametrize("representation", REPRESENTATIONS.values(), ids=REPRESENTATIONS)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_short_sound_is_one_segment(representation, channels):
    x, y = sounds(channels=channels)
    error, gradient = by_autograd(x, y, representation(shape=N), [slice(N)])
    found = Objective(x, representation, segment=N).evaluate(y)
    assert found.squared_error == pytest.approx(error, rel=ROUNDING)
    torch.testing.assert_close(found.gradient, gradient, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("n", [N + 1, 1500, 4 * N])
def test_segments_give_the_gradient_of_their_sum(n):
    x, y = sounds(n)
    pieces = [slice(start, start + N) for start in segment_starts(n, N)]
    error, gradient = by_autograd(x, y, scattering(shape=N), pieces)
    found = Objective(x, scattering, segment=N).evaluate(y)
    assert found.squared_error == pytest.approx(error, rel=ROUNDING)
    torch.testing.assert_close(found.gradient, gradient, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("n", [N, N + 1, 1500, 1536, 1537, 5000])
def test_segments_cover_the_sound_and_overlap_by_half(n):
    starts = segment_starts(n, N)
    assert starts[0] == 0
    assert starts[-1] == n - N
    hops = [b - a for a, b in pairwise(starts)]
    assert all(hop == N // 2 for hop in hops[:-1])
    assert all(0 < hop <= N // 2 for hop in hops)


def test_the_gradient_is_that_of_finite_differences():
    x, y = sounds(1500, channels=1)
    objective = Objective(x, scattering, segment=N)
    direction, step = sounds(1500, channels=1, seed=1)[0], 1e-6
    ends = [objective.evaluate(y + sign * step * direction).squared_error for sign in (1, -1)]
    slope = torch.sum(objective.evaluate(y).gradient * direction).item()
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_the_target_is_transformed_once_and_a_rejected_estimate_has_no_gradient():
    x, y = sounds()
    objective = Objective(x, Counting)
    counts = objective.transform
    assert (counts.forwards, counts.with_graph) == (1, 0)
    error = objective.evaluate(y).squared_error
    rejected = objective.evaluate(y, limit=0.99 * error)
    assert (rejected.squared_error, rejected.gradient) == (error, None)
    assert objective.evaluate(y, limit=error).gradient is not None
    assert (objective.evaluations, counts.forwards) == (3, 4)


def test_segments_after_the_limit_are_transformed_without_a_graph():
    x, y = sounds(4 * N)
    objective = Objective(x, Counting, segment=N)
    whole = objective.evaluate(y).squared_error
    counts = objective.transform
    counts.forwards = counts.with_graph = 0
    found = objective.evaluate(y, limit=0.5 * whole)
    assert found.gradient is None
    assert found.squared_error == pytest.approx(whole, rel=ROUNDING)
    assert counts.forwards == len(objective.starts)
    assert 0 < counts.with_graph < counts.forwards


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_error_that_is_not_finite_has_no_gradient(bad):
    x, y = sounds()
    y[0, 5] = bad
    found = Objective(x, lambda shape: lambda x: x, segment=N).evaluate(y)
    assert found.gradient is None
    assert not found.squared_error < float("inf")


@pytest.mark.parametrize("level", [1e-6, 1e6])
def test_the_level_does_not_matter(level):
    x, y = sounds()
    plain = Objective(x, scattering).evaluate(y)
    scaled = Objective(level * x, scattering).evaluate(level * y)
    assert scaled.squared_error == pytest.approx(plain.squared_error, rel=1e-9)
    torch.testing.assert_close(scaled.gradient * level, plain.gradient, rtol=1e-6, atol=1e-12)


class Saved:
    """What a graph keeps for the backward pass: most bytes alive at a time."""

    def __init__(self):
        self.alive = self.peak = 0

    def pack(self, tensor):
        return Kept(self, tensor)

    def unpack(self, kept):
        return kept.tensor


class Kept:
    def __init__(self, saved, tensor):
        self.saved, self.tensor = saved, tensor
        saved.alive += tensor.nbytes
        saved.peak = max(saved.peak, saved.alive)

    def __del__(self):
        self.saved.alive -= self.tensor.nbytes


def peak_bytes(n, segment):
    x, y = sounds(n, channels=1)
    objective, saved = Objective(x, joint, segment=segment), Saved()
    with torch.autograd.graph.saved_tensors_hooks(saved.pack, saved.unpack):
        objective.evaluate(y)
    assert saved.alive == 0
    return saved.peak


def test_memory_does_not_grow_with_the_number_of_segments():
    few, many = peak_bytes(4 * N, N), peak_bytes(32 * N, N)
    assert many <= 1.01 * few
    assert peak_bytes(32 * N, 32 * N) > 5 * few


@pytest.mark.parametrize(
    ("n", "options", "rule"),
    [
        (100, {}, "n_samples=100 must be >= 128 for J=6 .* and T=128 samples .sound too short"),
        (60, {"T": 32}, "n_samples=60 must be >= 64 for J=6 .* and T=32 samples"),
        (1, {"T": 32}, "n_samples=1 must be >= 64"),
    ],
)
def test_a_sound_too_short_is_refused(n, options, rule):
    with pytest.raises(ValueError, match=rule):
        Objective(torch.randn(1, n), partial(scattering, **options))


def test_the_shortest_sound_is_accepted():
    assert Objective(torch.randn(1, 128), scattering).n_coefficients > 0


def test_bad_settings_of_the_representation_keep_their_message():
    with pytest.raises(ValueError, match="J=-1 must be >= 0"):
        Objective(torch.randn(1, N), partial(Scattering1D, J=-1))


def test_what_is_not_a_sound_is_refused():
    with pytest.raises(ValueError, match=r"norm=0.0 must be finite and > 0 .*silent"):
        Objective(torch.zeros(1, N), scattering)
    for level, norm in ((1e-38, "0.0"), (1e37, "inf")):
        with pytest.raises(ValueError, match=rf"norm={norm} must be .*peak \de[+-]\d+: scale it"):
            Objective(level * torch.ones(1, N), scattering)
    with pytest.raises(ValueError, match=r"target=.* must be \(channels, N\)"):
        Objective(torch.randn(N), scattering)
    with pytest.raises(TypeError, match=r"type\(S\)='list' must be Tensor .out_type='array'"):
        Objective(torch.randn(1, N), partial(scattering, out_type="list"))
    with pytest.raises(ValueError, match="segment=0 must be >= 1"):
        Objective(torch.randn(1, N), scattering, segment=0)
