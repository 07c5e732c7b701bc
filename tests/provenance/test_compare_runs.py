"""Two folders of results, number by number."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from jtfs_repro import io
from jtfs_repro.audio import Sound, write_sound
from jtfs_repro.provenance.compare import compare_folders
from jtfs_repro.provenance.deviations import content_deviations, numbers
from jtfs_repro.provenance.tolerances import TOLERANCES, Tolerance, tolerance_of

ROOT = Path(__file__).parents[2]
EXACT, THREADS, DEVICE = (TOLERANCES[name] for name in ("exact", "threads", "device"))
LOOSE = Tolerance(name="loose", reason="a test", rtol=1e-2, array_rtol=1e-2, pixel_share=0.1)
TABLE = [{"feature": "mfcc", "ratio": 1.25}, {"feature": "jtfs", "ratio": 1.5}]


@pytest.fixture
def pair(tmp_path):
    """Return a function that writes one file to both folders and compares them."""

    def compare(name, save, a, b, tolerance=EXACT):
        for folder, content in (("a", a), ("b", b)):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            save(path, content)
        result = compare_folders(tmp_path / "a", tmp_path / "b", tolerance=tolerance)
        return next(file for file in result.files if file.name == name)

    return compare


def changed(rows, **cells):
    return [rows[0], rows[1] | cells]


def picture(path, values):
    Image.fromarray(values).save(path)


def frames(path, values):
    first, *others = (Image.fromarray(value) for value in values)
    first.save(path, save_all=True, append_images=others)


def named(path, arrays):
    io.save_arrays(path, **arrays)


def weights(path, tensors):
    torch.save(tensors, path)


def sound(path, samples):
    write_sound(path, Sound(samples=samples, sr=8000))


# ----------------------------------------------------------------------------------------- kinds

ONES = np.ones((2, 3), dtype=np.float32)
RUN = np.array("run")
GREY = np.full((10, 10, 3), 100, dtype=np.uint8)


def nudged(array, index, by):
    """Return a copy with one element changed."""
    copy = array.copy()
    copy[index] += by
    return copy


KINDS = {
    "t.csv": (io.save_csv, TABLE, changed(TABLE, ratio=1.503)),
    "t.md": (io.save_text, "| mfcc | 1.25 |\n| jtfs | 1.5 |", "| mfcc | 1.25 |\n| jtfs | 1.503 |"),
    "t.gin": (io.save_text, "a.b.c = 1.5", "a.b.c = 1.503"),
    "t.json": (io.save_json, {"x": [1, {"y": 1.5}]}, {"x": [1, {"y": 1.503}]}),
    "t.npy": (io.save_array, ONES, nudged(ONES, (1, 2), 0.003)),
    "t.npz": (named, {"z": ONES, "n": RUN}, {"z": nudged(ONES, (1, 2), 0.003), "n": RUN}),
    "t.wav": (sound, ONES, nudged(ONES, (1, 2), 0.003)),
    "t.pt": (weights, {"w": torch.ones(2)}, {"w": torch.tensor([1, 1.003])}),
    "t.png": (picture, GREY, nudged(GREY, (3, 4), 9)),
    "t.gif": (frames, [GREY, GREY // 2], [GREY, nudged(GREY // 2, (3, 4), 9)]),
}
PLACES = {
    "t.csv": "row 2 (jtfs), column ratio: 1.5 | 1.503",
    "t.md": "line 2: 1.5 | 1.503",
    "t.json": "x[1].y: 1.5 | 1.503",
    "t.npy": "[1, 2]: 1 | 1.003",
    "t.npz": "z[1, 2]: 1 | 1.003",
    "t.png": "pixel (4, 3), one of 1 that differ",
    "t.gif": "frame 2 pixel (4, 3), one of 1 that differ",
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind(pair, name):
    save, a, b = KINDS[name]
    same = pair(name, save, a, a)
    assert (same.status, same.worst, same.n_deviations) == ("identical", None, 0)
    near, far = pair(name, save, a, b, LOOSE), pair(name, save, a, b)
    assert (near.status, far.status) == ("equal", "differs")
    assert PLACES.get(name, "") in far.line
    assert "beyond tolerance; 1 place, worst" in far.line


def test_largest_element_is_found_in_parts(pair, monkeypatch):
    monkeypatch.setattr("jtfs_repro.provenance.deviations._STEP", 7)
    a = np.zeros((10, 10))
    b = nudged(nudged(a, (0, 1), 1e-3), (9, 3), 0.5)
    file = pair("x.npy", io.save_array, a, b)
    assert file.worst.place == "[9, 3]"
    assert (file.worst.absolute, file.worst.relative) == (0.5, 1.0)


def test_array_is_judged_by_its_largest_magnitude(pair):
    a = np.array([1000.0, 1e-3])
    assert pair("x.npy", io.save_array, a, a + np.array([0, 9e-3]), THREADS).status == "equal"
    assert pair("y.npy", io.save_array, a[1:], a[1:] + 9e-3, THREADS).status == "differs"


@pytest.mark.parametrize(
    ("a", "b", "is_equal"),
    [
        ([np.nan, np.inf], [np.nan, np.inf], True),
        ([np.nan, 1], [1, 1], False),
        ([np.inf, 1], [-np.inf, 1], False),
        ([1j], [1j + 1e-9], True),
        ([1, 2], [1, 3], False),
        (["mfcc"], ["jtfs"], False),
        ([1.0], [[1.0]], False),
        (np.float32([1]), np.float64([1]), False),
        ([], [], True),
    ],
)
def test_arrays_of_all_sorts(pair, a, b, is_equal):
    file = pair("x.npy", io.save_array, np.array(a), np.array(b), THREADS)
    assert (file.status != "differs") == is_equal


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([{"x": 1}], [{"x": 1}, {"x": 2}], "rows: 1 | 2"),
        ([{"x": 1}], [{"y": 1}], "row 1 (1), column x: there | absent"),
        ([{"x": "a"}], [{"x": "b"}], "row 1 (a), column x: a | b"),
        ([{"x": 1.0}], [{"x": None}], "row 1 (1), column x: 1 | "),
    ],
)
def test_tables_of_other_shape_or_text(pair, a, b, expected):
    file = pair("t.csv", io.save_csv, a, b, LOOSE)
    assert file.status == "differs"
    assert expected in file.line


@pytest.mark.parametrize(
    ("a", "b"),
    [([1], [1, 2]), ({"a": None}, {"a": 0}), ({"a": True}, {"a": 1.001}), ("run", "not run")],
)
def test_json_of_other_shape(pair, a, b):
    assert pair("t.json", io.save_json, a, b, LOOSE).status == "differs"


def test_text_with_a_line_more_or_a_word_changed(pair):
    assert "line 2: b | absent" in pair("t.gin", io.save_text, "a\nb", "a").line
    assert pair("t.md", io.save_text, "f_c 1.5", "f_m 1.5", LOOSE).status == "differs"
    assert pair("t.md", io.save_text, "jtfs2 x", "jtfs3 x", LOOSE).status == "differs"


def test_pictures_of_other_size(pair):
    assert "size: (10, 10) | (5, 10)" in pair("t.png", picture, GREY, GREY[:5], LOOSE).line


def test_share_of_pixels(pair):
    half = GREY.copy()
    half[:5] += 9
    file = pair("t.png", picture, GREY, half, LOOSE)
    assert file.status == "differs"
    assert (file.worst.absolute, file.worst.relative) == (9, 0.5)
    faint = GREY + THREADS.pixel_levels
    assert pair("u.png", picture, GREY, faint, THREADS).status == "equal"


def test_same_numbers_in_other_bytes(pair):
    file = pair("t.csv", io.save_text, "x\n1.50", "x\n1.5")
    assert file.line == "t.csv: equal (all but bytes or costs is the same)"


def test_unknown_kind_is_compared_by_bytes(pair):
    save = Path.write_bytes
    assert pair("t.pdf", save, b"abc", b"abc").status == "identical"
    assert "byte 1: 3 bytes | 4 bytes" in pair("t.pdf", save, b"abc", b"axcd").line
    assert pair("t.pdf", save, b"abc", b"abcd", LOOSE).status == "differs"


def test_pdf_beside_a_png_is_left_to_that(pair):
    pair("t.png", picture, GREY, GREY)
    file = pair("t.pdf", Path.write_bytes, b"abc", b"abd", LOOSE)
    assert file.line == "t.pdf: not compared (drawn with t.png, which is)"
    assert pair("t.pdf", Path.write_bytes, b"abc", b"abd").status == "differs"


@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.npy", "t.npz", "t.png", "t.wav", "t.pt"])
def test_unreadable_files(pair, name):
    save, a, _ = KINDS[name]

    def spoilt(path, content):
        save(path, a)
        path.write_bytes(path.read_bytes()[: 20 if content else None].replace(b"\n", b"\n\xff"))

    file = pair(name, spoilt, False, True)
    assert file.status == "unreadable", file.line
    assert "\n" not in file.line


# ------------------------------------------------------------------------------------ tolerances


def test_numbers_of_a_table():
    tolerance = Tolerance(name="t", reason="a test", rtol=1e-3, atol=1e-6)
    within = [d.is_within for d in numbers("", 1.0, 1.0009, tolerance)]
    beyond = [d.is_within for d in numbers("", 1.0, 1.0011, tolerance)]
    assert (within, beyond) == ([True], [False])
    assert [d.is_within for d in numbers("", 0.0, 9e-7, tolerance)] == [True]
    assert list(numbers("", float("nan"), float("nan"), tolerance)) == []
    assert [d.is_within for d in numbers("", float("inf"), 1.0, tolerance)] == [False]


def test_costs_are_left_out_and_the_device_where_it_is_another(pair):
    a = {"seconds": 1.0, "peak_memory_bytes": 5, "device": "cpu", "sha256": "ab", "x": 1}
    b = {"seconds": 2.0, "peak_memory_bytes": 6, "device": "cuda", "sha256": "cd", "x": 1}
    differing = {EXACT: 2, THREADS: 1, DEVICE: 0}
    for tolerance, n in differing.items():
        assert pair("t.json", io.save_json, a, b, tolerance).n_deviations == n
        assert pair("t.csv", io.save_csv, [a], [b], tolerance).n_deviations == n
    texts = ("scale demo · device cpu", "scale demo · device cpu+cuda")
    assert pair("t.md", io.save_text, *texts, DEVICE).status == "equal"
    assert pair("t.md", io.save_text, *texts, THREADS).status == "differs"


def test_every_named_tolerance_has_a_reason_and_they_grow():
    assert all(tolerance.reason for tolerance in TOLERANCES.values())
    order = [TOLERANCES[name] for name in ("exact", "threads", "machine", "device")]
    for key in ("rtol", "atol", "array_rtol", "pixel_share"):
        values = [getattr(tolerance, key) for tolerance in order]
        assert values == sorted(values)
    assert [tolerance.is_exact for tolerance in order] == [True, False, False, False]


def test_given_numbers_replace_the_named():
    tolerance = tolerance_of("threads", rtol=0.5, atol=0.25)
    assert (tolerance.rtol, tolerance.array_rtol) == (0.5, 0.5)
    assert (tolerance.atol, tolerance.array_atol) == (0.25, 0.25)
    assert tolerance_of("threads") == THREADS
    with pytest.raises(ValueError, match=r"rtol=-1 must be >= 0 \(a tolerance is not signed\)"):
        tolerance_of("threads", rtol=-1)
    with pytest.raises(ValueError, match="tolerances='other' must be one of 'exact', 'threads'"):
        tolerance_of("other")


# --------------------------------------------------------------------------------------- folders


def test_files_only_in_one_and_costs(tmp_path):
    for folder in ("a", "b"):
        io.save_csv(tmp_path / folder / "medley/t.csv", TABLE)
        io.save_csv(tmp_path / folder / "cost.csv", [{"seconds": hash(folder)}])
        io.save_json(tmp_path / folder / "manifest.json", {"folder": folder})
        io.save_json(tmp_path / folder / "site/data.json", {"folder": folder})
        io.save_json(tmp_path / folder / "medley/t.csv.provenance.json", {"sha256": "?"})
    io.save_text(tmp_path / "a/new.md", "x")
    (tmp_path / "b/t.npz.machine.1.part").write_bytes(b"half")
    os.remove(tmp_path / "a/medley/t.csv.provenance.json")
    os.remove(tmp_path / "b/medley/t.csv.provenance.json")
    result = compare_folders(tmp_path / "a", tmp_path / "b", tolerance=EXACT)
    printed = list(result.lines())
    assert printed == [
        "cost.csv: not compared (wall times and memory)",
        "manifest.json: not compared (wall times, dates and machine)",
        "medley/t.csv: identical",
        "site/: not compared (made from the other files, costs included)",
        "new.md: only in the first",
        "files: 1 identical, 3 not compared, 1 only in the first",
    ]
    assert not result.is_wrong


def test_content_that_is_not_what_its_sidecar_records(tmp_path):
    for folder in ("a", "b"):
        io.save_csv(tmp_path / folder / "t.csv", TABLE)
    io.save_json(tmp_path / "b/t.csv.provenance.json", {"file": "t.csv", "sha256": "0" * 64})
    result = compare_folders(tmp_path / "a", tmp_path / "b", tolerance=EXACT)
    assert result.is_wrong
    assert "its content is not what its sidecar records" in result.named("unreadable")[0].line


def test_folders_that_have_nothing_in_common(tmp_path):
    io.save_text(tmp_path / "a/x.md", "x")
    io.save_text(tmp_path / "b/y.md", "y")
    with pytest.raises(io.FileError, match="no file in common to compare"):
        compare_folders(tmp_path / "a", tmp_path / "b", tolerance=EXACT)
    with pytest.raises(io.FileError, match="nowhere: no such folder"):
        compare_folders(tmp_path / "nowhere", tmp_path / "b", tolerance=EXACT)


def test_two_calls_of_one_file_are_equal():
    path = ROOT / "docs/dag.svg"
    assert content_deviations(path, path, EXACT) == []


# ------------------------------------------------------------------------------------ the command


def command(folder, *arguments):
    run = [sys.executable, str(ROOT / "scripts/compare_runs.py"), "a", "b", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        run, capture_output=True, text=True, check=False, cwd=folder, env=environment
    )


def test_command(tmp_path):
    io.save_csv(tmp_path / "a/t.csv", TABLE)
    io.save_csv(tmp_path / "b/t.csv", changed(TABLE, ratio=1.6))
    done = command(tmp_path, "--tolerances", "threads", "--quiet", "--json", "report.json")
    assert (done.returncode, done.stderr) == (1, "")
    worst = "row 2 (jtfs), column ratio: 1.5 | 1.6, relative 0.063"
    assert done.stdout.splitlines() == [
        f"t.csv: differs, beyond tolerance; 1 place, worst {worst}",
        "files: 1 differs",
    ]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["tolerance"]["name"] == "threads"
    assert report["files"][0]["worst"]["absolute"] == pytest.approx(0.1)
    assert command(tmp_path, "--rtol", "0.1").returncode == 0
