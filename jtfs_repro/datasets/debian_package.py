"""One file out of a Debian package, without Debian: a .deb is an ``ar`` archive of tar files.

An ``ar`` archive is ``!<arch>`` and a newline, then members of a 60-byte header (name, date,
owner, group, mode, size as text) and data padded to even length. The member ``data.tar.*`` holds
what the package installs. Nothing but the one file asked for is written, under a name that the
caller gives, so that paths inside the package decide nothing.
"""

from __future__ import annotations

import hashlib
import io as streams
import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from jtfs_repro.datasets import archives
from jtfs_repro.io import FileError, atomic_path

MAGIC = b"!<arch>\n"
HEADER_BYTES = 60
CHUNK = 1 << 20  # bytes
MAX_BYTES = 1 << 32  # that a package may unpack to, as far as it is read
COMPRESSIONS = ("", ".gz", ".bz2", ".xz")


class _Section(streams.RawIOBase):
    """The next ``n_bytes`` of a file as a file of its own."""

    def __init__(self, file: BinaryIO, n_bytes: int) -> None:
        self._file, self._left = file, n_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def unpack_member(
    package: str | os.PathLike[str],
    member: str,
    path: str | os.PathLike[str],
    *,
    n_bytes: int,
    sha256: str,
) -> Path:
    """Write one file of a Debian package to ``path`` if it is the expected one, or nothing.

    The data of the .deb may be stored plainly or compressed by gzip, bzip2 or xz; a member larger
    than ``n_bytes`` is refused before it is unpacked. FileError: the package is missing, truncated
    or of another kind, has no such regular file, or the file is another one.
    """
    try:
        with Path(package).open("rb") as file:
            section = _data(file)
            with archives.open_tar(streams.BufferedReader(section)) as archive:
                return _extract(archive, member, Path(path), n_bytes, sha256)
    except FileNotFoundError as error:
        raise FileError(f"{error.filename}: no such file (check the path)") from None
    except FileError as error:
        raise FileError(f"{package}: {error}") from None
    except (*archives.BROKEN, lzma.LZMAError, zlib.error) as error:
        reason = f"not a Debian package or truncated: {error or type(error).__name__}"
        raise FileError(f"{package}: {reason} (get it again)") from None


def _data(file: BinaryIO) -> _Section:
    for name, size in _members(file):
        if name.startswith("data.tar"):
            if name.removeprefix("data.tar") not in COMPRESSIONS:
                raise FileError(f"{name} is compressed in a way that Python 3.11 does not read")
            return _Section(file, size)
    raise ValueError("it has no data.tar")


def _members(file: BinaryIO) -> Iterator[tuple[str, int]]:
    """Yield name and size of each member, with the file at its data."""
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("it does not begin with !<arch>")
    while header := file.read(HEADER_BYTES):
        if len(header) < HEADER_BYTES or header[-2:] != b"`\n":
            raise ValueError("a member has no header")
        size, begin = int(header[48:58]), file.tell()
        yield header[:16].decode("ascii").rstrip(" /"), size
        file.seek(begin + size + size % 2)


def _extract(archive: tarfile.TarFile, member: str, path: Path, n_bytes: int, sha256: str) -> Path:
    for entry in archives.members(archive, max_bytes=MAX_BYTES):
        if entry.name.removeprefix("./") != member:
            continue
        content = archive.extractfile(entry) if entry.isreg() and not entry.issparse() else None
        if content is None or entry.size != n_bytes:
            rule = f"must be a regular file of {n_bytes} bytes, is of {entry.size}"
            raise FileError(f"{member} {rule} (another version of the package?)")
        with atomic_path(path) as part:
            _copy(content, part, member, sha256)
        return path
    raise FileError(f"it holds no {member} (another package?)")


def _copy(content: IO[bytes], part: Path, member: str, sha256: str) -> None:
    digest = hashlib.sha256()
    with part.open("wb") as file:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sha256:
        raise FileError(f"{member} has SHA-256 {digest.hexdigest()}, not {sha256}")
