"""Pictures of rates and scales: what they draw, that words fit, equal bytes, wrong input."""

import os
import shutil
from itertools import pairwise

import matplotlib.text
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from PIL import Image
from scale_rate_cases import SMALL, SR, STAMP, made

from jtfs_repro import io
from jtfs_repro.features.filterbank import filterbank
from jtfs_repro.plots.animation import DPI, HEIGHT, WIDTH, save_animation
from jtfs_repro.plots.filterbank import (
    figure_filterbank_1d,
    figure_filterbank_2d,
    figure_grid_coefficients,
    figure_grid_filters,
)
from jtfs_repro.plots.images import compressed, hertz, spin_name
from jtfs_repro.plots.scale_rate import chosen_pair, figure_four_sounds, figure_scale_rate
from jtfs_repro.studies.textures.scale_rate_grid import scale_rate_grid

LINE = STAMP.line


def four():
    names = ("up_chirp", "down_chirp", "pulse", "sine")
    return figure_four_sounds({name: made(name) for name in names}, stamp_line=LINE)


def one(**options):
    settings = {"title": "a $ound", "stamp_line": LINE}
    return figure_scale_rate(made("up_chirp"), **settings | options)


@pytest.fixture(scope="module")
def grid():
    return scale_rate_grid(transform=SMALL, hop=32)


@pytest.fixture(scope="module")
def bank():
    return filterbank(transform=SMALL, sr=SR, n_samples=1024, rates=2, scales=2)


@pytest.fixture(scope="module")
def figures(grid, bank):
    g = grid
    coefficients = (g.wavelets, g.response, g.times_s, g.frequencies_hz)
    return {
        "one": one(),
        "four": four(),
        "curves": figure_filterbank_1d(
            bank.first, bank.second, bank.log_frequency, stamp_line=LINE
        ),
        "wavelets": figure_filterbank_2d(bank.wavelets, stamp_line=LINE),
        "filters": figure_grid_filters(g.wavelets, stamp_line=LINE),
        "coefficients": figure_grid_coefficients(*coefficients, stamp_line=LINE),
    }


NAMES = ("one", "four", "curves", "wavelets", "filters", "coefficients")


def words(figure):
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.mark.parametrize("name", NAMES)
def test_text_is_inside_and_the_foot_is_apart(figures, name):
    figure = figures[name]
    figure.set_dpi(100)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer, page = canvas.get_renderer(), figure.bbox
    foot = next(text for text in figure.texts if LINE in text.get_text())
    box = foot.get_window_extent(renderer)
    assert 0 <= box.y0 < box.y1
    assert box.x1 <= page.width
    for axes in figure.axes:
        if axes.get_visible():
            tight = axes.get_tightbbox(renderer)
            assert not tight.overlaps(box)
            assert -0.5 <= tight.x0 <= tight.x1 <= page.width + 0.5
            assert tight.y1 <= page.height + 0.5


@pytest.mark.parametrize("name", NAMES)
def test_both_spins_are_named_as_here_and_in_the_paper(figures, name):
    text = " ".join(" ".join(words(figures[name])).split())
    for spin in (1, -1):
        assert spin_name(spin) in text


def meshes(figure):
    found = [axes.findobj(QuadMesh) for axes in figure.axes]
    return [mesh for axes in found for mesh in axes]


def test_one_sound_draws_the_pair_asked_for():
    result = made("up_chirp")
    figure = one(rate_hz=result.rates_hz[2], scale_cpo=result.scales_cpo[1])
    _, rising, falling = meshes(figure)[:3]
    for mesh, spin in ((rising, 1), (falling, -1)):
        response = result.of_pair(result.rates_hz[2], result.scales_cpo[1], spin)
        np.testing.assert_array_equal(
            np.asarray(mesh.get_array()).reshape(response.shape), response
        )
    assert rising.get_clim() == falling.get_clim()
    assert f"{hertz(result.rates_hz[2])} Hz" in " ".join(" ".join(words(figure)).split())


def test_four_sounds_share_a_scale_per_column_and_print_their_ratio():
    figure = four()
    shown = meshes(figure)
    assert len(shown) == 12
    for column in range(4):
        low, high = shown[4 + column].get_clim(), shown[8 + column].get_clim()
        assert low == high
    ratio = made("up_chirp").spin_ratio_db()
    assert any(f"{ratio:+.1f} dB in all" in text for text in words(figure))


def test_more_sounds_than_fit_in_a_row():
    figure = figure_four_sounds({f"s{i}": made("pulse") for i in range(6)}, stamp_line=LINE)
    assert [axes.get_visible() for axes in figure.axes].count(True) == 18
    assert [text for text in words(figure) if text.startswith("(")] == [
        f"({letter}) s{i}" for i, letter in enumerate("abcdef")
    ]


