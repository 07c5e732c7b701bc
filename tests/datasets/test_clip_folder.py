"""A user's own folder of clips: both layouts, any rate, length and channels, and every error."""

import shutil

import numpy as np
import pytest
import soundfile

from jtfs_repro import io
from jtfs_repro.datasets.clip_folder import list_clips, set_name
from jtfs_repro.datasets.clip_index import index_clips
from jtfs_repro.datasets.clips import SUBSETS, open_clips
from jtfs_repro.io import FileError

CLASSES = ("owl", "song thrush", "wren")
TABLE = "path,label,split\n"


def write(path, seed, sr=16000, seconds=0.25, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, (int(sr * seconds), channels))
    soundfile.write(path, noise, sr)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder, seed = tmp_path_factory.mktemp("set") / "My birds", 0
    for subset in SUBSETS:
        for label in CLASSES:
            for i in range(2):
                seed += 1
                path = folder / subset / label / f"{i}.{'wav' if i else 'flac'}"
                write(path, seed, sr=(8000, 48000)[i], seconds=0.1 * seed, channels=1 + i)
    (folder / "training/owl/.hidden.wav").touch()
    (folder / "training/owl/notes.txt").touch()
    return folder


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / "My birds")


def index(folder, **options):
    return index_clips(folder, progress=False, **options)


def test_folders(folder, tmp_path):
    text, report = index(folder, clip_set="my_birds")
    assert (report["clip_set"], report["n_clips"], report["n_extra"]) == ("my_birds", 18, 2)
    assert report["supports"] == {subset: dict.fromkeys(CLASSES, 2) for subset in SUBSETS}
    io.save_text(tmp_path / "clips.csv", text)
    io.save_json(tmp_path / "clips.json", report)
    clips = open_clips(tmp_path / "clips.csv", tmp_path / "clips.json", folder=folder)
    assert (clips.name, clips.classes) == ("my_birds", CLASSES)
    assert list(clips.labels) == [0, 0, 1, 1, 2, 2] * 3
    first = clips.clips[0]
    assert first.file == first.group == first.name == "training/owl/0.flac"
    assert clips[:].shape == (18, 65536)
    assert np.abs(clips[:]).max(axis=1).min() > 0.1


def test_a_table_names_files_and_groups(folder):
    files = [
        f"{s}/{c}/{i}.{'wav' if i else 'flac'}" for s in SUBSETS for c in CLASSES for i in (1, 0)
    ]
    lines = [f"{f},{f.split('/')[1]},{f.split('/')[0]},{f[:9]}" for f in files]
    (folder / "clips.csv").write_text("path,label,split,group\n" + "\n".join(lines) + "\n")
    clips = list_clips(folder).clips
    assert [clip.file for clip in clips] == files
    assert clips[0].group == "training/"
    assert index(folder)[1]["n_extra"] == 2
    (folder / "clips.csv").write_text(TABLE + "\n".join(line.rpartition(",")[0] for line in lines))
    assert [clip.group for clip in list_clips(folder).clips] == files


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["a.wav,owl"], "line 2 has a wrong cell count"),
        (["a.wav,owl,train"], "line 2: split='train' must be one of training, validation, test"),
        (["a.wav,,test"], "line 2: path and label must not be empty"),
        (["a.wav,owl,test", "a.wav,owl,test"], r"line 3: path='a.wav' must be unique \(see line 2"),
        (["a.wav,owl,test"], "My birds: 1 classes, needs two"),
        (["a.wav,owl,test", "b.wav,average,test"], "class 'average' is no name for a class"),
        (["a.wav,an owl,test", "b.wav,an_owl,test"], "'an_owl' cannot be told from 'an owl'"),
    ],
)
def test_errors_of_a_table(folder, lines, what):
    (folder / "clips.csv").write_text(TABLE + "\n".join(lines) + "\n")
    with pytest.raises(FileError, match=what):
        list_clips(folder)


def test_unknown_columns_are_refused(folder):
    (folder / "clips.csv").write_text("path,label,split,groups\na.wav,owl,test,1\n")
    with pytest.raises(FileError, match="columns must be path, label, split, and group if need"):
        list_clips(folder)


def test_a_group_stays_in_one_subset(folder):
    lines = "a.wav,owl,training,7\nb.wav,wren,test,7\n"
    (folder / "clips.csv").write_text("path,label,split,group\n" + lines)
    with pytest.raises(FileError, match="group '7' is in training and test"):
        list_clips(folder)


def test_every_subset_and_class_is_needed(folder):
    shutil.rmtree(folder / "test/wren")
    with pytest.raises(FileError, match=r"no whole clip of 'wren' in test \(1 in all"):
        index(folder)
    shutil.rmtree(folder / "test")
    with pytest.raises(FileError, match=r"no folder test/ .training/, validation/, test/ with a"):
        index(folder)


def test_a_sound_in_two_subsets_is_refused_and_twice_in_one_said(folder, capsys):
    shutil.copy(folder / "training/owl/0.flac", folder / "training/owl/2.flac")
    index(folder)
    assert "owl/0.flac and training/owl/2.flac are the same sound" in capsys.readouterr().err
    shutil.copy(folder / "training/owl/0.flac", folder / "test/owl/2.flac")
    with pytest.raises(FileError, match="are the same sound in two subsets"):
        index(folder)


BROKEN = {
    "silent: all samples are zero": np.zeros((100, 1)),
    "1 samples are NaN or infinite": np.array([[0.5], [np.nan]]),
    "silent in one channel: its channels cancel": np.array([[0.5, -0.5], [0.2, -0.2]]),
    "no samples": np.zeros((0, 1)),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_clips_are_named_and_may_be_left_out(folder, what):
    soundfile.write(folder / "training/owl/1.wav", BROKEN[what], 16000, subtype="FLOAT")
    with pytest.raises(FileError, match=rf"1 of 18 clips .* training/owl/1.wav: {what}"):
        index(folder)
    text, report = index(folder, allow_partial=True)
    assert report["problems"] == [{"file": "training/owl/1.wav", "what": what}]
    assert "training/owl/1.wav" not in text


def test_no_sound_at_all(folder):
    (folder / "training/owl/1.wav").write_bytes(b"<html>")
    with pytest.raises(FileError, match=r"training/owl/1.wav: unreadable: Format not recognised"):
        index(folder)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("data/my birds", "my_birds"), ("a/Été 2020/", "t_2020"), ("x/v1.2", "v1_2"), ("..", None)],
)
def test_names(folder, name):
    assert name is None or set_name(folder) == name
    assert set_name("/שחף") == ""
