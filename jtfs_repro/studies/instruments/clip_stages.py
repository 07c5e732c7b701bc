"""Clip sets: fetched or rendered, checked and listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from jtfs_repro import config, io
from jtfs_repro.datasets import clip_index, soundfont_solos
from jtfs_repro.datasets import clips as clips_module
from jtfs_repro.datasets.medley_fetch import fetch, is_there
from jtfs_repro.datasets.medley_solos_db import CLASSES, METADATA_NAME, clip_set_name
from jtfs_repro.datasets.soundfonts import Font, find_test_font, find_training_font

FOLDER = "data/soundfonts"


def fetch_soundfont(
    *, test_soundfont: str = "auto", folder: str = FOLDER, download: str = "auto", status: Path
) -> None:
    """Look for the soundfont of the test set, fetch it if allowed; say what became of it.

    Write the status of a soundfont: 'auto' or a path; a fetched one is put into ``folder``.
    """
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


def render_solos(*, font_status: Path, folder: str, report: Path) -> None:
    """Render the clip set of solo phrases from two soundfonts.

    Write the clips into ``folder``, and a report on them or on why there are none.
    """
    io.save_json(report, render(io.load_json(font_status), folder))


def render(status: dict[str, Any], folder: str) -> dict[str, Any]:
    """Return the report of the rendered set, or why it was not rendered."""
    if status["status"] == io.NOT_RUN:
        return {key: status[key] for key in ("status", "reason", "remedy")}
    try:
        training_font, test_font = find_training_font(), Font.from_dict(status)
    except io.Unavailable as error:
        print(f"the solos will not be rendered: {error}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    render_set = config.bound(soundfont_solos.render_solos)
    return render_set(folder=folder, training_font=training_font, test_font=test_font)


def fetch_medley_solos_db(
    *, folder: str, download: Literal["always", "never"] = "always", status: Path
) -> None:
    """Look for Medley-solos-DB, download it if allowed; say what became of it. Never fails.

    Write whether the clip set is in ``folder`` (annotation/, audio/).
    """
    facts = {"clip_set": clip_set_name(METADATA_NAME), "folder": folder}
    io.save_json(status, find_medley_solos_db(folder, download) | facts)


def find_medley_solos_db(folder: str, download: str) -> dict[str, Any]:
    """Return whether the clip set is at hand, after a download if need be."""
    was_there = is_there(folder)
    try:
        config.bound(fetch)(folder, download=download)
    except io.Unavailable as error:
        print(f"Medley-solos-DB will not be used: {error.reason}; {error.remedy}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    return {"status": io.RUN, "downloaded": not was_there}


def index_clips(
    *,
    folder: str | None = None,
    status: Path | None = None,
    clip_set: str = "",
    allow_partial: bool = False,
    index: Path,
    report: Path,
) -> None:
    """Read every clip of a set wholly; list the whole ones, refuse or report the others.

    By hand: python -m jtfs_repro index_clips --folder FOLDER --index index.csv --report report.json

    Write the index of a clip set and a report; broken clips are listed beside the report.

    ``folder`` is by default the one in ``status``, the JSON of the stage that fetched or rendered
    the set; ``clip_set`` is the name that the set must have, '' for any.
    """
    found = io.load_json(status) if status else {"status": io.RUN}
    folder = folder or found.get("folder")
    if found["status"] == io.NOT_RUN:
        name = clip_set or found.get("clip_set", "")
        text = clips_module.index_text([], clips_module.MEDLEY_COLUMNS)
        about = found | {"clip_set": name, "supports": clip_index.supports([], CLASSES)}
        line = f"no clips: {io.why_not_run(found)}"
    elif folder is None:
        raise ValueError("folder=None must be given (by --folder, or in the JSON of --status)")
    else:
        text, about = config.bound(clip_index.index_clips)(
            folder,
            clip_set=clip_set,
            allow_partial=allow_partial,
            problems_file=report.with_suffix(".problems.csv"),
        )
        line = "{n_clips} of {n_expected} clips are whole, {n_extra} extra files".format(**about)
    io.save_text(index, text)
    io.save_json(report, about)
    print(line)
