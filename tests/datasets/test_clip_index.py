"""Reading a clip set: every kind of broken clip by name, the index, and the script by hand."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace as replace_fields
from pathlib import Path

import numpy as np
import pytest
import soundfile
from clip_files import SAMPLE, make_clips, needs_sample, noise, wav, write_set

from jtfs_repro.datasets import medley_solos_db
from jtfs_repro.datasets.clip_index import check_clips, index_clips, supports
from jtfs_repro.datasets.clips import MEDLEY_COLUMNS, index_text, load_index, open_clips
from jtfs_repro.datasets.medley_solos_db import (
    BYTES_PER_FILE,
    CLASSES,
    N_SAMPLES,
    SUBSETS,
)
from jtfs_repro.io import FileError

ROOT = Path(__file__).parents[2]
CLIPS = make_clips()
CLIP = CLIPS[0]
WHOLE = wav(noise(CLIP))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("set") / "clips", CLIPS)


@pytest.fixture
def folder(original, tmp_path):
    """A copy whose files may be replaced (links, so that copying costs nothing)."""
    return Path(shutil.copytree(original, tmp_path / "clips", copy_function=os.link))


def replace(folder, clip, data):
    path = folder / "audio" / clip.file
    path.unlink()
    path.write_bytes(data)


def with_value(value):
    samples = noise(CLIP)
    samples[1000] = value
    return wav(samples)


def flac(tmp_path):
    soundfile.write(tmp_path / "x.flac", noise(CLIP), 44100)
    return (tmp_path / "x.flac").read_bytes()


# --------------------------------------------------------------------------------------- clips


def check(folder, clips=CLIPS):
    listed = replace_fields(medley_solos_db.list_clips(folder), clips=clips)
    return check_clips(listed, progress=False)


def test_whole_clips(original):
    rows, problems = check(original)
    assert not problems
    assert [row.file for row in rows] == [clip.file for clip in CLIPS]
    row = rows[0]
    assert (row.subset, row.label, row.group) == (CLIP.subset, CLIP.label, CLIP.group)
    assert row.bytes == BYTES_PER_FILE == len(WHOLE)
    assert row.sha256 == hashlib.sha256(WHOLE).hexdigest()


@needs_sample
def test_genuine_clips_are_whole():
    clips = medley_solos_db.list_clips(SAMPLE).clips
    there = [clip for clip in clips if (SAMPLE / "audio" / clip.file).exists()]
    rows, _ = check(SAMPLE, there)
    assert len(rows) == len(there) == 16
    assert {row.bytes for row in rows} == {BYTES_PER_FILE}


BROKEN = {
    "missing": (lambda _: None, "missing"),
    "empty": (lambda _: b"", "truncated: empty file"),
    "header only": (lambda _: WHOLE[:44], "truncated: 44 of 524332 bytes"),
    "half a header": (lambda _: WHOLE[:30], "truncated: 30 of 524332 bytes"),
    "one byte short": (lambda _: WHOLE[:-1], "truncated: 524331 of 524332 bytes"),
    "rate": (lambda _: wav(noise(CLIP), sr=22050), "sample rate 22050 Hz, not 44100"),
    "stereo": (lambda _: wav(noise(CLIP), channels=2), "2 channels, not 1"),
    "short": (lambda _: wav(noise(CLIP)[1:]), "131071 samples, not 131072"),
    "long": (lambda _: wav(noise(CLIP, N_SAMPLES + 1)), "131073 samples, not 131072"),
    "16 bits": (
        lambda _: wav(noise(CLIP) * 1000, subtype="int16"),
        "samples are PCM_16, not FLOAT (32 bits)",
    ),
    "another format": (flac, "format FLAC, not WAV"),
    "a web page": (lambda _: b"<html>sign in</html>", "unreadable: Format not recognised"),
    "NaN": (lambda _: with_value(np.nan), "1 samples are NaN or infinite"),
    "infinite": (lambda _: with_value(-np.inf), "1 samples are NaN or infinite"),
    "silent": (lambda _: wav(np.zeros(N_SAMPLES)), "silent: all samples are zero"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_clips_are_named(folder, tmp_path, name):
    make, what = BROKEN[name]
    data = make(tmp_path)
    if data is None:
        (folder / "audio" / CLIP.file).unlink()
    else:
        replace(folder, CLIP, data)
    rows, problems = check(folder)
    assert problems == [{"file": CLIP.file, "what": what}]
    assert len(rows) == len(CLIPS) - 1


def test_folder_in_place_of_a_clip(folder):
    path = folder / "audio" / CLIP.file
    path.unlink()
    path.mkdir()
    assert check(folder, CLIPS[:1])[1][0]["what"] == "unreadable: Is a directory"


def test_other_headers_are_accepted(folder):
    """What other programs write for the same samples; the size may differ."""
    path = folder / "audio" / CLIP.file
    path.unlink()
    soundfile.write(path, noise(CLIP), 44100, subtype="FLOAT")
    rows, problems = check(folder, CLIPS[:1])
    assert not problems
    assert rows[0].bytes > BYTES_PER_FILE


def test_order_does_not_depend_on_threads(folder):
    for clip in CLIPS[::3]:
        (folder / "audio" / clip.file).unlink()
    assert [problem["file"] for problem in check(folder)[1]] == [c.file for c in CLIPS[::3]]


# --------------------------------------------------------------------------------------- index


def index(folder, **options):
    return index_clips(folder, progress=False, **options)


def test_report(folder, tmp_path):
    (folder / "audio" / "notes.txt").touch()
    text, report = index(folder)
    assert report["status"] == "run"
    assert report["clip_set"] == "medley_solos_db"
    assert (report["n_clips"], report["n_expected"], report["n_extra"]) == (24, 24, 1)
    assert (report["n_problems"], report["problems"]) == (0, [])
    assert report["supports"] == {subset: dict.fromkeys(CLASSES, 1) for subset in SUBSETS}
    assert hashlib.sha256(text.encode()).hexdigest() == report["index_sha256"]
    (tmp_path / "index.csv").write_text(text, encoding="utf-8")
    rows = load_index(tmp_path / "index.csv")
    assert [replace_fields(row, bytes=0, sha256="") for row in rows] == CLIPS
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    opened = open_clips(tmp_path / "index.csv", tmp_path / "report.json")
    assert (opened.name, opened.classes, opened.clips) == ("medley_solos_db", CLASSES, rows)
    (tmp_path / "index.csv").write_text(text.replace("clarinet", "oboe"), encoding="utf-8")
    with pytest.raises(FileError, match=r"index.csv: not the index of .*report.json"):
        open_clips(tmp_path / "index.csv", tmp_path / "report.json")


def test_index_depends_on_what_clips_hold(folder):
    before = index(folder)[1]["index_sha256"]
    assert index(folder)[1]["index_sha256"] == before
    replace(folder, CLIP, wav(-noise(CLIP)))
    assert index(folder)[1]["index_sha256"] != before


def test_broken_sets_are_refused(folder, tmp_path):
    for clip in CLIPS[:4]:
        replace(folder, clip, WHOLE[:100])
    problems = tmp_path / "problems.csv"
    with pytest.raises(FileError) as caught:
        index(folder, problems_file=problems)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{folder}: 4 of 24 clips are missing or broken: ")
    assert [clip.file in message for clip in CLIPS[:4]] == [True, True, True, False]
    assert f"{CLIP.file}: truncated: 100 of 524332 bytes; " in message
    assert f"; ... (all are listed in {problems}; " in message
    assert "--allow-partial" in message
    with problems.open(encoding="utf-8") as file:
        assert [row["file"] for row in csv.DictReader(file)] == [c.file for c in CLIPS[:4]]


def test_partial_sets(tmp_path):
    clips = make_clips(per_cell=2)
    folder = write_set(tmp_path / "clips", clips)
    (folder / "audio" / clips[1].file).unlink()
    with pytest.raises(FileError, match=r"1 of 48 clips .*: missing \(fetch these"):
        index(folder)
    text, report = index(folder, allow_partial=True)
    assert text.count("\n") == 48
    assert clips[1].name not in text
    assert report["n_clips"] == 47
    assert report["problems"] == [{"file": clips[1].file, "what": "missing"}]
    assert report["supports"]["training"]["clarinet"] == 1


def test_old_list_of_problems_is_removed(folder, tmp_path):
    problems = tmp_path / "problems.csv"
    problems.touch()
    index(folder, problems_file=problems)
    assert not problems.exists()


@pytest.mark.parametrize("allow_partial", [True, False])
def test_absent_class_is_an_error(tmp_path, allow_partial):
    clips = [c for c in CLIPS if (c.subset, c.label) != ("validation", "violin")]
    folder = write_set(tmp_path / "clips", clips)
    with pytest.raises(FileError, match=r"no whole clip of 'violin' in validation \(1 in all; "):
        index(folder, allow_partial=allow_partial)
    text, report = index(folder, allow_partial=allow_partial, classes_required=False)
    assert text.count("\n") == 24
    assert report["supports"]["validation"]["violin"] == 0


def test_broken_last_clip_of_a_class_is_an_error(folder):
    (folder / "audio" / CLIP.file).unlink()
    with pytest.raises(FileError, match="'clarinet' in training"):
        index(folder, allow_partial=True)


def test_another_clip_set_is_refused(folder):
    assert index(folder, clip_set="medley_solos_db")
    with pytest.raises(FileError, match="of clip set medley_solos_db, not soundfont_solos"):
        index(folder, clip_set="soundfont_solos")


def test_empty_index(tmp_path):
    (tmp_path / "index.csv").write_text(index_text([], MEDLEY_COLUMNS), encoding="utf-8")
    assert load_index(tmp_path / "index.csv") == []
    assert supports([], CLASSES)["test"]["flute"] == 0


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("file,subset", "name,subset", "line 1: columns"),
        (",524332,", ",many,", "line 2: bytes='many' must be an integer"),
        (",clarinet,0", ",clarinet,one", "line 2: instrument_id='one' must be an integer"),
        ("training,clarinet", "train,clarinet", "line 2: subset='train' must be one of"),
    ],
)
def test_index_errors(original, tmp_path, old, new, what):
    path = tmp_path / "index.csv"
    text = index(original)[0]
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FileError, match=what):
        load_index(path)


def test_index_checks_the_hash(original, tmp_path):
    path = tmp_path / "index.csv"
    path.write_text(index(original)[0].rstrip()[:-1] + "\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"line 25: sha256=.* must be 64 hexadecimal digits"):
        load_index(path)


# -------------------------------------------------------------------------------------- script


def run(tmp_path, *arguments):
    outputs = ["--index", tmp_path / "i.csv", "--report", tmp_path / "r.json"]
    command = [sys.executable, "-m", "jtfs_repro", "index_clips", *arguments, *outputs]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
    return done


def test_script_by_hand(folder, tmp_path):
    done = run(tmp_path, "--folder", folder)
    assert done.stdout == "24 of 24 clips are whole, 0 extra files\n"
    assert len(load_index(tmp_path / "i.csv")) == 24
    (folder / "audio" / CLIP.file).unlink()
    done = run(tmp_path, "--folder", folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: {folder}: 1 of 24 clips")
    assert (tmp_path / "r.problems.csv").is_file()


def test_script_without_clips(tmp_path):
    status = {"status": "not run", "reason": "no clips here", "remedy": "get some"}
    (tmp_path / "s.json").write_text(json.dumps(status), encoding="utf-8")
    done = run(tmp_path, "--status", tmp_path / "s.json", "--clip-set", "medley_solos_db")
    assert done.stdout == "no clips: no clips here; get some\n"
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    nothing = {subset: dict.fromkeys(CLASSES, 0) for subset in SUBSETS}
    assert report == status | {"clip_set": "medley_solos_db", "supports": nothing}
    assert load_index(tmp_path / "i.csv") == []


def test_script_needs_a_folder(tmp_path):
    assert "error: folder=None must be given" in run(tmp_path).stderr
