"""Download of Medley-solos-DB: found where it is, else fetched from Zenodo and unpacked.

The archive is unpacked into ``audio.part/``, which becomes ``audio/`` when it is complete; a
killed run goes on with the files that are missing. An archive that the user has put into the
folder is unpacked as well, without any download.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from jtfs_repro import checks
from jtfs_repro.datasets import archives
from jtfs_repro.datasets import medley_solos_db as medley
from jtfs_repro.download import FAILURES, check_space, download, locked, one_line, verify
from jtfs_repro.io import FileError, Unavailable

DOWNLOADS = ("always", "never")
CHUNK = 1 << 20  # bytes
MAX_BYTES = 1 << 35  # that the archive may unpack to: three times what the clips take
MAX_CLIP_BYTES = 4 * medley.BYTES_PER_FILE
BROKEN = (*FAILURES, *archives.BROKEN, zlib.error)


def fetch(
    folder: str | Path,
    *,
    download: str = "never",
    url: str = medley.URL,
    checksums: Mapping[str, str] = medley.CHECKSUMS,
    timeout_s: float = 30.0,
    is_shown: bool = True,
) -> Path:
    """Return the folder of the clip set, after a download if need be and allowed.

    The clip set is there if it has a metadata table and ``audio/`` has files; then nothing is done.
    What is missing may also lie there as the published files, with their ``checksums`` by name.
    ``url`` holds ``{name}`` in place of a file's name; ``timeout_s`` is for connecting and for each
    read. Unavailable: it is not there and may not be downloaded, a download failed, the archive is
    broken or holds no clip, there is no space.
    """
    checks.choice("download", download, DOWNLOADS)
    folder = Path(folder)
    if is_there(folder):
        return folder
    may_download = download == "always"
    if not may_download:
        _refuse_absent(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "audio", is_shown=is_shown):
            if not _has_metadata(folder):
                name = medley.METADATA_NAME
                path = folder / "annotation" / name
                _download(folder, path, url, checksums[name], 0, timeout_s, is_shown)
            if not _has_audio(folder):
                _fetch_audio(folder, url, checksums[medley.ARCHIVE_NAME], timeout_s, is_shown)
    except BROKEN as error:
        reason = f"Medley-solos-DB not unpacked: {one_line(error)}"
        raise Unavailable(reason, _remedy(folder)) from error
    return folder


def is_there(folder: str | Path) -> bool:
    """Return whether the folder has a metadata table and audio files."""
    return _has_metadata(Path(folder)) and _has_audio(Path(folder))


def _has_metadata(folder: Path) -> bool:
    return bool(medley.metadata_files(folder))


def _has_audio(folder: Path) -> bool:
    audio = folder / "audio"
    return audio.is_dir() and any(audio.iterdir())


def _refuse_absent(folder: Path) -> None:
    """Raise `Unavailable` unless what is missing lies in the folder as the published files."""
    has_audio = _has_audio(folder) or (folder / medley.ARCHIVE_NAME).is_file()
    absent = [f"annotation/*{medley.METADATA_SUFFIX}"] * (not _has_metadata(folder))
    absent += ["audio/"] * (not has_audio)
    if absent:
        reason = f"Medley-solos-DB is not at hand: no {' and no '.join(absent)} in {folder}"
        raise Unavailable(reason, f"{_remedy(folder)} or set medley_download=always")


def _remedy(folder: Path) -> str:
    return f"put it at {folder} (annotation/ and audio/ of Zenodo record {medley.ZENODO_RECORD})"


def _download(
    folder: Path,
    path: Path,
    url: str,
    checksum: str,
    unpacked_bytes: int,
    timeout_s: float,
    is_shown: bool,
) -> None:
    download(
        url.format(name=path.name), path, checksum=checksum, unpacked_bytes=unpacked_bytes,
        timeout_s=timeout_s, remedy=_remedy(folder), is_shown=is_shown,
    )  # fmt: skip


def _fetch_audio(folder: Path, url: str, checksum: str, timeout_s: float, is_shown: bool) -> None:
    """Unpack the archive, downloaded first unless it is there; then remove it."""
    n_clips = len(medley.load_metadata(medley.find_metadata(folder)))
    archive = folder / medley.ARCHIVE_NAME
    part = folder / "audio.part"
    part.mkdir(exist_ok=True)
    n_bytes = max(n_clips * medley.BYTES_PER_FILE - _folder_bytes(part), 0)
    if archive.is_file():
        verify(archive, checksum)
        check_space(folder, n_bytes)
    else:
        _download(folder, archive, url, checksum, n_bytes, timeout_s, is_shown)
    if not unpack(archive, part, n_clips=n_clips, is_shown=is_shown):
        raise FileError(f"{archive}: no clip in it (another archive?)")
    os.sync()  # the archive goes only when the clips are on the disk
    os.replace(part, folder / "audio")
    archive.unlink()


def _folder_bytes(folder: Path) -> int:
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries)


def unpack(archive: Path, folder: Path, *, n_clips: int, is_shown: bool = True) -> int:
    """Unpack the clips of ``archive`` into ``folder``, without the archive's folders; count them.

    Members whose name is not that of a clip are left out; clips that are there with the right size
    are kept. FileError, or those of `archives.BROKEN`: the archive is broken, or a clip in it is a
    link, a device, too large, there twice or outside the archive's root.
    """
    from tqdm import tqdm

    found: set[str] = set()
    with (
        archives.open_tar(os.fspath(archive)) as tar,
        tqdm(total=n_clips, desc="unpacking", unit="clip", disable=not is_shown) as bar,
    ):
        for member in archives.members(tar, max_bytes=MAX_BYTES):
            path = folder / PurePosixPath(member.name).name
            if not medley.is_clip_name(path.name):
                continue
            _check_member(archive, member, folder)
            if path.name in found:
                raise FileError(f"{archive}: {path.name} is in it twice (another archive?)")
            found.add(path.name)
            if not (path.is_file() and path.stat().st_size == member.size):
                _write(tar.extractfile(member), path)
            bar.update()
    return len(found)


def _check_member(archive: Path, member: tarfile.TarInfo, folder: Path) -> None:
    tarfile.data_filter(member, os.fspath(folder))
    if not member.isreg() or member.issparse():
        raise FileError(f"{archive}: {member.name} is a link or a folder, not a clip")
    if member.size > MAX_CLIP_BYTES:
        raise FileError(f"{archive}: {member.name} of {member.size} bytes is no clip")


def _write(source: IO[bytes] | None, path: Path) -> None:
    """Write one clip atomically; all are flushed to the disk together at the end."""
    assert source is not None  # a regular file
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
    os.replace(part, path)
