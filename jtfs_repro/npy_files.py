"""Whether an array file holds what its header declares, before memory is set aside for it.

numpy reserves what a header asks for, however small the file: a damaged or hostile one can ask for
terabytes. The files of this project are stored plainly, so that the sizes can be compared. A check
raises an exception of any kind: numpy's parts have their own.
"""

from __future__ import annotations

import math
import os
import zipfile
from typing import IO

from numpy.lib import format as npy

MAX_LENGTH = 1 << 40
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def check_array(path: str | os.PathLike[str]) -> None:
    """Refuse a ``.npy`` file that declares more or less than it holds, or Python objects."""
    with open(path, "rb") as file:
        _check_size(file, os.fstat(file.fileno()).st_size)


def check_archive(path: str | os.PathLike[str]) -> None:
    """Refuse a ``.npz`` file that is compressed, or with a member as in `check_array`."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(set(names)) < len(names):
            raise ValueError("two arrays of one name")
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise ValueError(f"{info.filename!r} is compressed (np.savez stores plainly)")
            with archive.open(info) as file:
                _check_size(file, info.file_size)


def _check_size(file: IO[bytes], n_bytes: int) -> None:
    version = npy.read_magic(file)
    if version not in _READERS:
        raise ValueError(f"version {version} of the format (np.save writes 1.0)")
    shape, _, dtype = _READERS[version](file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never loaded")
    if not all(0 <= length < MAX_LENGTH for length in shape):
        raise ValueError("a length below zero or too large in its shape")
    declared, held = math.prod(shape) * dtype.itemsize, n_bytes - file.tell()
    if declared != held:
        raise ValueError(f"{declared} bytes of data declared, {held} there")
