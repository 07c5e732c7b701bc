"""Figures and page: content, determinism, 'not run' panels, greyscale, errors."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from study_standins import WEIGHTS, WHY, features, grid

from jtfs_repro import io, site
from jtfs_repro.datasets.chirps import ChirpSynthesis, chirp
from jtfs_repro.plots import style
from jtfs_repro.plots.cqt_chirps import figure_cqt_chirps
from jtfs_repro.plots.isomap import PANELS, figure_isomap, view_matrix
from jtfs_repro.plots.knn_ratios import figure_knn_ratios
from jtfs_repro.plots.manifold_data import manifold_data
from jtfs_repro.plots.series import Cloud, Ratios, upright

STAMP_LINE = "scale smoke · preset paper · device cpu"
THETA = grid(4)


@pytest.fixture(scope="module")
def clouds():
    def cloud(name, weights):
        if weights is None:
            return Cloud(name=name, embedding=np.full((len(THETA), 3), np.nan), not_run=WHY)
        return Cloud(name=name, embedding=features(THETA, weights)[:, :3])

    return [cloud(*item) for item in WEIGHTS.items()]


@pytest.fixture(scope="module")
def columns():
    generator = np.random.default_rng(0)
    ratios = 2 ** generator.normal(0, 0.8, (len(THETA), 3))
    absent = np.full_like(ratios, np.nan)
    names = ("jtfs", "scattering1d_q8", "strf_average_vector", "index_grid_floor")
    return [
        *(Ratios(name=name, arithmetic=ratios * 1.01, geometric=ratios) for name in names),
        Ratios(name="openl3", arithmetic=absent, geometric=absent, not_run=WHY),
    ]


@pytest.fixture(scope="module")
def transform():
    frequencies, times = 128 * 2 ** (np.arange(96) / 24), np.linspace(-2, 2, 33)
    magnitude = np.random.default_rng(0).random((2, 96, 33)) + 1e-3
    theta = np.array([[512, 3, 0.5], [512, 3, 4.0]])
    return magnitude, frequencies, times, theta


@pytest.fixture
def figures(clouds, columns, transform):
    return {
        "fig2": lambda: figure_cqt_chirps(*transform, stamp_line=STAMP_LINE),
        "fig3": lambda: figure_isomap(clouds, THETA, stamp_line=STAMP_LINE),
        "fig4": lambda: figure_knn_ratios(columns, stamp_line=STAMP_LINE),
    }


def words(figure):
    import matplotlib.text

    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


@pytest.mark.parametrize("name", ["fig2", "fig3", "fig4"])
def test_figures_carry_the_stamp(figures, name):
    assert STAMP_LINE in words(figures[name]())


@pytest.mark.parametrize("kind", ["png", "pdf"])
@pytest.mark.parametrize("name", ["fig2", "fig3", "fig4"])
def test_figures_have_the_same_bytes_twice(figures, name, kind, tmp_path):
    paths = [tmp_path / f"{i}.{kind}" for i in range(2)]
    for path in paths:
        io.save_figure(path, figures[name]())
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("name", ["fig2", "fig3", "fig4"])
def test_text_stays_on_the_page_and_apart(figures, name):
    """No printed text leaves the figure, and axis labels do not touch the note at the foot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = figures[name]()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    note = figure.texts[0].get_window_extent(renderer)
    for axes in figure.axes:
        box = axes.get_tightbbox(renderer)
        if box is not None and axes.axison:
            assert box.x0 >= -1
            assert box.x1 <= figure.bbox.width + 1
            assert box.y1 <= figure.bbox.height + 1
            assert not box.overlaps(note)
    assert note.x1 <= figure.bbox.width


def test_figure_3_shows_six_rows_of_three(figures, clouds):
    figure = figures["fig3"]()
    scatters = [c for axes in figure.axes for c in axes.collections if len(c.get_offsets()) > 60]
    assert len(scatters) == 3 * (len(PANELS) - 1)
    assert f"not run: {WHY}".replace(" ", "") in words(figure).replace("\n", "").replace(" ", "")
    with pytest.raises(ValueError, match="panels='openl3' must be one of"):
        figure_isomap(clouds[:-1], THETA, stamp_line="")
    with pytest.raises(ValueError, match="elevation=100"):
        figure_isomap(clouds, THETA, stamp_line="", elevation=100)


def test_colours_of_figure_3_are_logarithmic_in_the_parameter(figures):
    axes = next(a for a in figures["fig3"]().axes if "f_m" in a.get_title())
    low, high = axes.get_xlim()
    assert (low, high) == (pytest.approx(4), pytest.approx(32))
    assert axes.get_xscale() == "log"


