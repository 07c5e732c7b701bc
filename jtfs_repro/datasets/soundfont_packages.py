"""Download of a Debian package: by apt-get, or from Debian's archive of all files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jtfs_repro.download import check_space, download
from jtfs_repro.io import Unavailable

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
    if shutil.which("apt-get") is None:
        raise Unavailable("no apt-get here", f"install {package.name}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        check_space(folder, 2 * unpacked_bytes)
    except OSError as error:
        raise Unavailable(str(error), "free some space") from None
    with tempfile.TemporaryDirectory(prefix="apt-", dir=folder) as temporary:
        _run_apt(package.name, temporary, timeout_s)
        found = sorted(Path(temporary).glob(f"{package.name}_*.deb"))
        if not found:
            raise Unavailable("apt-get download brought no package", f"install {package.name}")
        yield found[0]


def _run_apt(name: str, folder: str, timeout_s: float) -> None:
    remedy = f"install {name}"
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
        raise Unavailable(f"apt-get download took more than {timeout_s:g} s", remedy) from None
    except OSError as error:
        raise Unavailable(f"apt-get download: {error.strerror}", remedy) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        why = lines[0].removeprefix("E: ") if lines else f"status {done.returncode}"
        raise Unavailable(f"apt-get download: {why}", remedy)


@contextmanager
def snapshot_package(
    package: DebianPackage, folder: Path, *, timeout_s: float, unpacked_bytes: int
) -> Iterator[Path]:
    """Yield the .deb from snapshot.debian.org, checked by its SHA-256; it is gone afterwards.

    Unavailable: it cannot be downloaded, see `jtfs_repro.download.download`.
    """
    path = folder / f"{package.name}.deb"
    download(
        f"{SNAPSHOT_URL}{package.sha1}",
        path,
        checksum=f"sha256:{package.sha256}",
        label=package.name,
        unpacked_bytes=unpacked_bytes,
        deadline_s=timeout_s,
    )
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
