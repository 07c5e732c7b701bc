"""Tables as spreadsheets write them: read, or refused by name in one line."""

import pytest

from jtfs_repro import io
from jtfs_repro.io import FileError

ROWS = [{"file": "a, b.wav", "label": "Flöte"}, {"file": "c.wav", "label": 'the "best"'}]
PLAIN = 'file,label\n"a, b.wav",Flöte\nc.wav,"the ""best"""\n'


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.rstrip("\n").encode(),
        (PLAIN + "\n,\n\n").encode(),
        PLAIN.replace("\n", ",,\n").encode(),
        'file;label\n"a, b.wav";Flöte\nc.wav;"the ""best"""\n'.encode(),
        'file\tlabel\na, b.wav\tFlöte\nc.wav\t"the ""best"""\n'.encode(),
        PLAIN.replace("file,label", " file , label ").encode(),
    ],
    ids=[
        *("plain", "mark", "utf-16", "crlf", "cr", "no last end", "empty lines", "empty columns"),
        *("semicolons", "tabs", "spaces in the header"),
    ],
)
def test_read(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert io.load_csv(tmp_path / "a.csv") == ROWS


def test_line_ends_within_quotes(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'file,label\r\na.wav,"two\r\nlines"\r\n')
    assert io.load_csv(tmp_path / "a.csv") == [{"file": "a.wav", "label": "two\nlines"}]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no header"),
        (b"file,label\na.wav\n", "line 2 has a wrong cell count"),
        (b"file,label\na.wav,b,c\n", "line 2 has a wrong cell count"),
        (b"file,file\na,b\n", "two columns are called 'file'"),
        ("file,label\na.wav,Flöte\n".encode("latin-1"), "line 2 is not UTF-8: save the table"),
    ],
)
def test_refused_by_name(tmp_path, content, why):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(FileError, match=rf"a\.csv: .*{why}") as caught:
        io.load_csv(tmp_path / "a.csv")
    assert "\n" not in str(caught.value)