def test_view_is_a_rotation_with_upright_vertical():
    view = view_matrix(26.0, -52.0)
    np.testing.assert_allclose(view @ view.T, np.eye(3), atol=1e-12)
    assert view[1, 2] > 0
    np.testing.assert_allclose(view[0, 2], 0, atol=1e-12)


def test_figure_4_marks_points_outside_and_chooses_the_mean(columns):
    far = [
        Ratios(name="jtfs", arithmetic=columns[0].arithmetic * 8, geometric=columns[0].geometric)
    ]
    figure = figure_knn_ratios(far, stamp_line="")
    drawn = sum(len(c.get_offsets()) for c in figure.axes[0].collections)
    assert drawn == len(THETA)
    low, high = figure.axes[0].get_ylim()
    for collection in figure.axes[0].collections:
        offsets = np.asarray(collection.get_offsets())
        assert ((offsets[:, 1] > low) & (offsets[:, 1] < high)).all()
    assert "geometric" in words(figure_knn_ratios(far, stamp_line="", mean="geometric"))
    with pytest.raises(ValueError, match="mean='median'"):
        figure_knn_ratios(columns, stamp_line="", mean="median")
    with pytest.raises(ValueError, match="at least one representation"):
        figure_knn_ratios([], stamp_line="")


def test_figure_4_has_the_published_ticks(columns):
    axes = figure_knn_ratios(columns, stamp_line="").axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["1/3", "1/2", "1", "2", "3"]


def test_figure_2_refuses_other_shapes(transform):
    magnitude, frequencies, times, theta = transform
    with pytest.raises(ValueError, match=r"magnitude.shape=\(1, 96, 33\)"):
        figure_cqt_chirps(magnitude[:1], frequencies, times, theta, stamp_line="")


def test_colour_map_is_even_in_grey_and_visible_on_white():
    rgb = style.sequential()(np.linspace(0, 1, 33))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = 116 * np.cbrt(luminance) - 16
    steps = np.diff(lightness)
    assert (steps > 0.5).all()
    assert steps.max() < 3 * np.median(steps)
    assert lightness[-1] < 87  # white is 100


def test_upright_turns_a_rotated_grid_back():
    logs = np.log2(THETA)
    logs = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    turned = upright(5 + logs @ rotation, THETA)
    np.testing.assert_allclose(turned, logs / np.abs(logs).max(), atol=1e-12)


def test_upright_keeps_shapes():
    from scipy.spatial.distance import pdist

    embedding = np.random.default_rng(0).normal(size=(len(THETA), 3)) * [3, 2, 1]
    ratio = pdist(upright(embedding, THETA)) / pdist(embedding)
    np.testing.assert_allclose(ratio, ratio[0])


# The page of all embeddings


SCRIPT = Path(site.__file__).with_name("assets") / "manifolds.js"


def test_page_holds_the_parameters_and_points(clouds):
    data = manifold_data(clouds, THETA, stamp_line=STAMP_LINE)
    assert data["stamp"] == STAMP_LINE
    assert len(data["panels"]) == len(clouds)
    np.testing.assert_allclose(data["parameters"][1]["values"], THETA[:, 1], rtol=1e-5)
    assert len(data["parameters"][2]["levels"]) == 4
    expected = upright(clouds[3].embedding, THETA).T
    np.testing.assert_allclose(data["panels"][3]["points"], expected, atol=1e-4)
    assert data["panels"][7]["not_run"] == WHY
    assert "points" not in data["panels"][7]
    json.dumps(data, allow_nan=False)


def test_page_refuses_other_chirps(clouds):
    with pytest.raises(ValueError, match="must hold 8 points"):
        manifold_data(clouds, grid(2), stamp_line="")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_page_synthesises_the_same_chirp():
    """The script parses, and its Eq. (5) equals ours."""
    text = SCRIPT.read_text(encoding="utf-8")
    function = re.search(r"^function chirp.*?^}", text, re.DOTALL | re.MULTILINE)[0]
    subprocess.run(["node", "--check", SCRIPT], check=True)
    program = f"const DATA = {{bandwidth: 2}};{function};"
    program += "console.log(JSON.stringify([...chirp(700, 10, 2, 8192)]))"
    text = subprocess.run(["node", "-e", program], check=True, capture_output=True).stdout
    found = np.array(json.loads(text))
    synthesis = ChirpSynthesis(amplitude="none")
    middle, half = synthesis.n_samples // 2, len(found) // 2
    expected = 0.5 * chirp(700, 10, 2, synthesis=synthesis)[middle - half : middle + half + 1]
    np.testing.assert_allclose(found, expected, atol=1e-7)
