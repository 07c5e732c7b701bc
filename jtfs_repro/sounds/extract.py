"""Features of many sounds as one table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .. import __version__, checks, config
from ..audio import MAX_CHANNELS
from ..devices import choose_device
from ..io import FileError, remove_folder
from ..outputs import check_output
from ..provenance.environment import commit, versions
from .listing import listed, shown
from .output import WRITERS, Rows, Table, write
from .representations import REPRESENTATIONS, Representation
from .work import SUMMARIES, Work, compute_all


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What was written, and what could not be."""

    output: Path
    n_sounds: int
    n_rows: int
    names: list[str]
    failed: dict[str, str]  # path -> why
    not_taken: list[str]


def extract(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    representation: str = "jtfs",
    sr: float = 22050,
    summary: str = "mean",
    channel: int | None = None,
    jobs: int = 1,
    device: str = "auto",
    strict: bool = False,
    progress: bool = True,
    shard: str | None = None,
    **settings: Any,
) -> Extracted:
    """Write the features of sounds to a table.

    What was computed is kept beside the output until the table is written: after a kill, the same
    call goes on where it stopped, and computes only what is missing or has changed.

    Parameters
    ----------
    sources : sound files, folders (with sub-folders), CSV files of paths
    output : .npz, .h5, .zarr or .parquet; its path, time_s (seconds), values and feature names
    representation : 'jtfs', 'scattering1d', 'mfcc', 'cqt' or 'strf'
    sr : Hz; sounds are resampled to it once
    summary : 'mean' or 'mean_std' over the frames (one row a sound), or 'none' (one row a frame)
    channel : None (the mean of all) or the index of one
    jobs : sounds at once; device : 'auto', 'cpu' or 'cuda'
    strict : end with the first sound that cannot be read, instead of naming it at the end
    shard : 'K/N' computes every N-th sound from the K-th on and writes no table: N such calls, in
        any order or at once, leave to the last one, without `shard`, only what they could not do
    settings : arguments of the representation, see `jtfs_repro.sounds.representations`

    Raises
    ------
    FileError, ValueError, TypeError
        One line; what concerns arguments and the output comes before any work.
    """
    which, of = _share(shard)
    several = not isinstance(sources, (str, os.PathLike))
    listing = listed(list(sources) if several else [sources])  # pyright: ignore
    output = check_output(Path(output), WRITERS)
    checks.choice("representation", representation, tuple(REPRESENTATIONS))
    checks.choice("summary", summary, SUMMARIES)
    if channel is not None:
        checks.integer("channel", channel, low=0, high=MAX_CHANNELS - 1, mistake="0 is the first")
    sr = checks.number("sr", sr, low=1000, high=768_000, mistake="Hz; is it in kHz?")
    jobs = checks.integer("jobs", jobs, low=1, mistake="sounds at once")
    chosen = torch.device(choose_device(device))
    made: Representation = config.bound(REPRESENTATIONS[representation])(sr=sr, **settings)
    what = {"representation": representation, "sr": sr, "summary": summary, "channel": channel}
    what |= {"settings": config.operative_config(), "arguments": repr(settings)}
    what |= {"version": __version__, "torch": str(torch.__version__)}
    work = Work(
        made=made,
        summary=summary,
        channel=channel,
        sr=sr,
        device=chosen,
        folder=output.with_name(f".{output.name}.parts"),
        key=json.dumps(what, sort_keys=True),
    )
    work.folder.mkdir(parents=True, exist_ok=True)
    sounds = listing.sounds[which::of]
    parts, failed = compute_all(work, sounds, jobs=jobs, strict=strict, progress=progress)
    named = {shown(path): why for path, why in failed.items()}
    n_rows = sum(len(work.times(part)) for part in parts.values())
    if shard is None:
        if not parts:
            raise FileError(f"{output}: no sound could be read: {next(iter(named.values()))}")
        origin = {"commit": commit(), "versions": versions()}
        write(output, _table(work, parts, what | origin | {"paths": made.paths, "failed": named}))
        remove_folder(work.folder)
    return Extracted(
        output=output,
        n_sounds=len(parts),
        n_rows=n_rows,
        names=work.names,
        failed=named,
        not_taken=[shown(path) for path in listing.not_taken],
    )


def _share(shard: str | None) -> tuple[int, int]:
    """Return which of how many shares of the sounds are computed."""
    which, _, of = (shard or "1/1").partition("/")
    if not (which.isdigit() and of.isdigit() and 1 <= int(which) <= int(of)):
        checks.fail("shard", shard, "be K/N with K from 1 to N", "as in 2/8")
    return int(which) - 1, int(of)


def _table(work: Work, parts: dict[Path, Path], facts: dict[str, Any]) -> Table:
    def blocks() -> Iterator[Rows]:
        for path, part in parts.items():
            for times, values in work.rows(part):
                yield shown(path), times, values

    counts = {shown(path): len(work.times(part)) for path, part in parts.items()}
    return Table(names=work.names, counts=counts, blocks=blocks, facts=facts)
