"""Embedded sounds, measured: pitch, rate, harmonics, onsets, noise, level; and prepared files."""

import inspect
import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import chirp as scipy_chirp
from scipy.signal import hilbert
from texture_files import FACTS, needs_recordings, recording

from jtfs_repro import config
from jtfs_repro.audio import Sound, read_sound, write_sound
from jtfs_repro.datasets.chirps import ChirpSynthesis, chirp, chirp_sine_pulse
from jtfs_repro.datasets.notes import Timbre, coloured_noise, gain, harmonic_note, rms
from jtfs_repro.datasets.sounds import GULL, HAWK, RECIPES, synthesise
from jtfs_repro.io import FileError
from jtfs_repro.studies.textures.textures import prepare

ROOT = Path(__file__).resolve().parents[3]
SR, N = 22050, 1 << 16
OFF_DB = -300.0
CALLS = ("gull", "hawk")


def settings_of(name):
    """All settings of a sound, defaults included."""
    recipe = RECIPES[name]
    found = inspect.signature(recipe.make).parameters.values()
    defaults = {p.name: p.default for p in found if p.default is not p.empty}
    return SimpleNamespace(**defaults | recipe.settings)


def pure(name, **timbre):
    """The settings without breath, jitter and background."""
    quiet = replace(settings_of(name).timbre, breath_db=OFF_DB, jitter=0.0, **timbre)
    return {"background_db": OFF_DB, "timbre": quiet}


def waveform(name, n_samples=N, seed=0, **settings):
    recipe = RECIPES[name]
    options = {**recipe.settings, **settings}
    return recipe.make(sr=SR, n_samples=n_samples, seed=seed, **options)


