"""Figures of Section 4: stamp, content, other data told apart, nothing overlaps, errors."""

from dataclasses import replace
from itertools import combinations

import matplotlib.text
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from medley_standins import EPOCHS, STAMP, WHY, curves, histories, not_run, predictions, tables

from jtfs_repro import io
from jtfs_repro.datasets.medley_solos_db import CLASSES
from jtfs_repro.plots import style
from jtfs_repro.plots.class_recalls import OTHER_GREY, figure_class_recalls
from jtfs_repro.plots.classifiers import CLASSIFIERS, REAL, RENDERED, clip_set_words
from jtfs_repro.plots.confusion import DARK, figure_confusion, paper_to_blue
from jtfs_repro.plots.learning_curves import figure_learning_curves
from jtfs_repro.studies.instruments.learning_curves import learning_curves
from jtfs_repro.studies.instruments.published import CLASS_ORDER, paper_table2
from jtfs_repro.tables import format_cell

NAMES = ("class_recalls", "confusion", "learning_curves")


def as_text(rows):
    return [{name: format_cell(cell) for name, cell in row.items()} for row in rows]


def draw(name, found, clip_set=RENDERED, classes=CLASSES, **options):
    made = tables(found, clip_set=clip_set, classes=classes, n_bootstrap=50)
    if name == "class_recalls":
        rows, seeds = as_text(made.rows), as_text(made.seeds)
        paper = paper_table2() if "paper_average" in rows[0] else {}
        return figure_class_recalls(rows, seeds, paper, stamp_line=STAMP.line, **options)
    if name == "confusion":
        return figure_confusion(as_text(made.confusion), stamp_line=STAMP.line, **options)
    rows = learning_curves(found, histories(), stamp=STAMP, clip_set=clip_set)
    return figure_learning_curves(as_text(rows), stamp_line=STAMP.line, **options)


@pytest.fixture(scope="module")
def found():
    return predictions()


@pytest.fixture(scope="module")
def figures(found):
    return {(n, c): draw(n, found, c) for n in NAMES for c in (REAL, RENDERED)}


@pytest.fixture(scope="module")
def nothing_ran():
    return [not_run(model) for model in CLASSIFIERS]


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def panel(figure, title):
    (axes,) = [axes for axes in figure.axes if axes.get_title() == title]
    return axes


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


@pytest.mark.parametrize("clip_set", [REAL, RENDERED])
@pytest.mark.parametrize("name", NAMES)
def test_figures_carry_stamp_and_clip_set(figures, name, clip_set):
    said = words(figures[name, clip_set]).replace("\n", " ")
    assert STAMP.line in said
    assert f"Clips: {clip_set_words(clip_set, in_figure=True)}." in said
    assert ("soundfont" in said) == (clip_set == RENDERED)


def check_layout(figure):
    found = boxes(figure)
    assert len(found) > 10
    for text, box in found:
        assert min(box.x0, box.y0) > -1, text
        assert box.x1 < figure.bbox.x1 + 1, text
        assert box.y1 < figure.bbox.y1 + 1, text
    for (a, first), (b, second) in combinations(found, 2):
        overlap = (
            min(first.x1, second.x1) - max(first.x0, second.x0),
            min(first.y1, second.y1) - max(first.y0, second.y0),
        )
        is_slanted = a in SLANTED and b in SLANTED  # their boxes overlap, they do not
        assert min(overlap) < 1 or is_slanted, (a, b)


SLANTED = {
    *("ten. sax", "trumpet", "flute", "clarinet", "f. singer", "dist. gtr", "violin", "piano"),
    *("wren", "song thrush", "Great spotte…"),
}


@pytest.mark.parametrize("clip_set", [REAL, RENDERED])
@pytest.mark.parametrize("name", NAMES)
def test_texts_do_not_overlap(figures, name, clip_set):
    check_layout(figures[name, clip_set])


