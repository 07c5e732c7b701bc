"""Safe streaming of tar archives: nothing in one decides where or how much is written.

A reader takes the members it knows by name and writes each under a name of its own. Refused here
is what harms a reader that does no more than look: headers that ask for gigabytes of memory, sizes
below zero (Python 3.11 can loop on them), members and archives larger than they may be.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, Any

from jtfs_repro.io import FileError

MAX_HEADER_BYTES = 1 << 20  # of a long name or of further properties, which tarfile reads whole
_READ_WHOLE = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
BROKEN = (tarfile.TarError, EOFError, ValueError, OverflowError)


class _Member(tarfile.TarInfo):
    """A member whose header does not ask for much memory."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size < 0:
            raise tarfile.ReadError(f"{self.name!r} has a size below zero")
        if self.type in _READ_WHOLE and self.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError(f"{self.name!r} is stored with holes")
        return super()._proc_member(tar)  # type: ignore[misc]


def open_tar(source: str | IO[bytes]) -> tarfile.TarFile:
    """Open a tar archive, compressed or not, for reading from front to back."""
    kind: dict[str, Any] = {"name": source} if isinstance(source, str) else {"fileobj": source}
    return tarfile.open(mode="r|*", tarinfo=_Member, **kind)


def members(archive: tarfile.TarFile, *, max_bytes: int) -> Iterator[tarfile.TarInfo]:
    """Yield the members in order, while their sizes together do not exceed ``max_bytes``.

    FileError: they do, by what the headers declare, before anything of that size is read; those of
    `BROKEN`: the archive is broken.
    """
    declared = 0
    for member in archive:
        declared += member.size
        if declared > max_bytes:
            what = f"unpacks to more than {max_bytes} bytes at {member.name!r}"
            raise FileError(f"{what} (another archive?)")
        yield member
