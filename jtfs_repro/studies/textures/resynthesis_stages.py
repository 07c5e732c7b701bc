"""Resynthesis of sounds from scattering coefficients, its scores, Figure 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jtfs_repro import checks, config, io
from jtfs_repro.audio import read_sound
from jtfs_repro.devices import choose_device
from jtfs_repro.plots.error_curves import figure_error_curves
from jtfs_repro.plots.resynthesis import Texture, Version, figure_resynthesis
from jtfs_repro.provenance import Stamp
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.textures.evaluate_resynthesis import evaluate_resynthesis as evaluate
from jtfs_repro.studies.textures.resynthesis_files import (
    ResynthesisFiles,
    load_cost,
    load_facts,
    load_resynthesis,
    resynthesize_file,
)
from jtfs_repro.tables import is_numeric, to_markdown

PAPER_SECONDS = 0.72  # per iteration on the paper's GPU, JTFS, N = 65 536
PAPER_SAMPLES = 1 << 16
COST = ("seconds_per_iteration", "seconds", "peak_memory_bytes", "device", "threads", "n_samples")
SHOWN = (  # columns of the Markdown table; the CSV file has all
    "sound",
    "representation",
    "descent",
    "status",
    "iterations",
    "error_at_20",
    "error_at_100",
    "error_best",
    "synchrony",
    "synchrony_kept",
    "synchrony_similarity",
    "spin_contrast_kept",
    "spectral_convergence_averaged",
    "error_jtfs",
    "error_scattering1d",
)
MARKDOWN_DIGITS = 3
Row = Mapping[str, Any]


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
    rows, text = resynthesis_table([io.load_csv(path) for path in scores])
    about = [load_facts(path) for path in facts]
    costs = cost_table(about, [load_cost(path) for path in facts])
    io.save_csv(table, rows)
    io.save_text(table.with_suffix(".md"), text)
    io.save_table(cost, costs, caption=Stamp.common(about).line)


def resynthesis_table(scores: Sequence[Sequence[Row]]) -> tuple[list[Row], str]:
    """Join the scores of all sounds, one table of `evaluate_resynthesis` each: rows, and as text.

    ValueError: there is no row, two tables are of the same sound, or they are of different runs.
    """
    names = [table[0]["sound"] for table in scores if table]
    if len(set(names)) < len(names) or not names:
        checks.fail("scores", names, "hold each sound once", "the same file twice, or none?")
    rows: list[Row] = [dict(row) for table in scores for row in table]
    stamp = Stamp.common(rows)
    shown = [{name: _short(row[name]) for name in SHOWN} for row in rows]
    notes = [
        stamp.line,
        "synchrony: correlation of the onsets of subbands an octave or more apart; kept: 0 at the"
        " initial noise, 1 at the original. spin_contrast_kept: rising against falling energy, 1 as"
        " in the original. error_jtfs, error_scattering1d: relative L2 error measured by each"
        " representation, whichever was descended.",
    ]
    return rows, to_markdown(shown, caption="\n\n".join(notes))


def _short(cell: str) -> str:
    """Return a fractional number with three significant digits, anything else as it is."""
    if not is_numeric([cell]) or cell.lstrip("-").isdigit():
        return cell
    return f"{float(cell):.{MARKDOWN_DIGITS}g}"


def cost_table(facts: Sequence[Row], costs: Sequence[Row]) -> list[dict[str, Any]]:
    """Return one row per resynthesis from its two JSON files, facts and costs in the same order.

    seconds_per_iteration is a median, forward and backward; paper_seconds_per_iteration that of
    JTFS at N = 65 536 on the paper's GPU. ValueError: there is none, or a file lacks a number.
    """
    if not facts:
        checks.fail("facts", [], "hold at least one resynthesis")
    rows = []
    for fact, cost in zip(facts, costs, strict=True):
        missing = [name for name in COST if name not in cost]
        if missing:
            checks.fail("cost", sorted(cost), f"hold {', '.join(missing)}", "made by other code?")
        is_paper = fact["representation"] == "jtfs" and cost["n_samples"] == PAPER_SAMPLES
        labels = {name: fact[name] for name in ("sound", "representation", "descent")}
        numbers = {name: cost[name] for name in COST}
        published = {"paper_seconds_per_iteration": PAPER_SECONDS if is_paper else ""}
        run = {name: fact[name] for name in ("scale", "preset", "variant")}
        rows.append({**labels, **numbers, **published, **run})
    return rows


def plot_resynthesis(*, sounds: list[Path], facts: list[Path], figures: list[Path]) -> None:
    """Draw Figure 6: spectrograms of sounds and of their resyntheses.

    Draw one row per sound; ``sounds`` have their facts, ``facts`` their sound beside them.
    """
    found = {path: load_facts(path) for path in facts}
    textures = [_texture(path, found) for path in sounds]
    line = Stamp.common(list(found.values())).line
    io.save_figures(figures, config.bound(figure_resynthesis)(textures, stamp_line=line))


def _texture(path: Path, found: Mapping[Path, Row]) -> Texture:
    about, sound = io.load_json(path.with_suffix(".json")), read_sound(path)
    name = about["name"]
    return Texture(
        name=name,
        title=about["title"],
        sr=sound.sr,
        samples=sound.samples,
        versions=[_version(p, facts) for p, facts in found.items() if facts["sound"] == name],
    )


def _version(path: Path, facts: Row) -> Version:
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
