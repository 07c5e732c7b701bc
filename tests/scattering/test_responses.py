"""Un-averaged responses: against the transform, time reversal, grids, labels, errors."""

import numpy as np
import pytest
import torch
from scattering_cases import signal

from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.scattering.responses import Responses, cells, nearest_cell

SR = 4096.0
CASES = {
    "defaults": dict(J=8, J_fr=3, Q=8, shape=2048),
    "odd length, Q2 = 2, Q_fr = 2": dict(J=7, J_fr=4, Q=(6, 2), Q_fr=2, shape=2501),
    "zeros, analytic": dict(J=7, J_fr=3, Q=6, shape=2048, pad_mode="zero", analytic=True),
}
TOL = {torch.float64: 1e-12, torch.float32: 2e-5}  # of the largest coefficient
UNEVEN = 1e-4  # the widest wavelet along n1 is folded unevenly for xi < 0
EXACT = 1e-9


def unaveraged(**case):
    return TimeFrequencyScattering(T=0, F=0, format="joint", out_type="list", **case)


def responses(x, S, **options):
    return {(r.cell.n2, r.cell.n_fr): r for r in Responses(x, S, sr=SR, **options)}


@pytest.mark.parametrize("dtype", TOL, ids=str)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_equals_the_transform_at_its_own_strides(case, dtype):
    x, S = signal(case["shape"]).to(dtype), unaveraged(**case)
    ours = responses(x, S)
    compared = 0
    for path in S(x):
        key = path["n"] if path["order"] == 2 else (None, *path["n"])
        if path["order"] == 0:
            continue
        rows = ours[key].values[:: path["n1_stride"]]
        theirs = path["coef"][: len(rows)]
        assert rows.shape == theirs.shape
        assert (rows - theirs).abs().max() <= TOL[dtype] * theirs.abs().max()
        compared += 1
    assert compared == len(ours)


def test_reversing_time_swaps_the_spins():
    S = TimeFrequencyScattering(J=6, J_fr=3, Q=4, shape=1024)
    x = signal(1024)
    forth, back = responses(x, S, hop=1), responses(x.flip(0), S, hop=1)
    table = cells(S, sr=SR)
    turned = {c: next(d for d in table if (*d[2:4], d.spin) == (*c[2:4], -c.spin)) for c in table}
    assert any(c != d for c, d in turned.items())
    for c, d in turned.items():
        a, b = forth[c.n2, c.n_fr].values, back[d.n2, d.n_fr].values.flip(-1)
        widest = abs(S.psi_fr[c.n_fr].xi) == max(psi.xi for psi in S.psi_fr)
        assert (a - b).abs().max() <= (UNEVEN if widest else EXACT) * a.max()


