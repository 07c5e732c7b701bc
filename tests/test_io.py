"""Files: atomic, deterministic, and with one-line errors."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from matplotlib.figure import Figure

from jtfs_repro import io
from jtfs_repro.tables import to_markdown

ROWS = [{"name": "a|b", "value": 1 / 3}, {"name": "c", "value": None}]
KILLED_WRITER = """
import sys, time
from jtfs_repro import io
with io.atomic_path(sys.argv[1]) as part:
    part.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def parts(folder):
    return sorted(path.name for path in folder.glob("*.part"))


def write_half(path):
    with io.atomic_path(path) as part:
        part.write_text("half")
        raise RuntimeError("stop")


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    io.save_text(path, "old")
    with pytest.raises(RuntimeError, match="stop"):
        write_half(path)
    assert path.read_text() == "old\n"
    assert parts(tmp_path) == []


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_writer_leaves_no_file_and_its_part_is_swept(tmp_path, signal_number):
    path = tmp_path / "a.txt"
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED_WRITER, str(path)], stdout=subprocess.PIPE
    )
    assert writer.stdout.readline().strip() == b"writing"
    writer.send_signal(signal_number)
    writer.wait()
    writer.stdout.close()
    assert not path.exists()
    io.save_text(path, "whole")
    assert path.read_text() == "whole\n"
    assert parts(tmp_path) == []


def test_part_of_a_running_process_is_left_alone(tmp_path):
    path = tmp_path / "a.txt"
    with io.atomic_path(path) as part:
        part.write_text("mine")
        other = part.with_name(part.name.replace(str(os.getpid()), str(os.getppid())))
        other.write_text("of a process that runs")
    assert other.exists()


