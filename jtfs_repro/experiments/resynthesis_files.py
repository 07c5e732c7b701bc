"""The files of one resynthesis: their options, their checks before it starts, writing them."""

from __future__ import annotations

import argparse
from pathlib import Path

from jtfs_repro import checks, io
from jtfs_repro.audio import Sound, check_wav_name, read_sound, to_mono, write_sound
from jtfs_repro.experiments.resynthesis import Resynthesis
from jtfs_repro.plots.error_history import figure_error_history
from jtfs_repro.provenance import Stamp

FILES = {  # option -> its suffixes, what is in it
    "history": ((".csv",), "output: a row per iteration (default: beside the sound)"),
    "plot": ((".png", ".pdf", ".svg"), "output: the error by iteration"),
    "snapshots": ((".npz",), "output: the sound along the way"),
    "facts": ((".json",), "output: settings and errors"),
    "cost": ((".json",), "output: seconds and bytes"),
}


def add_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``input``, ``output`` and what concerns files to the options of a script."""
    parser.add_argument("input", help="a sound file of any format, rate and length")
    parser.add_argument("output", help="the sound found, .wav")
    for name, (suffixes, what) in FILES.items():
        parser.add_argument(f"--{name}", metavar="|".join(suffixes), help=what)
    parser.add_argument("--name", help="of the sound in tables (default: that of the file)")
    parser.add_argument("--mono", action="store_true", help="average the channels of the input")
    parser.add_argument("--checkpoint", help="where it goes on (default: OUTPUT.checkpoint)")
    parser.add_argument("--no-resume", action="store_true", help="ignore a checkpoint")


def check_files(options: argparse.Namespace) -> Path:
    """Return the checkpoint's path; fill in the history's, and the name of the sound.

    Raises
    ------
    ValueError
        An output has another suffix than its kind, or two files have the same name.
    """
    output = check_wav_name(options.output)
    options.name = options.name or Path(options.input).stem
    options.history = options.history or str(output.with_suffix(".csv"))
    for name, (suffixes, _) in FILES.items():
        path = getattr(options, name)
        if path and Path(path).suffix.lower() not in suffixes:
            checks.fail(name, path, f"end in {' or '.join(suffixes)}")
    checkpoint = Path(options.checkpoint or f"{output}.checkpoint")
    given = [getattr(options, name) for name in FILES]
    paths = [Path(path).resolve() for path in (options.input, output, checkpoint, *given) if path]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice:
        checks.fail("path", str(twice), "be named once", "an output would overwrite another file")
    return checkpoint


def read_target(options: argparse.Namespace) -> Sound:
    """Return the sound of ``input``; the mean of its channels if ``mono``.

    Raises
    ------
    FileError
        See `audio.read_sound`.
    """
    sound = read_sound(options.input)
    return to_mono(sound) if options.mono else sound


def save_files(found: Resynthesis, options: argparse.Namespace, stamp: Stamp) -> None:
    """Write all files that were asked for; the sound is the last."""
    io.save_csv(options.history, found.history)
    if options.plot:
        io.save_figure(options.plot, figure_error_history(found.history, stamp_line=stamp.line))
    if options.snapshots:
        io.save_arrays(options.snapshots, **found.snapshots)
    if options.facts:
        io.save_json(options.facts, found.facts)
    if options.cost:
        io.save_json(options.cost, found.cost)
    write_sound(options.output, found.sound)
