"""Features of sounds: what is listed, decoded, resampled, computed, written, resumed."""

import errno
import json
import os
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
from pyarrow import parquet
from tones import tone

import jtfs_repro
from jtfs_repro.io import FileError
from jtfs_repro.scattering import Scattering1D
from jtfs_repro.sounds import output, representations, work

ROOT = Path(__file__).parents[2]
SMALL = {"representation": "scattering1d", "J": 6, "T": 256, "Q": 4, "sr": 8000, "progress": False}


def read(path):
    """Return (values, paths, times, names, facts) of an output of any format."""
    if path.suffix == ".npz":
        z = np.load(path)
        facts = json.loads(str(z["facts"]))
        return z["values"], z["path"].tolist(), z["time_s"], z["feature"].tolist(), facts
    if path.suffix == ".h5":
        with h5py.File(path) as f:
            paths, names = ([t.decode() for t in f[k][:]] for k in ("path", "feature"))
            return f["values"][:], paths, f["time_s"][:], names, json.loads(f["facts"][()])
    if path.suffix == ".zarr":
        g = zarr.open_group(path, mode="r")
        columns = g["values"][:], g["path"][:].tolist(), g["time_s"][:]
        return *columns, g.attrs["feature"], g.attrs["facts"]
    table = pandas.read_parquet(path)
    names = list(table.columns[2:])
    return table[names].to_numpy(), table["path"].tolist(), table["time_s"].to_numpy(), names, None


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
    compute = work.Work.compute

    def killed(self, path):
        if len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(path.name)
        return compute(self, path)

    monkeypatch.setattr(work.Work, "compute", killed)
    with pytest.raises(KeyboardInterrupt):
        jtfs_repro.extract(folder, tmp_path / "out.npz", **SMALL)
    soundfile.write(folder / "a.wav", tone(2, sr=44100), 44100)

    def counted(self, path):
        computed.append(path.name)
        return compute(self, path)

    monkeypatch.setattr(work.Work, "compute", counted)
    done = jtfs_repro.extract(folder, tmp_path / "out.npz", **SMALL)
    assert done.n_sounds == 4
    assert computed[2:] == ["a.wav", os.fsdecode(b"sh\xffrt.wav"), "ç 日本.ogg"]


