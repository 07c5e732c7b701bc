"""Draw Figure 6: spectrograms of sounds and of their resyntheses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.experiments.stored_resynthesis import load_facts
from jtfs_repro.plots.resynthesis import Texture, Version, figure_resynthesis
from jtfs_repro.provenance import Stamp

Facts = Mapping[str, Any]


def plot_resynthesis(*, sounds: list[Path], facts: list[Path], figures: list[Path]) -> None:
    """Draw one row per sound; ``sounds`` have their facts, ``facts`` their sound beside them."""
    found = {path: load_facts(path) for path in facts}
    textures = [_texture(path, found) for path in sounds]
    line = Stamp.common(list(found.values())).line
    io.save_figures(figures, config.bound(figure_resynthesis)(textures, stamp_line=line))


def _texture(path: Path, found: Mapping[Path, Facts]) -> Texture:
    about, sound = io.load_json(path.with_suffix(".json")), read_sound(path)
    name = about["name"]
    return Texture(
        name=name,
        title=about["title"],
        sr=sound.sr,
        samples=sound.samples,
        versions=[_version(p, facts) for p, facts in found.items() if facts["sound"] == name],
    )


def _version(path: Path, facts: Facts) -> Version:
    return Version(
        representation=facts["representation"],
        descent=facts["descent"],
        samples=read_sound(path.with_suffix(".wav")).samples,
        error=facts["error_best"],
    )
