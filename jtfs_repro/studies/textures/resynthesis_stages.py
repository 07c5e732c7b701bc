"""Resynthesis of sounds from scattering coefficients, its scores, Figure 6."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.devices import choose_device
from jtfs_repro.plots.error_curves import figure_error_curves
from jtfs_repro.plots.resynthesis import Texture, Version, figure_resynthesis
from jtfs_repro.provenance import Stamp
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.textures.evaluate_resynthesis import evaluate_resynthesis as evaluate
from jtfs_repro.studies.textures.resynthesis_files import ResynthesisFiles, resynthesize_file
from jtfs_repro.studies.textures.resynthesis_table import cost_table, resynthesis_table
from jtfs_repro.studies.textures.stored_resynthesis import load_cost, load_facts, load_resynthesis


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
    """Resynthesise a prepared sound: from noise to the coefficients of a representation.

    Write the sound found, its errors by iteration, and the sound along the way.
    """
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


def evaluate_resynthesis(*, sound: Path, facts: list[Path], scores: Path) -> None:
    """Score the resyntheses of one sound: synchrony, spins, spectra, both scatterings.

    Write a table; what belongs to a sound or to the facts of a resynthesis lies beside it.
    """
    about = io.load_json(sound.with_suffix(".json"))
    resyntheses = [load_resynthesis(path) for path in facts]
    rows = config.bound(evaluate)(read_sound(sound), resyntheses, facts=about)
    io.save_csv(scores, rows)


def tabulate_resynthesis(*, scores: list[Path], facts: list[Path], table: Path, cost: Path) -> None:
    """Tabulate the scores of all resyntheses, and what their iterations cost.

    Write both tables; ``scores`` has one per sound, what each cost lies beside its facts.
    """
    made = config.bound(resynthesis_table)([io.load_csv(path) for path in scores])
    about = [load_facts(path) for path in facts]
    costs = cost_table(about, [load_cost(path) for path in facts])
    io.save_csv(table, made.rows)
    io.save_text(table.with_suffix(".md"), made.text)
    io.save_table(cost, costs, caption=Stamp.common(about).line)


Facts = Mapping[str, Any]


def plot_resynthesis(*, sounds: list[Path], facts: list[Path], figures: list[Path]) -> None:
    """Draw Figure 6: spectrograms of sounds and of their resyntheses.

    Draw one row per sound; ``sounds`` have their facts, ``facts`` their sound beside them.
    """
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


def plot_error_curves(*, histories: list[Path], figures: list[Path]) -> None:
    """Draw the error of every resynthesis against the iteration.

    Draw one curve per table of errors by iteration.
    """
    rows = [row for path in histories for row in io.load_csv(path)]
    figure = config.bound(figure_error_curves)(rows, stamp_line=Stamp.common(rows).line)
    io.save_figures(figures, figure)