@pytest.mark.parametrize("name", NAMES)
def test_texts_do_not_overlap_where_nothing_ran(name, nothing_ran):
    figure = draw(name, nothing_ran)
    check_layout(figure)
    assert WHY.replace(" ", "") in words(figure).replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("name", NAMES)
def test_texts_do_not_overlap_where_the_last_did_not_run(name, found):
    why = "needs a GPU: 12 hours on 2 cores; run it on one, or leave jtfs_end_to_end out"
    some = [p for p in found if p.model in ("cqt", "jtfs")]
    check_layout(draw(name, [*some, replace(not_run("jtfs_end_to_end"), not_run=why)]))


@pytest.mark.parametrize("name", NAMES)
def test_one_model_and_seed(name, found):
    figure = draw(name, [p for p in found if (p.model, p.seed) == ("jtfs", 1)])
    check_layout(figure)
    assert "JTFS" in words(figure)


@pytest.mark.parametrize("name", NAMES)
def test_figures_have_the_same_bytes_twice(found, name, tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(2)]
    for path in paths:
        io.save_figure(path, draw(name, found))
    assert paths[0].read_bytes() == paths[1].read_bytes()


OWN = ("wren", "song_thrush", "Great spotted woodpecker")


@pytest.mark.parametrize("n_classes", [3, 2])
@pytest.mark.parametrize("name", NAMES)
def test_classes_of_another_set(name, n_classes):
    found = predictions(n_classes=n_classes)[1:]
    figure = draw(name, found, "my_birds", OWN[:n_classes])
    check_layout(figure)
    said = words(figure).replace("\n", " ")
    assert "Clips: my_birds, a folder of labelled clips; the paper has no such numbers." in said
    assert "Medley" not in said
    assert words(figure).count("my_birds") == 2  # above and below
    if name != "learning_curves":
        assert "song thrush" in said


# Bars


def test_bars_are_the_means_and_dots_the_seeds(figures, found):
    made = tables(found, clip_set=REAL, n_bootstrap=50)
    axes = panel(figures["class_recalls", REAL], "flute")
    means = [row["flute_mean"] for row in made.rows if row["status"] == io.RUN]
    widths = [bar.get_width() for bar in axes.patches]
    np.testing.assert_allclose(widths, means, rtol=1e-5)
    dots = [c.get_offsets() for c in axes.collections if hasattr(c, "get_sizes")]
    dots = np.concatenate([points for points in dots if len(points)])
    values = [row["flute"] for row in made.seeds if row["flute"] is not None]
    np.testing.assert_allclose(np.sort(dots[:, 0]), np.sort(values), rtol=1e-5)
    titles = [axes.get_title() for axes in figures["class_recalls", REAL].axes]
    assert len([title for title in titles if title]) == len(CLASS_ORDER) + 1


def markers(figure, title):
    """Return the paper's markers of a panel: (x, fill, edge)."""
    lines = [line for line in panel(figure, title).lines if line.get_marker() == "D"]
    looks = [(line.get_markerfacecolor(), line.get_markeredgecolor()) for line in lines]
    places = [line.get_xdata()[0] for line in lines]
    return [(x, *map(to_hex, look)) for x, look in zip(places, looks, strict=True)]


def test_markers_are_the_papers_values_filled_on_its_clips(figures):
    expected = [paper_table2()[m]["flute"].mean for m in ("cqt", "scattering1d", "jtfs")]
    real = markers(figures["class_recalls", REAL], "flute")
    assert [x for x, _, _ in real] == expected
    assert {(fill, edge) for _, fill, edge in real} == {(style.ACCENT, style.ACCENT)}


def test_markers_are_hollow_grey_on_other_data(figures):
    figure = figures["class_recalls", RENDERED]
    found = markers(figure, "flute")
    assert {(fill, edge) for _, fill, edge in found} == {("#ffffff", OTHER_GREY)}
    assert "paper, Medley-solos-DB (other data)" in words(figure)
    assert "(other data)" not in words(figures["class_recalls", REAL])


