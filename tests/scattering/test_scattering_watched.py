"""Modes that belong to a thread, batched derivatives, graphs, the edges of a program's life."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import func
from torch.autograd import functional
from torch.overrides import TorchFunctionMode
from torch.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def S():
    return TimeFrequencyScattering(J=5, J_fr=2, Q=4, shape=256, format="joint")


@pytest.fixture(scope="module")
def small():
    return Scattering1D(J=3, Q=2, shape=64)


def close(ours, expected, dtype=torch.float64):
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    scale = expected.abs().max().item()
    torch.testing.assert_close(ours, expected, rtol=0, atol=tolerance * scale)


class Count(TorchDispatchMode):
    n = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.n += 1
        return function(*args, **(kwargs or {}))


class CountFunctions(TorchFunctionMode):
    n = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.n += 1
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("is_training", [False, True])
def test_modes_see_all_operations_with_any_number_of_threads(S, is_training):
    x = torch.randn(3, 256, requires_grad=is_training)

    def call():
        y = S(x)
        if is_training:
            y.sum().backward()

    seen = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        call()
        with FlopCounterMode(display=False) as flops:
            call()
        with Count() as count:
            call()
        with CountFunctions() as functions:
            S(x.detach())
        with profile() as profiler:
            S(x.detach())
        products = sum(e.count for e in profiler.key_averages() if e.key == "aten::mm")
        seen.append((flops.get_total_flops(), count.n, functions.n, products))
    assert seen[0] == seen[1]
    assert min(seen[0]) > 20


def test_denormals_are_flushed_in_all_threads_or_in_none(two_threads):
    """A quiet signal beside a loud one: with flushing, its smallest coefficients are zero."""
    S = Scattering1D(J=4, Q=2, shape=256)
    x = torch.full((4, 256), 1e-39)
    x[:, 128] = 1e-30
    kept = S(x)
    if not torch.set_flush_denormal(True):
        pytest.skip("the processor cannot flush denormals")
    try:
        flushed = S(x)
        torch.set_num_threads(1)
        alone = S(x)
    finally:
        torch.set_flush_denormal(False)
    assert not torch.equal(kept, flushed)
    close(flushed, alone, torch.float32)
    torch.set_num_threads(2)
    torch.testing.assert_close(S(x), kept, rtol=0, atol=0)


def test_batched_derivatives(small):
    """A batch of vectors through the ordinary autograd, and through torch.func."""
    x = torch.randn(64, dtype=torch.float64)
    jacobian = functional.jacobian(small, x)
    close(functional.jacobian(small, x, vectorize=True), jacobian)
    forward = functional.jacobian(small, x, vectorize=True, strategy="forward-mode")
    close(forward, jacobian)
    close(func.jacrev(small, chunk_size=7)(x), jacobian)
    leaf = x.clone().requires_grad_()
    assert torch.autograd.gradcheck(small, leaf, check_batched_grad=True, fast_mode=True)
    assert torch.autograd.gradgradcheck(small, leaf, check_batched_grad=True, fast_mode=True)


def test_batched_second_derivatives(small):
    x = torch.randn(64, dtype=torch.float64)

    def energy(x):
        return small(x).square().sum()

    hessian = functional.hessian(energy, x)
    close(functional.hessian(energy, x, vectorize=True), hessian)
    close(func.hessian(energy)(x), hessian)
    close(func.jacfwd(func.jacfwd(energy))(x), hessian)


def test_vmap_looks_at_values():
    checked = Scattering1D(J=3, Q=2, shape=64, check_finite=True)
    x = torch.randn(2, 3, 64, dtype=torch.float64)
    close(func.vmap(func.vmap(checked))(x), checked(x))
    x[0, 1, 5] = float("nan")
    with pytest.raises(ValueError, match="x=nan must be finite"):
        func.vmap(checked)(x)


# --- graphs ---------------------------------------------------------------------------------


def test_compiled_with_other_batches_and_types(S):
    compiled = torch.compile(S, backend="eager")
    for x in (torch.randn(3, 256), torch.randn(1, 256), torch.randn(5, 256, dtype=torch.float64)):
        close(compiled(x), S(x), x.dtype)


@pytest.mark.filterwarnings("ignore")
def test_traced_saved_loaded_with_another_batch(S):
    x = torch.randn(3, 256, dtype=torch.float64)
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(S, x, check_trace=False), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for signals in (x, x[:1], torch.cat([x, x])):
        close(loaded(signals), S(signals))


@pytest.mark.filterwarnings("ignore")
def test_exported_with_any_batch(S, two_threads):
    x = torch.randn(3, 256, dtype=torch.float64)
    shapes = ({0: torch.export.Dim("batch")},)
    file = io.BytesIO()
    torch.export.save(torch.export.export(S, (x,), dynamic_shapes=shapes), file)
    file.seek(0)
    loaded = torch.export.load(file).module()
    for signals in (x, x[:1], torch.cat([x, x])):
        close(loaded(signals), S(signals))


@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_a_graph_says_so_in_one_line(small):
    with pytest.raises(TypeError, match=r"jit\.script cannot compile .*torch\.export") as caught:
        torch.jit.script(small)
    assert "\n" not in str(caught.value)
    with pytest.raises(TypeError, match=r"torch\.fx traces without values: use torch\.export"):
        torch.fx.symbolic_trace(small)
    checked = Scattering1D(J=3, Q=2, shape=64, check_finite=True)
    with pytest.raises(ValueError, match="check_finite=True must be False in a graph"):
        torch.jit.trace(checked, torch.randn(64), check_trace=False)


# --- a program's life -----------------------------------------------------------------------

LIFE = """
import atexit, os, threading, time, torch
from jtfs_repro.scattering import Scattering1D

torch.set_num_threads(2)
S, x = Scattering1D(J=4, Q=2, shape=256), torch.randn(2, 256, requires_grad=True)
y = S(x)

def use(when):
    torch.autograd.grad(S(x).sum(), x)
    fresh = Scattering1D(J=4, Q=2, shape=256)(x)
    print(when, torch.allclose(S(x), y) and torch.allclose(fresh, y), flush=True)

def late():
    threading.main_thread().join()
    use("thread")

atexit.register(use, "atexit")
threading.Thread(target=late).start()
if os.fork() == 0:
    with torch.no_grad():
        print("fork", torch.allclose(S(x), y), flush=True)
    os._exit(0)
os.wait()
"""


def test_edges_of_a_programs_life():
    """A forked process, a thread that outlives the main one, and what runs at exit."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIFE],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["fork True", "thread True", "atexit True"], done.stderr
