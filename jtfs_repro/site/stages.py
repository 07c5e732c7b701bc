"""What gathers a run: manifest, notebooks, companion page, pages of tables, graph of rules."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jtfs_repro import config, io
from jtfs_repro.captions import find, load
from jtfs_repro.provenance import Stamp
from jtfs_repro.provenance import gather as records
from jtfs_repro.runs import parse_run
from jtfs_repro.site import contents
from jtfs_repro.site.build import build_site as build
from jtfs_repro.site.tables import table_page
from jtfs_repro.studies.chirps.stored import stored_clouds, stored_theta


def describe_run(*, run: str, facts: Path) -> None:
    """Write scale, preset and variant of a run."""
    io.save_json(facts, parse_run(run))


def write_manifest(
    *, facts: list[Path], settings: list[Path], results: list[str], manifest: Path
) -> None:
    """Write the manifest of ``results``: what is needed to make them again, from their sidecars.

    They were made from features of these facts and settings.
    """
    stamp = Stamp.common([io.load_json(path) for path in facts])
    if "cuda" in stamp.device:
        import torch  # noqa: F401  names the GPU
    run = {name: getattr(stamp, name) for name in ("scale", "preset", "variant")}
    entries = records.manifest(
        stamp=stamp,
        gin_files=[str(path) for path in settings],
        inputs=results,
        python=sys.version,
        **records.gather(results, run=run),
    )
    io.save_json(manifest, records.seal(entries))


ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 900  # of one cell
_OF_JUPYTER = tuple(f"JUPYTER_{name}" for name in ("RUNTIME_DIR", "CONFIG_DIR", "DATA_DIR", "PATH"))


def execute_notebook(*, notebook: Path, executed: Path) -> None:
    """Execute a notebook from top to bottom; `ValueError` names the cell that failed."""
    import nbformat
    from nbclient.exceptions import CellExecutionError

    text = io.load_text(notebook)
    try:
        content = nbformat.reads(text, as_version=4)
    except Exception as error:  # json, nbformat and jsonschema each raise their own
        raise io.corrupt(notebook, "a notebook", error) from None
    try:
        _execute(content)
    except CellExecutionError as error:
        cell = sum(bool(c.get("execution_count")) for c in content.cells)
        what = f"{error.ename}: {error.evalue}".splitlines()[0]
        raise ValueError(f"{notebook}: code cell {cell} failed: {what}") from None
    io.save_text(executed, nbformat.writes(content))


def _execute(content: Any) -> None:
    """Run the cells with this project's package, their sockets in a folder of this run alone."""
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as runtime:
        # profiles, settings and kernels of the user's stay out
        os.environ |= dict.fromkeys((*_OF_JUPYTER, "IPYTHONDIR"), runtime)
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.getenv("PYTHONPATH", "")])
        sockets = {"transport": "ipc", "ip": str(Path(runtime, "kernel"))}
        NotebookClient(
            content,
            timeout=TIMEOUT_S,
            km=AsyncKernelManager(kernel_name="python3", **sockets),
            extra_arguments=["--log-level=40"],
            record_timing=False,
            resources={"metadata": {"path": str(ROOT)}},
        ).execute()


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
    """Build the companion page: a static site of figures, tables, sounds and interactive pictures.

    A group that is left out is reported as not run. ``names`` are the representations of the
    ``manifolds``, ``parameters`` those of their chirps, ``facts`` those of their features. What
    belongs to a sound or a resynthesis lies beside it.
    """
    entries = load(captions)
    targets = [contents.read_target(path) for path in sounds]
    embedded = None
    if manifolds and parameters:
        clouds, theta = stored_clouds(names, manifolds), stored_theta(parameters)
        embedded = contents.Manifolds(clouds=clouds, theta=theta)
    shown = contents.Contents(
        origin=contents.read_origin(manifest, facts, **(parse_run(run) if run else {})),
        captions=entries,
        figures=[contents.read_picture(path, entries) for path in figures],
        tables=[contents.read_table(path, entries) for path in tables],
        manifolds=embedded,
        targets=targets,
        runs=[contents.read_run(path) for path in resyntheses],
        scale_rates=[contents.read_scale_rate(path, targets) for path in scale_rates],
        animation=contents.read_bytes(animation) if animation else b"",
        notebooks=[contents.read_notebook(path) for path in notebooks],
    )
    config.bound(build)(site, shown)


def render_table(*, table: Path, captions: Path, page: Path) -> None:
    """Render a stored .csv table as a page of its own, for Snakemake's report."""
    io.save_text(page, table_page(table, find(load(captions), table)))


def draw_dag(*, figures: list[Path]) -> None:
    """Draw rules and what each needs, from standard input: snakemake --rulegraph | this."""
    from jtfs_repro.plots.dag import figure_dag  # imports matplotlib

    io.save_figures(figures, config.bound(figure_dag)(sys.stdin.read()))
