"""Build the companion page: a static site of figures, tables, sounds and interactive pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jtfs_repro import config
from jtfs_repro.experiments.stored import stored_clouds, stored_theta
from jtfs_repro.runs import parse_run
from jtfs_repro.site import stored
from jtfs_repro.site.build import build_site as build
from jtfs_repro.site.contents import Contents, Manifolds


def build_site(
    *,
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
    targets = stored.stored_targets(sounds)
    contents = Contents(
        origin=stored.stored_origin(manifest, facts, **(parse_run(run) if run else {})),
        figures=stored.stored_pictures(figures),
        tables=stored.stored_tables(tables),
        manifolds=_manifolds(names, manifolds, parameters),
        targets=targets,
        runs=stored.stored_runs(resyntheses),
        scale_rates=stored.stored_scale_rates(scale_rates, targets),
        animation=stored.read_bytes(animation) if animation else b"",
        notebooks=stored.stored_notebooks(notebooks),
    )
    config.bound(build)(site, contents)


def _manifolds(
    names: Sequence[str], manifolds: Sequence[Path], parameters: Path | None
) -> Manifolds | None:
    if not manifolds or parameters is None:
        return None
    return Manifolds(clouds=stored_clouds(names, manifolds), theta=stored_theta(parameters))
