"""Names of the user's recordings: of any file name, one that is safe in paths and in the shell."""

from __future__ import annotations

import os
import re
from pathlib import Path

LENGTH = 60  # outputs add to it, and a file's name may have 255 bytes


def name_of(path: str | os.PathLike[str]) -> str:
    """Return what a recording is called in this project.

    Examples
    --------
    >>> name_of("data/recordings/Wind & sea (1).wav")
    'wind_sea_1'
    """
    name = re.sub(r"[^A-Za-z0-9_]+", "_", Path(path).stem).strip("_").lower()
    return name[:LENGTH].rstrip("_") or "sound"


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
