"""Scale–rate pictures: theory of spins, tiles, energies, files, the grid, filters, the tool."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from scale_rate_cases import SMALL, SR, STAMP, N, made, picture
from texture_files import needs_recordings, recording

from jtfs_repro import config, io
from jtfs_repro.audio import Sound, read_sound, write_sound
from jtfs_repro.features.filterbank import filterbank
from jtfs_repro.features.scale_rate import ScaleRate, decibels, part_of, scale_rate
from jtfs_repro.scattering.filters import spectrum
from jtfs_repro.scattering.responses import Responses
from jtfs_repro.studies.textures.scale_rate_grid import scale_rate_grid
from jtfs_repro.studies.textures.spin_of_chirps import made_signals, spin_of_chirps

ROOT = Path(__file__).parents[2]
CHIRP_DB = 15.0  # least ratio of the spins of a chirp, over all rates and scales
STRIDE_DB = 0.2  # frames start at the first sample: reversal meets others
GRID = partial(SMALL, Q=(16, 1), T=256, F=8)


# ------------------------------------------------------------------------------------ the spins


def test_chirps_fall_on_the_spin_that_theory_says():
    up, down = made("up_chirp").spin_ratio_db(), made("down_chirp").spin_ratio_db()
    print(f"energy of spin +1 over spin -1: rising chirp {up} dB, falling chirp {down} dB")
    assert up > CHIRP_DB
    assert down < -CHIRP_DB
    assert up == pytest.approx(-down, abs=STRIDE_DB)


def test_strongest_wavelet_has_the_slope_of_the_chirp():
    """rate / scale is a chirp rate in octaves per second; neighbours are an octave apart."""
    rate, scale = made("up_chirp").strongest_pair()
    gamma = 4 / (N / SR)
    assert abs(np.log2(rate / scale / gamma)) <= 1


def test_table_of_spins():
    sounds = {"am_chirp": made("up_chirp"), "hawk": made("down_chirp"), "robin": made("sine")}
    rows = spin_of_chirps(sounds, stamp=STAMP, picture=picture, sr=SR, n_samples=N)
    assert [row["signal"] for row in rows] == ["up_chirp", "down_chirp", "sine", "pulse", *sounds]
    assert [row["holds"] for row in rows] == ["yes", "yes", "yes", "yes", "yes", "no", ""]
    assert [row["expected_spin"] for row in rows] == [1, -1, 0, 0, 1, 1, None]
    up = rows[0]
    shares = [10 ** (up[f"share_{spin}_db"] / 10) for spin in ("plus", "minus")]
    assert up["ratio_db"] == pytest.approx(10 * np.log10(shares[0] / shares[1]), abs=2e-3)
    assert sum(shares) <= 1
    assert up["scale"] == "smoke"


def test_made_signals():
    signals = made_signals(SR, N)
    chirp = signals["up_chirp"].samples[0]
    np.testing.assert_array_equal(signals["down_chirp"].samples[0], chirp[::-1])
    for sound in signals.values():
        assert sound.rms == pytest.approx(0.1, rel=1e-5)
    window = np.hanning(256)
    spectra = [np.abs(np.fft.rfft(window * chirp[i : i + 256], 4096)) for i in (N // 4, N // 2)]
    low, high = (int(s.argmax()) for s in spectra)
    assert 1.8 <= high / low <= 2.2  # four octaves in N samples: one octave in N / 4


def test_bad_table():
    options = dict(stamp=STAMP, picture=picture, sr=SR)
    with pytest.raises(ValueError, match="n_samples=8 must be >= 64"):
        spin_of_chirps({}, n_samples=8, **options)
    with pytest.raises(ValueError, match=r"expected\['x'\]=2 must be one of"):
        spin_of_chirps({}, n_samples=N, expected={"x": 2}, **options)


# ------------------------------------------------------------------------------------ the picture


def test_tiles_hold_the_maximum_and_energies_all_samples():
    sound = made_signals(SR, N)["up_chirp"]
    S, result = SMALL(shape=N), made("up_chirp")
    hop = N // len(result.times_s)
    exact = list(Responses(torch.from_numpy(sound.samples[0]), S, sr=SR, hop=hop, decimate=False))
    for c in (0, 5, 20, len(exact) - 1):
        values = exact[c].values.numpy()
        assert result.energy[c] == pytest.approx((values**2).sum() * exact[c].stride, rel=1e-5)
        group = -(-len(S.psi1) // len(result.frequencies_hz))
        frame, row = 9, 2
        times = exact[c].times // hop == frame
        tile = values[row * group : (row + 1) * group, times]
        assert result.response[c, row, frame] == tile.max()
    np.testing.assert_allclose(result.times_s[:2], [hop / 2 / SR, 1.5 * hop / SR])
    assert (np.diff(result.frequencies_hz) < 0).all()
    assert result.scalogram.max() == result.fine_scalogram.max()


def test_rows_beyond_a_rate_are_zero():
    result = made("pulse")
    fast = result.index(rate_hz=result.rates_hz[-1], scale_cpo=result.scales_cpo[0], spin=1)
    assert not result.response[fast, -1].any()
    slow = result.index(rate_hz=result.rates_hz[0], scale_cpo=result.scales_cpo[0], spin=1)
    assert result.response[slow, len(result.frequencies_hz) // 2].any()


@pytest.mark.parametrize("n", [256, 1000, 4097])
def test_any_length(n):
    x = np.random.default_rng(0).standard_normal((1, n)).astype(np.float32)
    result = picture(Sound(samples=x, sr=SR))
    assert np.isfinite(result.response).all()
    assert result.times_s[-1] < n / SR
    assert result.scalogram.min() > 0
    assert len(result.times_s) <= 32


def test_channels_are_averaged():
    x = made_signals(SR, N)["up_chirp"].samples
    stereo = picture(Sound(samples=np.concatenate([1.5 * x, 0.5 * x]), sr=SR))
    np.testing.assert_allclose(stereo.response, made("up_chirp").response, rtol=1e-4, atol=1e-7)


def test_arrays_come_back(tmp_path):
    result = made("up_chirp")
    io.save_arrays(tmp_path / "a.npz", **result.arrays())
    back = ScaleRate.of_arrays(io.load_arrays(tmp_path / "a.npz"))
    assert back.sr == SR
    for name, array in result.arrays().items():
        np.testing.assert_array_equal(getattr(back, name), array)
    arrays = result.arrays()
    with pytest.raises(ValueError, match=r"must hold energy \(another .npz file\?\)"):
        ScaleRate.of_arrays({k: v for k, v in arrays.items() if k != "energy"})
    with pytest.raises(ValueError, match=r"response.shape=.* must be"):
        ScaleRate.of_arrays(arrays | {"response": arrays["response"][:-1]})


def test_grid_of_cells():
    result = made("up_chirp")
    grid, m = result.grid(), len(result.scales_cpo)
    assert grid.shape == (2 * m + 1, 1 + len(result.rates_hz))
    assert set(result.spin[grid[:m, 1:]].flat) == {1}
    assert set(result.spin[grid[m + 1 :, 1:]].flat) == {-1}
    assert (result.scale_cpo[grid[m]] == 0).all()
    assert (result.rate_hz[grid[:, 0]] == 0).all()
    np.testing.assert_array_equal(result.rate_hz[grid[0, 1:]], result.rates_hz)
    rows = [*result.scales_cpo[::-1], 0, *result.scales_cpo]
    np.testing.assert_array_equal(result.scale_cpo[grid], np.tile(rows, (grid.shape[1], 1)).T)
    assert set(grid.flat) == set(range(len(result.energy)))


def test_decibels():
    assert decibels(10, 1) == 10
    assert decibels(0, 1) == -np.inf
    assert np.isnan(decibels(0, 0))


def test_bad_sounds():
    noise = np.ones((1, 255), dtype=np.float32)
    with pytest.raises(ValueError, match=r"n_samples=255 must be >= 256 samples \(J=8, T=256\)"):
        picture(Sound(samples=noise, sr=SR))
    with pytest.raises(ValueError, match=r"n_samples=4096 must be <= 100 .*--duration"):
        picture(made_signals(SR, N)["sine"], max_samples=100)
    with pytest.raises(ValueError, match="max_frames=0 must be >= 1"):
        picture(made_signals(SR, N)["sine"], max_frames=0)


def test_part_of_a_sound():
    sound = Sound(samples=np.arange(8000, dtype=np.float32)[None], sr=SR)
    part = part_of(sound, start_s=0.5, duration_s=0.25)
    np.testing.assert_array_equal(part.samples[0], np.arange(4000, 6000))
    assert part_of(sound).n_samples == 8000
    with pytest.raises(ValueError, match=r"start=2 must be .* lasts 1 s"):
        part_of(sound, start_s=2)
    with pytest.raises(ValueError, match=r"duration=0\.6 must be"):
        part_of(sound, start_s=0.5, duration_s=0.6)


# --------------------------------------------------------------- chirp, sine, pulse; filter banks


@pytest.fixture(scope="module")
def grid():
    return scale_rate_grid(transform=GRID)


def test_grid_reads_as_expected(grid):
    """The chirp lights one spin, the sine the phi_t column, the pulse the phi_f row."""
    m = len(grid.response) // 2
    late = grid.times_s > 0.6
    chirp = np.square(grid.response[:, 1:][..., late])
    assert chirp[:m].sum() > 10 * chirp[m + 1 :].sum()
    row = int(np.abs(grid.frequencies_hz - 364).argmin())
    quiet = (grid.times_s > 0.1) & (grid.times_s < 0.3)
    sine = grid.response[..., row, :][..., quiet].max(-1)
    assert sine[m + 1 :, 0].max() > 4 * sine[:, 1:].max()
    centre = int(np.abs(grid.times_s - 0.5).argmin())
    high = grid.frequencies_hz > 800  # the chirp passes there later
    pulse = grid.response[:, 1:, high, centre].max(-1)
    assert (pulse[m] > 1.3 * np.delete(pulse, m, axis=0).max(0)).all()


def test_grid_layout(grid):
    rates = grid.wavelets.rates_hz
    S = GRID(shape=4096)
    assert rates[0] == 0
    np.testing.assert_allclose(rates[1:], sorted(psi.xi * 4096 for psi in S.psi2[5:]))
    assert len(grid.response) == 2 * (len(grid.wavelets.scales_cpo) - 1) + 1
    np.testing.assert_array_equal(grid.response[0, 0], grid.response[-1, 0])
    with pytest.raises(ValueError, match="must leave at least one second-order wavelet"):
        scale_rate_grid(transform=GRID, excluded_n2=range(20))


def test_wavelets_rise_with_spin_plus(grid):
    """A plane wave exp(i(at + by)) rises if a and b differ in sign: its phase is constant there."""
    psi, m = grid.wavelets.psi, len(grid.wavelets.psi) // 2
    assert (np.diff(grid.wavelets.octaves) < 0).all()
    for rows, spin in ((range(m), 1), (range(m + 1, 2 * m + 1), -1)):
        for row in rows:
            for image in psi[row, 1:]:
                power = np.abs(np.fft.fft2(image[::-1]))  # rows upwards
                y, t = np.unravel_index(power.argmax(), power.shape)
                fy, ft = np.fft.fftfreq(len(image))[y], np.fft.fftfreq(image.shape[1])[t]
                assert np.sign(fy * ft) == -spin


@pytest.fixture(scope="module")
def bank():
    return filterbank(transform=SMALL, sr=SR, n_samples=1024)


def test_banks_peak_at_xi_and_sum_up(bank):
    S = SMALL(shape=1024)
    n_padded = S.pad_left + 1024 + S.pad_right
    for made_bank, psi in ((bank.first, S.psi1), (bank.second, S.psi2)):
        for n in (2, len(psi) - 3):
            peak = made_bank.axis[made_bank.psi[n].argmax()]
            assert peak == pytest.approx(psi[n].xi * SR, abs=2 * SR / n_padded)
        full = [spectrum(p, n_padded) for p in psi]
        k = np.rint(made_bank.axis / SR * n_padded).astype(int)
        phi = S.phi_f["levels"][0]
        total = phi[k] ** 2 + sum(f[k] ** 2 + f[-k] ** 2 for f in full) / 2
        np.testing.assert_allclose(made_bank.littlewood_paley, total, atol=1e-12)
    live = [n for n, psi in enumerate(S.psi2) if any(p.j < psi.j for p in S.psi1)]
    np.testing.assert_array_equal(np.flatnonzero(bank.second.live), live)
    fr = bank.log_frequency
    np.testing.assert_allclose(fr.littlewood_paley[1:], fr.littlewood_paley[:0:-1], atol=1e-3)
    peaks = fr.axis[fr.psi.argmax(1)]
    xi = np.array([psi.xi for psi in S.psi_fr[1:]]) * 8
    np.testing.assert_allclose(peaks, xi, atol=0.15)


def test_bad_filterbank():
    with pytest.raises(ValueError, match="rates=0 must be >= 1"):
        filterbank(transform=SMALL, sr=SR, n_samples=1024, rates=0)
    with pytest.raises(ValueError, match="sr=-1 must be > 0"):
        filterbank(transform=SMALL, sr=-1, n_samples=1024)


# --------------------------------------------------------------------------- settings and the tool


@pytest.mark.parametrize("stage", ["filterbank", "scale_rate_grid"])
def test_smoke_settings_of_pictures(stage, monkeypatch):
    monkeypatch.chdir(ROOT)
    config.load_gin(config.stack(stage, scale="smoke"))
    function = {"filterbank": filterbank, "scale_rate_grid": scale_rate_grid}[stage]
    assert config.bound(function)() is not None


def test_smoke_settings_of_the_table(monkeypatch):
    monkeypatch.chdir(ROOT)
    stages = ("scale_rate", "spin_of_chirps")
    config.load_gin([path for stage in stages for path in config.stack(stage, scale="smoke")])
    rows = config.bound(spin_of_chirps)({}, stamp=STAMP)
    assert [row["holds"] for row in rows] == ["yes"] * 4


def run_tool(folder, *arguments):
    command = [sys.executable, str(ROOT / "scripts/plot_scale_rate.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_tool_works_from_any_folder(tmp_path):
    name = "my [sound] $1 é.wav"
    write_sound(tmp_path / name, made_signals(22050, 8192)["up_chirp"])
    done = run_tool(tmp_path, name, "--scale-rate", "out.npz")
    assert (done.returncode, done.stderr) == (0, "")
    assert "spin +1 (rising) over spin -1" in done.stdout
    assert (tmp_path / "my [sound] $1 é-scale-rate.png").stat().st_size > 10_000
    assert ScaleRate.of_arrays(io.load_arrays(tmp_path / "out.npz")).spin_ratio_db() > 10


def test_tool_says_in_one_line_what_is_wrong(tmp_path):
    write_sound(tmp_path / "short.wav", Sound(samples=np.ones((1, 100)), sr=22050))
    done = run_tool(tmp_path, "short.wav")
    assert done.returncode == 1
    assert done.stderr == (
        "error: n_samples=100 must be >= 4096 samples (J=12, T=4096)"
        " (a longer sound, or a smaller J and T in the gin file)\n"
    )


@needs_recordings
@pytest.mark.parametrize("name", ["robin", "seagull"])
def test_real_recordings(name):
    sound = part_of(read_sound(recording(name)), start_s=0.2, duration_s=0.5)
    result = scale_rate(sound, transform=partial(SMALL, J=10))
    assert np.isfinite(result.response).all()
    assert result.energy.min() > 0
