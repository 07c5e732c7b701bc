"""Render the clip set of solo phrases from two soundfonts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jtfs_repro import config, io
from jtfs_repro.datasets import soundfont_solos
from jtfs_repro.datasets.soundfonts import Font, find_training_font


def render_solos(*, font_status: Path, folder: str, report: Path) -> None:
    """Write the clips into ``folder``, and a report on them or on why there are none."""
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
