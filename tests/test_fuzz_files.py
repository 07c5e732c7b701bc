"""Random and damaged arrays, tables and JSON: a value, or one line that names the file."""

import io as streams
import json
import tracemalloc
import zipfile

import numpy as np
import pytest
from fuzz_cases import damaged, fuzz, sure_of
from hypothesis import given
from hypothesis import strategies as st

from jtfs_repro import io

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def npy(array):
    stream = streams.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(**arrays):
    stream = streams.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def packed(**arrays):
    stream = streams.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def header_of(text, data=b""):
    """A .npy file with a header of that text."""
    text = text.encode("latin-1", "replace") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def headers():
    number = st.one_of(st.integers(-3, 9), st.sampled_from([2**31, 2**62, 2**63, 10**12, 10**30]))
    shape = st.lists(number, max_size=3).map(tuple)
    kind = st.sampled_from(["<f4", ">f8", "|O", "<U99999999", "|V8", "<c16", "nonsense", "|S0"])
    kinds = st.one_of(kind, st.lists(st.tuples(st.text(max_size=3), kind), max_size=2))
    plain = st.fixed_dictionaries({"descr": kinds, "fortran_order": st.booleans(), "shape": shape})
    wild = st.recursive(
        st.none() | number | st.text(max_size=3), lambda x: st.lists(x) | st.tuples(x)
    )
    text = st.one_of(plain.map(repr), wild.map(repr), st.text(max_size=60))
    return st.builds(header_of, text, st.binary(max_size=40))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "file.x"


@fuzz
@given(content=st.one_of(st.binary(max_size=200), damaged(npy(ARRAY), header=128), headers()))
def test_npy(path, content):
    sure_of(io.load_array, path, content)


@fuzz
@given(content=st.one_of(damaged(npy(ARRAY), header=128), headers()))
def test_npy_as_a_memory_map(path, content):
    sure_of(lambda path: io.load_array(path, mmap=True), path, content)


@fuzz
@given(
    content=st.one_of(
        st.binary(max_size=200), damaged(npz(a=ARRAY, b=ARRAY), packed(a=ARRAY), header=200)
    )
)
def test_npz(path, content):
    sure_of(io.load_arrays, path, content)


TABLE = 'feature,D,"a, b"\nmfcc,20,"x\ny"\njtfs,1,é\n'.encode()


@fuzz
@given(
    content=st.one_of(
        st.binary(max_size=200),
        damaged(TABLE),
        st.text('a,"\n\r\t\0\ufeff', max_size=30).map(str.encode),
    )
)
def test_csv(path, content):
    sure_of(io.load_csv, path, content)


VALUE = {"a": [1, 2.5, None, True], "b": {"c": "é\n", "d": [[[]]]}}


@fuzz
@given(
    content=st.one_of(
        st.binary(max_size=200),
        damaged(json.dumps(VALUE).encode()),
        st.text('[]{}":,0123456789.eE+-\\u truefalsn', max_size=60).map(str.encode),
    )
)
def test_json(path, content):
    sure_of(io.load_json, path, content)


@pytest.mark.parametrize("load", [io.load_json, io.load_csv, io.load_array, io.load_arrays])
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"1" * 10_000,
        b'"' + b"a" * 200_000 + b'"\n',
        header_of("(" * 5000),
        header_of("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"),
        header_of("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 400 + ",), }"),
    ],
    ids=["deep list", "deep dict", "long number", "long cell", "deep header", "1e12", "huge"],
)
def test_what_is_rare_at_random(path, load, content):
    sure_of(load, path, content)


def archive_of(npy_bytes, method=zipfile.ZIP_STORED):
    stream = streams.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a.npy", npy_bytes)
    return stream.getvalue()


LIE = header_of("{'descr': '<f4', 'fortran_order': False, 'shape': (100000000,), }", b"few bytes")
BOMB = archive_of(npy(np.zeros(5_000_000, dtype=np.float32)), zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize(
    ("load", "content", "message"),
    [
        (io.load_array, LIE, "400000000 bytes of data declared, 9 there"),
        (io.load_arrays, archive_of(LIE), "400000000 bytes of data declared, 9 there"),
        (io.load_arrays, BOMB, "'a.npy' is compressed"),
    ],
    ids=["npy", "npz", "compressed"],
)
def test_what_a_header_declares_is_not_allocated(path, load, content, message):
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(io.FileError, match=message):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name(path):
    stream = streams.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for _ in range(2):
            archive.writestr("a.npy", npy(ARRAY))
    path.write_bytes(stream.getvalue())
    with pytest.raises(io.FileError, match="two arrays of one name"):
        io.load_arrays(path)
