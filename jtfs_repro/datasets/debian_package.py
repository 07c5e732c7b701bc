"""A Debian package: its download, and one file out of it, without Debian.

It comes by apt-get, or from Debian's archive of all files. A .deb is an ``ar`` archive of tar
files: ``!<arch>`` and a newline, then members of a 60-byte header (name, date, owner, group, mode,
size as text) and data padded to even length. The member ``data.tar.*`` holds what the package
installs. Nothing but the one file asked for is written, under a name that the caller gives, so
that paths inside the package decide nothing.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jtfs_repro.datasets import archives
from jtfs_repro.download import check_space, download
from jtfs_repro.io import FileError, Unavailable, atomic_path

MAGIC = b"!<arch>\n"
HEADER_BYTES = 60
CHUNK = 1 << 20  # bytes
MAX_BYTES = 1 << 32  # that a package may unpack to, as far as it is read
COMPRESSIONS = ("", ".gz", ".bz2", ".xz")
SNAPSHOT_URL = "https://snapshot.debian.org/file/"  # + SHA-1 of the file
CONNECT_S = 20  # until a source that does not answer is given up


@dataclass(frozen=True, kw_only=True)
class DebianPackage:
    """A package that holds one file of interest, ``member``; digests are those of the .deb.

    ``sha1`` is its address at snapshot.debian.org, ``sha256`` its checksum.
    """

    name: str
    member: str
    sha1: str
    sha256: str


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
            _seek_data(file)
            with archives.open_tar(file) as archive, atomic_path(path) as part:
                _extract(archive, member, part, n_bytes, sha256)
    except FileNotFoundError as error:
        raise FileError(f"{error.filename}: no such file (check the path)") from None
    except FileError as error:
        raise FileError(f"{package}: {error}") from None
    except (*archives.BROKEN, lzma.LZMAError, zlib.error) as error:
        reason = f"not a Debian package or truncated: {error or type(error).__name__}"
        raise FileError(f"{package}: {reason} (get it again)") from None
    return Path(path)


def _seek_data(file: BinaryIO) -> None:
    """Move to the tar archive of what the package installs."""
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("it does not begin with !<arch>")
    while header := file.read(HEADER_BYTES):
        if len(header) < HEADER_BYTES or header[-2:] != b"`\n":
            raise ValueError("a member has no header")
        name, size = header[:16].decode("ascii").rstrip(" /"), int(header[48:58])
        if name.startswith("data.tar"):
            if name.removeprefix("data.tar") not in COMPRESSIONS:
                raise FileError(f"{name} is compressed in a way that Python 3.11 does not read")
            return
        file.seek(size + size % 2, os.SEEK_CUR)
    raise ValueError("it has no data.tar")


def _extract(archive: tarfile.TarFile, member: str, part: Path, n_bytes: int, sha256: str) -> None:
    for entry in archives.members(archive, max_bytes=MAX_BYTES):
        if entry.name.removeprefix("./") != member:
            continue
        content = archive.extractfile(entry) if entry.isreg() and not entry.issparse() else None
        if content is None or entry.size != n_bytes:
            rule = f"must be a regular file of {n_bytes} bytes, is of {entry.size}"
            raise FileError(f"{member} {rule} (another version of the package?)")
        digest = hashlib.sha256()
        with part.open("wb") as file:
            while chunk := content.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise FileError(f"{member} has SHA-256 {digest.hexdigest()}, not {sha256}")
        return
    raise FileError(f"it holds no {member} (another package?)")


@contextmanager
def apt_package(
    package: DebianPackage, folder: Path, *, timeout_s: float, unpacked_bytes: int
) -> Iterator[Path]:
    """Yield the .deb that ``apt-get download`` brings; it is gone afterwards.

    No root is needed and nothing is installed; apt checks the signature of its own sources.
    Unavailable: there is no apt-get, or it failed, brought nothing, or took longer than
    ``timeout_s``; or the disk has no room for a package and what is in it, ``unpacked_bytes``,
    each.
    """
    remedy = f"install {package.name}"
    if shutil.which("apt-get") is None:
        raise Unavailable("no apt-get here", remedy)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        check_space(folder, 2 * unpacked_bytes)
    except OSError as error:
        raise Unavailable(str(error), "free some space") from None
    with tempfile.TemporaryDirectory(prefix="apt-", dir=folder) as temporary:
        if why := _run_apt(package.name, temporary, timeout_s):
            raise Unavailable(f"apt-get download{why}", remedy)
        found = sorted(Path(temporary).glob(f"{package.name}_*.deb"))
        if not found:
            raise Unavailable("apt-get download brought no package", remedy)
        yield found[0]


def _run_apt(name: str, folder: str, timeout_s: float) -> str:
    """Return what went wrong, empty if nothing did."""
    try:
        done = subprocess.run(
            ["apt-get", "-qq", "-o", f"Acquire::http::Timeout={CONNECT_S}", "download", name],
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        return f" took more than {timeout_s:g} s"
    except OSError as error:
        return f": {error.strerror}"
    lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    why = lines[0].removeprefix("E: ") if lines else f"status {done.returncode}"
    return f": {why}" if done.returncode else ""


@contextmanager
def snapshot_package(
    package: DebianPackage, folder: Path, *, timeout_s: float, unpacked_bytes: int
) -> Iterator[Path]:
    """Yield the .deb from snapshot.debian.org, checked by its SHA-256; it is gone afterwards.

    Unavailable: it cannot be downloaded, see `jtfs_repro.download.download`.
    """
    path = download(
        f"{SNAPSHOT_URL}{package.sha1}",
        folder / f"{package.name}.deb",
        checksum=f"sha256:{package.sha256}",
        label=package.name,
        unpacked_bytes=unpacked_bytes,
        deadline_s=timeout_s,
    )
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
