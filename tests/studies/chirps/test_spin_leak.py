"""The leak between the spins: definition, time reversal, pad modes, a wrong sign, the figure."""

from functools import partial
from pathlib import Path

import matplotlib.text
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from jtfs_repro import config, io
from jtfs_repro.plots.spin_leak import figure_spin_leak
from jtfs_repro.provenance import Stamp
from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.studies.chirps.spin_leak import PAD_MODES, SIGNALS, frame_times, spin_leak

STAMP = Stamp(scale="smoke", preset="paper", device="cpu")
TINY = dict(sr=8192.0, duration=0.5, f_c_hz=512.0, gamma_oct_per_s=8.0, stamp=STAMP)
# frames start at the first sample, so that a reversed signal meets frames half a stride away
REVERSAL_DB = 1.5
SYMMETRY_DB = 0.01  # the first frame stands one half sample from the axis of reflection


def tiny(transform=TimeFrequencyScattering, **options):
    settings = dict(J=9, J_fr=4, Q=(8, 1), Q_fr=1, T=256, stride=64)
    return transform(**settings | options)


class Reversed(TimeFrequencyScattering):
    def forward(self, x):
        return super().forward(x.flip(-1))


class WrongSign(TimeFrequencyScattering):
    def meta(self):
        meta = super().meta()
        return meta | {"spin": -meta["spin"]}


@pytest.fixture(scope="module")
def table():
    return spin_leak(transform=tiny, **TINY)


def find(rows, **cells):
    found = [row for row in rows if all(row[name] == cell for name, cell in cells.items())]
    assert found
    return found


def ratio(table, column="ratio_db", *, analytic=False, **cells):
    (row,) = find(table.summary, analytic=analytic, **cells)
    return row[column]


def rises(table):
    return all(row["spin_plus_db"] > row["spin_minus_db"] + 10 for row in table.summary)


def test_every_option_is_a_row(table):
    options = [(row["signal"], row["pad_mode"], row["analytic"]) for row in table.summary]
    assert options == [(s, p, a) for s in SIGNALS for p in PAD_MODES for a in (False, True)]
    assert len(table.frames) == len(options) * table.summary[0]["n_frames"]
    assert table.summary[0]["n_border_frames"] * 2 == table.summary[0]["n_frames"]


def test_a_rising_chirp_has_more_of_spin_plus_one(table):
    assert rises(table)
    for row in find(table.frames, pad_mode="zero"):
        assert row["ratio_db"] < -6


def test_a_wrong_sign_of_the_spin_is_seen():
    wrong = spin_leak(transform=partial(tiny, WrongSign), pad_modes=["reflect"], **TINY)
    assert not rises(wrong)
    assert all(row["ratio_db"] > 10 for row in wrong.summary)


def test_time_reversal_swaps_the_spins(table):
    falling = spin_leak(transform=partial(tiny, Reversed), **TINY)
    for up, down in zip(table.summary, falling.summary, strict=True):
        assert down["spin_minus_db"] == pytest.approx(up["spin_plus_db"], abs=REVERSAL_DB)
        assert down["spin_plus_db"] == pytest.approx(up["spin_minus_db"], abs=REVERSAL_DB)
        assert down["ratio_db"] > 0 > up["ratio_db"]


def test_at_the_border_reflection_makes_the_spins_equal(table):
    for signal in SIGNALS:
        rows = find(table.frames, signal=signal, pad_mode="reflect")
        starts = [row["ratio_db"] for row in rows if row["time_s"] == -TINY["duration"] / 2]
        assert starts == pytest.approx([0, 0], abs=SYMMETRY_DB)


@pytest.mark.parametrize("analytic", [False, True])
def test_zeros_leak_less_than_reflection_at_the_border(table, analytic):
    def border(pad_mode, signal="full"):
        options = {"signal": signal, "analytic": analytic, "pad_mode": pad_mode}
        return ratio(table, "ratio_border_db", **options)

    assert border("zero") < border("reflect") - 6
    assert border("zero", "faded") < border("reflect", "faded")
    # mirrored rows are no remedy: what is reflected in time is reflected
    assert border("conj-reflect") > border("reflect") - 0.5


def test_analytic_wavelets_lower_what_is_left_far_from_the_border(table):
    for signal in SIGNALS:
        options = {"column": "ratio_inner_db", "signal": signal, "pad_mode": "zero"}
        assert ratio(table, analytic=True, **options) < ratio(table, **options) - 1


