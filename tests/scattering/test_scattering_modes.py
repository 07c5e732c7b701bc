"""Derivatives in every mode of torch: list and dict outputs, extremes, forward, batched, second."""

import pickle

import pytest
import torch
from scattering_cases import CONFIGURATIONS, coefs, distance, make, signal
from torch.autograd import forward_ad

N = 32
SIZES = dict(N=N, J=3, Q=2)

# Values are of order 1: rounding / step = 1e-16 / 1e-6, and 1e3 for the curvature of moduli.
DIFFERENCES = dict(eps=1e-6, atol=1e-7, rtol=1e-4)
# Two routes in float64 differ by rounding (2e-16, measured 4e-16 relative); 1e4 for other machines.
ROUNDING = 1e-12
# A float32 gradient passes through some ten FFTs and products of relative error 6e-8 each.
FLOAT32 = 2e-6

# Second derivatives go as 1 / peak, which float32 cannot hold for 1e-40.
PEAKS = {0.0: 2, 1e-40: 1, 1e-23: 2, 1.0: 2, 1e30: 2}


@pytest.fixture(params=CONFIGURATIONS, ids=str)
def fresh(request):
    return make(request.param, **SIZES)


@pytest.fixture
def S(fresh):
    """Return a function of a signal to a tuple of tensors, its tables made."""
    fresh(signal(N))
    return lambda x: coefs(fresh(x))


@pytest.fixture
def loss(S):
    return lambda x: sum(y.square().sum() for y in S(x))


def gradient(function, x, **options):
    x = x if x.requires_grad else x.detach().clone().requires_grad_()
    return torch.autograd.grad(sum(y.sum() for y in function(x)), x, **options)[0]


def test_reverse_and_forward_mode_match_finite_differences(S):
    x = signal(N).requires_grad_()
    modes = dict(check_forward_ad=True, check_batched_forward_grad=True, fast_mode=True)
    assert torch.autograd.gradcheck(S, (x,), **modes, **DIFFERENCES)


def test_second_derivatives_match_finite_differences(S):
    x = signal(N).requires_grad_()
    modes = dict(check_fwd_over_rev=True, check_rev_over_rev=True, fast_mode=True)
    assert torch.autograd.gradgradcheck(S, (x,), **modes, **DIFFERENCES)


def test_gradient_does_not_depend_on_whether_it_is_differentiated(S):
    x = signal(2, N).requires_grad_()
    assert distance([gradient(S, x, create_graph=True)], [gradient(S, x)]) < ROUNDING


