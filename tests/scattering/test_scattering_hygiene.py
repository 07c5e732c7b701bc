"""How the modules live: copies, state, networks, processes and Python threads."""

import copy
import io
import multiprocessing
import pickle
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from scattering_cases import CONFIGURATIONS, coefs, derived, distance, make, same_bits, signal
from torch import nn

N = 256
SIZES = dict(N=N, J=5, Q=4)

# Shares of the work of several threads are summed in another order: rounding, 2e-16 each.
ROUNDING = 1e-13
# A forked or spawned process starts within seconds; more is a process that hangs.
PATIENCE_S = 60


@pytest.fixture(params=CONFIGURATIONS, ids=str)
def S(request):
    return make(request.param, **SIZES)


# --- copies ------------------------------------------------------------------------------------


def saved_and_loaded(S):
    file = io.BytesIO()
    torch.save(S, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda S: pickle.loads(pickle.dumps(S)),
    "torch.save": saved_and_loaded,
    "in a network": lambda S: copy.deepcopy(nn.Sequential(S))[0],
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_compute_the_same_before_and_after_use(S, how):
    before = COPIES[how](S)
    expected = derived(S, signal(2, N))
    after = COPIES[how](S)
    assert same_bits(derived(before, signal(2, N)), expected)
    assert same_bits(derived(after, signal(2, N)), expected)
    assert same_bits(derived(COPIES[how](after), signal(2, N)), expected)


def test_use_adds_nothing_to_pickle_or_state(S):
    size, names = len(pickle.dumps(S)), list(S.state_dict())
    for dtype in (torch.float32, torch.float64):
        derived(S, signal(2, N).to(dtype))
    assert len(pickle.dumps(S)) == size
    assert list(S.state_dict()) == names
    assert all(re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", name) for name in names)
    assert not list(S.parameters())


def test_state_loads_strictly_between_copies_and_networks(S):
    other = copy.deepcopy(S)
    derived(S, signal(2, N))
    keys = other.load_state_dict(S.state_dict(), strict=True)
    assert not keys.missing_keys
    assert not keys.unexpected_keys
    nets = [nn.Sequential(M, nn.LazyLinear(2, dtype=torch.float64)) for M in (S, other)]
    nets[1].load_state_dict(nets[0].state_dict(), strict=True)
    assert [name for name in nets[0].state_dict() if name.startswith("1.")]


@pytest.mark.parametrize("move", ["float", "double", "half", "bfloat16", "cpu", "train", "eval"])
def test_the_input_decides_and_not_the_module(S, move):
    inputs = [signal(2, N).to(dtype) for dtype in (torch.float32, torch.float64)]
    expected = [derived(S, x) for x in inputs]
    getattr(S, move)()
    S.to(torch.float64)
    assert all(map(same_bits, [derived(S, x) for x in inputs], expected))
    assert [y[0].dtype for y in expected] == [torch.float32, torch.float64]


# --- processes and threads ---------------------------------------------------------------------


def test_distributed_data_parallel(tmp_path):
    S = make("joint", **SIZES)
    x = signal(3, N)
    net = nn.Sequential(S, nn.Flatten(), nn.Linear(S(x)[0].numel(), 2, dtype=torch.float64))
    net(x).square().sum().backward()
    expected = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1
    )
    try:
        nn.parallel.DistributedDataParallel(net)(x).square().sum().backward()
    finally:
        torch.distributed.destroy_process_group()
    assert same_bits([p.grad for p in net.parameters()], expected)


def test_several_python_threads_from_the_first_call_on(S, two_threads):
    """They make the tables, and the shared threads, at the same moment."""
    workers = 4
    x, start = signal(12, N), threading.Barrier(workers)
    expected = derived(copy.deepcopy(S), x)

    def work(_):
        start.wait(PATIENCE_S)
        torch.set_num_threads(2)
        return derived(S, x)

    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(work, range(workers), timeout=PATIENCE_S))
    assert all(distance(result, expected) < ROUNDING for result in results)


class Transformed(torch.utils.data.Dataset):
    """A data set that transforms in the workers of its loader, which fork."""

    def __init__(self, S, x):
        self.S, self.x = S, x

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return derived(self.S, self.x[i])[-1]


def test_workers_forked_after_use(S, two_threads):
    data = Transformed(S, signal(3, 12, N))
    expected = [data[i] for i in range(3)]
    options = dict(num_workers=1, multiprocessing_context="fork", timeout=PATIENCE_S)
    assert (
        distance(list(torch.utils.data.DataLoader(data, batch_size=None, **options)), expected)
        < ROUNDING
    )


FORK = """
import faulthandler, os, torch
from jtfs_repro.scattering import TimeFrequencyScattering, parallel
faulthandler.dump_traceback_later({patience}, exit=True)
torch.set_num_threads(2)
# Threads that no child inherits (torch's own, of its larger operations, would hang there, too).
assert parallel.in_parallel(sum, [1, 2], torch.device("cpu")) == [1, 2]
child = os.fork()
S = TimeFrequencyScattering(J=5, J_fr=2, Q=4, shape=256, format="joint")
x = torch.linspace(-1, 1, 12 * 256).sin().view(12, 256).requires_grad_()
y = S(x)
y.sum().backward()
torch.save((y.detach(), x.grad), "{folder}/" + ("child" if child == 0 else "parent"))
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_forked_process_has_threads_of_its_own(tmp_path):
    code = FORK.format(patience=PATIENCE_S, folder=tmp_path)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=2 * PATIENCE_S)
    child, parent = (torch.load(tmp_path / name) for name in ("child", "parent"))
    assert same_bits(child, parent)


def test_spawned_processes():
    x = signal(2, N)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for name in CONFIGURATIONS:
            S = make(name, **SIZES)
            expected = coefs(S(x))
            assert distance(coefs(pool.apply_async(S, (x,)).get(PATIENCE_S)), expected) < ROUNDING
