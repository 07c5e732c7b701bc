"""Extraction: shards, batches, budgets, and the errors that a user may meet."""

import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from torch import nn

from jtfs_repro import io
from jtfs_repro.features import extraction as ef
from jtfs_repro.features import shards as shards_module

SR = 100.0
SIGNALS = np.random.default_rng(0).standard_normal((10, 8)).astype(np.float32)


class Moments(nn.Module):
    """Two representations: mean and (variance, maximum)."""

    bytes_per_signal = 1000

    def __init__(self, *, sr, n_samples, fails_above=None, offset=0.0):
        super().__init__()
        self.parts = {"mean": slice(0, 1), "spread": slice(1, 3)}
        self.dimension = 3
        self.fails_above = fails_above
        self.offset = offset
        self.batches = []

    def forward(self, x):
        self.batches.append(len(x))
        if self.fails_above is not None and len(x) > self.fails_above:
            raise torch.cuda.OutOfMemoryError("no memory")
        columns = [x.mean(1), x.var(1), x.max(1).values]
        return torch.stack(columns, dim=1) + self.offset


def missing(*, sr, n_samples):
    raise io.Unavailable("weights missing", "put them at data/")


def extract(feature=Moments, *, shard=0, n_shards=1, signals=SIGNALS, **options):
    options = {"device": "cpu", "progress": False} | options
    return ef.extract_shard(
        signals, sr=SR, shard=shard, n_shards=n_shards, feature=feature, **options
    )


@pytest.mark.parametrize("n_shards", [1, 3, 10])
def test_shards_together_are_the_whole(n_shards):
    shards = [extract(shard=i, n_shards=n_shards) for i in range(n_shards)]
    mean, facts = shards_module.gather_shards(shards, "mean")
    np.testing.assert_allclose(mean[:, 0], SIGNALS.mean(1), atol=1e-6)  # float32 sums of 8
    assert facts == {"status": "run", "n_signals": 10, "dimension": 1, "device": "cpu"}
    spread, facts = shards_module.gather_shards(shards, "spread")
    np.testing.assert_allclose(spread[:, 1], SIGNALS.max(1))
    assert facts["dimension"] == 2


def test_shards_cover_every_row_once():
    for n, n_shards in [(10, 3), (7, 7), (4096, 16)]:
        rows = [row for i in range(n_shards) for row in ef.shard_rows(n, i, n_shards)]
        assert rows == list(range(n))


def test_budget_sets_the_batch():
    assert extract(memory_budget_gb=3.5e-6).report["batch_size"] == 3
    assert extract(max_batch_size=4).report["batch_size"] == 4
    with pytest.raises(ValueError, match=r"memory_budget_gb=1e-09 must hold one signal of Moments"):
        extract(memory_budget_gb=1e-9)