@pytest.mark.parametrize(
    "save",
    [
        "io.save_array(path, x)",
        "io.save_arrays(path, x=x)",
        "with io.array_writer(path, x.shape) as append: append(x)",
    ],
)
def test_disk_that_fills_up_is_one_line(tmp_path, save):
    """A file size limit stops a real write midway, as a full disk does."""
    code = f"""
import resource, sys
import numpy as np
from jtfs_repro import io
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
path, x = sys.argv[1], np.zeros(1_000_000)
try:
    {save}
except io.FileError as error:
    print(error)
"""
    path = tmp_path / "a"
    run = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout == f"{path}: larger than a file may be here (see ulimit -f)\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "rule"), [(errno.ENOSPC, "no space left"), (errno.EROFS, "read-only")]
)
def test_errors_of_the_disk_are_one_line(tmp_path, monkeypatch, number, rule):
    def failing(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(np, "save", failing)
    with pytest.raises(io.FileError, match=rf"^.*a\.npy: .*{rule}"):
        io.save_array(tmp_path / "a.npy", np.zeros(3))
    assert list(tmp_path.iterdir()) == []


def test_arrays_come_back(tmp_path):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    io.save_array(tmp_path / "a.npy", array)
    for mmap in (False, True):
        np.testing.assert_array_equal(io.load_array(tmp_path / "a.npy", mmap=mmap), array)
    io.save_arrays(tmp_path / "a.npz", x=array, text=np.asarray("why"))
    loaded = io.load_arrays(tmp_path / "a.npz")
    np.testing.assert_array_equal(loaded["x"], array)
    assert str(loaded["text"]) == "why"


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("n_bytes", [0, 10, 100, 200])
def test_truncated_array(tmp_path, n_bytes, mmap):
    path = tmp_path / "a.npy"
    io.save_array(path, np.arange(100.0))
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(io.FileError, match=r"a\.npy: not a \.npy array or truncated: .*delete it"):
        io.load_array(path, mmap=mmap)


def test_truncated_archive(tmp_path):
    path = tmp_path / "a.npz"
    io.save_arrays(path, x=np.arange(1000.0))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(io.FileError, match=r"a\.npz: not an \.npz archive .*delete it"):
        io.load_arrays(path)


@pytest.mark.parametrize("load", [io.load_array, io.load_arrays, io.load_json, io.load_csv])
def test_missing_file(tmp_path, load):
    with pytest.raises(io.FileError, match=r"nothing: no such file"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("load", "content"),
    [
        (io.load_json, b'{"a": '),
        (io.load_json, b"\xff\xfe"),
        (io.load_csv, b""),
        (io.load_csv, b"a,b\n1,2\n3\n"),
        (io.load_array, b"PK\x03\x04 nonsense"),
    ],
)
def test_corrupt_file_is_one_line(tmp_path, load, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(io.FileError, match="truncated") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_json_refuses_nan_and_takes_numpy(tmp_path):
    io.save_json(tmp_path / "a.json", {"x": np.float32(0.5), "y": np.arange(2)})
    assert io.load_json(tmp_path / "a.json") == {"x": 0.5, "y": [0, 1]}
    with pytest.raises(ValueError, match="JSON"):
        io.save_json(tmp_path / "b.json", {"x": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_tables(tmp_path):
    io.save_csv(tmp_path / "a.csv", ROWS)
    assert (tmp_path / "a.csv").read_bytes() == b"name,value\na|b,0.333333\nc,\n"
    assert io.load_csv(tmp_path / "a.csv") == [
        {"name": "a|b", "value": "0.333333"},
        {"name": "c", "value": ""},
    ]
    assert to_markdown(ROWS, caption="All.").splitlines() == [
        "All.",
        "",
        "| name | value |",
        "| --- | ---: |",
        "| a\\|b | 0.333333 |",
        "| c |  |",
    ]


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 1}]])
def test_bad_tables(tmp_path, rows):
    with pytest.raises(ValueError, match="rows"):
        io.save_csv(tmp_path / "a.csv", rows)


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_equal_figures_give_equal_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        figure = Figure()
        figure.subplots().plot([0, 1], [1, 0])
        io.save_figure(tmp_path / f"{name}.{suffix}", figure)
        time.sleep(1.1 * (name == "a"))  # dates have a resolution of one second
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_figure_of_unknown_kind(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.png, \.pdf or \.svg"):
        io.save_figure(tmp_path / "a.jpg", Figure())


def test_unavailable_says_why_and_what_to_do():
    error = io.Unavailable("weights missing", "put w.h5 at data/")
    assert (error.reason, error.remedy) == ("weights missing", "put w.h5 at data/")
    facts = {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    assert io.why_not_run(facts) == str(error)
    assert io.why_not_run({"status": io.RUN}) == ""


def test_rows_written_one_after_the_other_are_one_array(tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    path = tmp_path / "a.npy"
    with io.array_writer(path, array.shape) as append:
        append(array[:2])
        assert not path.exists()
        append(array[2:])
    np.testing.assert_array_equal(io.load_array(path, mmap=True), array)
    io.save_array(tmp_path / "b.npy", array)
    assert path.read_bytes() == (tmp_path / "b.npy").read_bytes()


@pytest.mark.parametrize("n_rows", [1, 3])
def test_array_with_another_number_of_rows_never_appears(tmp_path, n_rows):
    with (
        pytest.raises(ValueError, match=rf"{n_rows} rows written, 2 announced"),
        io.array_writer(tmp_path / "a.npy", (2, 4)) as append,
    ):
        append(np.zeros((n_rows, 4)))
    assert list(tmp_path.iterdir()) == []


def test_folder_is_removed_if_it_is_there(tmp_path):
    (tmp_path / "partial/a").mkdir(parents=True)
    io.remove_folder(tmp_path / "partial")
    io.remove_folder(tmp_path / "partial")
    assert list(tmp_path.iterdir()) == []


def test_two_writers_that_look_alike_have_parts_of_their_own(tmp_path):
    """As in containers: the same host name, the same process number, one shared folder."""
    path = tmp_path / "table.csv"
    with io.atomic_path(path) as first, io.atomic_path(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]
