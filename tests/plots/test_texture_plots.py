"""Figure 6 and the error curves: content, the paper's marks, layout, equal bytes, errors."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib.text
import numpy as np
import pytest
from matplotlib import mlab
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from texture_standins import METHODS, SR, STAMP, history, partials, random_lags, write_textures

from jtfs_repro import config, io
from jtfs_repro.plots import style
from jtfs_repro.plots.error_curves import figure_error_curves
from jtfs_repro.plots.resynthesis import Texture, Version, figure_resynthesis
from jtfs_repro.tables import format_cell

ROOT = Path(__file__).parents[2]
N = 1 << 15


def texture(name="gull", methods=METHODS, n_samples=N):
    versions = [
        Version(representation=r, descent=d, samples=sound(r, n_samples), error=0.016)
        for r, d in methods
    ]
    return Texture(
        name=name,
        title=f"{name}-like calls",
        sr=SR,
        samples=partials(n_samples),
        versions=versions,
    )


def sound(representation, n_samples):
    lags = random_lags() if representation == "scattering1d" else (0.0,)
    return partials(n_samples, lags_s=lags)


def histories(sounds=("gull", "hawk"), iterations=120, methods=METHODS):
    rows = []
    for name in sounds:
        for representation, descent in methods:
            labels = {"sound": name, "representation": representation, "descent": descent}
            rows += history(labels, iterations)
    return [{name: format_cell(cell) for name, cell in row.items()} for row in rows]


def spectrograms(textures=None, **options):
    textures = textures or [texture(), texture("hawk")]
    return figure_resynthesis(textures, stamp_line=STAMP.line, **options)


def curves(rows=None, **options):
    return figure_error_curves(rows or histories(), stamp_line=STAMP.line, **options)


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def boxes(figure):
    """Draw a figure; return every text that was drawn, with its box."""
    drawn, draw_text = [], matplotlib.text.Text.draw

    def record(text, renderer, *arguments):
        if text.get_visible():
            drawn.append((text.get_text(), text.get_window_extent(renderer)))
        return draw_text(text, renderer, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matplotlib.text.Text, "draw", record)
        FigureCanvasAgg(figure).draw()
    return [(text, box) for text, box in drawn if text]


def check_layout(figure):
    found = boxes(figure)
    assert len(found) > 5
    for text, box in found:
        assert min(box.x0, box.y0) > -1, text
        assert box.x1 < figure.bbox.x1 + 1, text
        assert box.y1 < figure.bbox.y1 + 1, text
    for (a, first), (b, second) in combinations(found, 2):
        overlap = (
            min(first.x1, second.x1) - max(first.x0, second.x0),
            min(first.y1, second.y1) - max(first.y0, second.y0),
        )
        assert min(overlap) < 1, (a, b)


def views(**named):
    return {"gull": (0.2, 1.2, 0.0, 7500.0)} | named


# Figure 6


def test_columns_are_original_scattering1d_jtfs():
    figure = spectrograms(views=views())
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:3] == ["original", "Scattering1D", "JTFS"]
    assert [len(axes.images) for axes in figure.axes] == [1] * 6
    assert STAMP.line in words(figure)
    assert "1.6 %" in words(figure)
    assert "T = 370 ms" in words(figure)
    assert "Descent: L-BFGS." in words(figure)


def test_pictures_are_the_papers_spectrograms():
    (original, _, jtfs, *_) = spectrograms([texture()], ranges_db={"gull": 40.0}).axes
    spectrum = mlab.specgram(partials(N)[0], NFFT=256, Fs=SR, noverlap=128)[0]
    c = spectrum.max() * 1e-4
    (image,) = original.images
    np.testing.assert_allclose(np.asarray(image.get_array()), np.log1p(spectrum / c), rtol=1e-6)
    assert image.get_cmap().name == "magma_r"
    assert image.get_extent()[1] == pytest.approx((1 + 2 * spectrum.shape[1]) * 64 / SR)
    (other,) = jtfs.images
    assert other.get_clim() == image.get_clim()


def test_colours_are_those_of_the_view():
    loud_start = texture()
    loud_start.samples[:, :4000] *= 100
    whole = spectrograms([loud_start]).axes[0].images[0].get_clim()
    part = spectrograms([loud_start], views=views()).axes[0].images[0].get_clim()
    assert part[1] < whole[1]


@pytest.mark.parametrize("end", [1.2, 99.0])
def test_view(end):
    axes = spectrograms([texture()], views={"gull": (0.2, end, 100.0, 7500.0)}).axes[0]
    assert axes.get_xlim() == pytest.approx((0.2, min(end, N / SR)))
    assert axes.get_ylim() == pytest.approx((0.1, 7.5))
    whole = spectrograms([texture("robin")], views=views()).axes[0]
    assert whole.get_xlim() == pytest.approx((0, N / SR))
    assert whole.get_ylim() == pytest.approx((0, SR / 2000))


def test_first_descent_is_drawn():
    figure = spectrograms([texture(methods=METHODS[2:])])
    assert "Descent: bold driver." in words(figure)


def test_missing_resynthesis_is_said():
    figure = spectrograms([texture(methods=[("jtfs", "adam")])])
    assert [len(axes.images) for axes in figure.axes] == [1, 0, 1]
    assert "not run" in words(figure)
    check_layout(figure)


@pytest.mark.parametrize("names", [("gull",), ("gull", "hawk"), ("a", "b", "c", "d", "e")])
def test_layout_of_figure_6(names):
    check_layout(spectrograms([texture(name) for name in names], views=views()))


def test_long_titles_are_cut():
    long = texture()
    object.__setattr__(long, "title", "A very long name of a recording " * 5)
    figure = spectrograms([long, long])
    check_layout(figure)
    assert "…" in words(figure)


def test_short_sounds_are_drawn():
    check_layout(spectrograms([texture(n_samples=200)]))


def test_bad_figure_6():
    with pytest.raises(ValueError, match=r"textures=\[\] must hold at least one"):
        figure_resynthesis([], stamp_line="")
    for view in ((5.0, 6.0, 0, 100), (0.2, 0.1, 0, 100), (0, 1, 200, 100), (0, 1, 12000, 13000)):
        with pytest.raises(ValueError, match=r"views\['gull'\]=.* must lie within 1\.49 s and 110"):
            spectrograms(views={"gull": view})
    with pytest.raises(ValueError, match=r"views\['gull'\]=\(1, 2\) must be \(start_s, end_s"):
        spectrograms(views={"gull": (1, 2)})
    with pytest.raises(ValueError, match="ranges_db=0 must be > 0"):
        spectrograms(ranges_db={"gull": 0})
    with pytest.raises(ValueError, match="arrow_s=0 must be > 0"):
        spectrograms(arrow_s=0)


# Error curves


def lines(axes):
    return [line for line in axes.lines if line.get_marker() in ("None", "")]


def diamonds(axes):
    found = [line for line in axes.lines if line.get_marker() == "D"]
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in found]


def test_curves_are_the_errors():
    rows = histories()
    gull, hawk = curves(rows).axes[:2]
    assert (gull.get_title(), hawk.get_title()) == ("gull", "hawk")
    assert len(lines(gull)) == len(METHODS)
    for line, (representation, descent) in zip(
        lines(gull),
        [(r, d) for r in ("scattering1d", "jtfs") for d in ("lbfgs", "bold_driver")],
        strict=True,
    ):
        labels = {"sound": "gull", "representation": representation, "descent": descent}
        errors = [float(r["error"]) for r in rows if all(r[k] == v for k, v in labels.items())]
        np.testing.assert_allclose(line.get_ydata(), errors)
        colour = {"jtfs": style.INK, "scattering1d": style.ACCENT}[representation]
        assert to_hex(line.get_color()) == colour
        assert (line.get_linestyle() == "-") == (descent == "lbfgs")
    assert gull.get_yscale() == "log"


def test_papers_marks():
    figure = curves()
    assert diamonds(figure.axes[0]) == [(20, 0.10), (100, 0.03)]
    assert diamonds(curves(histories(iterations=50)).axes[0]) == [(20, 0.10)]
    few = curves(histories(iterations=3))
    assert diamonds(few.axes[0]) == []
    assert [text.get_text() for text in few.legends[0].get_texts()][-1] != "paper"
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "paper"


def test_longest_cuts_and_errors_widen_the_axis():
    axes = curves(longest=40).axes[0]
    assert max(line.get_xdata().max() for line in axes.lines) == 40
    assert axes.get_xlim()[1] < 42
    low = histories()
    low[-1]["error"] = "1e-05"
    assert curves(low, lowest=0.005).axes[0].get_ylim()[0] < 1e-5
    assert curves(lowest=0.005).axes[0].get_ylim()[0] == pytest.approx(0.005)


def test_blank_errors_are_left_out():
    rows = histories(sounds=["gull"], methods=METHODS[:1])
    rows[7]["error"] = ""
    assert len(lines(curves(rows).axes[0])[0].get_xdata()) == 120


@pytest.mark.parametrize(
    ("sounds", "iterations"),
    [(("gull",), 120), (("gull", "hawk"), 3), (("a", "b", "c", "d"), 200), (("a", "b", "c"), 20)],
)
def test_layout_of_curves(sounds, iterations):
    check_layout(curves(histories(sounds, iterations)))


def test_other_representations_have_a_colour():
    figure = curves([row | {"representation": "other"} for row in histories(("gull",), 5)])
    assert "other" in words(figure)


def test_bad_curves():
    with pytest.raises(ValueError, match=r"rows=\[\] must hold at least one history"):
        figure_error_curves([], stamp_line="")
    with pytest.raises(ValueError, match=r"lowest=3 must be <= 0\.99 \(a share"):
        curves(lowest=3)
    with pytest.raises(ValueError, match="longest=0 must be >= 1"):
        curves(longest=0)


# Scripts and settings


@pytest.mark.parametrize("draw", [spectrograms, curves])
def test_figures_have_the_same_bytes_twice(draw, tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(2)]
    for path in paths:
        io.save_figure(path, draw())
    assert paths[0].read_bytes() == paths[1].read_bytes()


def run(stage, *arguments):
    command = [sys.executable, "-m", "jtfs_repro", stage, *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def test_scripts(tmp_path):
    made = write_textures(tmp_path, n_samples=4096, iterations=25)
    gin = {s: config.stack(s, scale="smoke", root="gin") for s in ("fig6", "error_curves")}
    sounds = [made.sound(name) for name in made.sounds]
    options = ("--sounds", *sounds, "--facts", *made.facts(), "--figures", tmp_path / "fig6.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        gin = {s: config.stack(s, scale="smoke", root="gin") for s in gin}
    run("plot_resynthesis", "--gin", *gin["fig6"], *options)
    options = ("--histories", *made.files(".csv"), "--figures", tmp_path / "curves.png")
    run("plot_error_curves", "--gin", *gin["error_curves"], *options)
    for name in ("fig6.png", "curves.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_settings_of_figure_6_are_the_papers(monkeypatch):
    monkeypatch.chdir(ROOT)
    config.load_gin(config.stack("fig6", root="gin", scale="paper"))
    textures = [texture(name, n_samples=1 << 16) for name in ("gull", "hawk")]
    axes = config.bound(figure_resynthesis)(textures, stamp_line="").axes
    assert axes[0].get_xlim() == pytest.approx((1.8, (1 << 16) / SR))
    assert axes[0].get_ylim() == pytest.approx((0, 7.5))
    assert axes[3].get_xlim() == pytest.approx((0, 1))
    assert axes[3].get_ylim() == pytest.approx((0, 8))
