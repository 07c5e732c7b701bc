"""The companion page without a browser: files, links, escaping, audio, pictures, errors."""

import io as bytes_io
import os
import re
import signal
import subprocess
import sys
import wave
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image
from site_standins import (
    CAPTIONS,
    HOSTILE,
    SR,
    N,
    falling_calls,
    read_contents,
    site_data,
    write_run_folder,
)
from study_standins import STAMP, features, grid

from jtfs_repro import io
from jtfs_repro.audio import Sound
from jtfs_repro.datasets.chirps import rows_from_theta
from jtfs_repro.site import contents as reading
from jtfs_repro.site import pictures
from jtfs_repro.site.build import build_site
from jtfs_repro.site.contents import Contents, Origin
from jtfs_repro.site.folder import Slugs, script_json, slug, swapped
from jtfs_repro.site.resyntheses import HEADROOM, pcm_wav
from jtfs_repro.studies.chirps.isomap import isomap

ROOT = Path(__file__).parents[2]
NOTHING = Contents(origin=Origin(stamp_line="scale smoke"), captions=CAPTIONS)
# of the peak: a column holds fewer samples, of which one may miss the largest at a steep edge
EDGE, MEAN = 0.15, 0.002
LEAST_CONTRAST, LEAST_CONTROL_CONTRAST = 4.5, 3.0  # WCAG 2.2 AA: text, controls


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a run")
    return folder, write_run_folder(folder)


@pytest.fixture(scope="module")
def contents(run):
    return read_contents(run[1])