def test_one_grid_for_all():
    S, x = TimeFrequencyScattering(shape=2048, J=8, J_fr=3, Q=8), signal(2048)
    common = responses(x, S, hop=32)
    own = responses(x, S, hop=32, decimate=False)
    assert {r.stride for r in own.values()} == {2, 4, 8, 16, 32}
    for key, r in common.items():
        assert (r.stride, r.values.shape[-1]) == (32, 64)
        torch.testing.assert_close(r.values, own[key].values[:, :: 32 // own[key].stride])
        assert own[key].times[0] >= 0
        assert own[key].times[-1] < 2048


def test_frames_and_rows_stand_where_an_impulse_and_a_sine_say():
    S = TimeFrequencyScattering(shape=2001, J=7, J_fr=3, Q=8)
    x = torch.zeros(2001, dtype=torch.float64)
    x[900] = 1
    for r in Responses(x, S, sr=SR).scalogram():
        assert (np.abs(r.times[r.values.argmax(-1)] - 900) <= r.stride).all()
    x = torch.sin(2 * torch.pi * S.psi1[20].xi * torch.arange(2001, dtype=torch.float64))
    level = torch.cat([r.values[:, r.values.shape[-1] // 2] for r in made_scalogram(x, S)])
    assert len(level) == len(S.psi1)
    assert int(level.argmax()) == 20
    assert float(level.max()) == pytest.approx(0.5, rel=2e-2)  # unit l1 norm


def made_scalogram(x, S):
    return list(Responses(x, S, sr=SR).scalogram())


def test_no_response_exceeds_the_scalogram_and_all_scale_with_it():
    S, x = TimeFrequencyScattering(shape=1024, J=6, J_fr=3, Q=4), signal(1024)
    top = max(float(r.values.max()) for r in made_scalogram(x, S))
    plain = responses(x, S)
    assert all(float(r.values.max()) <= top for r in plain.values())
    huge = responses(x * 1e30, S)
    for key, r in plain.items():
        torch.testing.assert_close(huge[key].values, r.values * 1e30)


def test_cells_are_the_paths_of_the_transform():
    S = TimeFrequencyScattering(shape=2048, J=8, J_fr=3, Q=(8, 2), format="joint", out_type="list")
    table, paths = cells(S, sr=SR), S.paths(sr=SR)
    second = paths["order"] == 2
    ours = [c for c in table if c.n2 is not None]
    for name, column in (("rate_hz", "rate_hz"), ("scale_cpo", "scale"), ("spin", "spin")):
        np.testing.assert_allclose([getattr(c, name) for c in ours], paths[column][second])
    assert sum(c.n2 is None for c in table) == 1 + sum(psi.spin > 0 for psi in S.psi_fr)


def test_only_what_is_asked_for():
    S, x = TimeFrequencyScattering(shape=1024, J=6, J_fr=3, Q=4), signal(1024)
    made = Responses(x, S, sr=SR)
    chosen = [made.cells[0], made.cells[-1]]
    assert [r.cell for r in made.of(chosen)] == chosen


def test_rising_and_falling_chirp():
    """Averaged and strided, the energies of the two spins have a ratio of about 174."""
    N, low, high = 4096, 0.01, 0.3
    octaves = np.log(high / low)
    rising = np.sin(2 * np.pi * low * N / octaves * np.exp(octaves * np.arange(N) / N))
    S = TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=N, format="joint")
    ratios = []
    for x in (rising * np.hanning(N), rising[::-1] * np.hanning(N)):
        energy = {1: 0.0, -1: 0.0, 0: 0.0}
        for r in Responses(torch.from_numpy(np.array(x)), S, sr=SR):
            energy[r.cell.spin] += r.energy
        ratios.append(energy[1] / energy[-1])
    assert 100 < ratios[0] < 400
    assert 1 / 400 < ratios[1] < 1 / 100


def test_nearest_cell():
    table = cells(TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=2048), sr=SR)
    rates = sorted({c.rate_hz for c in table})
    scales = sorted({c.scale_cpo for c in table})
    found = nearest_cell(table, rate_hz=1.1 * rates[2], scale_cpo=0.9 * scales[1], spin=-1)
    assert found[2:] == (rates[2], scales[1], -1)
    assert nearest_cell(table, rate_hz=0, scale_cpo=scales[1])[2:] == (0, scales[1], 0)
    assert nearest_cell(table, rate_hz=rates[1], scale_cpo=0).n_fr == 0


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (dict(rate_hz=4000.0, scale_cpo=1, spin=1), r"rate_hz=4000.0 must be .*bank, 5.6 to 179"),
        (dict(rate_hz=20, scale_cpo=9, spin=1), "scale_cpo=9.0 must be within"),
        (dict(rate_hz=20, scale_cpo=1, spin=0), "spin=0 must be 0 with a low-pass, else"),
        (dict(rate_hz=20, scale_cpo=0, spin=1), "spin=1 must be 0 with a low-pass"),
        (dict(rate_hz=20, scale_cpo=1, spin=2), "spin=2 must be one of"),
        (dict(rate_hz=-1, scale_cpo=1, spin=1), "rate_hz=-1 must be >= 0"),
    ],
)
def test_bad_cells(asked, message):
    table = cells(TimeFrequencyScattering(J=8, J_fr=3, Q=8, shape=2048), sr=SR)
    with pytest.raises(ValueError, match=message):
        nearest_cell(table, **asked)


def test_bad_arguments():
    S = TimeFrequencyScattering(J=6, J_fr=3, Q=4, shape=1024)
    x = signal(1024)
    with pytest.raises(ValueError, match="hop=3 must be a power of two"):
        Responses(x, S, sr=SR, hop=3)
    with pytest.raises(ValueError, match="hop=2048 must be <= 1024 samples"):
        Responses(x, S, sr=SR, hop=2048)
    with pytest.raises(ValueError, match=r"x.shape=\(2, 1024\) must be \(1024,\)"):
        Responses(signal(2, 1024), S, sr=SR)
    with pytest.raises(ValueError, match="end in 1024 samples"):
        Responses(signal(1000), S, sr=SR)
    with pytest.raises(ValueError, match="sr=0 must be > 0"):
        Responses(x, S, sr=0)
    mirrored = TimeFrequencyScattering(J=6, J_fr=3, Q=4, shape=1024, pad_mode="conj-reflect")
    with pytest.raises(ValueError, match="pad_mode='conj-reflect' must be 'reflect' or 'zero'"):
        Responses(x, mirrored, sr=SR)
