"""Look for the soundfont of the test set, fetch it if allowed; say what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jtfs_repro import config, io
from jtfs_repro.datasets.soundfonts import find_test_font

FOLDER = "data/soundfonts"


def fetch_soundfont(
    *, test_soundfont: str = "auto", folder: str = FOLDER, download: str = "auto", status: Path
) -> None:
    """Write the status of a soundfont: 'auto' or a path; a fetched one is put into ``folder``."""
    io.save_json(status, find(test_soundfont, folder=folder, download=download))


def find(test_soundfont: str, **places: str) -> dict[str, Any]:
    """Return the status of the soundfont, after a download if need be."""
    try:
        font = config.bound(find_test_font)(test_soundfont, **places)
    except io.Unavailable as error:
        print(f"the solos will not be rendered: {error}")
        why = {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
        return why | dict.fromkeys(("path", "name", "sha256", "licence", "how"), "")
    return {"status": io.RUN, "reason": "", "remedy": "", **font.as_dict()}
