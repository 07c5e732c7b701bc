"""Labels: length, order and meaning agree with the output, in every format."""

import itertools

import numpy as np
import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

N = 1024
CASES = [
    dict(J=6, J_fr=3, Q=8, F=F, T=T, format=format, keep_lost=keep)
    for F, T, format, keep in itertools.product(
        (None, 2, 0, "global"), (None, "global"), ("time", "joint"), (False, True)
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_array_list_dict_and_meta_have_the_same_paths(case):
    x = torch.randn(N, dtype=torch.float64)
    listed = TimeFrequencyScattering(shape=N, out_type="list", **case)
    paths, meta = listed(x), listed.meta()
    assert [p["n"] for p in paths] == meta["key"]
    assert len(set(meta["key"])) == len(paths)
    for field in meta:
        assert len(meta[field]) == len(paths)
    np.testing.assert_array_equal([p["order"] for p in paths], meta["order"])
    for c, path in enumerate(paths[1:], start=1):
        fields = (path["spin"], *path["n_fr"], *path["j_fr"])
        assert fields == (meta["spin"][c], meta["n_fr"][c], meta["j_fr"][c])
        joint = case["format"] == "joint"
        assert path["j"][joint:] == tuple(meta["j"][c][joint : path["order"]])
    keyed = TimeFrequencyScattering(shape=N, out_type="dict", **case)(x)
    assert list(keyed) == meta["key"]
    assert all(torch.equal(keyed[p["n"]], p["coef"]) for p in paths)
    if case["format"] == "joint" and case["F"] == 0:
        return
    array = TimeFrequencyScattering(shape=N, out_type="array", **case)
    S = array(x)
    assert S.shape[0] == len(array.meta()["key"]) == array.output_size()
    assert sum(array.output_size(detail=True)) == S.shape[0]
    if case["format"] == "time":
        assert torch.equal(S, torch.stack([p["coef"] for p in paths]))


def test_n1_is_the_row_that_the_coefficient_was_computed_at():
    """Energy along n1 of a low-passed path peaks at the label of the wavelet of a pure tone."""
    S = TimeFrequencyScattering(J=6, J_fr=4, Q=8, shape=N, F=2, out_type="list", keep_lost=True)
    n1 = 17
    tone = torch.cos(2 * torch.pi * S.psi1[n1].xi * torch.arange(N))
    rows = {p["n"][0]: p["coef"].mean().item() for p in S(tone) if p["n"][1:] == (0,)}
    assert len(rows) == -(-len(S.psi1) // 2)  # stride 2 = F, not 2**J_fr
    assert abs(max(rows, key=lambda n: rows[n]) - n1) <= 2


def test_fields_match_the_filters():
    S = TimeFrequencyScattering(J=7, J_fr=3, Q=(6, 2), shape=N, out_type="list")
    meta = S.meta()
    for c, key in enumerate(meta["key"]):
        if len(key) == 3:
            n1, n2, n_fr = key
            assert tuple(meta["xi"][c]) == (S.psi1[n1].xi, S.psi2[n2].xi)
            assert tuple(meta["j"][c]) == (S.psi1[n1].j, S.psi2[n2].j)
            assert meta["sigma_fr"][c] == S.psi_fr[n_fr].sigma
            assert meta["spin"][c] == np.sign(S.psi_fr[n_fr].xi)
            assert S.psi1[n1].j < S.psi2[n2].j


def test_joint_rows_without_padding_and_row_ranges():
    kwargs = dict(J=7, J_fr=4, Q=8, shape=N, F=4, format="joint")
    x = torch.randn(2, N)
    full = TimeFrequencyScattering(**kwargs)
    cropped = TimeFrequencyScattering(**kwargs, unpad_fr=True)
    rows = -(-len(full.psi1) // 4)
    assert full(x).shape[-2] == full.N_fr // 4
    assert cropped(x).shape[-2] == rows
    torch.testing.assert_close(cropped(x), full(x)[..., :rows, :])
    assert cropped.meta()["n"][0, 0] == range(0, rows * 4, 4)


def test_global_rows_of_a_joint_array():
    S = TimeFrequencyScattering(J=6, J_fr=3, Q=6, shape=N, F="global", format="joint")
    x = torch.randn(3, 2, N)
    assert S(x).shape == (3, 2, S.output_size(), 1, S.frames)
    assert len(S.meta()["key"]) == S.output_size()


def test_published_sizes():
    """Path counts of the settings in use (paper's classifier, chirps, textures)."""
    msdb = TimeFrequencyScattering(
        J=13, J_fr=6, Q=(16, 1), T=2**11, F=4, shape=2**16, format="joint", unpad_fr=True
    )
    assert (msdb.output_size(detail=True), msdb.N_fr, msdb.frames) == ((8, 165), 256, 32)
    chirps = TimeFrequencyScattering(J=14, J_fr=5, Q=8, Q_fr=2, T=8192, F=0, shape=2**15)
    assert chirps.output_size(detail=True) == (1, 599, 7627)
    assert Scattering1D(J=13, Q=16, T=2**11, shape=2**16).output_size() == 1244
