"""Scores of stored resyntheses, their tables, the scripts: definitions, files, errors."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from texture_standins import METHODS, SR, STAMP, write_textures

from jtfs_repro import config, io
from jtfs_repro.audio import Sound, read_sound, write_sound
from jtfs_repro.metrics import textures as metrics
from jtfs_repro.metrics.synchrony import OnsetBands, onset_correlations
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering
from jtfs_repro.studies.textures.evaluate_resynthesis import Ears, evaluate_resynthesis
from jtfs_repro.studies.textures.resynthesis_files import load_cost, load_facts, load_resynthesis
from jtfs_repro.studies.textures.resynthesis_stages import cost_table, resynthesis_table
from jtfs_repro.tables import format_cell

ROOT = Path(__file__).parents[3]
N = 1 << 14
SHORT = (("jtfs", "lbfgs"), ("scattering1d", "lbfgs"))


def ears(**options):
    def jtfs(shape):
        return TimeFrequencyScattering(
            J=8, J_fr=3, Q=4, Q_fr=1, T=512, F=0, shape=shape, format="time"
        )

    def scattering1d(shape):
        return Scattering1D(J=8, Q=4, T=512, shape=shape)

    return lambda: Ears(jtfs=jtfs, scattering1d=scattering1d, **options)


def scores(made, name="gull", **options):
    sound = made.sound(name)
    return evaluate_resynthesis(
        read_sound(sound),
        [load_resynthesis(path) for path in made.facts(name)],
        facts=io.load_json(sound.with_suffix(".json")),
        ears=ears(**options),
    )


def as_text(rows):
    return [{name: format_cell(cell) for name, cell in row.items()} for row in rows]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return write_textures(tmp_path_factory.mktemp("textures"), n_samples=N)


@pytest.fixture(scope="module")
def rows(made):
    return scores(made)


def find(rows, representation, descent=""):
    (row,) = [r for r in rows if (r["representation"], r["descent"]) == (representation, descent)]
    return row


ERRORS = ("spectral_convergence", "spectral_convergence_averaged", "log_spectral_distance_db")
ERRORS += ("error_jtfs", "error_scattering1d")
SHARES = ("synchrony_kept", "synchrony_similarity", "spin_contrast_kept")


def test_every_method_has_a_row_and_the_ends_come_first(rows):
    labels = [(row["representation"], row["descent"]) for row in rows]
    assert labels == [("original", ""), ("initial_noise", ""), *METHODS]
    assert {row["sound"] for row in rows} == {"gull"}
    assert {row["origin"] for row in rows} == {"synthesised by this project"}
    assert {row["scale"] for row in rows} == {"demo"}
    assert {tuple(row) for row in rows} == {tuple(rows[0])}


def test_original_is_perfect_and_noise_keeps_nothing(rows):
    original, noise = find(rows, "original"), find(rows, "initial_noise")
    for name in ERRORS:
        assert original[name] == pytest.approx(0, abs=1e-12)
        assert noise[name] > 0.05
    for name in (*SHARES, "spin_contrast_similarity"):
        assert original[name] == pytest.approx(1)
    assert noise["synchrony_kept"] == 0
    assert original["error_best"] is None
    assert noise["status"] == ""


def test_kept_onsets_are_told_from_lost_ones(rows):
    jtfs, scattering1d = find(rows, "jtfs", "lbfgs"), find(rows, "scattering1d", "lbfgs")
    assert jtfs["synchrony_kept"] > 0.9
    assert scattering1d["synchrony_kept"] < 0.5
    assert jtfs["synchrony_similarity"] > scattering1d["synchrony_similarity"] + 0.2


def test_scores_are_those_of_texture_metrics(made, rows):
    """Second route for one row: the files, transformed here."""
    x, one = read_sound(made.sound("gull")).samples, load_resynthesis(made.facts("gull")[0])
    row = find(rows, *METHODS[0])
    (ear,) = [ears()()]
    jtfs = ear.jtfs(N)
    S = [jtfs(torch_of(sound)).numpy() for sound in (x, one.samples)]
    assert row["error_jtfs"] == pytest.approx(np.linalg.norm(S[1] - S[0]) / np.linalg.norm(S[0]))
    energies = [metrics.spin_energies(s, jtfs.meta()) for s in S]
    assert row["spin_contrast_kept"] == pytest.approx(metrics.contrast_kept(*energies[::-1]))
    plus, minus = energies[1].sum(axis=1)
    assert row["spin_contrast"] == pytest.approx((plus - minus) / (plus + minus))
    bands = OnsetBands()
    onsets = [onset_correlations(s, sr=SR, bands=bands) for s in (x, one.samples)]
    value = np.sum(onsets[1].correlation * onsets[0].weight) / onsets[0].weight.sum()
    assert row["synchrony"] == pytest.approx(value)


def torch_of(x):
    import torch

    return torch.from_numpy(x)


def test_errors_at_the_marks_are_the_histories(made, rows):
    row = find(rows, "jtfs", "bold_driver")
    table = io.load_csv(made.files(".csv", "gull")[METHODS.index(("jtfs", "bold_driver"))])
    assert row["error_at_20"] == float(table[20]["best_error"])
    assert row["error_at_100"] == float(table[100]["best_error"])
    assert row["n_evaluations"] == 121
    assert row["iterations"] == 120


def test_marks_that_were_not_reached(tmp_path):
    made = write_textures(
        tmp_path, sounds=["gull"], methods=SHORT[:1], n_samples=4096, iterations=30
    )
    one = load_resynthesis(made.facts()[0])
    assert one.error_at(20) == float(one.history[20]["best_error"])
    assert one.error_at(30) is not None
    assert one.error_at(100) is None
    facts = io.load_json(made.facts()[0]) | {"status": "early stop: error below tolerance"}
    io.save_json(made.facts()[0], facts)
    stopped = load_resynthesis(made.facts()[0])
    assert stopped.error_at(100) == float(one.history[30]["best_error"])


def test_best_error_up_to_a_mark_not_the_current_one(made):
    one = load_resynthesis(made.facts()[0])
    worse = [dict(row) for row in one.history]
    worse[20]["error"] = "9.9"
    assert type(one)(**(vars(one) | {"history": worse})).error_at(20) == one.error_at(20)


def test_each_initial_noise_has_its_row(tmp_path):
    made = write_textures(
        tmp_path, sounds=["gull"], methods=SHORT, n_samples=N, shift_of_start=1, iterations=3
    )
    rows = scores(made)
    noises = [row["descent"] for row in rows if row["representation"] == "initial_noise"]
    assert noises == ["jtfs-lbfgs", "scattering1d-lbfgs"]
    for row in rows[-2:]:
        name = f"{row['representation']}-lbfgs"
        floor = find(rows, "initial_noise", name)["synchrony"]
        value, end = row["synchrony"], find(rows, "original")["synchrony"]
        assert row["synchrony_kept"] == pytest.approx((value - floor) / (end - floor))


def test_long_sounds_are_cut(made, rows):
    """The parts together weigh as much as the whole, up to what is padded at their ends."""
    cut = scores(made, segment=6000)
    for one, other in zip(cut, rows, strict=True):
        for name in ("error_jtfs", "error_scattering1d", "spin_contrast"):
            assert one[name] == pytest.approx(other[name], rel=0.25, abs=0.05)
        assert one["synchrony"] == other["synchrony"]


def test_stereo(tmp_path):
    options = {"sounds": ["gull"], "methods": SHORT, "n_samples": N, "iterations": 3}
    stereo = scores(write_textures(tmp_path / "2", n_channels=2, **options))
    mono = scores(write_textures(tmp_path / "1", **options))
    for one, other in zip(stereo, mono, strict=True):
        assert one["n_channels"] == 2
        if one["representation"] != "initial_noise":  # its channels are not equal
            assert one["synchrony"] == pytest.approx(other["synchrony"], abs=1e-3)
            assert one["error_jtfs"] == pytest.approx(other["error_jtfs"], abs=1e-3)


# Tables


def test_tables_join_the_sounds(made, rows):
    other = scores(made, "hawk")
    table, text = resynthesis_table([as_text(rows), as_text(other)])
    assert len(table) == 2 * 6
    assert [row["sound"] for row in table] == ["gull"] * 6 + ["hawk"] * 6
    assert text.startswith(STAMP.line)
    assert "| gull | jtfs | bold_driver | finished | 120 |" in text
    assert "synchrony_kept" in text


def test_cost_has_the_papers_seconds_beside(made):
    facts = [load_facts(path) for path in made.facts()]
    costs = [load_cost(path) for path in made.facts()]
    table = cost_table(facts, [{**cost, "n_samples": 65536} for cost in costs])
    assert [row["paper_seconds_per_iteration"] for row in table[:2]] == ["", 0.72]
    assert table[1]["seconds_per_iteration"] == 0.7
    assert {row["paper_seconds_per_iteration"] for row in cost_table(facts, costs)} == {""}


def test_tables_refuse(made, rows):
    table = as_text(rows)
    with pytest.raises(ValueError, match=r"scores=\['gull', 'gull'\] must hold each sound once"):
        resynthesis_table([table, table])
    with pytest.raises(ValueError, match=r"scores=\[\] must hold"):
        resynthesis_table([])
    other = [row | {"sound": "hawk", "scale": "smoke"} for row in table]
    with pytest.raises(ValueError, match=r"scale=.* must be one"):
        resynthesis_table([table, other])
    with pytest.raises(ValueError, match="at least one resynthesis"):
        cost_table([], [])
    facts = [load_facts(made.facts()[0])]
    with pytest.raises(ValueError, match="hold seconds_per_iteration, seconds, peak_memory_bytes"):
        cost_table(facts, [{"device": "cpu", "threads": 1, "n_samples": 4}])


# Errors


def test_wrong_sounds(made):
    sound = read_sound(made.sound("gull"))
    one, about = (
        load_resynthesis(made.facts("gull")[0]),
        {"name": "gull", "title": "", "origin": ""},
    )
    options = {"facts": about, "ears": ears()}
    with pytest.raises(ValueError, match=r"resyntheses=\[\] must hold at least one"):
        evaluate_resynthesis(sound, [], **options)
    with pytest.raises(ValueError, match="sound='gull' must be 'hawk'"):
        evaluate_resynthesis(sound, [one], facts=about | {"name": "hawk"}, ears=ears())
    longer = Sound(samples=np.pad(sound.samples, ((0, 0), (0, 1))), sr=SR)
    with pytest.raises(ValueError, match=r"resynthesis=\(1, 16384, .*must be \(1, 16385, .*Hz"):
        evaluate_resynthesis(longer, [one], **options)
    with pytest.raises(ValueError, match="segment=0 must be >= 1"):
        ears(segment=0)()
    with pytest.raises(ValueError, match=r"average_s=0 must be > 0 \(seconds\)"):
        ears(average_s=0)()


@pytest.fixture
def one(tmp_path):
    return write_textures(
        tmp_path, sounds=["gull"], methods=SHORT[:1], n_samples=4096, iterations=3
    )


def test_broken_files(one):
    (path,) = one.facts()
    stem = path.with_suffix("")
    text = io.load_text(f"{stem}.csv")
    io.save_text(f"{stem}.csv", "\n".join(text.splitlines()[:1]))
    with pytest.raises(io.FileError, match=r"jtfs-lbfgs\.csv: not a history .*no iteration 0"):
        load_resynthesis(path)
    snapshots = io.load_arrays(f"{stem}.snapshots.npz")
    io.save_arrays(f"{stem}.snapshots.npz", samples=snapshots["samples"][..., :9])
    with pytest.raises(io.FileError, match=r"snapshots.npz: .*no 'samples' of shape \(k, 1, 4096"):
        load_resynthesis(path)
    io.save_json(path, {"sound": "gull"})
    with pytest.raises(io.FileError, match=r"not the facts of a resynthesis .*no representation"):
        load_facts(path)
    with pytest.raises(io.FileError, match="no such file"):
        load_resynthesis(path.with_name("jtfs-adam.json"))


# Scripts


def run(stage, *arguments, cwd):
    command = [sys.executable, "-m", "jtfs_repro", stage, *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_scripts_from_files_to_tables(tmp_path):
    made = write_textures(tmp_path, sounds=["gull"], methods=SHORT, n_samples=8192, iterations=25)
    gin = config.stack("resynthesis_scores", scale="smoke", root=str(ROOT / "gin"))
    options = ("--gin", *gin, "--sound", made.sound("gull"), "--facts", *made.facts())
    done = run("evaluate_resynthesis", *options, "--scores", "gull.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    options = ("--scores", "gull.csv", "--facts", *made.facts())
    outputs = ("--table", "resynthesis.csv", "--cost", "cost.csv")
    done = run("tabulate_resynthesis", *options, *outputs, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    table = io.load_csv(tmp_path / "resynthesis.csv")
    assert len(table) == 4
    assert {row["error_at_100"] for row in table} == {""}
    assert [bool(row["error_at_20"]) for row in table] == [False, False, True, True]
    assert len(io.load_csv(tmp_path / "cost.csv")) == 2
    for name in ("resynthesis.md", "cost.md"):
        assert STAMP.line in io.load_text(tmp_path / name)


def test_scores_are_equal_twice(made, rows):
    assert as_text(scores(made)) == as_text(rows)


def test_script_says_in_one_line_what_is_wrong(one, tmp_path):
    gin = config.stack("resynthesis_scores", scale="smoke", root=str(ROOT / "gin"))
    write_sound(one.sound("gull"), Sound(samples=np.ones((1, 100)), sr=SR))
    options = ("--gin", *gin, "--sound", one.sound("gull"), "--facts", *one.facts())
    done = run("evaluate_resynthesis", *options, "--scores", "x.csv", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: resynthesis=(1, 4096, 22050.0) must be (1, 100, 22050.0)")


def test_settings_are_those_of_section_5(monkeypatch):
    monkeypatch.chdir(ROOT)
    config.load_gin(config.stack("resynthesis_scores", root="gin", scale="paper"))
    made = config.bound(Ears)()
    jtfs = made.jtfs(shape=1 << 16)
    assert len(jtfs.meta()["order"]) == 8659
    assert made.scattering1d(shape=1 << 16).meta()["order"].shape == (801,)
    assert made.average_s == pytest.approx(jtfs.T / SR, rel=1e-3)
    assert made.bands == OnsetBands()
