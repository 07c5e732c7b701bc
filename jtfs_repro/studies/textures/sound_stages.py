"""Sounds of Sections 2 and 5: their rates, scales and spins, Figure 1, filter banks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.audio import read_sound, write_sound
from jtfs_repro.features.filterbank import filterbank
from jtfs_repro.features.scale_rate import ScaleRate
from jtfs_repro.features.scale_rate import scale_rate as transform
from jtfs_repro.plots.animation import save_animation
from jtfs_repro.plots.filterbank import (
    figure_filterbank_1d,
    figure_filterbank_2d,
    figure_grid_coefficients,
    figure_grid_filters,
)
from jtfs_repro.plots.scale_rate import figure_four_sounds
from jtfs_repro.runs import stamp_of
from jtfs_repro.studies.textures.scale_rate_grid import scale_rate_grid
from jtfs_repro.studies.textures.spin_of_chirps import spin_of_chirps
from jtfs_repro.studies.textures.textures import prepare


def prepare_sound(
    *, run: str, name: str, recording: Path | None = None, sound: Path, facts: Path
) -> None:
    """Prepare one sound: synthesise it, or make a recording mono and a power of two samples long.

    Write a sound of the project, or the ``recording`` that is called ``name``, and its facts.
    """
    prepared = config.bound(prepare)(name, path=recording)
    write_sound(sound, prepared.sound)
    io.save_json(facts, prepared.facts | stamp_of(run).as_dict())


def transform_scale_rate(*, sound: Path, scale_rate: Path) -> None:
    """Compute the scale–rate picture of one sound: scalogram, responses, energies.

    Write the arrays of a `ScaleRate`.
    """
    io.save_arrays(scale_rate, **config.bound(transform)(read_sound(sound)).arrays())


def tabulate_spins(*, run: str, scale_rates: Sequence[Path] = (), table: Path) -> None:
    """Tabulate on which spin the energy of made signals and of sounds falls.

    Write one row per signal, then one per sound.
    """
    stamp = stamp_of(run)
    sounds = {path.stem: ScaleRate.of_arrays(io.load_arrays(path)) for path in scale_rates}
    io.save_table(table, config.bound(spin_of_chirps)(sounds, stamp=stamp), caption=stamp.line)


def plot_four_sounds(*, run: str, scale_rates: list[Path], figures: list[Path]) -> None:
    """Draw Figure 1: scalograms of sounds and their un-averaged responses in both spins.

    Draw one column per sound.
    """
    sounds = {path.stem: ScaleRate.of_arrays(io.load_arrays(path)) for path in scale_rates}
    figure = config.bound(figure_four_sounds)(sounds, stamp_line=stamp_of(run).line)
    io.save_figures(figures, figure)


def animate_scale_rate(
    *, run: str, scale_rate: Path, title: str | None = None, animation: Path
) -> None:
    """Animate the rates, scales and spins of one sound over time.

    Write a .gif, or an .mp4 with ffmpeg; the ``title`` is by default the file's name.
    """
    sound = ScaleRate.of_arrays(io.load_arrays(scale_rate))
    title, line = title or scale_rate.stem, stamp_of(run).line
    config.bound(save_animation)(animation, sound, title=title, stamp_line=line)


def plot_scale_rate_grid(*, run: str, filters: list[Path], coefficients: list[Path]) -> None:
    """Draw the scale–rate figure: a grid of 2-D wavelets, and a grid of their responses.

    Draw both grids.
    """
    line = stamp_of(run).line
    grid = config.bound(scale_rate_grid)()
    io.save_figures(filters, figure_grid_filters(grid.wavelets, stamp_line=line))
    responses = config.bound(figure_grid_coefficients)(
        grid.wavelets, grid.response, grid.times_s, grid.frequencies_hz, stamp_line=line
    )
    io.save_figures(coefficients, responses)


def plot_filterbank(*, run: str, curves: list[Path], wavelets: list[Path]) -> None:
    """Draw the filter banks: curves in frequency, and 2-D wavelets in time and log-frequency.

    Draw both figures.
    """
    line = stamp_of(run).line
    bank = config.bound(filterbank)()
    lines = figure_filterbank_1d(bank.first, bank.second, bank.log_frequency, stamp_line=line)
    io.save_figures(curves, lines)
    io.save_figures(wavelets, figure_filterbank_2d(bank.wavelets, stamp_line=line))
