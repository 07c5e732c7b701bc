"""Resynthesis from file to file, for the script and for the stage of the workflow."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from jtfs_repro import checks, config, io
from jtfs_repro.audio import Sound, check_wav_name, read_sound, to_mono, write_sound
from jtfs_repro.plots.error_history import figure_error_history
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.textures.resynthesis import Resynthesis, resynthesize

FILES = {  # option -> its suffixes, what is in it
    "history": ((".csv",), "output: a row per iteration (default: beside the sound)"),
    "plot": ((".png", ".pdf", ".svg"), "output: the error by iteration"),
    "snapshots": ((".npz",), "output: the sound along the way"),
    "facts": ((".json",), "output: settings and errors"),
    "cost": ((".json",), "output: seconds and bytes"),
}


@dataclass(frozen=True, kw_only=True)
class ResynthesisFiles:
    """The files of one resynthesis; ``input`` is read, what is None is not written.

    ValueError: an output has another suffix than its kind, or two files have the same name.
    """

    input: Path
    output: Path
    history: Path
    checkpoint: Path
    plot: Path | None = None
    snapshots: Path | None = None
    facts: Path | None = None
    cost: Path | None = None

    def __post_init__(self) -> None:
        check_wav_name(self.output)
        for name, (suffixes, _) in FILES.items():
            path = getattr(self, name)
            if path and path.suffix.lower() not in suffixes:
                checks.fail(name, str(path), f"end in {' or '.join(suffixes)}")
        named = [path.resolve() for path in vars(self).values() if path]
        twice = next((path for path in named if named.count(path) > 1), None)
        if twice:
            rule = "an output would overwrite another file"
            checks.fail("path", str(twice), "be named once", rule)


def resynthesize_file(
    files: ResynthesisFiles,
    *,
    name: str,
    stamp: Stamp,
    mono: bool = False,
    resume: bool = True,
    **settings: int,
) -> None:
    """Resynthesise a sound with the settings that were read; a warning goes to stderr.

    ``settings`` (``iterations``, ``seed``) replace those. FileError: see `audio.read_sound`.
    """
    found = config.bound(resynthesize)(
        read_target(files.input, mono=mono),
        name=name,
        stamp=stamp,
        checkpoint=files.checkpoint,
        resume=resume,
        **settings,
    )
    _save(found, files, stamp)
    files.checkpoint.unlink(missing_ok=True)
    if found.warning:
        print(f"warning: {found.warning}", file=sys.stderr)


def read_target(path: Path, *, mono: bool) -> Sound:
    """Return a sound; the mean of its channels if ``mono``."""
    sound = read_sound(path)
    return to_mono(sound) if mono else sound


def _save(found: Resynthesis, files: ResynthesisFiles, stamp: Stamp) -> None:
    """Write all files that were asked for; the sound is the last."""
    io.save_csv(files.history, found.history)
    if files.plot:
        io.save_figure(files.plot, figure_error_history(found.history, stamp_line=stamp.line))
    if files.snapshots:
        io.save_arrays(files.snapshots, **found.snapshots)
    if files.facts:
        io.save_json(files.facts, found.facts)
    if files.cost:
        io.save_json(files.cost, found.cost)
    write_sound(files.output, found.sound)
