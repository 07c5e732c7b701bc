"""Both transforms against a slow second route, in many configurations."""

import numpy as np
import pytest
import torch
from references import Reference, fourier_filter, jtfs, scattering1d, wavelet_bank

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from jtfs_repro.scattering.filters import spectrum, wavelets

# Filters are cut at 7 bandwidths (3e-11 of the peak), everything else is rounding.
TOL = {torch.float64: 1e-9, torch.float32: 1e-5}


def signal(N, seed=0):
    t = np.arange(N) / N
    chirp = np.sin(2 * np.pi * 20 * (2 ** (3 * t) - 1)) * np.hanning(N)
    return chirp + 0.1 * np.random.default_rng(seed).standard_normal(N)


def error(a, b):
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape
    return np.linalg.norm(a - b) / np.linalg.norm(b)


@pytest.mark.parametrize(("J", "Q"), [(0, 1), (1, 3), (4, 1), (7, 8), (9, 16), (11, 24)])
def test_filter_bank_geometry_and_spectra(J, Q):
    ours, expected = wavelets(J, Q), wavelet_bank(J, Q)
    assert len(ours) == len(expected)
    for psi, (xi, sigma, j) in zip(ours, expected, strict=True):
        assert (psi.xi, psi.sigma, psi.j) == (
            pytest.approx(xi, rel=1e-12),
            pytest.approx(sigma, rel=1e-12),
            j,
        )
        np.testing.assert_allclose(
            spectrum(psi, 4096), fourier_filter(4096, psi.xi, psi.sigma), atol=1e-11
        )


SCATTERING_1D = [
    dict(N=1024, J=6, Q=8),
    dict(N=1000, J=5, Q=(8, 2), T=40.5),
    dict(N=777, J=6, Q=1, T="global"),
    dict(N=1024, J=6, Q=4, T=0),
    dict(N=1024, J=7, Q=4, T=128, stride=4),
    dict(N=1024, J=7, Q=4, T=16, stride=64),
    dict(N=512, J=5, Q=3, max_order=1),
    dict(N=512, J=2, Q=8),
    dict(N=600, J=9, Q=2, T=600),
]


@pytest.mark.parametrize("case", SCATTERING_1D, ids=str)
@pytest.mark.parametrize("dtype", TOL, ids=str)
def test_scattering1d_equals_path_by_path_route(case, dtype):
    kwargs = {**case}
    x = signal(kwargs.pop("N"))
    expected = scattering1d(x, **kwargs)
    S = Scattering1D(shape=len(x), out_type="dict", **kwargs)
    ours = S(torch.from_numpy(x).to(dtype))
    assert list(ours) == list(expected)
    flat = np.concatenate([ours[n].numpy() for n in ours])
    assert error(flat, np.concatenate(list(expected.values()))) < TOL[dtype]
    if kwargs.get("T") != 0:
        array = Scattering1D(shape=len(x), **kwargs)(torch.from_numpy(x).to(dtype))
        np.testing.assert_array_equal(array.numpy(), np.stack([ours[n].numpy() for n in ours]))


JTFS = [
    dict(N=1024, J=7, J_fr=3, Q=8),
    dict(N=1024, J=7, J_fr=4, Q=(12, 1), F=4),
    dict(N=1000, J=6, J_fr=3, Q=(6, 2), Q_fr=2, T=100, F=0),
    dict(N=1000, J=6, J_fr=3, Q=6, T="global", F=0),
    dict(N=1024, J=6, J_fr=3, Q=6, T="global"),
    dict(N=1024, J=6, J_fr=2, Q=6, F="global"),
    dict(N=1024, J=6, J_fr=3, Q=4, T=0, F=0),
    dict(N=1024, J=7, J_fr=3, Q=6, T=16),
    dict(N=1024, J=7, J_fr=3, Q=6, T=128, stride=8),
    dict(N=1024, J=6, J_fr=4, Q=8, F=8, stride_fr=2),
    dict(N=1024, J=6, J_fr=4, Q=8, F=2, stride_fr=8),
    dict(N=1024, J=6, J_fr=2, Q=8, F=5.5),
]


def kept_rows(format, rows, N_rows, psi_j, k, is_low):
    """Rows of list and time outputs: cut at the stride with which paths are labelled."""
    if k is None:
        return 1
    label = psi_j if is_low else k
    return min(1 + (rows >> label) if format == "joint" else -(-rows >> label), N_rows)


@pytest.mark.parametrize("case", JTFS, ids=str)
@pytest.mark.parametrize("format", ["time", "joint"])
@pytest.mark.parametrize("dtype", TOL, ids=str)
def test_jtfs_lists_equal_path_by_path_route(case, format, dtype):
    kwargs = {**case}
    x = signal(kwargs.pop("N"))
    S_0, expected = jtfs(x, **kwargs)
    S = TimeFrequencyScattering(
        shape=len(x), format=format, out_type="list", keep_lost=kwargs.get("T") == 0, **kwargs
    )
    paths = S(torch.from_numpy(x).to(dtype))
    assert error(paths[0]["coef"], S_0) < TOL[dtype]
    blocks = []
    for (n2, n_fr), (U, k) in expected.items():
        rows = len(S.psi1) if n2 is None else S.bank.rows[n2]
        stride_kept = kept_rows(
            format, rows, len(U), k if S.keep_lost else S.J_fr, k, is_low=n_fr == 0
        )
        blocks.append(U[:stride_kept])
    if format == "joint":
        assert [p["coef"].shape for p in paths[1:]] == [b.shape for b in blocks]
    flat = np.concatenate([p["coef"].numpy().ravel() for p in paths[1:]])
    assert error(flat, np.concatenate([b.ravel() for b in blocks])) < TOL[dtype]


@pytest.mark.parametrize(
    "case", [c for c in JTFS if c.get("F") not in (0, "global") and c.get("T") != 0], ids=str
)
def test_jtfs_joint_array_keeps_all_padded_rows(case):
    kwargs = {**case}
    x = signal(kwargs.pop("N"))
    _, expected = jtfs(x, **kwargs)
    S = TimeFrequencyScattering(shape=len(x), format="joint", **kwargs)
    ours = S(torch.from_numpy(x))
    full = [(U, k) for U, k in expected.values()]
    assert ours.shape[-2] == S.N_fr >> S.log2_stride_fr
    for path, (U, k) in zip(ours.numpy(), full, strict=True):
        U = U[:: 2 ** (S.log2_stride_fr - k)]
        np.testing.assert_allclose(path, U, atol=TOL[torch.float64] * np.abs(U).max())


def test_lengths_follow_the_published_rules():
    R = Reference(4096, 8, 8)
    S = Scattering1D(J=8, shape=4096, Q=8)
    assert (S.pad_left, S.pad_right + S.pad_left + 4096) == (R.left, R.N_padded)
    assert S.frames == 16
