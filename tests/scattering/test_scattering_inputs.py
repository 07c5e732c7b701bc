"""What goes in and what stays: any input, no side effects, equal bits, memory, compilation."""

from dataclasses import replace

import pytest
import torch
from scattering_cases import CONFIGURATIONS, coefs, derived, distance, make, same_bits, signal

from jtfs_repro.scattering import TimeFrequencyScattering, budget

N = 256
SIZES = dict(N=N, J=5, Q=4)

# Signals beside each other and alone go through products of other shapes, and shares of the work
# of several threads are summed in another order: rounding, 2e-16 each (measured 4e-16).
ROUNDING = 1e-13
# Training must keep the complex half spectra of U_1 (as many bytes as U_1), the output, and tables
# that exist anyway (in all 1.5 to 4.9 times U_1). The joint moduli are 65 to 225 times U_1.
SAVED_PER_U_1 = 8


@pytest.fixture(params=CONFIGURATIONS, ids=str)
def S(request):
    return make(request.param, **SIZES)


# --- inputs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [(), (1,), (3,), (2, 3), (1, 2, 1)], ids=str)
def test_any_batch_shape_equals_one_by_one(S, batch):
    x = signal(*batch, N)
    outputs = coefs(S(x))
    assert all(y.shape[: len(batch)] == batch for y in outputs)
    rows = [coefs(S(row)) for row in x.reshape(-1, N)]
    stacked = [torch.stack(ys).reshape(*batch, *ys[0].shape) for ys in zip(*rows, strict=True)]
    assert distance(outputs, stacked) < ROUNDING


LAYOUTS = {
    "every other sample": lambda: signal(3, 2 * N)[:, ::2],
    "transposed": lambda: signal(N, 3).T,
    "view with an offset": lambda: signal(4, N + 5)[1:, 5:],
    "reversed rows": lambda: signal(2, 3, N).transpose(0, 1),
    "expanded": lambda: signal(N).expand(3, N),
    "constant, stride 0": lambda: signal(3, N)[:, :1].expand(3, N),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_memory_layout(S, layout):
    x = LAYOUTS[layout]()
    assert same_bits(derived(S, x), derived(S, x.contiguous()))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int64, torch.complex128])
def test_other_dtypes_are_refused_in_one_line(S, dtype):
    with pytest.raises(TypeError, match=rf"x.dtype={dtype} must be torch.float32") as caught:
        S(signal(2, N).to(dtype))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("x", "shape"),
    [
        (signal(2, N)[:, 1:], r"\(2, 255\)"),
        (signal(2, N).T, r"\(256, 2\)"),
        (signal(512), r"\(512,\)"),
    ],
    ids=["short", "transposed", "long"],
)
def test_another_length_is_refused_in_one_line(S, x, shape):
    match = rf"x.shape={shape} must end in 256 samples \(time is the last axis; .*construction"
    with pytest.raises(ValueError, match=match) as caught:
        S(x)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("batch", [(0,), (2, 0)], ids=str)
def test_an_empty_batch_gives_an_empty_output(S, batch):
    x = signal(*batch, N).requires_grad_()
    empty, one = coefs(S(x)), coefs(S(signal(N)))
    assert [y.shape for y in empty] == [(*batch, *y.shape) for y in one]
    assert all(y.dtype == x.dtype for y in empty)
    sum(y.sum() for y in empty).backward()
    assert x.grad.shape == x.shape


# --- repetition, modes -------------------------------------------------------------------------


def test_autocast_rounds_neither_values_nor_gradients(S):
    """The backward pass is outside, as torch asks for; the first call, which makes tables, inside.

    A weight of the network around is rounded, so that autocast is known to be on.
    """
    x = signal(2, N).float().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = coefs(S(x))
        assert torch.mm(x, x.T).dtype == torch.bfloat16
    gradient = torch.autograd.grad(sum(y.square().sum() for y in inside), x)
    assert all(y.dtype == torch.float32 for y in inside)
    assert same_bits((*inside, *gradient), derived(S, x))


def test_forward_and_backward_leave_the_input_alone(S):
    x = signal(2, N)
    before, version = x.clone(), x._version
    derived(S, x)
    S(x)
    assert not x.requires_grad
    x.requires_grad_()
    S(x)
    assert (x.is_leaf, x.grad, x.grad_fn, x._version) == (True, None, None, version)
    scaled = 2 * x
    version = scaled._version
    sum(y.square().sum() for y in coefs(S(scaled))).backward()
    assert scaled._version == version
    assert torch.equal(x, before)
    assert torch.equal(scaled, 2 * before)
    assert same_bits([x.grad], [2 * derived(S, 2 * before)[-1]])