def level(x, width=64):
    """RMS of blocks, relative to the largest."""
    blocks = np.sqrt(np.square(x[: len(x) // width * width].reshape(-1, width)).mean(-1))
    return blocks / blocks.max()


def notes(x, width=64):
    """Return (start, stop) in samples of each stretch above -60 dB."""
    loud = np.concatenate([[False], level(x, width) > 1e-3, [False]])
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    return edges.reshape(-1, 2) * width


def frequency(x):
    """Instantaneous frequency in Hz of one partial."""
    return np.diff(np.unwrap(np.angle(hilbert(x)))) * SR / (2 * np.pi)


@pytest.mark.parametrize(("name", "count"), [("gull", 12), ("hawk", 14)])
def test_calls_have_silence_between_and_the_stated_rate(name, count):
    recipe = settings_of(name)
    found = notes(waveform(name, **pure(name)))
    assert len(found) == count
    planned = [s.onset_s + s.period_s * k for s in recipe.series for k in range(s.count)]
    periods = [s.period_s for s in recipe.series for _ in range(s.count)]
    late = (found[:, 0] / SR - planned) / periods
    assert np.abs(late).max() < recipe.timing_spread + 0.03  # a flank and a block late
    durations = np.concatenate([[s.duration_s] * s.count for s in recipe.series])
    assert np.abs(np.diff(found)[:, 0] / SR / durations - 1).max() < 0.1


@pytest.mark.parametrize("name", CALLS)
def test_fundamental_moves_one_way_between_its_ends(name):
    recipe = settings_of(name)
    x = waveform(name, **pure(name, n_partials=1))
    series = [s for s in recipe.series for _ in range(s.count)]
    for (start, stop), line in zip(notes(x), series, strict=True):
        length = stop - start
        middle = frequency(x[start:stop])[length // 8 : -length // 4]
        ends = np.array([middle[:20].mean(), middle[-20:].mean()])
        rising = line.f_end_hz > line.f_start_hz
        steps = np.diff(middle[::50])
        assert (steps > 0).all() if rising else (steps < 0).all()
        low, high = sorted([line.f_start_hz, line.f_end_hz])
        lowest = min(line.drift, 1) * (1 - recipe.pitch_spread)
        assert low * lowest < ends.min()
        assert ends.max() < high * (1 + recipe.pitch_spread)
        assert ends.max() / ends.min() > (high / low) ** 0.5


def partials(x, f_hz, n_partials):
    """Return the envelope of each partial: shifted to 0 Hz along its frequency, low-pass."""
    cycles, width = np.cumsum(f_hz) / SR, 221  # 10 ms: zero at multiples of 100 Hz
    kernel = np.hanning(width) / np.hanning(width).sum()
    carriers = np.exp(-2j * np.pi * np.arange(1, n_partials + 1)[:, None] * cycles)
    return np.array([np.abs(np.convolve(x * c, kernel, "same")) for c in carriers])


def test_all_partials_of_a_note_start_together():
    n, timbre = 6000, Timbre(n_partials=8, jitter=0.0, breath_db=OFF_DB)
    f_hz = np.linspace(1000, 700, n)
    onset = 2000
    shape = np.where(np.arange(n) < onset, 0.0, 1.0)
    x = harmonic_note(f_hz, shape, timbre=timbre, sr=SR, rng=np.random.default_rng(0))
    envelopes = partials(x, f_hz, 8)
    steady = gain(np.arange(1, 9) * f_hz[onset], timbre)
    starts = np.argmax(envelopes > 0.25 * steady[:, None], axis=1)  # half of the amplitude 1/2
    assert np.abs(starts - onset).max() < 0.002 * SR


def test_partials_follow_tilt_and_resonance():
    timbre = Timbre(tilt_db_per_oct=-4.0, resonances_hz=(2000.0,), resonance_db=6.0)
    octaves = 20 * np.log10(gain(np.array([1000.0, 2000.0, 16000.0]), timbre))
    np.testing.assert_allclose(octaves, [0, -4 + 6, -16], atol=0.05)
    plain = replace(timbre, resonance_db=0.0, jitter=0.0, breath_db=OFF_DB)
    n = SR
    x = harmonic_note(
        np.full(n, 800.0), np.ones(n), timbre=plain, sr=SR, rng=np.random.default_rng(3)
    )
    spectrum = np.abs(np.fft.rfft(x)) * 2 / n  # one bin is 1 Hz
    np.testing.assert_allclose(
        20 * np.log10(spectrum[800 * np.arange(1, 9)]),
        -4.0 * np.log2(0.8 * np.arange(1, 9)),
        atol=0.01,
    )


def test_dizi_is_harmonic_and_falls():
    recipe = settings_of("dizi")
    x = waveform("dizi", **pure("dizi"))
    tone = slice(round(0.2 * SR), round(0.7 * SR))
    power = np.abs(np.fft.rfft(x[tone] * np.hanning(tone.stop - tone.start))) ** 2
    frequencies = np.fft.rfftfreq(tone.stop - tone.start, 1 / SR)
    off = np.abs(frequencies / 1400 - np.round(frequencies / 1400))
    assert power[off > 0.1].sum() < 1e-4 * power.sum()  # vibrato and window stay near multiples
    found = frequency(waveform("dizi", **pure("dizi", n_partials=1)))
    at = [round((recipe.onset_s + s) * SR) for s in (0.5, 0.75, 1.2, 1.65, 2.2)]
    measured = [found[i - 50 : i + 50].mean() for i in at]
    moved = [0, 0.05, 0.5, 0.95, 1]  # share of the glissando, in octaves
    expected = 1400 * (600 / 1400) ** np.array(moved)
    np.testing.assert_allclose(measured, expected, rtol=recipe.vibrato + 0.002)
    glissando = found[round(0.85 * SR) : round(1.75 * SR)]
    assert (np.diff(glissando[::200]) < 0).all()


def test_am_chirp_is_the_chirp_of_section_3():
    recipe = settings_of("am_chirp")
    synthesis = ChirpSynthesis(
        sr=SR, duration=N / SR, bandwidth=recipe.bandwidth_oct, amplitude="none"
    )
    one = chirp(recipe.f_c_hz, recipe.f_m_hz, recipe.gamma_oct_per_s, synthesis=synthesis)
    np.testing.assert_array_equal(waveform("am_chirp"), one)
    np.testing.assert_array_equal(waveform("am_chirp", 4 * N), np.tile(one, 4))
    middle = frequency(one)[N // 2 + 600]  # the modulation is zero at the middle itself
    assert middle == pytest.approx(700 * 2 ** (1.5 * 600 / SR), rel=0.01)


def test_chirp_sine_pulse_by_another_route():
    t = np.arange(4096) / 4096
    x = chirp_sine_pulse()
    pulse = np.zeros(4096)
    pulse[2032:2064] = 5
    rising = scipy_chirp(t, 64, 1, 2048, method="logarithmic")
    expected = 0.5 * rising + 0.5 * np.cos(2 * np.pi * 364 * t) + pulse
    np.testing.assert_allclose(x, expected, atol=1e-9)
    sound = synthesise("chirp_sine_pulse")
    assert (sound.sr, sound.n_samples) == (4096, 4096)
    np.testing.assert_allclose(sound.samples[0], 0.1 * x / rms(x), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["gull", "hawk", "dizi", "am_chirp"])
@pytest.mark.parametrize(
    ("n_samples", "sr"), [(1 << 13, None), (N, 44100), (1 << 17, 48000), (1 << 18, None)]
)
def test_level_length_and_rate(name, n_samples, sr):
    sound = synthesise(name, n_samples=n_samples, sr=sr)
    assert sound.samples.shape == (1, n_samples)
    assert sound.sr == (RECIPES[name].sr if sr is None else sr)
    assert sound.rms == pytest.approx(0.1, rel=1e-5)
    assert np.abs(sound.samples).max() < 1


def test_chirp_sine_pulse_has_no_room_for_a_peak_in_long_sounds():
    sound = synthesise("chirp_sine_pulse")
    assert sound.rms == pytest.approx(0.1, rel=1e-5)
    assert np.abs(sound.samples).max() < 1
    with pytest.raises(ValueError, match=r"peak=1\.\d+ must be < 1.*short pulse"):
        synthesise("chirp_sine_pulse", n_samples=1 << 15)


@pytest.mark.parametrize("sr", [11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("k", [13, 15, 17])
def test_am_chirp_at_any_usual_rate(sr, k):
    assert synthesise("am_chirp", sr=sr, n_samples=1 << k).n_samples == 1 << k


@pytest.mark.parametrize("name", ["gull", "hawk", "dizi"])
def test_seeds(name):
    first, again, other = (synthesise(name, n_samples=1 << 14, seed=s).samples for s in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first[0], other[0])[0, 1]) < 0.5


@pytest.mark.parametrize("name", ["gull", "hawk", "dizi"])
def test_long_sounds_repeat_the_phrase_with_other_draws(name):
    x = waveform(name, 4 * N, **pure(name))
    n = round(settings_of(name).phrase_s * SR)
    first, second = x[:n], x[n : 2 * n]
    assert abs(rms(second) / rms(first) - 1) < 0.2
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.5
    np.testing.assert_allclose(x[: N // 2], waveform(name, N // 2, **pure(name)), atol=1e-12)


@pytest.mark.parametrize("name", ["gull", "hawk", "dizi"])
def test_background_level(name):
    silent = waveform(name, background_db=OFF_DB)
    found = 20 * np.log10(rms(waveform(name) - silent) / rms(silent))
    assert found == pytest.approx(settings_of(name).background_db, abs=0.01)


@pytest.mark.parametrize("tilt", [0.0, -3.0, -6.0])
def test_noise_slope(tilt):
    noise = coloured_noise(1 << 17, tilt_db_per_oct=tilt, sr=SR, seed=[0])
    assert rms(noise) == pytest.approx(1)
    power, frequencies = np.abs(np.fft.rfft(noise)) ** 2, np.fft.rfftfreq(1 << 17, 1 / SR)
    edges = 100 * 2.0 ** np.arange(7)
    means = [power[(frequencies >= a) & (frequencies < 2 * a)].mean() for a in edges]
    slope = np.polyfit(np.arange(7), 10 * np.log10(means), 1)[0]
    assert slope == pytest.approx(tilt, abs=0.1)


def test_breath_level_and_place():
    quiet = pure("hawk")
    breathy = quiet | {"timbre": replace(quiet["timbre"], breath_db=-10.0)}
    silent = waveform("hawk", **quiet)
    breath = waveform("hawk", **breathy) - silent
    assert 20 * np.log10(rms(breath) / rms(silent)) == pytest.approx(-10, abs=1)
    pauses = np.concatenate([breath[b + 64 : c - 64] for (_, b), (c, _) in pairwise(notes(breath))])
    assert np.abs(pauses).max() < 1e-9  # only where there are notes


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (dict(name="owl"), "name='owl' must be one of 'gull', 'hawk'.*a sound file"),
        (dict(name="gull", n_samples=1000), "n_samples=1000 must be a power of two"),
        (dict(name="gull", n_samples=512), "n_samples=512 must reach the first note"),
        (dict(name="gull", sr=16000), r"sr=16000\.0 must exceed 1\d{4} Hz: partial 8 reaches"),
        (dict(name="dizi", sr=16000), r"sr=16000\.0 must exceed 19\d{3} Hz: partial 7 reaches"),
        (dict(name="am_chirp", sr=4096), "below Nyquist"),
        (dict(name="chirp_sine_pulse", sr=4000), r"sr=4000\.0 must be >= 4096.*ends at 2048"),
        (dict(name="hawk", seed=-1), "seed=-1 must be >= 0"),
    ],
)
def test_refused_requests(options, match):
    with pytest.raises(ValueError, match=match):
        synthesise(options.pop("name"), **options)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: synthesise("gull", settings={"series": ()}), "hold at least one Series"),
        (lambda: synthesise("gull", settings={"release": 0.0}), "release=0.0 must be > 0"),
        (lambda: synthesise("gull", settings={"pitch_spread": 2.0}), "pitch_spread=2.0 must"),
        (lambda: synthesise("gull", settings={"background_db": 21}), "background_db=21 must"),
        (lambda: synthesise("gull", settings={"noise": 1}), "setting of gull='noise' must be one"),
        (lambda: replace(GULL["series"][0], period_s=0.1), "period_s=0.1 must be >= 0.42.*overlap"),
        (lambda: replace(GULL["timbre"], tilt_db_per_oct=4.0), "tilt_db_per_oct=4.0 must"),
        (lambda: synthesise("dizi", settings={"phrase_s": 2.0}), "phrase_s=2.0 must be >= 2.75"),
        (lambda: synthesise("dizi", settings={"f_end_hz": 0.0}), "f_end_hz=0.0 must be > 0"),
        (lambda: synthesise("am_chirp", settings={"phrase_s": -1.0}), "phrase_s=-1.0 must be > 0"),
    ],
)
def test_refused_settings(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_loud_peak_is_refused():
    line = replace(HAWK["series"][0], count=1, period_s=1.0, duration_s=0.02, f_end_hz=900)
    click = {"series": (line,), "background_db": OFF_DB}
    with pytest.raises(ValueError, match=r"peak=\d.* must be < 1 at an RMS of 0\.1"):
        synthesise("hawk", n_samples=N, settings=click)


def test_prepare_embedded():
    prepared = prepare("dizi", max_samples=1 << 14, seed=2)
    direct = synthesise("dizi", n_samples=1 << 14, seed=2)
    np.testing.assert_array_equal(prepared.sound.samples, direct.samples)
    assert list(prepared.facts)[:4] == ["name", "title", "origin", "source"]
    expected = dict(name="dizi", origin="synthesised by this project", source="", seed=2)
    assert expected.items() <= prepared.facts.items()
    assert prepare("hawk", max_samples=None).sound.n_samples == N
    assert prepare("chirp_sine_pulse").sound.n_samples == 4096
    with pytest.raises(ValueError, match="max_samples=1000 must be a power of two"):
        prepare("hawk", max_samples=1000)
    with pytest.raises(ValueError, match="name='owl' must be one of"):
        prepare("owl")


@pytest.mark.parametrize(("max_samples", "kept"), [(None, 4096), (8192, 4096), (1024, 1024)])
def test_prepare_file(tmp_path, max_samples, kept):
    x = np.random.default_rng(0).standard_normal((2, 5000)).astype(np.float32)
    write_sound(tmp_path / "a b.wav", Sound(samples=x, sr=48000))
    prepared = prepare("mine", path=tmp_path / "a b.wav", max_samples=max_samples)
    np.testing.assert_allclose(prepared.sound.samples, x[:, :kept].mean(0)[None], atol=1e-6)
    expected = dict(
        name="mine",
        title="a b",
        origin="file",
        source="a b.wav",
        sr=48000.0,
        n_samples=kept,
        n_channels=1,
        n_channels_found=2,
        n_samples_found=5000,
        n_samples_cut=5000 - kept,
        seed=None,
    )
    assert expected.items() <= prepared.facts.items()


def test_prepare_refuses_silence(tmp_path):
    late = np.zeros((1, 3000))
    late[0, 2500] = 1
    write_sound(tmp_path / "late.wav", Sound(samples=late, sr=SR))
    with pytest.raises(FileError, match="its first 2048 samples, which are used, are silent"):
        prepare("late", path=tmp_path / "late.wav", max_samples=None)
    with pytest.raises(FileError, match="silent"):
        prepare("late", path=tmp_path / "late.wav", max_samples=1024)
    x = np.random.default_rng(0).standard_normal(100)
    write_sound(tmp_path / "sides.wav", Sound(samples=np.stack([x, -x]), sr=SR))
    with pytest.raises(FileError, match=r"sides\.wav: .*channels that cancel"):
        prepare("sides", path=tmp_path / "sides.wav")
    with pytest.raises(FileError, match="no such file"):
        prepare("none", path=tmp_path / "none.wav")


def script(*arguments):
    command = [sys.executable, "-m", "jtfs_repro", "prepare_sound", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def outputs(folder, name, gin):
    files = dict(sound=folder / f"{name}.wav", facts=folder / f"{name}.json")
    options = [f"--{key}={path}" for key, path in files.items()]
    run = ["--run=smoke", f"--name={name}", f"--operative={folder / name}.gin"]
    return [*options, *run, "--gin", *gin]


def test_script_repeats_from_its_own_settings(tmp_path):
    gin = config.stack("textures", scale="smoke", root=ROOT / "gin")
    done = script(*outputs(tmp_path / "1", "gull", gin))
    assert (done.returncode, done.stderr) == (0, "")
    again = script(*outputs(tmp_path / "2", "gull", [tmp_path / "1" / "gull.gin"]))
    assert (again.returncode, again.stderr) == (0, "")
    for name in ("gull.wav", "gull.json", "gull.gin"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    facts = json.loads((tmp_path / "1" / "gull.json").read_text())
    assert (facts["n_samples"], facts["scale"], facts["device"]) == (8192, "smoke", "cpu")
    recorded = f"--recording={tmp_path / '1' / 'gull.wav'}"
    given = script(recorded, *outputs(tmp_path / "3", "mine", gin))
    assert (given.returncode, given.stderr) == (0, "")
    assert json.loads((tmp_path / "3" / "mine.json").read_text())["name"] == "mine"
    direct, copy = (read_sound(tmp_path / p).samples for p in ("1/gull.wav", "3/mine.wav"))
    np.testing.assert_array_equal(direct, copy)


def test_script_refuses_in_one_line(tmp_path):
    gin = config.stack("textures", scale="smoke", root=ROOT / "gin")
    done = script(f"--recording={tmp_path}", *outputs(tmp_path, "a", gin))
    assert done.returncode == 1
    assert done.stderr == f"error: {tmp_path}: is a folder (give one sound file)\n"
    nameless = [word for word in outputs(tmp_path, "a", gin) if word != "--name=a"]
    assert script("--recording=a.wav", *nameless).returncode == 2
    assert not list(tmp_path.iterdir())


@needs_recordings
@pytest.mark.parametrize("name", FACTS)
def test_real_recordings(name):
    n_samples = FACTS[name][2]
    whole = prepare(name, path=recording(name), max_samples=None)
    largest = 1 << (n_samples.bit_length() - 1)
    assert whole.sound.samples.shape == (1, largest)
    facts = whole.facts
    assert (facts["sr"], facts["n_channels_found"], facts["n_samples_found"]) == FACTS[name]
    assert facts["n_samples_cut"] == n_samples - largest
    short = prepare(name, path=recording(name), max_samples=N // 2)
    np.testing.assert_array_equal(short.sound.samples, whole.sound.samples[:, : N // 2])