@pytest.fixture(scope="module")
def site(contents, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    build_site(folder, contents)
    return folder


class Tags(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def named(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def pages(folder):
    return sorted(folder.rglob("*.html"))


def tags(path):
    return Tags(path.read_text(encoding="utf-8"))


# Pages


def test_pages_are_those_of_the_contents(site):
    names = {path.relative_to(site).as_posix() for path in pages(site)}
    top = {f"{page}.html" for page in site_data(site, "site")["pages"]}
    assert top == {name for name in names if "/" not in name}
    assert {"index.html", "instruments.html", "tables/instruments-table2.html"} <= names
    assert "notebooks/scale-rate.html" in names


def test_every_link_resolves_inside_the_site(site):
    for path in pages(site):
        for attributes in tags(path).named("a", "img", "script", "link", "audio", "source"):
            link = attributes.get("href") or attributes.get("src") or attributes.get("data-gif")
            if not link or link.startswith(("#", "data:")):
                continue
            target = (path.parent / unquote(link.split("#")[0])).resolve()
            assert target.is_file(), f"{path.name}: {link}"
            assert site.resolve() in target.parents, link


def test_nothing_comes_from_a_network(site):
    for path in [*pages(site), *site.glob("assets/site.css")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text), path
        assert "@import" not in text
    for path in site.glob("assets/*.js"):
        own = path.name != "plotly.min.js"
        assert not (own and re.search(r"\bfetch\(|XMLHttpRequest|https?://", path.read_text()))


def test_structure_of_every_page(site):
    for path in pages(site):
        page = tags(path)
        assert page.named("html") == [{"lang": "en"}]
        assert [len(page.named(tag)) for tag in ("h1", "main", "header", "footer")] == [1] * 4
        assert page.named("a")[0]["class"] == "skip"
        assert page.named("a")[0]["href"] == "#main"
        for image in page.named("img"):
            assert image["alt"].strip(), path
        for audio in page.named("audio"):
            assert audio["aria-label"].strip()
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids)), path
        assert "scale smoke · preset paper · device cpu" in path.read_text(encoding="utf-8")


def test_figures_say_their_size_before_they_load(site):
    for image in tags(site / "index.html").named("img"):
        with Image.open(site / image["src"]) as picture:
            assert (int(image["width"]), int(image["height"])) == picture.size


def test_verdicts_are_counted_and_marked(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    assert "<b>1</b> within" in text
    assert "<b>1</b> not run" in text
    assert '<span class="verdict bad">outside</span>' in text


def test_constant_stamp_leaves_the_columns_and_csv_is_a_copy(site, run):
    text = (site / "tables/resynthesis.html").read_text(encoding="utf-8")
    heads = re.findall(r'<th scope="col" class="(\w+)">(.*?)</th>', text)
    assert heads == [("text", "sound"), ("text", "representation"), ("number", "synchrony")]
    assert "scale smoke · preset paper" in text.split("<caption>")[1].split("</caption>")[0]
    original = next(p for p in run[1]["tables"] if p.endswith("resynthesis.csv"))
    assert (site / "tables/resynthesis.csv").read_bytes() == Path(original).read_bytes()


def test_mixed_stamps_stay_columns(contents, tmp_path):
    table = next(t for t in contents.tables if t.entry.key == "resynthesis.csv")
    rows = [dict(row, scale="demo" if k else "smoke") for k, row in enumerate(table.rows)]
    build_site(tmp_path / "s", replace(NOTHING, tables=[replace(table, rows=rows)]))
    text = (tmp_path / "s/tables/resynthesis.html").read_text(encoding="utf-8")
    assert '<th scope="col" class="text">scale</th>' in text


def test_manifest_and_commit_are_linked(site, run):
    assert (site / "manifest.json").read_text() == Path(run[1]["manifest"]).read_text()
    assert "<code>0123456789ab</code>" in (site / "index.html").read_text(encoding="utf-8")


def test_nothing_given_is_reported_as_not_run(tmp_path):
    build_site(tmp_path / "site", NOTHING)
    for name, words in {
        "index": "no table of verdicts was given",
        "resynthesis": "no resynthesis was given",
        "scale_rate": "transform was given; list sounds",
        "manifolds": "no embedding was given",
    }.items():
        text = (tmp_path / f"site/{name}.html").read_text(encoding="utf-8")
        assert "<strong>not run</strong>" in text
        assert words in text
    assert not (tmp_path / "site/instruments.html").exists()
    assert not (tmp_path / "site/notebooks.html").exists()


def test_section_with_a_page_of_its_own_is_not_called_not_run(contents, tmp_path):
    build_site(tmp_path / "site", replace(NOTHING, targets=contents.targets, runs=contents.runs))
    text = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "no resynthesis was given" not in text
    assert "no figure of Section 3 was given" in text


def test_notebooks_show_text_code_pictures_and_sounds(site):
    page = site / "notebooks/scale-rate.html"
    text = page.read_text(encoding="utf-8")
    assert text.count("Scale and rate</h1>") == 1
    assert "<h2>" not in text  # the first heading is the title of the page
    assert "<p>Some &lt;b&gt;words&lt;/b&gt;\nin two lines.</p>" in text
    assert '<p class="typed">- a list' in text
    assert "print(&#39;x &lt; y&#39;)" in text
    assert read_wav(site / "notebooks/scale-rate-1-2.wav")[0].shape == (1, N)
    assert Image.open(site / "notebooks/scale-rate-1-1.png").format == "PNG"


# Escaping and names


def test_hostile_names_do_no_harm(site):
    for path in pages(site):
        text = path.read_text(encoding="utf-8")
        assert "<img src=x" not in text, path
        assert "</script><b>" not in text, path
        assert "<b>a claim</b>" not in text
    assert "</script" not in (site / "data/resynthesis.js").read_text(encoding="utf-8")
    names = [p.name for p in site.rglob("*")]
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name in names), names
    titles = [sound["title"] for sound in site_data(site, "resynthesis")["sounds"]]
    assert HOSTILE in titles


def test_script_json_cannot_end_a_script():
    text = script_json({"a": "</script><!-- \u2028"})
    assert "</script" not in text
    assert "<!--" not in text
    assert "\u2028" not in text


def test_script_json_refuses_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json([float("nan")])


def test_slugs_differ():
    slugs = Slugs()
    assert [slugs.new(name) for name in ("a b", "A-B", "a b", "é")] == [
        "a-b",
        "a-b-2",
        "a-b-3",
        "e",
    ]
    assert slug("x" * 300) == "x" * 60


# The folder


def test_equal_contents_give_equal_bytes(site, contents, tmp_path):
    build_site(tmp_path / "again", contents)
    files = sorted(p.relative_to(site) for p in site.rglob("*") if p.is_file())
    again = sorted(p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*.*"))
    assert [p for p in again if (tmp_path / "again" / p).is_file()] == files
    for path in files:
        assert (site / path).read_bytes() == (tmp_path / "again" / path).read_bytes(), path


def test_a_new_site_replaces_the_old_one_whole(contents, tmp_path):
    build_site(tmp_path / "site", contents)
    build_site(tmp_path / "site", NOTHING)
    assert not (tmp_path / "site/instruments.html").exists()
    assert os.listdir(tmp_path) == ["site"]


def test_a_failed_build_leaves_the_old_site(contents, tmp_path):
    build_site(tmp_path / "site", NOTHING)
    broken = replace(contents, targets=())
    with pytest.raises(ValueError, match=r"sound='gull' must be one of .* \(give its facts"):
        build_site(tmp_path / "site", broken)
    assert "not run" in (tmp_path / "site/resynthesis.html").read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["site"]


def test_a_killed_build_leaves_the_old_site_and_is_swept(tmp_path):
    build_site(tmp_path / "site", NOTHING)
    script = (
        "import os, signal, sys\n"
        "from jtfs_repro.site.folder import swapped\n"
        "with swapped(sys.argv[1]) as out:\n"
        "    out.write('index.html', 'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "site")], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert "half" not in (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert len(os.listdir(tmp_path)) == 2
    with swapped(tmp_path / "site") as out:
        out.write("site.json", "{}")
    assert os.listdir(tmp_path) == ["site"]


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(io.FileError, match="something else than a site"):
        build_site(tmp_path, NOTHING)
    with pytest.raises(io.FileError, match="is a file"):
        build_site(tmp_path / "thesis.tex", NOTHING)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("bandwidth", 0, "be > 0"), ("marker_size", -1, "be > 0"), ("thumbnail_width", 5, ">= 64")],
)
def test_options_are_checked(contents, tmp_path, option, value, words):
    with pytest.raises(ValueError, match=f"{option}=.*{words}"):
        build_site(tmp_path / "site", contents, **{option: value})


# Audio


def read_wav(path):
    with wave.open(str(path)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return frames.reshape(-1, file.getnchannels()).T, file.getframerate()


def test_players_of_one_sound_share_one_gain(site, contents):
    sound = site_data(site, "resynthesis")["sounds"][0]
    gain = 10 ** (sound["gain_db"] / 20)
    run = next(r for r in contents.runs if r.representation == "scattering1d")
    card = next(c for c in sound["cards"] if c["id"] == "scattering1d")
    pairs = [(sound["cards"][0]["descents"][0]["audio"], contents.targets[0].sound.samples)]
    pairs += [
        (step["audio"], run.samples[k]) for k, step in enumerate(card["descents"][0]["snapshots"])
    ]
    peaks = []
    for link, samples in pairs:
        stored_samples, sr = read_wav(site / link)
        assert sr == SR
        assert stored_samples.shape == (1, N)
        np.testing.assert_allclose(stored_samples / 32767, gain * samples, rtol=6e-3, atol=2e-5)
        peaks.append(np.abs(stored_samples).max() / 32767)
    assert max(peaks) == pytest.approx(HEADROOM, rel=1e-3)


def test_iterations_are_listed_once_and_end_with_the_best(site):
    sound = site_data(site, "resynthesis")["sounds"][0]
    labels = [card["label"] for card in sound["cards"]]
    assert labels == ["Original", "Initial noise", "JTFS", "Scattering1D"]
    jtfs = sound["cards"][2]
    assert [descent["label"] for descent in jtfs["descents"]] == ["L-BFGS", "bold driver"]
    steps = jtfs["descents"][0]["snapshots"]
    assert [(s["iteration"], s["is_best"]) for s in steps] == [(0, False), (5, False), (20, True)]
    noise = sound["cards"][1]["descents"][0]
    assert steps[0]["audio"] == noise["audio"]  # stored once


def test_a_diverged_run_says_so(site):
    text = (site / "resynthesis.html").read_text(encoding="utf-8")
    assert "diverged at iteration 3" in text


def test_stereo_is_kept(site):
    sound = site_data(site, "resynthesis")["sounds"][1]
    samples, _ = read_wav(site / sound["cards"][0]["descents"][0]["audio"])
    assert samples.shape == (2, N)


def test_pcm_refuses_what_it_cannot_hold():
    for value, gain in ((np.nan, 1.0), (0.9, 2.0)):
        sound = Sound(samples=np.full((1, 8), value, dtype=np.float32), sr=SR)
        with pytest.raises(ValueError, match=r"peak=.* must be finite and <= 1"):
            pcm_wav(sound, gain)


def test_sounds_that_were_resynthesised_come_first(contents, tmp_path):
    runs = [run for run in contents.runs if run.sound == HOSTILE]
    build_site(tmp_path / "s", replace(NOTHING, targets=contents.targets, runs=runs))
    names = [sound["name"] for sound in site_data(tmp_path / "s", "resynthesis")["sounds"]]
    assert names == [HOSTILE, "gull"]
    text = (tmp_path / "s/resynthesis.html").read_text(encoding="utf-8")
    assert text.count("Not resynthesised in this run.") == 1


def test_a_run_of_another_length_is_refused(contents, tmp_path):
    run = contents.runs[0]
    short = Sound(samples=run.best.samples[:, :-1], sr=SR)
    with pytest.raises(ValueError, match=r"gull, jtfs, lbfgs=.*must have the sound's shape"):
        build_site(tmp_path / "s", replace(contents, runs=[replace(run, best=short)]))


# Pictures


def test_scalogram_of_a_sine_peaks_at_its_frequency():
    frequencies = pictures.scalogram_frequencies(SR)
    for wanted in (100.0, 777.0, 3000.0):
        x = np.sin(2 * np.pi * wanted * np.arange(N) / SR)[None]
        rows = pictures.scalogram(x, SR)
        best = frequencies[rows[:, 100:-100].mean(axis=1).argmax()]
        assert abs(np.log2(best / wanted)) <= 0.5 / pictures.ROWS_PER_OCTAVE + 1e-9
        assert rows.max() == pytest.approx(1, rel=0.05)  # the amplitude of the sine


def test_scalogram_on_few_frequencies_equals_the_whole_convolution():
    x = falling_calls()[None]
    rows = pictures.scalogram(x, SR)
    spectrum, f = np.fft.fft(x[0].astype(float)), np.fft.fftfreq(N)
    for k in (0, 40, 100):
        xi = pictures.scalogram_frequencies(1.0)[k]
        band = np.exp(-0.5 * ((f - xi) / (xi / 24)) ** 2) * (np.abs(f - xi) <= 4 * xi / 24)
        modulus = 2 * np.abs(np.fft.ifft(spectrum * band * (f > 0)))
        whole = modulus.reshape(pictures.N_COLUMNS, -1).max(axis=1)
        difference = np.abs(rows[k] - whole) / whole.max()
        assert difference.max() < EDGE
        assert difference.mean() < MEAN


def test_sheet_holds_every_response_at_its_place(site, contents):
    sound, found = site_data(site, "scale_rate")["sounds"][0], contents.scale_rates[0]
    levels = np.asarray(Image.open(site / sound["sheet"]))
    expected = pictures.decibel_levels(found.response, found.response.max(), range_db=40)
    rows, frames, columns = sound["rows"], sound["frames"], sound["sheet_columns"]
    for k in range(len(found.response)):
        y, x = rows * (k // columns), frames * (k % columns)
        np.testing.assert_array_equal(levels[y : y + rows, x : x + frames], expected[k])


def test_cells_carry_rate_scale_spin_and_energy(site, contents):
    sound, found = site_data(site, "scale_rate")["sounds"][0], contents.scale_rates[0]
    strongest = found.energy.max()
    for k, cell in enumerate(sound["cells"]):
        assert cell["rate"] == pytest.approx(found.rate_hz[k], rel=1e-3)
        assert cell["scale"] == pytest.approx(found.scale_cpo[k], rel=1e-3)
        assert cell["spin"] == found.spin[k]
        assert cell["db"] == pytest.approx(10 * np.log10(found.energy[k] / strongest), abs=0.05)
    assert [line["spin"] for line in sound["lines"]] == [1, 1, 0, -1, -1]


def test_animation_starts_with_its_first_frame(site, contents):
    still = Image.open(site / "figures/scale-rate-still.png").convert("RGB")
    first = Image.open(bytes_io.BytesIO(contents.animation)).convert("RGB")
    np.testing.assert_array_equal(np.asarray(still), np.asarray(first))


def test_a_broken_picture_is_named(contents, tmp_path):
    broken = replace(contents.figures[0], png=contents.figures[0].png[:200])
    with pytest.raises(ValueError, match=r"fig1_scale_rate\.png: not a PNG picture or truncated"):
        build_site(tmp_path / "site", replace(NOTHING, figures=[broken]))


# Reading


def test_missing_neighbours_are_named(run, tmp_path):
    path = tmp_path / "jtfs-lbfgs.json"
    path.write_bytes(Path(run[1]["resyntheses"][0]).read_bytes())
    with pytest.raises(io.FileError, match=r"jtfs-lbfgs\.snapshots\.npz: no such file"):
        reading.read_run(str(path))


def test_facts_that_lack_a_key_are_named(tmp_path):
    io.save_json(tmp_path / "gull.json", {"name": "gull"})
    with pytest.raises(io.FileError, match=r"gull\.json: lacks title, origin"):
        reading.read_target(str(tmp_path / "gull.json"))
    io.save_json(tmp_path / "list.json", [])
    with pytest.raises(io.FileError, match="not a JSON object"):
        reading.read_target(str(tmp_path / "list.json"))


def test_unlike_arrays_are_refused(run, tmp_path):
    arrays = io.load_arrays(run[1]["scale_rates"][0])
    io.save_arrays(tmp_path / "x.npz", **(arrays | {"times_s": arrays["times_s"][:-1]}))
    with pytest.raises(io.FileError, match="unlike shapes"):
        reading.read_scale_rate(str(tmp_path / "x.npz"), [])


def test_origin_comes_from_the_manifest_the_features_or_the_arguments(run, tmp_path):
    manifest = run[1]["manifest"]
    assert reading.read_origin(manifest).stamp_line == "scale smoke · preset paper · device cpu"
    facts = {"scale": "smoke", "preset": "paper", "device": "cuda", "variant": ""}
    io.save_json(tmp_path / "f.json", facts)
    both = reading.read_origin(manifest, [str(tmp_path / "f.json")])
    assert both.stamp_line == "scale smoke · preset paper · device cpu+cuda"
    assert reading.read_origin("", scale="demo", preset="paper").stamp_line == (
        "scale demo · preset paper"
    )
    with pytest.raises(ValueError, match=r"scale=.* must be one"):
        reading.read_origin(manifest, scale="demo")


# Colours


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_contrast_in_both_modes():
    css = (ROOT / "jtfs_repro/site/assets/site.css").read_text()
    blocks = re.findall(r"(--paper:.*?)\}", css, flags=re.DOTALL)
    light, dark, chosen = (dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in blocks)
    assert dark == chosen  # by the system and by the button
    for colours in (light, dark):
        for text in ("ink", "muted", "link", "accent", "good", "bad"):
            for ground in ("paper", "raised", "shade"):
                assert contrast(colours[text], colours[ground]) >= LEAST_CONTRAST, (text, ground)
        for ground in ("paper", "raised"):
            assert contrast(colours["control"], colours[ground]) >= LEAST_CONTROL_CONTRAST


# The script


def run_script(*arguments):
    command = [sys.executable, "-m", "jtfs_repro", "build_site"]
    command += ["--captions", "config/captions.yaml", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_script_builds_from_files(run, tmp_path, site):
    paths = run[1]
    groups = ("figures", "tables", "sounds", "resyntheses", "notebooks")
    given = [word for name in groups for word in (f"--{name}", *paths[name])]
    done = run_script(
        *("--gin", "gin/site/site.gin", *given, "--scale-rates", *paths["scale_rates"]),
        *("--animation", paths["animation"], "--manifest", paths["manifest"]),
        *("--site", tmp_path / "site", "--operative", tmp_path / "site.gin"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "thumbnail_width" in (tmp_path / "site.gin").read_text()
    for name in ("resynthesis.html", "scale_rate.html", "instruments.html"):
        assert (tmp_path / "site" / name).read_bytes() == (site / name).read_bytes()


def test_script_reads_embeddings_as_the_study_stores_them(tmp_path):
    theta = grid(4)
    found = isomap(features(theta), n_neighbors=8)
    io.save_arrays(tmp_path / "m.npz", **found.arrays())
    io.save_csv(tmp_path / "chirps.csv", rows_from_theta(theta))
    io.save_json(tmp_path / "jtfs.json", STAMP.as_dict())
    done = run_script(
        *("--names", "jtfs", "--manifolds", tmp_path / "m.npz"),
        *("--parameters", tmp_path / "chirps.csv", "--facts", tmp_path / "jtfs.json"),
        *("--site", tmp_path / "site"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    data = site_data(tmp_path / "site", "manifolds")
    assert [panel["label"] for panel in data["panels"]] == ["JTFS"]
    assert np.shape(data["panels"][0]["points"]) == (3, len(theta))
    assert "device cpu" in (tmp_path / "site/manifolds.html").read_text(encoding="utf-8")


def test_script_names_what_is_missing(tmp_path):
    done = run_script("--figures", tmp_path / "a.png", "--site", tmp_path / "site")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path}/a.png: no such file")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "site").exists()