def test_outputs_belong_to_the_caller(S):
    """Buffers that serve the next call, too, do not get out; results may be overwritten."""
    x = signal(2, N)
    outputs = coefs(S(x))
    kept = [y.clone() for y in outputs]
    S(signal(2, N, seed=1))
    assert same_bits(outputs, kept)
    for y in outputs:
        y.fill_(torch.nan)
    assert same_bits(coefs(S(x)), kept)
    assert x.isfinite().all()


@pytest.mark.parametrize("mode", ["train", "eval", "no_grad", "inference_mode", "with gradient"])
def test_values_do_not_depend_on_the_mode(S, mode):
    x = signal(2, N)
    expected = coefs(S(x))
    if mode == "with gradient":
        outputs = coefs(S(x.requires_grad_()))
        assert all(y.requires_grad for y in outputs)
    elif mode in ("train", "eval"):
        outputs = coefs(getattr(S, mode)()(x))
    else:
        with getattr(torch, mode)():
            outputs = coefs(S(x.requires_grad_()))
        assert not any(y.requires_grad for y in outputs)
    assert same_bits(outputs, expected)


# --- threads: settings in which both stages share their work among them -------------------------


@pytest.fixture(params=["1d", "1d, T=0, dict", "time", "joint", "joint, T=F=0, list"])
def shared(request, monkeypatch):
    """Return a module that computes a few samples at once, and signals for it."""
    sizes = replace(budget.CHUNK_SIZES["cpu"], first=2**12, time=128, joint=256)
    monkeypatch.setitem(budget.CHUNK_SIZES, "cpu", sizes)
    return make(request.param, **SIZES), signal(5, N)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_one_and_two_threads_agree_and_repeat(shared, threads):
    S, x = shared
    threads(2)
    two = derived(S, x)
    assert all(same_bits(derived(S, x), two) for _ in range(3))
    threads(1)
    one = derived(S, x)
    assert same_bits(derived(S, x), one)
    assert distance(two, one) < ROUNDING
    assert distance(two[-1:], one[-1:]) < ROUNDING


@pytest.mark.parametrize("count", [1, 2])
def test_deterministic_algorithms(shared, threads, count):
    S, x = shared
    threads(count)
    free = derived(S, x)
    torch.use_deterministic_algorithms(True)  # fills new memory with NaN, too
    try:
        repeated = [derived(S, x) for _ in range(3)]
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(same_bits(result, repeated[0]) for result in repeated)
    assert distance(repeated[0], free) < ROUNDING


@pytest.mark.parametrize("mode", ["no_grad", "inference_mode"])
def test_modes_reach_all_threads(shared, threads, mode):
    S, x = shared
    threads(2)
    expected = coefs(S(x))
    with getattr(torch, mode)():
        outputs = coefs(S(x))
        of_clone = coefs(S(x.clone()))
    assert same_bits(outputs, expected)
    assert same_bits(of_clone, expected)


# --- memory, compilation -----------------------------------------------------------------------


def bytes_of_first_order(S, itemsize):
    padded = S.pad_left + S.shape[0] + S.pad_right
    return itemsize * sum(padded >> min(psi.j, S.log2_stride) for psi in S.psi1)


@pytest.mark.parametrize(
    "options", [dict(), dict(T="global"), dict(T=0, out_type="list"), dict(F=4)], ids=str
)
def test_training_keeps_little_more_than_the_first_order(options):
    kept = {}

    def keep(t):
        kept[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
        return t

    S = TimeFrequencyScattering(**{**dict(J=8, J_fr=3, Q=8, shape=4096, F=0), **options})
    x = torch.randn(4096, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        outputs = coefs(S(x))
    assert all(y.requires_grad for y in outputs)
    assert 0 < sum(kept.values()) < SAVED_PER_U_1 * bytes_of_first_order(S, x.itemsize)


@pytest.mark.parametrize("name", ["1d", "joint"])
def test_compile_without_a_code_generator(name):
    """Dynamo traces what it can and leaves the rest to Python."""
    S, x = make(name, N=32, J=1, Q=1), signal(2, 32)
    try:
        compiled = torch.compile(S, backend="eager")
        assert distance(derived(compiled, x), derived(S, x)) < ROUNDING
    finally:
        torch.compiler.reset()