BUDGETS_GB = (0.05, 0.2)
BUDGET = f"""
import re, numpy as np, torch
from pathlib import Path
from jtfs_repro.features.extraction import extract_shard
from jtfs_repro.features.jtfs import Jtfs
torch.set_num_threads(1)
signals = np.random.default_rng(0).standard_normal((64, 8192)).astype(np.float32)
def run(n, budget_gb):
    shard = extract_shard(signals[:n], sr=8192.0, shard=0, n_shards=1, feature=Jtfs, device="cpu",
        memory_budget_gb=budget_gb, progress=False)
    peak_kb = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    print(shard.report["batch_size"], 1024 * int(peak_kb))
run(1, 1.0)
for budget_gb in {BUDGETS_GB}:
    run(64, budget_gb)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc; ru_maxrss includes the parent's")
def test_memory_budget_is_honoured():
    """What a process takes beyond that for one signal is no more than the budget."""
    command = [sys.executable, "-c", BUDGET]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    (_, before), *measured = [tuple(map(int, line.split())) for line in lines]
    batch_sizes, peaks = zip(*measured, strict=True)
    assert 1 < batch_sizes[0] < batch_sizes[1] < 64, "choose other budgets"
    for budget_gb, peak in zip(BUDGETS_GB, peaks, strict=True):
        assert 0 < peak - before < budget_gb * 1e9


def test_batch_size_does_not_change_results():
    one, many = extract(max_batch_size=1), extract(max_batch_size=10)
    np.testing.assert_allclose(one.features, many.features, rtol=1e-6)  # float32


def test_memory_of_a_gpu_that_runs_out_halves_the_batch(capfd):
    shard = extract(settings={"fails_above": 2})
    assert shard.report["batch_size"] == 2
    first, second = capfd.readouterr().err.splitlines()
    what = "warning: Moments: the GPU's memory does not hold a batch of"
    assert (first, second) == (
        f"{what} 10 signals; going on with 5",
        f"{what} 5 signals; going on with 2",
    )
    np.testing.assert_allclose(shard.features, extract().features, rtol=1e-6)
    with pytest.raises(ValueError, match=r"Moments: batch_size=1 must fit on the GPU \(free its"):
        extract(settings={"fails_above": 0})


@pytest.mark.parametrize(
    ("text", "is_memory"),
    [("cuFFT error: CUFFT_ALLOC_FAILED", True), ("CUDA error: an illegal access", False)],
)
def test_other_errors_of_a_gpu(monkeypatch, text, is_memory):
    def forward(self, x):
        raise RuntimeError(text)

    monkeypatch.setattr(Moments, "forward", forward)
    with pytest.raises(ValueError if is_memory else RuntimeError, match=r"must fit|illegal access"):
        extract()


def test_what_failed_is_freed_before_the_next_attempt(monkeypatch):
    """The traceback of an error holds the tensors of its frames."""
    alive = []

    def forward(self, x):
        held = torch.zeros(3)
        alive.append(weakref.ref(held))
        if len(x) > 5:
            raise torch.cuda.OutOfMemoryError("no memory")
        return x[:, :3]

    monkeypatch.setattr(ef.gpu_memory, "free", lambda: alive.append(alive[-1]() is None))
    monkeypatch.setattr(Moments, "forward", forward)
    extract()
    assert True in alive


def test_report_holds_the_cost():
    report = extract().report
    assert report["seconds"] > 0
    assert report["seconds_per_signal"] == report["seconds"] / 10
    assert 1e7 < report["peak_memory_bytes"] < 1e11  # bytes, not KiB
    record = shards_module.cost_record("mean", "moments", [report, report], 1)
    assert (record["n_signals"], record["seconds"]) == (20, 2 * report["seconds"])


def test_not_finite_names_the_signal():
    signals = SIGNALS.copy()
    signals[7, 3] = np.nan
    with pytest.raises(ValueError, match=r"signal 7 gives a feature that is NaN or Inf"):
        extract(signals=signals, shard=1, n_shards=2, max_batch_size=2)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_where_there_is_none():
    with pytest.raises(ValueError, match=r"device='cuda' must be available \(no CUDA GPU here"):
        extract(device="cuda")
    assert extract(device="auto").report["device"] == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_cuda_agrees_with_cpu():
    gpu = extract(device="cuda")
    assert gpu.report["device"] == "cuda"
    np.testing.assert_allclose(gpu.features, extract().features, rtol=1e-5)  # float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "device='tpu' must be one of"),
        ({"shard": 2, "n_shards": 2}, "shard=2 must be >= 0 and <= 1"),
        ({"n_shards": 11}, "n_shards=11 must be >= 1 and <= 10"),
        ({"memory_budget_gb": 0}, "memory_budget_gb=0 must be > 0"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        extract(**options)


def test_unavailable_feature_is_reported_not_raised():
    shards = [extract(missing, shard=i, n_shards=2) for i in range(2)]
    array, facts = shards_module.gather_shards(shards, "openl3")
    assert array.shape == (10, 0)
    assert facts["status"] == io.NOT_RUN
    assert io.why_not_run(facts) == "weights missing; put them at data/"


def test_shards_that_disagree():
    with pytest.raises(ValueError, match=r"status=\['not run', 'run'\] must be the same"):
        shards_module.gather_shards([extract(), extract(missing)], "mean")


def test_part_that_is_not_there():
    with pytest.raises(ValueError, match=r"representation='jtfs' must be one of 'mean', 'spread'"):
        shards_module.gather_shards([extract()], "jtfs")