@pytest.mark.parametrize("peak", PEAKS, ids=str)
def test_derivatives_in_float32_are_finite(S, peak):
    x = (signal(3, N) * peak).float()
    x[1, N // 2 :] = 0
    x[2] = 0
    x.requires_grad_()
    outputs = S(x)
    (first,) = torch.autograd.grad(sum(y.sum() for y in outputs), x, create_graph=True)
    assert all(y.isfinite().all() for y in (*outputs, first, gradient(S, x)))
    if PEAKS[peak] == 2:
        (second,) = torch.autograd.grad((first * signal(3, N).float()).sum(), x)
        assert second.isfinite().all()


@pytest.mark.parametrize("peak", PEAKS, ids=str)
def test_forward_mode_in_float32_is_finite(S, peak):
    """The derivative is homogeneous of degree 0: of order 1, whatever the peak."""
    x = (signal(2, N) * peak).float()
    x[1] = 0
    _, tangents = torch.func.jvp(S, (x,), (signal(2, N, seed=1).float(),))
    assert all(t.isfinite().all() for t in tangents)


def test_second_derivative_of_denormal_peak_is_finite_in_float64(S):
    x = (signal(N) * 1e-40).requires_grad_()
    first = gradient(S, x, create_graph=True)
    (second,) = torch.autograd.grad((first * signal(N, seed=1)).sum(), x)
    assert second.isfinite().all()


@pytest.mark.parametrize("log2_peak", [-700, 700])
def test_float64_keeps_its_range(S, log2_peak):
    """Squares of 2**±700 leave float64; the output does not."""
    x, peak = signal(N), 2.0**log2_peak
    scaled = tuple(y / peak for y in S(x * peak))
    assert distance(scaled, S(x)) < ROUNDING
    assert distance((gradient(S, x * peak),), (gradient(S, x),)) < ROUNDING


def test_a_silent_signal_changes_no_bit_of_the_others_gradients(S):
    x = signal(3, N)
    among_others = gradient(S, x)
    x[1] = 0
    beside_silence = gradient(S, x)
    assert torch.equal(among_others[::2], beside_silence[::2])
    assert (among_others[1] != beside_silence[1]).any()


def test_gradient_of_float32_is_close_to_float64(loss):
    x = signal(2, N)
    double, single = (torch.func.grad(loss)(x.to(t)) for t in (torch.float64, torch.float32))
    assert single.dtype == torch.float32
    assert distance((single,), (double,)) < FLOAT32


def test_jvp_jacfwd_jacrev_and_dual_numbers_agree(S):
    x, v = signal(N), signal(N, seed=1)
    reverse = torch.func.jacrev(S)(x)
    assert distance(torch.func.jacfwd(S)(x), reverse) < ROUNDING
    values, tangents = torch.func.jvp(S, (x,), (v,))
    assert all(map(torch.equal, values, S(x)))
    assert distance(tangents, tuple(J @ v for J in reverse)) < ROUNDING
    with forward_ad.dual_level():
        duals = [forward_ad.unpack_dual(y).tangent for y in S(forward_ad.make_dual(x, v))]
    assert distance(duals, tangents) < ROUNDING


def test_vmap_over_any_axis(S):
    x = signal(2, 3, N)
    expected = S(x)
    assert distance(torch.func.vmap(S)(x), expected) < ROUNDING
    inner = torch.func.vmap(S, in_dims=1, out_dims=-1)(x)
    assert distance(inner, [y.movedim(1, -1) for y in expected]) < ROUNDING
    last = torch.func.vmap(S, in_dims=1)(x[0].T)
    assert distance(last, [y[0] for y in expected]) < ROUNDING
    assert distance(torch.func.vmap(torch.func.vmap(S))(x), expected) < ROUNDING


def test_gradients_per_sample_equal_a_loop(loss):
    x = signal(3, N)
    per_sample = torch.func.vmap(torch.func.grad(loss))(x)
    assert distance(per_sample, [torch.func.grad(loss)(row) for row in x]) < ROUNDING


def test_vmap_of_forward_mode_equals_a_loop(S):
    x, v = signal(3, N), signal(3, N, seed=1)

    def slope(x, v):
        return torch.func.jvp(S, (x,), (v,))[1]

    rows = [slope(*pair) for pair in zip(x, v, strict=True)]
    looped = [torch.stack(tangents) for tangents in zip(*rows, strict=True)]
    assert distance(torch.func.vmap(slope)(x, v), looped) < ROUNDING


def test_hessian_is_symmetric_and_equals_double_backward(loss):
    x = signal(N)
    H = torch.func.hessian(loss)(x)
    assert distance((H,), (H.T,)) < ROUNDING
    assert distance((H,), (torch.autograd.functional.hessian(loss, x),)) < ROUNDING


def test_reverse_over_forward_equals_forward_over_reverse(loss):
    x, v = signal(N), signal(N, seed=1)
    _, forward = torch.func.jvp(torch.func.grad(loss), (x,), (v,))
    reverse = torch.func.grad(lambda x: torch.func.jvp(loss, (x,), (v,))[1])(x)
    assert distance((reverse,), (forward,)) < ROUNDING


def inferred(S, x):
    with torch.inference_mode():
        return S(x)


FIRST_USES = {
    "inference_mode": inferred,
    "vmap": lambda S, x: torch.func.vmap(S)(x[None]),
    "grad": lambda S, x: torch.func.grad(lambda x: sum(y.sum() for y in S(x)))(x),
    "jvp": lambda S, x: torch.func.jvp(S, (x,), (x,)),
    "hessian": lambda S, x: torch.func.hessian(lambda x: sum(y.square().sum() for y in S(x)))(x),
}


@pytest.mark.parametrize("mode", FIRST_USES)
def test_first_use_in_any_mode_leaves_tables_for_all(fresh, mode):
    """Tables that are made and kept at the first call carry nothing of its mode."""
    x, first_use = signal(N), FIRST_USES[mode]
    expected = gradient(lambda x: coefs(fresh(x)), x)
    copy = pickle.loads(pickle.dumps(fresh))  # without tables
    for _ in range(2):
        first_use(lambda x: coefs(copy(x)), x)
        assert torch.equal(gradient(lambda x: coefs(copy(x)), x), expected)
