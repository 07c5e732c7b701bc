"""Hashes: a file is compared with its sidecar before it is used."""

import os

import numpy as np
import pytest

from jtfs_repro import io, journal
from jtfs_repro.audio import Sound, read_sound, write_sound


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory and journal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(journal, "JOURNAL", journal.Journal())
    return tmp_path


def seal(path, **other):
    """Write the part of a sidecar that readers compare with."""
    own = {"file": journal.portable(path), "sha256": journal.sha256(path)}
    io.save_json(journal.sidecar_of(path), own | other)


def save_shard(name, value):
    io.save_array(name, np.full(100, value))
    seal(name)


def test_hash_is_that_of_the_bytes(folder):
    (folder / "a").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert journal.sha256("a") == journal.known_sha256("a") == digest


def test_a_known_hash_is_computed_again_after_a_change(folder):
    (folder / "a").write_bytes(b"abc")
    before = journal.known_sha256("a")
    (folder / "a").write_bytes(b"abd")
    os.utime("a", ns=(1, 1))
    assert journal.known_sha256("a") != before


def test_paths_are_relative_inside_the_working_directory(folder):
    assert journal.portable(folder / "x" / ".." / "y.csv") == "y.csv"
    assert journal.portable("/elsewhere/y.csv") == "/elsewhere/y.csv"


def test_journal_holds_what_was_read_and_not_what_was_written_here(folder):
    (folder / "given.json").write_text("{}")
    io.load_json("given.json")
    io.save_json("made.json", {})
    io.load_json("made.json")
    assert list(journal.JOURNAL.inputs) == ["given.json"]
    assert list(journal.JOURNAL.outputs) == ["made.json"]


def test_intact_and_unsealed_files_are_read(folder):
    save_shard("data/a.npy", 1)
    assert io.load_array("data/a.npy")[0] == 1
    io.save_array("data/b.npy", np.zeros(3))
    assert io.load_array("data/b.npy").sum() == 0


@pytest.mark.parametrize("spoil", [lambda b: b[:-8], lambda b: b[:-1] + bytes([b[-1] ^ 1])])
def test_truncated_or_flipped_is_one_line(folder, spoil):
    save_shard("data/a.npy", 1)
    path = folder / "data/a.npy"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(io.FileError, match=r"^data/a\.npy: its content is not what its sidecar"):
        io.load_array("data/a.npy", mmap=True)


def test_swapped_files_are_found(folder):
    for name, value in (("data/a.npy", 1), ("data/b.npy", 2)):
        save_shard(name, value)
    (folder / "data/a.npy").rename("data/c")
    (folder / "data/b.npy").rename("data/a.npy")
    with pytest.raises(io.FileError, match=r"corrupted, truncated or swapped"):
        io.load_array("data/a.npy")
    journal.sidecar_of("data/b.npy").replace(journal.sidecar_of("data/a.npy"))
    with pytest.raises(io.FileError, match=r"data/a\.npy: it is data/b\.npy, by its sidecar"):
        io.load_array("data/a.npy")


def test_a_run_may_be_copied_elsewhere(folder):
    save_shard("results/a.npy", 1)
    (folder / "results").rename("kept")
    assert io.load_array("kept/a.npy")[0] == 1


def test_an_unreadable_sidecar_is_one_line(folder):
    save_shard("a.npy", 1)
    journal.sidecar_of("a.npy").write_text("{")
    with pytest.raises(io.FileError, match=r"a\.npy: its sidecar .* cannot be read"):
        io.load_array("a.npy")


def test_new_content_takes_the_old_sidecar_away(folder):
    save_shard("a.npy", 1)
    io.save_array("a.npy", np.zeros(3))
    assert not journal.sidecar_of("a.npy").exists()
    assert len(io.load_array("a.npy")) == 3


@pytest.mark.parametrize(
    ("name", "save", "load"),
    [
        ("t.csv", lambda p: io.save_csv(p, [{"a": 1}]), io.load_csv),
        ("t.json", lambda p: io.save_json(p, {}), io.load_json),
        ("t.npz", lambda p: io.save_arrays(p, a=np.zeros(2)), io.load_arrays),
        ("t.wav", lambda p: write_sound(p, Sound(samples=np.ones((1, 9)), sr=8000.0)), read_sound),
    ],
)
def test_every_reader_compares(folder, name, save, load):
    save(name)
    seal(name, sha256="0" * 64)
    with pytest.raises(io.FileError, match=r"corrupted, truncated or swapped"):
        load(name)
