"""Which sounds: folders, tables of paths, names of any bytes."""

import os
from pathlib import Path

import pytest

from jtfs_repro.io import FileError
from jtfs_repro.sounds.listing import listed, restored, shown


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


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("utf-16", '"path"\r\n"a, b.wav"\r\n"deeper/ç 日本.ogg"'),
        ("utf-8-sig", "Path;id\r'a, b.wav';1\rdeeper/ç 日本.ogg;2\r".replace("'", '"')),
        ("utf-8", "a, b.wav\ndeeper/ç 日本.ogg\n"),
    ],
)
def test_tables_as_programs_write_them(folder, encoding, content):
    os.rename(folder / "a.wav", folder / "a, b.wav")
    (folder / "t.csv").write_bytes(content.encode(encoding))
    assert [p.name for p in listed([folder / "t.csv"]).sounds] == ["a, b.wav", "ç 日本.ogg"]


def test_a_row_without_a_path_is_named(folder):
    (folder / "t.csv").write_text("id,path\n1,a.wav\n2\n")
    with pytest.raises(FileError, match=r"t\.csv: row 3 has no path"):
        listed([folder / "t.csv"])


def test_links_that_lead_back_are_followed_once(folder):
    (folder / "deeper/back").symlink_to(folder)
    (folder / "gone.wav").symlink_to(folder / "nowhere.wav")
    assert len(listed([folder]).sounds) == 5


def test_any_name_comes_back():
    for name in (b"a\xff\\b.wav", "ç 日本\n.wav".encode(), rb"a\xff.wav", b"\\\\x41"):
        text = shown(Path(os.fsdecode(name)))
        assert os.fsencode(restored(text)) == name
        text.encode("utf-8")
    assert shown(Path(os.fsdecode(b"a\xff"))) != shown(Path(r"a\xff"))
