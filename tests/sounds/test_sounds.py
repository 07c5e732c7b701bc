"""Features of sounds: what is listed, decoded, resampled, computed, written, resumed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas
import pytest
import soundfile
import torch
import zarr

import jtfs_repro
from jtfs_repro.io import FileError
from jtfs_repro.scattering import Scattering1D
from jtfs_repro.sounds import decoding, representations
from jtfs_repro.sounds import extract as extraction
from jtfs_repro.sounds.decoding import decoded
from jtfs_repro.sounds.listing import listed

ROOT = Path(__file__).parents[2]
SMALL = {"representation": "scattering1d", "J": 6, "T": 256, "Q": 4, "sr": 8000, "progress": False}


def tone(seconds=1.0, sr=8000, f=440):
    t = np.arange(int(seconds * sr)) / sr
    return 0.3 * np.sin(2 * np.pi * f * t) * (1 + 0.5 * np.sin(2 * np.pi * 5 * t))


@pytest.fixture
def folder(tmp_path):
    """Sounds in several formats and rates, with what lies beside sounds."""
    sounds = tmp_path / "sounds"
    (sounds / "deeper").mkdir(parents=True)
    soundfile.write(sounds / "a.wav", tone(sr=44100), 44100)
    soundfile.write(sounds / "b.flac", np.stack([tone(sr=16000)] * 2, axis=1), 16000)
    soundfile.write(sounds / "deeper/ç 日本.ogg", tone(f=880), 8000)
    soundfile.write(sounds / "short.wav", tone(0.05), 8000)
    os.rename(sounds / "short.wav", os.fsencode(sounds) + b"/sh\xffrt.wav")
    for name in (".DS_Store", "._a.wav", "Thumbs.db"):
        (sounds / name).write_text("left by a system")
    (sounds / "notes.txt").write_text("not a sound")
    return sounds


def read(path):
    """Return (values, paths, times, names, facts) of an output of any format."""
    if path.suffix == ".npz":
        z = np.load(path)
        facts = json.loads(str(z["facts"]))
        return z["values"], z["path"].tolist(), z["time_s"], z["feature"].tolist(), facts
    if path.suffix == ".h5":
        with h5py.File(path) as f:
            paths, names = ([t.decode() for t in f[k][:]] for k in ("path", "feature"))
            return f["values"][:], paths, f["time_s"][:], names, json.loads(f.attrs["facts"])
    if path.suffix == ".zarr":
        g = zarr.open_group(path, mode="r")
        columns = g["values"][:], g["path"][:].tolist(), g["time_s"][:]
        return *columns, g.attrs["feature"], g.attrs["facts"]
    table = pandas.read_parquet(path)
    names = list(table.columns[2:])
    return table[names].to_numpy(), table["path"].tolist(), table["time_s"].to_numpy(), names, None


def test_what_is_taken(folder):
    found = listed([folder])
    assert [os.fsencode(p.name) for p in found.sounds] == [
        b"a.wav",
        b"b.flac",
        b"sh\xffrt.wav",
        "ç 日本.ogg".encode(),
    ]
    assert [p.name for p in found.not_taken] == ["notes.txt"]
    table = folder / "paths.csv"
    table.write_bytes("\ufeffid;path\r\n1;a.wav\r\n2;deeper/ç 日本.ogg".encode())
    assert [p.name for p in listed([table]).sounds] == ["a.wav", "ç 日本.ogg"]
    table.write_text("b.flac\n")
    assert listed([table]).sounds == (folder / "b.flac",)
    with pytest.raises(FileError, match="no such file or folder"):
        listed([folder / "nope"])
    (folder / "empty").mkdir()
    with pytest.raises(FileError, match="no sounds"):
        listed([folder / "empty"])


def test_decoding_is_one_good_resampling(tmp_path):
    """A tone keeps its amplitude and place; what is above the new band is gone."""
    n = 44100 * 3
    x = tone(3, 44100, 1000) + 0.3 * np.sin(2 * np.pi * 6000 * np.arange(n) / 44100)
    soundfile.write(tmp_path / "a.wav", np.stack([x, 0 * x], axis=1), 44100, subtype="FLOAT")
    with decoded(tmp_path / "a.wav", sr=8000, channel=0) as (y, sr):
        assert sr == 8000
        assert abs(len(y) - 24000) <= 1
        inner = slice(1000, 23000)
        np.testing.assert_allclose(y[inner], tone(3, 8000, 1000)[inner], atol=2e-3)
    with decoded(tmp_path / "a.wav", sr=None) as (y, sr):
        np.testing.assert_allclose(y, x / 2, atol=1e-6)
    with pytest.raises(FileError, match="channel=2 must be 0 to 1"):
        decoded(tmp_path / "a.wav", sr=None, channel=2).__enter__()


def test_long_sounds_are_maps_of_a_temporary_file(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", tone(2), 8000, subtype="FLOAT")
    monkeypatch.setattr(decoding, "IN_MEMORY", 5000)
    monkeypatch.setattr(decoding, "BLOCK", 3000)
    with decoded(tmp_path / "a.wav", sr=8000, folder=tmp_path) as (x, _):
        assert isinstance(x, np.memmap)
        np.testing.assert_allclose(x, tone(2), atol=1e-6)
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize(
    ("name", "damage", "why"),
    [
        ("a.wav", lambda b: b[: len(b) // 2], "cut short: .* of 8000 samples"),
        ("a.flac", lambda b: b[: len(b) // 2], "cut short|decoded to its end"),
        ("a.wav", lambda b: b"", "is empty"),
        ("a.wav", lambda b: b"text" * 99, "no sound in it|not read by libsndfile"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, damage, why):
    path = tmp_path / name
    soundfile.write(path, tone(), 8000)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(FileError, match=rf"{name}: .*({why})") as caught, decoded(path, sr=8000):
        pass
    assert "\n" not in str(caught.value)


def test_wav_of_unknown_length_is_whole(tmp_path):
    """Programs that write to a pipe say 0 or 2**32 - 1 bytes."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), 8000)
    whole = path.read_bytes()
    at = whole.index(b"data") + 4
    path.write_bytes(whole[:at] + b"\xff" * 4 + whole[at + 4 :])
    with decoded(path, sr=8000) as (x, _):
        assert len(x) == 8000


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg is not installed")
def test_formats_of_ffmpeg(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(), 8000)
    for name in ("a.m4a", "a.mka", "a.wma"):
        command = ["ffmpeg", "-v", "error", "-i", tmp_path / "a.wav", tmp_path / name]
        subprocess.run(command, check=True)
        with decoded(tmp_path / name, sr=8000) as (x, _):
            assert abs(len(x) - 8000) < 4000
            assert np.std(x) == pytest.approx(np.std(tone()), rel=0.2)


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".zarr", ".parquet"])
def test_one_row_a_sound_in_any_format(folder, tmp_path, suffix):
    done = jtfs_repro.extract(folder, tmp_path / f"out{suffix}", **SMALL)
    values, paths, times, names, facts = read(done.output)
    assert values.shape == (4, len(names))
    assert [Path(p).name for p in paths] == ["a.wav", "b.flac", "sh\\xffrt.wav", "ç 日本.ogg"]
    assert names == done.names
    np.testing.assert_allclose(times, [0.5, 0.5, 0.025, 0.5], atol=0.01)
    # values of the transform itself, of the sound that needs no resampling
    x = soundfile.read(folder / "deeper/ç 日本.ogg", dtype="float32")[0]
    S = Scattering1D(J=6, T=256, Q=4, shape=8000)(torch.from_numpy(x))
    np.testing.assert_allclose(values[3], S.mean(-1).numpy(), rtol=1e-4, atol=1e-6)
    if facts:
        assert facts["representation"] == "scattering1d"
        assert facts["sr"] == 8000
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"out{suffix}", "sounds"]


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".zarr", ".parquet"])
def test_one_row_a_frame(folder, tmp_path, suffix):
    done = jtfs_repro.extract(folder, tmp_path / f"out{suffix}", summary="none", **SMALL)
    values, paths, times, _, _ = read(done.output)
    assert done.n_rows == len(values) == len(paths) == len(times)
    last = [i for i, path in enumerate(paths) if path.endswith("日本.ogg")]
    x = soundfile.read(folder / "deeper/ç 日本.ogg", dtype="float32")[0]
    S = Scattering1D(J=6, T=256, Q=4, shape=8000)
    np.testing.assert_allclose(values[last], S(torch.from_numpy(x)).T.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(times[last], S.frame_times(8000))


def test_pandas_reads_it_in_two_lines(folder, tmp_path):
    jtfs_repro.extract(folder, tmp_path / "out.npz", **SMALL)
    z = np.load(tmp_path / "out.npz")
    table = pandas.DataFrame(z["values"], index=z["path"], columns=z["feature"])
    assert table.shape == (4, len(z["feature"]))


@pytest.mark.parametrize("name", representations.REPRESENTATIONS)
def test_all_representations(folder, tmp_path, name):
    options = {"jtfs": {"J": 6, "T": 256, "Q": 4}, "cqt": {"n_bins": 36, "fmin_hz": 200.0}}
    done = jtfs_repro.extract(
        folder / "a.wav",
        tmp_path / "out.npz",
        representation=name,
        summary="mean_std",
        sr=8000,
        progress=False,
        **options.get(name, {}),
    )
    values = np.load(done.output)["values"]
    assert values.shape == (1, len(done.names))
    assert np.isfinite(values).all()


def test_global_average_is_one_row(folder, tmp_path):
    done = jtfs_repro.extract(
        folder, tmp_path / "o.npz", summary="none", **{**SMALL, "T": "global"}
    )
    assert done.n_rows == 4


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(folder, tmp_path):
    (folder / "bad.wav").write_bytes(b"RIFF")
    done = jtfs_repro.extract(folder, tmp_path / "out.npz", jobs=2, **SMALL)
    assert done.n_sounds == 4
    assert list(done.failed) == [str(folder / "bad.wav")]
    with pytest.raises(FileError, match=r"bad\.wav"):
        jtfs_repro.extract(folder, tmp_path / "strict.npz", strict=True, **SMALL)


def test_a_killed_run_goes_on(folder, tmp_path, monkeypatch):
    """Of four sounds, those that were done before stay; changed ones are computed again."""
    computed = []
    compute = extraction._Work.compute

    def killed(self, path):
        if len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(path.name)
        compute(self, path)

    monkeypatch.setattr(extraction._Work, "compute", killed)
    with pytest.raises(KeyboardInterrupt):
        jtfs_repro.extract(folder, tmp_path / "out.npz", **SMALL)
    soundfile.write(folder / "a.wav", tone(2, sr=44100), 44100)

    def counted(self, path):
        computed.append(path.name)
        compute(self, path)

    monkeypatch.setattr(extraction._Work, "compute", counted)
    done = jtfs_repro.extract(folder, tmp_path / "out.npz", **SMALL)
    assert done.n_sounds == 4
    assert computed[2:] == ["a.wav", os.fsdecode(b"sh\xffrt.wav"), "ç 日本.ogg"]


def test_refused_before_any_work(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction._Work, "compute", lambda *_: pytest.fail("computed"))
    for output, change, why in (
        ("out.csv", {}, r"output=.* must end in \.npz or"),
        ("out.npz", {"sr": 44.1}, "sr=44.1 must be >= 1000"),
        ("out.npz", {"representation": "jtsf"}, "representation='jtsf' must be one of"),
        ("out.npz", {"summary": "max"}, "summary='max' must be one of"),
        ("out.npz", {"J": 40}, "J=40 must be"),
        ("out.npz", {"jobs": 0}, "jobs=0 must be >= 1"),
    ):
        with pytest.raises(ValueError, match=why):
            jtfs_repro.extract(folder, tmp_path / output, **{**SMALL, **change})
    with pytest.raises(FileError, match="cannot be written"):
        jtfs_repro.extract(folder, "/proc/out.npz", **SMALL)


def test_the_command(folder, tmp_path):
    """Settings by gin; what is not taken, and the status, are said."""
    gin = tmp_path / "mine.gin"
    gin.write_text(
        "from __gin__ import dynamic_registration\n"
        "from jtfs_repro.sounds import representations\n"
        "representations.scattering1d.J = 5\nrepresentations.scattering1d.T = 256\n"
    )
    words = ["--representation", "scattering1d", "--sr", "8000", "--gin", gin]
    command = [sys.executable, ROOT / "scripts/extract_sounds.py", folder, tmp_path / "o.parquet"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 sounds" in done.stdout
    assert "not taken (no suffix of a sound)" in done.stderr
    names = pandas.read_parquet(tmp_path / "o.parquet").columns[2:]
    assert len(names) == Scattering1D(J=5, Q=(8, 1), shape=4096, T=256).channels


def test_the_example_of_the_docs(tmp_path, monkeypatch, capsys):
    """The scores that docs/sounds.md states, of joint scattering and of scattering in time."""
    text = (ROOT / "docs/sounds.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert f"It prints {capsys.readouterr().out.strip()}:" in text