def test_grid_of_coefficients(grid, figures):
    rows, columns = grid.response.shape[:2]
    panels = np.array(figures["coefficients"].axes).reshape(rows, columns)
    middle = rows // 2
    assert [axes.get_visible() for axes in panels[:, 0]] == [False] * middle + [True] * (middle + 1)
    drawn = np.asarray(panels[-1, 0].images[0].get_array())
    np.testing.assert_allclose(drawn, np.sqrt(2) * grid.response[-1, 0])
    (limits,) = {axes.images[0].get_clim() for axes in panels.flat}
    rest = grid.response.copy()
    rest[:, 0] *= np.sqrt(2)
    rest[middle, 0] = 0
    assert limits == (0, pytest.approx(0.8 * rest.max()))
    width, height = figures["coefficients"].get_size_inches()
    assert (width, height) == (11, pytest.approx(11 * rows / columns))


def test_limits_of_wavelets_are_symmetric(figures):
    for name in ("filters", "wavelets"):
        for axes in figures[name].axes:
            low, high = axes.images[0].get_clim()
            assert low == -high
            image = np.asarray(axes.images[0].get_array())
            assert np.abs(image).max() == pytest.approx(high)


@pytest.mark.parametrize("name", ["one", "four"])
def test_same_bytes_twice(tmp_path, name):
    for i in range(2):
        io.save_figure(tmp_path / f"{i}.png", {"one": one, "four": four}[name]())
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_compressed():
    level = compressed(np.array([0.0, 0.01, 0.1, 1.0]), 1.0, range_db=30)
    np.testing.assert_allclose(level, [0, 0, 10, 30])
    assert not compressed(np.zeros(3), 0.0, range_db=30).any()


# ------------------------------------------------------------------------------------- animation


def animate(path, **options):
    settings = {"title": "a $ound", "stamp_line": LINE, "frames": 5, "seconds": 1.0}
    save_animation(path, made("up_chirp"), **settings | options)
    return path


def test_gif_moves_and_has_equal_bytes(tmp_path):
    first, second = (animate(tmp_path / f"{i}.gif") for i in range(2))
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as film:
        assert film.n_frames == 5
        assert film.info["duration"] == 200
        assert film.info["loop"] == 0
        frames = []
        for i in range(5):
            film.seek(i)
            frames.append(np.asarray(film.convert("RGB")).copy())
    for a, b in pairwise(frames):
        assert (a != b).any()
    # what does not move keeps its colours
    still = frames[0][-40:]
    assert all((frame[-40:] == still).all() for frame in frames)
    cursors = [(frame[40:100] == (179, 64, 14)).all(-1).sum(0).argmax() for frame in frames]
    assert cursors == sorted(cursors)
    assert cursors[0] < cursors[-1]


def test_bad_animation(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"must end in \.gif or \.mp4"):
        animate(tmp_path / "a.avi")
    with pytest.raises(ValueError, match="frames=1 must be >= 2"):
        animate(tmp_path / "a.gif", frames=1)
    with pytest.raises(ValueError, match=r"seconds=0 must be > 0"):
        animate(tmp_path / "a.gif", seconds=0)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(io.Unavailable, match=r"ffmpeg is not installed.*; install it"):
        animate(tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_mp4_gets_every_frame(tmp_path, monkeypatch):
    """A stand-in for ffmpeg that stores what it is given: raw frames of four bytes per pixel."""
    stand_in = tmp_path / "bin" / "ffmpeg"
    stand_in.parent.mkdir()
    stand_in.write_text('#!/bin/sh\nfor last; do :; done\ncat > "$last"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    raw = animate(tmp_path / "a.mp4").read_bytes()
    size = len(raw) // 5
    assert size * 5 == len(raw)
    assert size == pytest.approx(4 * WIDTH * DPI * HEIGHT * DPI, rel=0.01)  # sides made even
    frames = [raw[i * size : (i + 1) * size] for i in range(5)]
    assert len(set(frames)) == 5


# ------------------------------------------------------------------------------------- bad input


def test_bad_figures(grid):
    result = made("up_chirp")
    with pytest.raises(ValueError, match="rate_hz=20, scale_cpo=None must be given together"):
        chosen_pair(result, 20, None)
    with pytest.raises(ValueError, match=r"rate_hz=1000000.0 must be within the filter bank"):
        one(rate_hz=1e6, scale_cpo=1.0)
    with pytest.raises(ValueError, match="range_db=0 must be > 0"):
        one(range_db=0)
    with pytest.raises(ValueError, match=r"len\(results\)=0 must be 1 to 200 sounds"):
        figure_four_sounds({}, stamp_line="")
    arguments = (grid.wavelets, grid.response[:-1], grid.times_s, grid.frequencies_hz)
    with pytest.raises(ValueError, match=r"response.shape=.* must be"):
        figure_grid_coefficients(*arguments, stamp_line="")
    with pytest.raises(ValueError, match="share=2 must be"):
        figure_grid_coefficients(*arguments, stamp_line="", share=2)