def test_parts_and_frames_add_up(table):
    """Two routes to each row of the summary: its own sums, and those of its frames."""
    for row in table.summary:
        frames = find(table.frames, **{k: row[k] for k in ("signal", "pad_mode", "analytic")})
        border = np.array([frame["is_border"] for frame in frames])
        plus, minus = (
            10 ** (np.array([frame[f"spin_{name}_db"] for frame in frames]) / 10)
            for name in ("plus", "minus")
        )
        for part, chosen in (("", border | True), ("_border", border), ("_inner", ~border)):
            expected = 10 * np.log10(minus[chosen].sum() / plus[chosen].sum())
            assert row[f"ratio{part}_db"] == pytest.approx(expected, abs=2e-3)


def test_frames_stand_where_an_impulse_says():
    """The low-passed impulse (order 0) is symmetric about the frame at its place; odd length."""
    jtfs = tiny(shape=3001, F=0, format="time", pad_mode="zero")
    times = frame_times(jtfs, sr=1.0)
    assert len(times) == jtfs.frames
    for k in (10, 30):
        x = torch.zeros(3001, dtype=torch.float64)
        x[round(times[k]) + 3001 // 2] = 1
        low_passed = jtfs(x)[0]
        assert int(low_passed.argmax()) == k
        torch.testing.assert_close(low_passed[k - 1], low_passed[k + 1])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"f_c_hz": 2000.0}, "last frequency, 8000 Hz, below Nyquist"),
        ({"border_share": 0.5}, "border_share=0.5 must be < 0.5"),
        ({"gamma_oct_per_s": -1.0}, "only rising chirps"),
        ({"pad_modes": ["mirror"]}, "pad_mode='mirror'"),
    ],
)
def test_bad_settings(setting, message):
    with pytest.raises(ValueError, match=message):
        spin_leak(**{"transform": tiny} | TINY | setting)


def test_one_frame_has_no_border():
    with pytest.raises(ValueError, match="one frame has no border"):
        spin_leak(transform=partial(tiny, T="global", stride=None), **TINY)
    with pytest.raises(ValueError, match="n_frames=2 must be > 2"):
        spin_leak(transform=partial(tiny, T=2048, stride=2048), **TINY)


# ------------------------------------------------------------------------------------- the figure


@pytest.fixture(scope="module")
def frames(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("spin_leak") / "frames.csv"
    io.save_csv(path, table.frames)
    return io.load_csv(path)


def test_figure_draws_every_option_and_names_it(frames):
    figure = figure_spin_leak(frames, stamp_line=STAMP.line)
    words = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    assert STAMP.line in " ".join(words)
    for pad_mode in PAD_MODES:
        assert any(word.startswith(pad_mode) for word in words)
    drawn = [line for line in figure.axes[2].lines if len(line.get_xdata()) > 2]
    assert len(drawn) == 2 * len(PAD_MODES)
    np.testing.assert_allclose(
        drawn[0].get_ydata(),
        [float(row["ratio_db"]) for row in frames[: len(drawn[0].get_ydata())]],
    )


def test_text_of_the_figure_stays_apart(frames):
    figure = figure_spin_leak(frames, stamp_line=STAMP.line)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    note, *_ = figure.texts
    boxes = [axes.get_tightbbox(canvas.get_renderer()) for axes in figure.axes]
    foot = note.get_window_extent(canvas.get_renderer())
    assert foot.x1 <= figure.bbox.width
    for box in boxes:
        assert not box.overlaps(foot)
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height


def test_figure_has_the_same_bytes_twice(frames, tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(2)]
    for path in paths:
        io.save_figure(path, figure_spin_leak(frames, stamp_line=""))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_bad_figure(frames):
    with pytest.raises(ValueError, match="at least one row"):
        figure_spin_leak([], stamp_line="")
    with pytest.raises(ValueError, match="pad_mode='mirror' must be one of"):
        figure_spin_leak([frames[0] | {"pad_mode": "mirror"}], stamp_line="")
    with pytest.raises(ValueError, match="lowest_db=9"):
        figure_spin_leak(frames, stamp_line="", lowest_db=9.0)


def test_smoke_settings_run(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    config.load_gin(config.stack("spin_leak", root="gin", scale="smoke"))
    assert rises(config.bound(spin_leak)(stamp=STAMP))
