"""The rendered clip set: layout, resumption, what the fonts and the music may be."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_soundfont import PROGRAMS, tiny_soundfont

from jtfs_repro import config, io
from jtfs_repro.datasets import solo_songs, soundfont_solos
from jtfs_repro.datasets.clip_index import check_clips
from jtfs_repro.datasets.medley_solos_db import (
    BYTES_PER_FILE,
    CLASSES,
    N_SAMPLES,
    SR_HZ,
    SUBSETS,
    list_clips,
)
from jtfs_repro.datasets.phrases import Performance
from jtfs_repro.datasets.recording import Recording
from jtfs_repro.datasets.solo_songs import Solos, plan_songs, render_song
from jtfs_repro.datasets.soundfont_solos import render_solos
from jtfs_repro.datasets.soundfonts import Font

ROOT = Path(__file__).resolve().parents[2]
SMOKE = Solos(training_songs=1, validation_songs=1, test_songs=1)
LEVEL_TOL_DB = 0.01  # the noise, at most -45 dB, adds 0.0002 dB
SHA256 = dict.fromkeys(SUBSETS, "0")


def font(path, **settings):
    data = tiny_soundfont(**settings)
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    return Font(path=path, name=path.stem, sha256=sha256, licence="none", how="given")


@pytest.fixture(scope="module")
def fonts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fonts")
    training = font(folder / "training.sf2", name="One")
    return {"training_font": training, "test_font": font(folder / "test.sf2", name="Two", seed=1)}


@pytest.fixture(scope="module")
def clip_set(fonts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("solos")
    report = render_solos(SMOKE, folder, **fonts, progress=False)
    return folder, report


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_layout_is_that_of_medley_solos_db(clip_set):
    folder, report = clip_set
    clips = list_clips(folder).clips
    files = {path.name for path in (folder / "audio").iterdir()}
    assert files == {clip.file for clip in clips}
    assert len(clips) == report["n_clips"] == report["n_rendered"] == 48
    assert report["supports"] == dict.fromkeys(SUBSETS, dict.fromkeys(CLASSES, 2))
    for clip in clips:
        path = folder / "audio" / clip.file
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.frames) == (SR_HZ, 1, N_SAMPLES)
        assert (info.format, info.subtype) == ("WAV", "FLOAT")
        assert path.stat().st_size == BYTES_PER_FILE
        assert str(uuid.UUID(clip.name)) == clip.name


def test_passes_the_check_of_the_real_set(clip_set):
    folder, _ = clip_set
    rows, problems = check_clips(list_clips(folder), progress=False)
    assert not problems
    assert len(rows) == 48
    assert len({row.sha256 for row in rows}) == 48


def test_songs_do_not_cross_subsets(clip_set):
    subsets, classes = defaultdict(set), defaultdict(set)
    for clip in list_clips(clip_set[0]).clips:
        subsets[clip.group].add(clip.subset)
        classes[clip.group].add(clip.label)
    assert len(subsets) == 24
    assert all(len(found) == 1 for found in [*subsets.values(), *classes.values()])


def test_neither_silent_nor_clipped_and_level_tells_nothing(clip_set):
    folder, _ = clip_set
    power = defaultdict(lambda: defaultdict(list))
    for clip in list_clips(folder).clips:
        samples, _ = soundfile.read(folder / "audio" / clip.file)
        assert 1e-3 < np.abs(samples).max() < 1
        power[clip.subset][clip.label].append(np.mean(samples**2))
    for classes in power.values():
        levels = [10 * np.log10(np.mean(values)) for values in classes.values()]
        assert len(levels) == len(CLASSES)
        assert np.ptp(levels) < LEVEL_TOL_DB
        assert -38 - LEVEL_TOL_DB < min(levels) <= max(levels) < -24 + LEVEL_TOL_DB


def test_conditions_are_those_of_the_song_number(clip_set):
    solos = replace(SMOKE, training_songs=3)
    conditions = defaultdict(list)
    for song in plan_songs(solos, font_sha256=SHA256):
        clip = song.clips[0]
        conditions[clip.label, clip.subset].append(song.condition)
    for subset in SUBSETS:
        expected = conditions[CLASSES[0], subset]
        assert all(conditions[name, subset] == expected for name in CLASSES)
        assert len(set(expected)) == solos.n_songs(subset)


def test_says_what_it_is(clip_set):
    folder, report = clip_set
    text = (folder / "README.txt").read_text()
    for word in ("not recorded", "choir", "training, validation: training", "test: test", "none"):
        assert word in text
    assert [facts["subsets"] for facts in report["fonts"]] == [["training", "validation"], ["test"]]


def test_resumes_after_a_kill_with_the_same_bytes(clip_set, fonts, tmp_path, monkeypatch):
    expected = contents(clip_set[0])
    render, calls = solo_songs.render_song, []

    def killed(song, *arguments, **options):
        calls.append(song)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return render(song, *arguments, **options)

    monkeypatch.setattr(soundfont_solos, "render_song", killed)
    stale = tmp_path / "annotation" / soundfont_solos.METADATA_NAME
    io.save_text(tmp_path / "README.txt", soundfont_solos.TITLE)
    io.save_text(stale, "a table of other clips must not stand beside an incomplete set")
    with pytest.raises(KeyboardInterrupt):
        render_solos(SMOKE, tmp_path, **fonts, progress=False)
    assert not list((tmp_path / "annotation").glob("*"))
    audio = sorted((tmp_path / "audio").glob("*.wav"))
    assert len(audio) == 10
    for path in sorted(path for path in expected if path.suffix == ".wav")[:-6]:  # saves time
        if not (tmp_path / path).exists():
            (tmp_path / path).write_bytes(expected[path])
            audio.append(tmp_path / path)
    audio[0].unlink()
    audio[1].write_bytes(audio[1].read_bytes()[:-1])  # truncated
    audio[2].write_bytes(bytes(BYTES_PER_FILE))  # preallocated, never written
    report = render_solos(SMOKE, tmp_path, **fonts, progress=False)
    assert contents(tmp_path) == expected
    assert report["n_kept"] == len(audio) - 3
    assert report["n_rendered"] == 48 - report["n_kept"]


def test_complete_set_is_not_rendered_again(clip_set, fonts, monkeypatch):
    monkeypatch.setattr(soundfont_solos, "render_song", None)
    report = render_solos(SMOKE, clip_set[0], **fonts, progress=False)
    assert (report["n_kept"], report["n_rendered"], report["n_removed"]) == (48, 0, 0)


def test_other_settings_replace_the_clips(clip_set, fonts, tmp_path):
    folder = shutil.copytree(clip_set[0], tmp_path / "set")
    (folder / "audio" / "notes.txt").write_text("the user's")
    other = replace(SMOKE, seed=1, clips_per_song=1)
    report = render_solos(other, folder, **fonts, progress=False)
    assert (report["n_rendered"], report["n_removed"]) == (24, 48)
    assert (folder / "audio" / "notes.txt").exists()
    clips = list_clips(folder).clips
    files = {path.name for path in (folder / "audio").glob("*.wav")}
    assert files == {clip.file for clip in clips}
    assert not files & {path.name for path in (clip_set[0] / "audio").iterdir()}


def names(solos, sha256=SHA256):
    songs = plan_songs(solos, font_sha256=sha256)
    return [clip.name for song in songs for clip in song.clips]


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 1},
        {"min_sounding": 0.5},
        {"performance": Performance(tempo_bpm=(60.0, 161.0))},
        {"recording": Recording(noise_db=(-66.0, -45.0))},
    ],
)
def test_names_follow_the_sound(changed):
    before, after = names(SMOKE), names(replace(SMOKE, **changed))
    assert len(set(before)) == len(before) == len(after)
    assert not set(before) & set(after)


def test_names_follow_the_font():
    before, after = names(SMOKE), names(SMOKE, SHA256 | {"test": "1"})
    assert before[:32] == after[:32]
    assert not set(before[32:]) & set(after[32:])


def test_more_songs_keep_those_that_are():
    assert set(names(SMOKE)) < set(names(replace(SMOKE, training_songs=2)))


def test_real_set_is_not_touched(fonts, tmp_path):
    (tmp_path / "audio").mkdir()
    clip = tmp_path / "audio" / "Medley-solos-DB_test-0_003d41a8-afad-501f-fbc3-d406dc694ceb.wav"
    clip.write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="must be empty, or a clip set that was rendered here"):
        render_solos(SMOKE, tmp_path, **fonts, progress=False)
    assert set(contents(tmp_path)) == {clip.relative_to(tmp_path)}


def test_same_font_twice(fonts, tmp_path):
    same = fonts | {"test_font": fonts["training_font"]}
    with pytest.raises(ValueError, match="must differ from the training font"):
        render_solos(SMOKE, tmp_path, **same, progress=False)


def test_font_without_a_program(fonts, tmp_path):
    lacking = font(tmp_path / "f.sf2", programs=tuple(p for p in PROGRAMS if p not in (56, 66)))
    with pytest.raises(io.FileError, match=r"no General MIDI programs \[56, 66\]"):
        render_solos(SMOKE, tmp_path / "set", **fonts | {"test_font": lacking}, progress=False)
    assert not (tmp_path / "set").exists()


def test_font_that_changed(fonts, tmp_path):
    changed = replace(fonts["test_font"], sha256="0" * 64)
    with pytest.raises(io.FileError, match="SHA-256 is not 0000"):
        render_solos(SMOKE, tmp_path, **fonts | {"test_font": changed}, progress=False)
    assert not list(tmp_path.rglob("*.csv"))


def test_font_that_cannot_be_rendered():
    song = next(plan_songs(SMOKE, font_sha256=SHA256))
    with pytest.raises(io.FileError, match=r"mine\.sf2: not a soundfont that can be rendered"):
        render_song(song, b"RIFF", solos=SMOKE, font_name="mine.sf2")


def test_song_that_hardly_sounds():
    song = next(plan_songs(SMOKE, font_sha256=SHA256))
    solos = replace(SMOKE, min_sounding=1.0)
    with pytest.raises(ValueError, match="song='training-0-000' must sound in 2 clips, does in"):
        render_song(song, tiny_soundfont(), solos=solos)


def test_silent_cuts_are_passed_over():
    dry = np.random.default_rng(0).standard_normal(round(SMOKE.song_s * SR_HZ))
    hop = N_SAMPLES + 13230  # 0.3 s
    assert SMOKE.n_cuts == 4
    dry[hop : hop + N_SAMPLES] *= 1e-4
    assert solo_songs._cuts(dry, SMOKE, "x") == [0, 2 * hop]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"test_songs": 0}, "test_songs=0 must be >= 1"),
        ({"min_sounding": 0.0}, "min_sounding=0.0 must be > 0"),
        ({"seed": -1}, "seed=-1 must be >= 0"),
    ],
)
def test_settings(settings, match):
    with pytest.raises(ValueError, match=match):
        Solos(**settings)


@pytest.mark.parametrize(("scale", "n"), [("smoke", 2), ("demo", 24), ("paper", 120)])
def test_gin_files(scale, n):
    config.load_gin(config.stack("soundfont_solos", scale=scale, root=ROOT / "gin"))
    solos = config.bound(Solos)()
    assert solos.training_songs * solos.clips_per_song == n
    assert solos.test_songs * solos.clips_per_song == n
    assert solos.performance == Performance()
    assert solos.recording == Recording()


def fewer(tmp_path):
    """Return a gin file that halves the clips, to save time."""
    lines = [
        "from __gin__ import dynamic_registration",
        "from jtfs_repro.datasets import solo_songs",
        "solo_songs.Solos.clips_per_song = 1",
    ]
    (tmp_path / "fewer.gin").write_text("\n".join(lines))
    return tmp_path / "fewer.gin"


def run(tmp_path, status):
    (tmp_path / "in.json").write_text(json.dumps(status))
    command = [sys.executable, "-m", "jtfs_repro", "render_solos", "--gin"]
    command += config.stack("soundfont_solos", scale="smoke", root=ROOT / "gin")
    command += [fewer(tmp_path)]
    command += ["--font-status", tmp_path / "in.json", "--folder", tmp_path / "set"]
    command += ["--report", tmp_path / "r.json", "--operative", tmp_path / "o.gin"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "r.json").read_text())


def test_script(fonts, tmp_path):
    report = run(tmp_path, {"status": "run"} | fonts["test_font"].as_dict())
    assert (report["status"], report["n_clips"]) == ("run", 24)
    assert "solo_songs.Solos.test_songs = 1" in (tmp_path / "o.gin").read_text()


def test_script_without_fonts(tmp_path):
    status = {"status": "not run", "reason": "no font", "remedy": "get one"}
    assert run(tmp_path, status | {"path": ""}) == status
    assert not (tmp_path / "set").exists()
