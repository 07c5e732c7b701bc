"""An eight-class clip set of solo phrases, rendered from soundfonts, laid out as Medley-solos-DB.

Songs never cross subsets, and the test songs are played by another collection of samples than
those of training and validation. A killed run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.audio import is_plain_wav
from jtfs_repro.datasets import recording, soundfont_files
from jtfs_repro.datasets.medley_solos_db import (
    CLASSES,
    N_SAMPLES,
    SR_HZ,
    SUBSETS,
    is_clip_name,
    save_metadata,
)
from jtfs_repro.datasets.phrases import PLAYERS
from jtfs_repro.datasets.solo_songs import Solos, Song, plan_songs, render_song
from jtfs_repro.datasets.soundfonts import Font

NAME = "soundfont_solos"
METADATA_NAME = f"{NAME}_metadata.csv"
SECONDS_BETWEEN_UPDATES = 1.0  # of the progress bar
TITLE = "Solo phrases rendered from soundfonts"  # first line of README.txt; marks the folder


def render_solos(
    solos: Solos, folder: str | Path, *, training_font: Font, test_font: Font, progress: bool = True
) -> dict[str, Any]:
    """Render the clip set into ``folder``; whole clips that are there already are kept.

    The metadata table is written last: where it stands, the set is complete. Clips of other
    settings are removed; the two fonts are independent collections of samples. Result: dict;
    ``status``, ``n_clips``, of which ``n_rendered`` and ``n_kept``, ``n_removed`` others,
    ``supports`` (subset -> class -> clips), ``fonts`` (name, sha256, licence, subsets). ValueError:
    the folder holds something else, the fonts are the same, or a song is silent. FileError: a font
    is missing, has changed, lacks a program, or cannot be rendered.
    """
    folder = Path(folder)
    fonts = {"training": training_font, "validation": training_font, "test": test_font}
    _check_fonts(training_font, test_font)
    _check_folder(folder)
    songs = list(plan_songs(solos, font_sha256={k: font.sha256 for k, font in fonts.items()}))
    clips = [clip for song in songs for clip in song.clips]
    table = folder / "annotation" / METADATA_NAME
    io.save_text(folder / "README.txt", _readme(solos, fonts))
    table.unlink(missing_ok=True)
    n_rendered = _render_missing(solos, songs, folder / "audio", fonts, progress)
    n_removed = _remove_others(folder / "audio", {clip.file for clip in clips})
    save_metadata(table, clips)
    return {
        "status": io.RUN,
        "n_clips": len(clips),
        "n_rendered": n_rendered,
        "n_kept": len(clips) - n_rendered,
        "n_removed": n_removed,
        "supports": {subset: _support(solos, subset) for subset in SUBSETS},
        "fonts": _font_facts(fonts),
    }


def _support(solos: Solos, subset: str) -> dict[str, int]:
    return dict.fromkeys(CLASSES, solos.n_songs(subset) * solos.clips_per_song)


def _check_fonts(training_font: Font, test_font: Font) -> None:
    if training_font.sha256 == test_font.sha256:
        rule = "differ from the training font"
        checks.fail("test_font", str(test_font.path), rule, "the same samples in both sets?")
    needed = {program for player in PLAYERS.values() for program in player.programs}
    for font in (training_font, test_font):
        lacking = sorted(needed - soundfont_files.read_header(font.path).programs)
        if lacking:
            rule = f"it has no General MIDI programs {lacking} (0-based)"
            raise io.FileError(f"{font.path}: {rule} (take another soundfont)")


def _check_folder(folder: Path) -> None:
    """Refuse a folder of other origin: clips that do not belong will be removed from it."""
    readme = folder / "README.txt"
    is_ours = readme.is_file() and io.load_text(readme).startswith(TITLE)
    if not is_ours and any(path.is_file() for path in folder.rglob("*")):
        rule = "be empty, or a clip set that was rendered here"
        checks.fail("folder", str(folder), rule, "another data set? choose a folder of its own")


def _render_missing(
    solos: Solos, songs: Sequence[Song], audio: Path, fonts: Mapping[str, Font], progress: bool
) -> int:
    """Render the songs of which a clip is missing; return how many clips were written."""
    from tqdm import tqdm

    waiting = [(song, _missing(song, audio)) for song in songs]
    waiting = [(song, indices) for song, indices in waiting if indices]
    needed = {fonts[song.clips[0].subset].path: fonts[song.clips[0].subset] for song, _ in waiting}
    data = {path: font.read() for path, font in needed.items()}
    for song, indices in tqdm(
        waiting, desc=NAME, unit="song", disable=not progress, mininterval=SECONDS_BETWEEN_UPDATES
    ):
        path = fonts[song.clips[0].subset].path
        rendered = render_song(song, data[path], solos=solos, font_name=str(path))
        for index in indices:
            recording.save_wav(audio / song.clips[index].file, rendered[index], sr=SR_HZ)
    return sum(len(indices) for _, indices in waiting)


def _missing(song: Song, audio: Path) -> list[int]:
    """Return which clips of a song are not there as whole files."""
    paths = [audio / clip.file for clip in song.clips]
    return [i for i, path in enumerate(paths)
            if not is_plain_wav(path, N_SAMPLES, sr=SR_HZ)]  # fmt: skip


def _remove_others(audio: Path, names: set[str]) -> int:
    """Remove clips that the set does not have; return how many."""
    others = [p for p in audio.iterdir() if is_clip_name(p.name) and p.name not in names]
    for path in others:
        path.unlink()
    return len(others)


def _font_facts(fonts: Mapping[str, Font]) -> list[dict[str, Any]]:
    return [
        {
            "name": font.name,
            "sha256": font.sha256,
            "licence": font.licence,
            "subsets": [subset for subset, other in fonts.items() if other == font],
        }
        for font in (fonts["training"], fonts["test"])
    ]


def _readme(solos: Solos, fonts: Mapping[str, Font]) -> str:
    lines = [
        TITLE,
        "",
        "Synthesised, not recorded: melodies composed by chance, played by soundfonts, in the",
        "layout of Medley-solos-DB (44.1 kHz, mono, float32, 131072 samples). The class",
        '"female singer" is a choir patch ("voice"): General MIDI has no solo singer.',
        "Level, room, tone and noise are drawn for each song number, alike for all classes.",
        "",
        f"Songs per class: {', '.join(f'{name} {solos.n_songs(name)}' for name in SUBSETS)};"
        f" clips per song: {solos.clips_per_song}; seed: {solos.seed}.",
        "",
        *(f"{', '.join(facts['subsets'])}: {facts['name']}, licence {facts['licence']},"
          f" SHA-256 {facts['sha256']}" for facts in _font_facts(fonts)),
    ]  # fmt: skip
    return "\n".join(lines)
