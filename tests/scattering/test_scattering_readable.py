"""The textbook form equals the fast one; the function equals the module."""

import threading

import pytest
import torch
from scattering_cases import distance, signal

from jtfs_repro.scattering import TimeFrequencyScattering, functional, jtfs, readable

# Filters are cut at 7 bandwidths (3e-11 of their peak), everything else is rounding.
TOL = 1e-10

CASES = [
    dict(J=7, J_fr=3, Q=(8, 1)),
    dict(J=6, J_fr=3, Q=(6, 2), Q_fr=2, T=100, F=0, pad_mode="zero"),
    dict(J=6, J_fr=4, Q=(8, 1), F=8, stride_fr=2, analytic=True),
    dict(J=6, J_fr=2, Q=(8, 1), F=2, stride_fr=8, T=40.5),
    dict(J=6, J_fr=3, Q=(6, 1), T="global"),
    dict(J=6, J_fr=3, Q=(6, 1), T="global", F="global", global_average="mean"),
    dict(J=5, J_fr=3, Q=(4, 1), T=0, F=0),
    dict(J=5, J_fr=1, Q=(4, 1), T=0, F=5.5),
    dict(J=6, J_fr=2, Q=(4, 1), T=16, stride=4, F="global"),
    dict(J=2, J_fr=0, Q=(3, 1), T=64, stride=2),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("format", ["time", "joint"])
@pytest.mark.parametrize("N", [512, 777])
def test_the_textbook_form_equals_the_fast_one(case, format, N):
    x = signal(2, N)
    S = TimeFrequencyScattering(shape=N, format=format, out_type="dict", keep_lost=True, **case)
    ours, plain = S(x), readable.jtfs(x, format=format, **case)
    assert list(plain) == list(ours)
    assert distance(plain.values(), ours.values()) < TOL
    assert all(distance([plain[n]], [ours[n]]) < 1e4 * TOL for n in ours)  # paths near zero


def test_the_textbook_form_has_the_same_gradient():
    x = signal(512).requires_grad_()
    S = TimeFrequencyScattering(J=5, J_fr=2, Q=4, shape=512, keep_lost=True)
    fast = S(x).square().sum()
    plain = sum(y.square().sum() for y in readable.jtfs(x, J=5, J_fr=2, Q=(4, 1)).values())
    gradients = [torch.autograd.grad(loss, x) for loss in (plain, fast)]
    assert distance(*gradients) < TOL


# --- the function ------------------------------------------------------------------------------

SMALL = dict(J=4, J_fr=2, Q=4)


def test_the_function_equals_the_module_and_keeps_its_tables():
    x = signal(3, 256)
    expected = TimeFrequencyScattering(shape=256, format="joint", **SMALL)(x)
    functional._transform.cache_clear()
    for Q in (4, (4,), [4]):
        assert torch.equal(jtfs(x, **{**SMALL, "Q": Q}, format="joint"), expected)
    jtfs(signal(300), **SMALL)
    jtfs(x.float(), **SMALL, format="joint")
    assert functional._transform.cache_info().misses == 3  # Q = 4, Q = (4,), another length


def test_the_function_keeps_a_bounded_number_of_transforms():
    kept = functional._transform.cache_info().maxsize
    for N in range(64, 64 + 2 * kept):
        jtfs(signal(N), **SMALL)
    assert functional._transform.cache_info().currsize == kept


def test_the_function_from_several_threads():
    x = signal(2, 256)
    functional._transform.cache_clear()
    made = []
    threads = [threading.Thread(target=lambda: made.append(jtfs(x, **SMALL))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert all(distance([y], [jtfs(x, **SMALL)]) < 1e-13 for y in made)


@pytest.mark.parametrize(
    ("x", "options", "match"),
    [
        ([0.0] * 64, {}, r"type\(x\)=list must be torch.Tensor"),
        (torch.zeros(64), dict(J=True), "J=True must be an integer"),
        (torch.zeros(()), {}, "shape=0 must be >= 2"),
        (torch.zeros(64), dict(T=65), "T=65 must be <= 64 samples"),
        (torch.zeros(64), dict(widht=3), "unexpected keyword argument 'widht'"),
    ],
    ids=["list", "J=True", "scalar", "T", "unknown"],
)
def test_the_functions_errors(x, options, match):
    with pytest.raises((TypeError, ValueError), match=match):
        jtfs(x, **{**SMALL, **options})
