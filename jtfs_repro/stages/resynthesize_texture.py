"""Resynthesise a prepared sound: from noise to the coefficients of a representation."""

from __future__ import annotations

from pathlib import Path

from jtfs_repro.devices import choose_device
from jtfs_repro.experiments.resynthesis_files import ResynthesisFiles, resynthesize_file
from jtfs_repro.runs import stamp_of


def resynthesize_texture(
    *,
    run: str,
    name: str,
    sound: Path,
    device: str = "auto",
    checkpoint: Path,
    resynthesis: Path,
    history: Path,
    snapshots: Path,
    facts: Path,
    cost: Path,
) -> None:
    """Write the sound found, its errors by iteration, and the sound along the way."""
    files = ResynthesisFiles(
        input=sound,
        output=resynthesis,
        history=history,
        snapshots=snapshots,
        facts=facts,
        cost=cost,
        checkpoint=checkpoint,
    )
    resynthesize_file(files, name=name, stamp=stamp_of(run, device=choose_device(device)))
