"""Metadata: facts against the published table, both column names, and every error."""

import hashlib
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from clip_files import SAMPLE, make_clip, make_clips, needs_sample

from jtfs_repro.datasets import medley_solos_db as medley
from jtfs_repro.datasets.medley_solos_db import (
    CLASSES,
    SUBSETS,
    clip_of,
    clip_set_name,
    find_metadata,
    is_clip_name,
    load_metadata,
    save_metadata,
)
from jtfs_repro.io import FileError

UUID = "0e4371ac-1c6a-51ab-fdb7-f8abd5fbf1a3"
HEADER = "subset,instrument,instrument_id,song_id,uuid4"
LINE = f"test,clarinet,0,000,{UUID}"
FIELDS = dict(subset="test", instrument="flute", instrument_id=3, song_id="7", uuid4=UUID)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x_metadata.csv"


def load(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_metadata(path)


# ---------------------------------------------------------------------------------------- facts


def test_facts_agree_with_each_other():
    assert sum(map(sum, medley.SUPPORTS.values())) == 21_571
    assert {name: sum(row) for name, row in medley.SUPPORTS.items()} == {
        "training": 5841,
        "validation": 3494,
        "test": 12236,
    }
    assert tuple(medley.SUPPORTS) == SUBSETS
    assert all(len(row) == len(CLASSES) == 8 for row in medley.SUPPORTS.values())
    assert list(CLASSES) == sorted(CLASSES)
    assert medley.BYTES_PER_FILE == 44 + 4 * medley.N_SAMPLES
    assert str(medley.ZENODO_RECORD) in medley.URL


@needs_sample
def test_supports_are_those_of_the_published_table():
    clips = load_metadata(find_metadata(SAMPLE))
    counts = Counter((clip.subset, clip.class_id) for clip in clips)
    assert counts == {
        (subset, number): n
        for subset, row in medley.SUPPORTS.items()
        for number, n in enumerate(row)
    }


@needs_sample
def test_songs_do_not_cross_subsets():
    pairs = {(clip.group, clip.subset) for clip in load_metadata(find_metadata(SAMPLE))}
    assert len(pairs) == len({song for song, _ in pairs}) == 227


@needs_sample
def test_writing_the_old_table_gives_the_published_file(path):
    save_metadata(path, load_metadata(find_metadata(SAMPLE)))
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    assert f"md5:{digest}" == medley.CHECKSUMS[medley.METADATA_NAME]


@needs_sample
def test_names_of_genuine_files():
    names = {path.name for path in (SAMPLE / "audio").iterdir()}
    listed = {clip.file for clip in load_metadata(find_metadata(SAMPLE))}
    assert names
    assert names <= listed
    assert all(map(is_clip_name, listed))


# --------------------------------------------------------------------------------------- tables


def test_round_trip(path):
    clips = make_clips(per_cell=2)
    save_metadata(path, clips)
    assert load_metadata(path) == clips
    assert path.read_text(encoding="utf-8").splitlines()[0] == HEADER


def test_old_and_new_columns_in_any_order(path):
    new = load(path, HEADER, LINE)
    assert load(path, HEADER.replace("song_id", "track_id"), LINE) == new
    columns, cells = HEADER.split(","), LINE.split(",")
    assert load(path, ",".join(columns[::-1]), ",".join(cells[::-1])) == new
    assert new[0].group == "000"


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([], "no header"),
        ([HEADER], "line 2: no clip"),
        (
            [HEADER.replace("uuid4", "uuid"), LINE],
            r"line 1: columns must be .*: missing \['uuid4'\]; unknown \['uuid'\]",
        ),
        ([HEADER.replace(",song_id", ""), f"test,clarinet,0,{UUID}"], r"missing \['song_id'\]"),
        ([HEADER + ",date", LINE + ",1"], r"line 1: .* unknown \['date'\]"),
        ([HEADER, LINE, "test,clarinet,0"], "line 3 has a wrong cell count"),
        ([HEADER, LINE.replace("test", "train")], "line 2: subset='train' must be one of"),
        ([HEADER, LINE.replace("clarinet", "oboe")], "line 2: instrument='oboe' must be one of"),
        ([HEADER, LINE.replace(",0,", ",1,")], "instrument_id=1 must be 0 for .*'clarinet'"),
        ([HEADER, LINE.replace(",0,", ",8,")], "instrument_id=8 must be >= 0 and <= 7"),
        ([HEADER, LINE.replace(",0,", ",0.0,")], "instrument_id='0.0' must be an integer"),
        ([HEADER, LINE.replace(",0,", ",,")], "instrument_id='' must be an integer"),
        ([HEADER, LINE.replace("000", "")], "line 2: song_id='' must not be empty"),
        ([HEADER, LINE[:-1]], "line 2: uuid4='0e43.*' must be hexadecimal"),
        ([HEADER, LINE.replace("0e43", "../.")], "line 2: uuid4="),
        ([HEADER, LINE.upper().replace("TEST,CLARINET", "test,clarinet")], "in lower case"),
        ([HEADER, LINE, LINE], rf"line 3: uuid4='{UUID}' must be unique \(see line 2\)"),
    ],
)
def test_errors_name_file_line_and_rule(path, lines, what):
    with pytest.raises(FileError, match=what) as caught:
        load(path, *lines)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_missing_and_empty_tables(path):
    with pytest.raises(FileError, match="no such file"):
        load_metadata(path)
    path.touch()
    with pytest.raises(FileError, match="not a CSV table or truncated: no header"):
        load_metadata(path)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (dict(subset="dev"), "subset='dev'"),
        (dict(instrument="piano"), "instrument_id=3 must be 4"),
        (dict(uuid4=UUID + "\n"), "uuid4="),
    ],
)
def test_clip_refuses(change, what):
    with pytest.raises(ValueError, match=re.escape(what)):
        clip_of(**FIELDS | change)


def test_clip_id_is_an_integer():
    with pytest.raises(TypeError, match="instrument_id='3' must be an integer"):
        clip_of(**FIELDS | dict(instrument_id="3"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (make_clip().file, True),
        (f"Medley-solos-DB_train-0_{UUID}.wav", False),
        (f"Medley-solos-DB_test-8_{UUID}.wav", False),
        (f"._Medley-solos-DB_test-0_{UUID}.wav", False),
        (f"Medley-solos-DB_test-0_{UUID}.wav.part", False),
        (f"a/Medley-solos-DB_test-0_{UUID}.wav", False),
    ],
)
def test_clip_names(name, expected):
    assert is_clip_name(name) is expected


def test_find_metadata(tmp_path):
    with pytest.raises(FileError, match=r"no \*_metadata.csv \(is it the folder"):
        find_metadata(tmp_path)
    first = tmp_path / "annotation" / "a_metadata.csv"
    first.parent.mkdir()
    first.touch()
    (first.parent / "._a_metadata.csv").touch()  # left by macOS
    assert find_metadata(tmp_path) == first
    shutil.copy(first, first.parent / "b_metadata.csv")
    with pytest.raises(FileError, match=r"several .* a_metadata.csv, b_metadata.csv"):
        find_metadata(tmp_path)


def test_names_of_clip_sets():
    assert clip_set_name(Path("annotation", medley.METADATA_NAME)) == "medley_solos_db"
    assert clip_set_name("soundfont_solos_metadata.csv") == "soundfont_solos"
