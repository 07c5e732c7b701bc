"""Look for Medley-solos-DB, download it if allowed; say what became of it. Never fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from jtfs_repro import config, io
from jtfs_repro.datasets.medley_fetch import fetch, is_there
from jtfs_repro.datasets.medley_solos_db import METADATA_NAME, clip_set_name


def fetch_medley_solos_db(
    *, folder: str, download: Literal["always", "never"] = "always", status: Path
) -> None:
    """Write whether the clip set is in ``folder`` (annotation/, audio/)."""
    facts = {"clip_set": clip_set_name(METADATA_NAME), "folder": folder}
    io.save_json(status, find(folder, download) | facts)


def find(folder: str, download: str) -> dict[str, Any]:
    """Return whether the clip set is at hand, after a download if need be."""
    was_there = is_there(folder)
    try:
        config.bound(fetch)(folder, download=download)
    except io.Unavailable as error:
        print(f"Medley-solos-DB will not be used: {error.reason}; {error.remedy}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    return {"status": io.RUN, "downloaded": not was_there}
