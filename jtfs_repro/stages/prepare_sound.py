"""Prepare one sound: synthesise it, or make a recording mono and a power of two samples long."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.audio import write_sound
from jtfs_repro.experiments.textures import prepare
from jtfs_repro.runs import stamp_of


def prepare_sound(
    *, run: str, name: str, recording: Path | None = None, sound: Path, facts: Path
) -> None:
    """Write a sound of the project, or the ``recording`` that is called ``name``, and its facts."""
    prepared = config.bound(prepare)(name, path=recording)
    write_sound(sound, prepared.sound)
    io.save_json(facts, prepared.facts | stamp_of(run).as_dict())