def test_interval_is_drawn_on_the_average_if_wanted(found, figures):
    made = tables(found, n_bootstrap=50)
    row = next(row for row in made.rows if row["model"] == "jtfs")
    lines = panel(figures["class_recalls", RENDERED], "average of the classes").lines
    ends = [tuple(np.round(line.get_xdata(), 2)) for line in lines if len(line.get_xdata()) == 2]
    assert (round(row["average_low"], 2), round(row["average_high"], 2)) in ends
    bare = draw("class_recalls", found, is_interval_drawn=False)
    assert "95 % over songs" not in words(bare)


def test_a_model_that_did_not_run_has_no_bar(figures):
    figure = figures["class_recalls", RENDERED]
    assert f"MFCC + SVM not run: {WHY}." in words(figure).replace("\n", " ")
    assert len(panel(figure, "piano").patches) == len(CLASSIFIERS) - 1


# Confusions


def test_matrix_is_normalised_by_row_and_says_the_counts(figures, found):
    axes = panel(figures["confusion", RENDERED], "CQT")
    shares = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    numbers = [int(text.get_text()) for text in axes.texts]
    assert sum(numbers) == 3 * 192
    rows = [r for r in tables(found, n_bootstrap=5).confusion if r["model"] == "cqt"]
    expected = np.reshape([row["share_of_true"] for row in rows], (8, 8))
    np.testing.assert_allclose(shares, expected, atol=1e-5)


def test_numbers_can_be_read_on_their_colour():
    def luminance(rgb):
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for share in (0.0, 0.3, DARK - 0.01, DARK + 0.01, 0.8, 1.0):
        ground = luminance(np.array(paper_to_blue()(share)[:3]))
        ink = 1.0 if share > DARK else 0.01
        low, high = sorted((ground, ink))
        assert (high + 0.05) / (low + 0.05) > 3.0, share


def test_confusion_errors(found):
    rows = as_text(tables(found, n_bootstrap=5).confusion)
    with pytest.raises(ValueError, match="cqt: 63 rows' must hold every pair of classes once"):
        figure_confusion([r for i, r in enumerate(rows) if i != 5], stamp_line="")
    with pytest.raises(ValueError, match="number_size=20 must be >= 3 and <= 8"):
        figure_confusion(rows, stamp_line="", number_size=20)
    with pytest.raises(ValueError, match=r"rows=.* must hold at least one model"):
        figure_confusion([], stamp_line="")


# Learning curves


def test_curves_show_every_seed_and_the_chosen_epoch(figures):
    figure = figures["learning_curves", RENDERED]
    losses = panel(figure, "JTFS")
    assert len(losses.lines) == 2 * 3
    rings = [c.get_offsets()[:, 0] for c in losses.collections if len(c.get_offsets())]
    assert {float(x) for ring in rings for x in ring} == {EPOCHS["jtfs"] - 3}
    assert len(rings) == 3
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert "JTFS + linear" not in titles  # it has no epochs
    assert "MFCC + SVM" in titles  # it did not run


def test_accuracy_is_in_percent_and_the_rate_logarithmic(figures):
    figure = figures["learning_curves", RENDERED]
    accuracy = next(a for a in figure.axes if a.get_ylabel() == "validation accuracy (%)")
    assert 50 < accuracy.get_ylim()[1] <= 110
    rate = next(axes for axes in figure.axes if axes.get_ylabel() == "learning rate")
    assert rate.get_yscale() == "log"
    assert rate.get_ylim()[0] == pytest.approx(1e-7)


def test_errors():
    with pytest.raises(ValueError, match="lowest_lr=0 must be > 0"):
        figure_learning_curves(as_text(curves()), stamp_line="", lowest_lr=0)
    with pytest.raises(ValueError, match=r"rows=.* must hold at least one model"):
        figure_learning_curves([], stamp_line="")
    with pytest.raises(ValueError, match=r"table=.* must hold at least one model"):
        figure_class_recalls([], [], paper_table2(), stamp_line="")
