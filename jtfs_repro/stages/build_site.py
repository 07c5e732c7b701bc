"""Build the companion page: a static site of figures, tables, sounds and interactive pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config
from jtfs_repro.captions import load
from jtfs_repro.experiments.stored import stored_clouds, stored_theta
from jtfs_repro.runs import parse_run
from jtfs_repro.site import contents
from jtfs_repro.site.build import build_site as build


def build_site(
    *,
    captions: Path,
    run: str = "",
    figures: Sequence[str] = (),
    tables: Sequence[str] = (),
    manifest: str = "",
    names: Sequence[str] = (),
    manifolds: Sequence[Path] = (),
    facts: Sequence[str] = (),
    parameters: Path | None = None,
    sounds: Sequence[str] = (),
    resyntheses: Sequence[str] = (),
    scale_rates: Sequence[str] = (),
    animation: str = "",
    notebooks: Sequence[str] = (),
    site: Path,
) -> None:
    """Write the folder ``site``; a group that is left out is reported as not run.

    ``names`` are the representations of the ``manifolds``, ``parameters`` those of their chirps,
    ``facts`` those of their features. What belongs to a sound or a resynthesis lies beside it.
    """
    entries = load(captions)
    targets = [contents.read_target(path) for path in sounds]
    shown = contents.Contents(
        origin=contents.read_origin(manifest, facts, **(parse_run(run) if run else {})),
        captions=entries,
        figures=[contents.read_picture(path, entries) for path in figures],
        tables=[contents.read_table(path, entries) for path in tables],
        manifolds=_manifolds(names, manifolds, parameters),
        targets=targets,
        runs=[contents.read_run(path) for path in resyntheses],
        scale_rates=[contents.read_scale_rate(path, targets) for path in scale_rates],
        animation=contents.read_bytes(animation) if animation else b"",
        notebooks=[contents.read_notebook(path) for path in notebooks],
    )
    config.bound(build)(site, shown)


def _manifolds(
    names: Sequence[str], manifolds: Sequence[Path], parameters: Path | None
) -> contents.Manifolds | None:
    if not manifolds or parameters is None:
        return None
    return contents.Manifolds(
        clouds=stored_clouds(names, manifolds), theta=stored_theta(parameters)
    )
