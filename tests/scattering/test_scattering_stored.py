"""Agreement with stored outputs of Kymatio's development line, computed in float64.

Small ones are in tests/data/kymatio (``python -m tools.stored_outputs``). Larger ones, stored as
float32, are looked for in $JTFS_REFERENCE_DIR/golden, else in ../shared/golden beside the checkout.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

DATA = Path(__file__).resolve().parents[1] / "data/kymatio"
SHARED = Path(__file__).resolve().parents[3] / "shared"
LARGER = sorted(Path(os.environ.get("JTFS_REFERENCE_DIR", SHARED), "golden").glob("*.npz"))
FILES = sorted(DATA.glob("*.npz")) + LARGER
LABELLED = [file for file in FILES if not file.stem.startswith("sc1d")]  # stored without labels
# relative L2, of float32 and of what is stored in it: the project's contract
TOL = {torch.float64: 2e-6, torch.float32: 2e-5}
EXACT = 1e-12  # of float64 that is stored as it is

pytestmark = pytest.mark.filterwarnings("ignore:oversampling=2 is")


def tolerance(stored, dtype):
    return EXACT if stored.dtype == np.float64 and dtype == torch.float64 else TOL[dtype]


def load(file):
    z = np.load(file, allow_pickle=False)
    kwargs = json.loads(str(z["kwargs"]))
    kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in kwargs.items()}
    cls = TimeFrequencyScattering if str(z["kind"]) == "jtfs" else Scattering1D
    return z, cls(shape=z["x"].shape[-1], **kwargs)


def relative_l2(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
@pytest.mark.parametrize("dtype", TOL, ids=str)
def test_values(file, dtype):
    z, S = load(file)
    ours = S(torch.from_numpy(z["x"]).to(dtype))
    if "S" in z:
        assert ours.shape == z["S"].shape
        assert relative_l2(ours.numpy(), z["S"]) < tolerance(z["S"], dtype)
        return
    paths = json.loads(str(z["paths"]))
    stored = [z[f"coef_{i}"] for i in range(len(paths))]
    if isinstance(ours, dict):  # in the order of the list here, depth first there
        keys = [tuple(path["n"]) for path in paths]
        assert sorted(ours) == sorted(keys)
        ours = [ours[key] for key in keys]
    else:
        ours = [path["coef"] for path in ours]
    assert [coef.shape for coef in ours] == [c.shape for c in stored]
    flat = np.concatenate([coef.numpy().ravel() for coef in ours])
    flat_stored = np.concatenate([c.ravel() for c in stored])
    assert relative_l2(flat, flat_stored) < tolerance(flat_stored, dtype)


@pytest.mark.parametrize("file", LABELLED, ids=lambda f: f.stem)
def test_labels_are_the_stored_ones_in_output_order(file):
    z, S = load(file)
    meta = S.meta()
    fields = [name[5:] for name in z.files if name.startswith("meta_") and name != "meta_key"]
    assert len(fields) == (9 if str(z["kind"]) == "jtfs" else 4)

    def table(get, rows):
        columns = [np.asarray(get(f), dtype=float).reshape(rows, -1) for f in fields]
        both = np.nan_to_num(np.concatenate(columns, axis=1), nan=-9)
        return both[np.lexsort(both.T)]

    rows = len(meta["key"])
    np.testing.assert_allclose(
        table(meta.__getitem__, rows), table(lambda f: z[f"meta_{f}"], rows), rtol=1e-12
    )
    stored = {tuple(key) for key in json.loads(str(z["meta_key"]))}
    assert stored - set(meta["key"]) <= {()}  # joint arrays have no order 0, the stored keys do
    if "paths" in z and S.out_type == "list":
        assert meta["key"] == [tuple(p["n"]) for p in json.loads(str(z["paths"]))]


@pytest.mark.parametrize("stem", ["time_dict", "rows_dict"])
def test_a_dict_is_in_the_order_of_the_list(stem):
    z, S = load(DATA / f"{stem}.npz")
    x = torch.from_numpy(z["x"])
    keys = list(S(x))
    S.out_type = "list"
    assert keys == [tuple(path["n"]) for path in S(x)]