def test_an_interrupt_ends_the_run_not_only_one_sound(folder, tmp_path, monkeypatch):
    computed = []

    def interrupted(self, path):
        computed.append(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(work.Work, "compute", interrupted)
    table = tmp_path / "many.csv"
    table.write_text("".join(f"{i}.wav\n" for i in range(10000)))
    with pytest.raises(KeyboardInterrupt):
        jtfs_repro.extract(table, tmp_path / "out.npz", **SMALL)
    assert len(computed) < 10000


def test_a_sound_that_changes_meanwhile_keeps_what_was_computed(folder, tmp_path, monkeypatch):
    compute = work.Work.compute

    def changing(self, path):
        found = compute(self, path)
        path.touch()
        return found

    monkeypatch.setattr(work.Work, "compute", changing)
    assert jtfs_repro.extract(folder, tmp_path / "out.npz", **SMALL).n_sounds == 4


def test_shares_are_computed_apart_and_joined(folder, tmp_path, monkeypatch):
    for k in (1, 2, 3):
        done = jtfs_repro.extract(folder, tmp_path / "o.npz", shard=f"{k}/3", **SMALL)
        assert done.n_sounds == len(range(4)[k - 1 :: 3])
        assert not done.output.exists()
    monkeypatch.setattr(work.Work, "compute", lambda *_: pytest.fail("computed again"))
    assert jtfs_repro.extract(folder, tmp_path / "o.npz", **SMALL).n_sounds == 4


def test_a_full_disk_is_said_once(folder, tmp_path, monkeypatch):
    def full(self, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(work.Work, "compute", full)
    with pytest.raises(FileError, match=r"No space left .* kept"):
        jtfs_repro.extract(folder, tmp_path / "out.npz", **SMALL)


def test_the_table_of_paths(folder, tmp_path):
    done = jtfs_repro.extract(folder / "a.wav", tmp_path / "o.npz", **SMALL)
    facts = json.loads(str(np.load(done.output)["facts"]))
    paths = pandas.DataFrame(facts["paths"])
    assert len(paths) == len(done.names)
    assert set(paths["order"]) == {0, 1, 2}
    assert paths["frequency_hz"].max() < 4000


def test_rows_are_gathered_into_chunks(folder, tmp_path, monkeypatch):
    """One frame after the other, in chunks of seven and in one: the same table."""
    tables = []
    for n_bytes in (2000, 2**23):
        monkeypatch.setattr(output, "CHUNK_BYTES", n_bytes)
        monkeypatch.setattr(work, "ROWS_BYTES", n_bytes)
        path = tmp_path / f"{n_bytes}.zarr"
        jtfs_repro.extract(folder, path, summary="none", **SMALL)
        tables.append(read(path))
    for a, b in zip(*tables, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("samples", [24017, 40959, 20480])
def test_windows_of_mfcc_and_cqt_give_the_frames_of_the_whole(monkeypatch, samples):
    """Louder and louder: the floor of the decibels is below the loudest frame of all."""
    x = np.random.default_rng(0).standard_normal(samples) * np.linspace(0, 1, samples) ** 4
    x, cpu = x.astype(np.float32), torch.device("cpu")
    for made in (
        representations.mfcc(sr=8000.0),
        representations.cqt(sr=8000.0, n_bins=36, fmin_hz=200.0),
    ):
        ((_, whole),) = made.blocks(x, cpu)
        monkeypatch.setattr(representations, "AT_ONCE", 16)
        times, parts = zip(*made.blocks(x, cpu), strict=True)
        monkeypatch.undo()
        assert len(parts) > 1
        np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(np.concatenate(times), np.arange(len(whole)) * 512 / 8000)


def test_strf_takes_the_whole_sound(folder, tmp_path):
    """Two and a half segments: three frames, the last of which ends with the sound."""
    soundfile.write(folder / "long.wav", tone(2.5), 8000)
    done = jtfs_repro.extract(
        folder / "long.wav",
        tmp_path / "o.npz",
        representation="strf",
        duration_s=1.0,
        sr=8000,
        summary="none",
        progress=False,
    )
    np.testing.assert_allclose(np.load(done.output)["time_s"], [0.5, 1.5, 2.0])


def test_refused_before_any_work(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(work.Work, "compute", lambda *_: pytest.fail("computed"))
    for name, change, why in (
        ("out.csv", {}, r"output=.* must end in \.npz or"),
        ("out.npz", {"sr": 44.1}, "sr=44.1 must be >= 1000"),
        ("out.npz", {"representation": "jtsf"}, "representation='jtsf' must be one of"),
        ("out.npz", {"summary": "max"}, "summary='max' must be one of"),
        ("out.npz", {"J": 40}, "J=40 must be"),
        ("out.npz", {"jobs": 0}, "jobs=0 must be >= 1"),
        ("out.npz", {"channel": -1}, "channel=-1 must be"),
        ("out.npz", {"shard": "3/2"}, "shard='3/2' must be K/N"),
    ):
        with pytest.raises(ValueError, match=why):
            jtfs_repro.extract(folder, tmp_path / name, **{**SMALL, **change})
    with pytest.raises(FileError, match="cannot be written"):
        jtfs_repro.extract(folder, "/proc/out.npz", **SMALL)
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr/notes.txt").write_text("kept")
    with pytest.raises(FileError, match="no Zarr store"):
        jtfs_repro.extract(folder, tmp_path / "mine.zarr", **SMALL)


def test_the_command(folder, tmp_path):
    """Settings by gin; what is not taken, what is not read, the status; the sidecar in any case."""
    (folder / "bad.wav").write_bytes(b"RIFF")
    gin = tmp_path / "mine.gin"
    gin.write_text(
        "from __gin__ import dynamic_registration\n"
        "from jtfs_repro.sounds import representations\n"
        "representations.scattering1d.J = 5\nrepresentations.scattering1d.T = 256\n"
    )
    words = ["--representation", "scattering1d", "--sr", "8000", "--gin", gin]
    command = [sys.executable, ROOT / "scripts/extract_sounds.py", folder, tmp_path / "o.parquet"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "error: 1 sounds could not be read" in done.stderr
    assert "4 sounds" in done.stdout
    assert (tmp_path / "o.parquet.provenance.json").is_file()
    table = parquet.read_schema(tmp_path / "o.parquet")
    assert {"commit", "versions", "settings", "sr"} <= set(json.loads(table.metadata[b"facts"]))
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
