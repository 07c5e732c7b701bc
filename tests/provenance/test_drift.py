"""How far results may drift: runs alike give the same bytes, other threads and devices do not.

The allowed drift is that of `provenance.tolerances`, as `scripts/compare_runs.py` applies it.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from drift_chain import FEATURES, chain

from jtfs_repro.provenance.deviations import values
from jtfs_repro.provenance.tolerances import TOLERANCES

ROOT = Path(__file__).parents[2]
THREADS, MACHINE, DEVICE = (TOLERANCES[name] for name in ("threads", "machine", "device"))
# torch, MKL and OpenBLAS without the vector instructions of the last fifteen years
OLD_PROCESSOR = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Prescott",
}
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def single():
    """Return representation -> what its chain gives with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield {feature: chain(feature) for feature in FEATURES}
    torch.set_num_threads(before)


def drift(a, b, tolerance):
    """Return array -> relative drift, of those that differ; fail if one is beyond tolerance."""
    found = list(values("", a, b, tolerance))
    beyond = [deviation.text for deviation in found if not deviation.is_within]
    assert not beyond, beyond
    return {deviation.place: deviation.relative for deviation in found}


@pytest.mark.parametrize("feature", FEATURES)
def test_two_runs_alike_give_the_same_bytes(single, feature):
    torch.set_num_threads(1)
    again = chain(feature)
    for name, array in single[feature].items():
        assert array.tobytes() == again[name].tobytes(), name


@pytest.mark.parametrize(("feature", "n_threads"), [*((f, 8) for f in FEATURES), ("jtfs", 2)])
def test_threads_of_torch(single, feature, n_threads):
    torch.set_num_threads(n_threads)
    drift(single[feature], chain(feature), THREADS)


# OMP_NUM_THREADS is what Snakemake sets; it also rules BLAS within NumPy and SciPy
ELSEWHERE = {
    "8 threads": ("jtfs", {"OMP_NUM_THREADS": "8"}, THREADS),
    "old processor": ("jtfs", {"OMP_NUM_THREADS": "1", **OLD_PROCESSOR}, MACHINE),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_another_process(single, tmp_path, where):
    feature, variables, tolerance = ELSEWHERE[where]
    command = [sys.executable, str(ROOT / "tests/drift_chain.py"), str(tmp_path / "x.npz"), feature]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    subprocess.run(command, check=True, cwd=ROOT, env=environment, timeout=TIMEOUT_S)
    with np.load(tmp_path / "x.npz") as stored:
        other = {name: stored[f"{feature}.{name}"] for name in single[feature]}
    drift(single[feature], other, tolerance)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU: CPU against GPU not measured")
@pytest.mark.parametrize("feature", FEATURES)
def test_gpu(single, feature):
    drift(single[feature], chain(feature, device="cuda"), DEVICE)


def test_what_is_refused(single):
    """A change a hundred times the allowed one is seen: in features, and as another neighbour."""
    found = single["jtfs"]
    spoilt = found["features"].copy()
    spoilt[0, 0] += 100 * THREADS.array_rtol * np.abs(spoilt).max()
    with pytest.raises(AssertionError, match=r"features\[0, 0\]"):
        drift(found, found | {"features": spoilt}, THREADS)
    others = found["neighbours"].copy()
    others[0, 0] += 1
    with pytest.raises(AssertionError, match=r"neighbours\[0, 0\]"):
        drift(found, found | {"neighbours": others}, THREADS)
