"""The companion page in a real Chromium: errors, plots, players, keyboard, widths, modes.

Pictures of every page are kept in ``$JTFS_ARTEFACTS/site`` where that is set, else in pytest's
temporary folder.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from chromium import Browser, find_chromium, needs_chromium
from PIL import Image
from site_standins import SR, N, read_contents, write_run_folder

from jtfs_repro.site.build import build_site

pytestmark = needs_chromium
DURATION_S = N / SR
PAGES = (
    "index.html",
    "scale_rate.html",
    "manifolds.html",
    "instruments.html",
    "resynthesis.html",
    "tables.html",
    "notebooks.html",
    "tables/verdicts.html",
    "notebooks/scale-rate.html",
)
WITH_PLOTS = {"manifolds.html": 2, "instruments.html": 3, "resynthesis.html": 2}
LOCAL = ("file:", "data:", "blob:")
PHONE, DESKTOP = 360, 1280  # pixels
GOOD_LAYOUT_SHIFT = 0.1  # of web.dev
ARROW_LEFT, ARROW_UP, ARROW_RIGHT, ARROW_DOWN, TAB, SPACE = 37, 38, 39, 40, 9, 32


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a run")
    build_site(folder / "site", read_contents(write_run_folder(folder)))
    return folder / "site"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    profile = tmp_path_factory.mktemp("profile")
    started = Browser(profile)
    yield started
    started.close()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory):
    kept = os.environ.get("JTFS_ARTEFACTS")
    folder = Path(kept, "site") if kept else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def at(browser, site):
    """Open a page in a size and mode; wait for its plots."""

    def open_page(page, *, width=DESKTOP, scheme="light"):
        browser.resize(width)
        browser.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="no-preference")
        browser.open(site / page)
        browser.run("try { localStorage.clear() } catch {}")
        count = WITH_PLOTS.get(page, 0)
        browser.wait(f"document.querySelectorAll('.main-svg').length >= {count}")
        return browser

    return open_page


def js_rows(browser, script):
    """Return what a script makes of every element, e.g. ``[...] .map(...)``."""
    return browser.run(f"Array.from({script})")


def check_pictures(browser):
    """Every picture has loaded, says what it shows, and moved nothing when it came.

    What moves while the text itself still arrives is not counted, nor is the frame that shows the
    last of it, which a busy machine draws after the page was parsed.
    """
    for source, width, alt in js_rows(
        browser, "document.images, (i) => [i.src, i.naturalWidth, i.alt]"
    ):
        assert width > 0, source
        assert alt
    shift = """new Promise((done) => {
      const moves = [];
      const parsed = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;
      new PerformanceObserver((list) => {
        for (const e of list.getEntries()) if (e.startTime > parsed) moves.push(e.value);
      })
        .observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => done(moves.slice(1).reduce((sum, move) => sum + move, 0)), 200);
    })"""
    assert browser.run(shift) < GOOD_LAYOUT_SHIFT


def check_plots(browser, count):
    """Every plot is drawn, with a size."""
    script = """document.querySelectorAll('.js-plotly-plot'), (plot) => {
      const box = plot.querySelector('.main-svg').getBoundingClientRect();
      return [box.width, box.height, plot.data.length];
    }"""
    sizes = js_rows(browser, script)
    assert len(sizes) == count
    for width, height, traces in sizes:
        assert min(width, height) > 200
        assert traces >= 1


def keep_picture(browser, path, width):
    browser.screenshot(path)
    with Image.open(path) as shot:
        assert shot.width == width
        assert np.ptp(np.asarray(shot.convert("L"))) > 100  # not blank


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_page_is_whole_at_every_width_and_in_both_modes(at, artefacts, page):
    stem = page.removesuffix(".html").replace("/", "-")
    for name, width in (("phone", PHONE), ("light", DESKTOP)):
        browser = at(page, width=width)
        assert browser.errors == []
        assert [url for url in browser.requests if not url.startswith(LOCAL)] == []
        assert browser.run("document.documentElement.scrollWidth") == width
        check_pictures(browser)
        check_plots(browser, WITH_PLOTS.get(page, 0))
        keep_picture(browser, artefacts / f"{stem}-{name}.png", width)
    browser.prefer(prefers_color_scheme="dark")
    browser.wait("document.documentElement.dataset.theme === 'dark'")
    keep_picture(browser, artefacts / f"{stem}-dark.png", DESKTOP)
    assert browser.errors == []


def test_no_page_is_forgotten(site):
    kinds = {path.relative_to(site).as_posix() for path in site.glob("*.html")}
    assert kinds <= set(PAGES)


def test_dark_mode_by_system_and_by_button(at):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = at("index.html").run(ground)
    assert at("index.html", scheme="dark").run(ground) != light
    browser = at("resynthesis.html")
    ink = "document.querySelector('.xtitle').style.fill"
    before = browser.run(ink)
    browser.run("document.getElementById('theme').click()")
    assert browser.run(ground) != light
    browser.wait(f"{ink} !== {before!r}")  # plots follow
    browser.open(browser.run("decodeURIComponent(location.pathname)"))
    assert browser.run(ground) != light  # the choice is kept
    browser.run("document.getElementById('theme').click()")
    assert browser.run(ground) == light
    browser.run("localStorage.clear()")


# Players


def test_every_player_knows_its_duration(at):
    browser = at("resynthesis.html")
    browser.wait("[...document.querySelectorAll('audio')].every((a) => a.readyState >= 1)")
    durations = js_rows(browser, "document.querySelectorAll('audio'), (a) => a.duration")
    assert len(durations) == 7
    assert durations == pytest.approx([DURATION_S] * 7, rel=0.01)


def test_every_linked_sound_can_be_played(at):
    browser = at("resynthesis.html")
    script = """(async () => {
      const links = [...document.querySelectorAll('a[href$=".wav"]')].map((a) => a.href);
      return Promise.all(links.map((link) => new Promise((done) => {
        const audio = new Audio(link);
        audio.onloadedmetadata = () => done(audio.duration);
        audio.onerror = () => done(link);
      })));
    })()"""
    durations = browser.run(script)
    assert durations == pytest.approx([DURATION_S] * 12, rel=0.01)


def test_starting_one_player_stops_the_other_and_keeps_the_position(at):
    browser = at("resynthesis.html")
    browser.run("window.A = document.querySelectorAll('audio'); A[0].play()")
    browser.wait("A[0].currentTime > 0.2")
    browser.run("A[2].play()")
    browser.wait("!A[2].paused")
    assert browser.run("[A[0].paused, A[0].ended]") == [True, False]
    assert browser.run("A[2].currentTime") > 0.15  # the last frame that was shown
    browser.run("A[5].play()")  # of another sound: from its own position
    browser.wait("!A[5].paused")
    assert browser.run("[A[2].paused, A[2].ended]") == [True, False]
    assert browser.run("A[5].currentTime") < 0.2
    browser.run("A[5].pause()")


def test_click_in_a_picture_moves_every_playhead(at):
    browser = at("resynthesis.html")
    box = browser.run(
        "(() => { const b = document.querySelectorAll('.seek')[1].getBoundingClientRect();"
        " return [b.left, b.top, b.width, b.height] })()"
    )
    browser.point(box[0] + 0.25 * box[2], box[1] + box[3] / 2, click=True)
    places = js_rows(
        browser,
        "document.querySelectorAll('#sound-gull .playhead'), (p) => parseFloat(p.style.left)",
    )
    assert places == pytest.approx([25] * 4, abs=0.5)
    times = js_rows(browser, "document.querySelectorAll('#sound-gull audio'), (a) => a.currentTime")
    assert times == pytest.approx([0.25 * DURATION_S] * 4, abs=0.01)


def test_slider_of_iterations_changes_sound_and_picture(at):
    browser = at("resynthesis.html")
    card = "document.querySelectorAll('#sound-gull .track')[2]"
    state = f"(() => {{ const c = {card}; return [c.querySelector('img').getAttribute('src'),"
    state += " c.querySelector('audio').getAttribute('src'), c.querySelector('output').value] })()"
    best = browser.run(state)
    assert best[2] == "20, error 1.65 % (best)"
    browser.run(f"{card}.querySelector('.steps input').focus()")
    browser.press("ArrowLeft", ARROW_LEFT)
    assert browser.run(state)[:2] == [
        "scalograms/gull/jtfs-lbfgs-5.png",
        "audio/gull/jtfs-lbfgs-5.wav",
    ]
    browser.run(
        f"(() => {{ const s = {card}.querySelector('select'); s.value = 1;"
        " s.dispatchEvent(new Event('change')) })()"
    )
    assert browser.run(state)[1] == "audio/gull/jtfs-bold-driver-best.wav"
    browser.wait(f"{card}.querySelector('audio').duration > 1")
    assert browser.errors == []


def test_keyboard_reaches_the_players_and_moves_them(at):
    browser = at("resynthesis.html")
    reached = set()
    for _ in range(60):
        browser.press("Tab", TAB)
        reached.add(
            browser.run("document.activeElement.className || document.activeElement.tagName")
        )
    assert {"skip", "seek", "AUDIO", "SELECT", "INPUT"} <= reached
    browser.run("document.querySelector('.seek').focus()")
    for _ in range(3):
        browser.press("ArrowRight", ARROW_RIGHT)
    value = "document.querySelector('.seek').getAttribute('aria-valuenow')"
    assert float(browser.run(value)) == pytest.approx(0.3)
    browser.press("3", 51, "3")
    browser.wait("!document.querySelectorAll('#sound-gull audio')[2].paused")
    browser.press("p", 80, "p")
    browser.wait("document.querySelectorAll('#sound-gull audio')[2].paused")


def test_skip_link_goes_to_the_content(at):
    browser = at("index.html")
    browser.press("Tab", TAB)
    browser.press("Enter", 13, "\r")
    assert browser.run("document.activeElement.id") == "main"


# The explorer


def test_arrows_and_pointer_change_the_shown_cell(at):
    browser = at("scale_rate.html")
    shown = "document.getElementById('response').dataset.cell"
    said = "document.getElementById('said').textContent"
    first = browser.run(shown)
    assert "spin +1 (rising; θ = −1 in the paper)" in browser.run(said)  # noqa: RUF001
    browser.run("document.querySelector('#matrix td[tabindex=\"0\"]').focus()")
    browser.press("ArrowRight", ARROW_RIGHT)
    second = browser.run(shown)
    assert second != first
    for _ in range(3):
        browser.press("ArrowDown", ARROW_DOWN)
    assert "falling" in browser.run(said)
    kept = browser.run(shown)
    box = browser.run(
        "(() => { const b = document.querySelectorAll('#matrix td[role=gridcell]:not(.blank)')[2]"
        ".getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2] })()"
    )
    browser.point(*box)
    assert browser.run(shown) not in (kept, second)
    browser.point(5, 5)
    assert browser.run(shown) == kept  # back to the cell with the focus


def test_each_cell_paints_its_own_response(at, artefacts):
    browser = at("scale_rate.html")
    browser.wait("document.getElementById('response').dataset.cell")
    seen = set()
    for place in (0, 3, 9):
        browser.run(
            f"document.querySelectorAll('#matrix td[role=gridcell]:not(.blank)')[{place}].focus()"
        )
        browser.screenshot(artefacts / "cell.png")
        left, top, right, bottom = browser.run(
            "(() => { const b = document.getElementById('response').getBoundingClientRect();"
            " return [b.left, b.top + scrollY, b.right, b.bottom + scrollY].map(Math.round) })()"
        )
        with Image.open(artefacts / "cell.png") as shot:
            # to the stand-in's 48 rows of 64 frames: cell k has its blob at 8 + 2 k, 6 + 3 k
            small = np.asarray(shot.crop((left, top, right, bottom)).convert("L").resize((64, 48)))
        k = int(browser.run("document.getElementById('response').dataset.cell"))
        seen.add(k)
        rows, frames = np.nonzero(small >= small.max() - 3)
        assert rows.mean() == pytest.approx(8 + 2 * k, abs=1.5)
        assert frames.mean() == pytest.approx(6 + 3 * k, abs=1.5)
    assert len(seen) == 3


def test_another_sound_and_the_animation(at):
    browser = at("scale_rate.html")
    source = "document.getElementById('scalogram').getAttribute('src')"
    before = browser.run(source)
    browser.run(
        "(() => { const s = document.getElementById('sound'); s.value = 1;"
        " s.dispatchEvent(new Event('change')) })()"
    )
    assert browser.run(source) != before
    picture = "document.getElementById('animation').getAttribute('src')"
    assert browser.run(picture).endswith("-still.png")
    browser.run("document.getElementById('animate').click()")
    assert browser.run(picture).endswith(".gif")
    browser.run("document.getElementById('animate').click()")
    assert browser.run(picture).endswith("-still.png")


# Tables and manifolds


def test_verdicts_can_be_filtered_and_sorted(at):
    browser = at("index.html")
    visible = "[...document.querySelectorAll('#table-verdicts tbody tr')].filter((r) => !r.hidden)"
    assert browser.run(f"{visible}.length") == 3
    browser.run(
        "(() => { const s = document.querySelector('select[name=verdict]'); s.value = 'within';"
        " s.dispatchEvent(new Event('input', { bubbles: true })) })()"
    )
    assert browser.run(f"{visible}.map((r) => r.cells[0].textContent.trim())") == ["within"]
    browser.run("document.querySelector('select[name=verdict]').value = ''")
    browser.run("document.querySelector('#table-verdicts th button').click()")
    order = "[...document.querySelectorAll('#table-verdicts tbody tr')]"
    order += ".map((r) => r.cells[0].textContent.trim())"
    assert browser.run(order) == ["not run", "outside", "within"]
    browser.run("document.querySelector('#table-verdicts th button').click()")
    assert browser.run(order) == ["within", "outside", "not run"]
    sort = "document.querySelector('#table-verdicts th').getAttribute('aria-sort')"
    assert browser.run(sort) == "descending"


def test_numbers_are_sorted_as_numbers(at):
    browser = at("tables/resynthesis.html")
    browser.run("document.querySelectorAll('th button')[2].click()")
    cells = "[...document.querySelectorAll('tbody tr')].map((r) => r.cells[2].textContent)"
    assert browser.run(cells) == ["0.0001", "9.5", "12"]


def test_manifolds_are_coloured_marked_and_heard(at):
    browser = at("manifolds.html")
    colour = "document.getElementById('panel-0').data[0].marker.color.slice(0, 8).join()"
    before = browser.run(colour)
    browser.run("document.querySelectorAll('#colours input')[2].click()")
    browser.wait(f"{colour} !== {before!r}")
    said = "document.getElementById('said').textContent"
    assert browser.run(said).startswith("Chirp 1 of 64")
    browser.run("document.getElementById('slider-2').focus()")
    browser.press("ArrowRight", ARROW_RIGHT)
    assert browser.run(said).startswith("Chirp 2 of 64")
    browser.run("document.getElementById('play').click()")
    assert browser.errors == []


def test_page_of_confusion_follows_the_choice(at):
    browser = at("instruments.html")
    for name, plot in (("metric", "curves"), ("model", "confusion")):
        script = f"JSON.stringify(document.getElementById('{plot}').layout.yaxis.title.text)"
        before = browser.run(script)
        browser.run(
            f"(() => {{ const s = document.getElementById('{name}'); s.selectedIndex = 1;"
            " s.dispatchEvent(new Event('change')) })()"
        )
        if name == "metric":
            browser.wait(f"{script} !== {before!r}")
    assert browser.errors == []


def test_finder_takes_the_named_browser(monkeypatch, tmp_path):
    fake = tmp_path / "my chromium"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(fake))
    assert find_chromium() == str(fake)
