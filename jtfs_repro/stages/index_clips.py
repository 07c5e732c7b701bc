"""Read every clip of a set wholly; list the whole ones, refuse or report the others.

By hand: python -m jtfs_repro index_clips --folder FOLDER --index index.csv --report report.json
"""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.datasets import clip_index


def index_clips(
    *,
    folder: str | None = None,
    status: Path | None = None,
    clip_set: str = "",
    allow_partial: bool = False,
    index: Path,
    report: Path,
) -> None:
    """Write the index of a clip set and a report; broken clips are listed beside the report.

    ``folder`` is by default the one in ``status``, the JSON of the stage that fetched or rendered
    the set; ``clip_set`` is the name that the set must have, '' for any.
    """
    found = io.load_json(status) if status else {"status": io.RUN}
    folder = folder or found.get("folder")
    if found["status"] == io.NOT_RUN:
        rows, about = [], found | {"clip_set": clip_set or found.get("clip_set", "")}
        line = f"no clips: {io.why_not_run(found)}"
    elif folder is None:
        raise ValueError("folder=None must be given (by --folder, or in the JSON of --status)")
    else:
        rows, about = config.bound(clip_index.index_clips)(
            folder,
            clip_set=clip_set,
            allow_partial=allow_partial,
            problems_file=report.with_suffix(".problems.csv"),
        )
        line = "{n_clips} of {n_expected} clips are whole, {n_extra} extra files".format(**about)
    clip_index.save_index(index, rows)
    io.save_json(report, about)
    print(line)
