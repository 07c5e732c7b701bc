"""Record what is needed to make the results of a run again, gathered from their sidecars."""

from __future__ import annotations

import sys
from pathlib import Path

from jtfs_repro import io
from jtfs_repro.provenance import Stamp
from jtfs_repro.provenance import gather as records


def write_manifest(
    *, facts: list[Path], settings: list[Path], results: list[str], manifest: Path
) -> None:
    """Write the manifest of ``results``, made from features of these facts and settings."""
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
