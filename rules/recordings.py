"""Names of the user's recordings: of any file name, one that is safe in paths and in the shell."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path

LENGTH = 60  # outputs add to it, and a file's name may have 255 bytes


def name_of(path: str | os.PathLike[str]) -> str:
    """Return what a recording is called in this project.

    Accents are dropped; for letters of other scripts there are some of a digest.

    Examples
    --------
    >>> name_of("data/recordings/Wind & sea (1).wav"), name_of("Möwe.wav"), name_of("שחף.wav")
    ('wind_sea_1', 'mowe', 'sound_555b')
    """
    plain = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", Path(path).stem))
    name = re.sub(r"[^A-Za-z0-9_]+", "_", plain).strip("_").lower()
    name = name[:LENGTH].rstrip("_") or "sound"
    if any(letter.isalnum() and not letter.isascii() for letter in plain):
        name += "_" + hashlib.sha256(plain.encode()).hexdigest()[:4]
    return name


def is_text(path: str | os.PathLike[str]) -> bool:
    r"""Return whether a path is text in UTF-8: snakemake writes it to its logs and locks.

    Examples
    --------
    >>> is_text("Töne"), is_text(os.fsdecode(b"T\xf6ne"))
    (True, False)
    """
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True
