"""Record what is needed to make the results of a run again, gathered from their sidecars."""

from __future__ import annotations

import sys
from pathlib import Path

from jtfs_repro import io, provenance
from jtfs_repro.audit.run_manifest import gather, seal


def write_manifest(
    *, facts: list[Path], settings: list[Path], results: list[str], manifest: Path
) -> None:
    """Write the manifest of ``results``, made from features of these facts and settings."""
    stamp = provenance.Stamp.common([io.load_json(path) for path in facts])
    if "cuda" in stamp.device:
        import torch  # noqa: F401  names the GPU
    run = {name: getattr(stamp, name) for name in ("scale", "preset", "variant")}
    entries = provenance.manifest(
        stamp=stamp,
        gin_files=[str(path) for path in settings],
        inputs=results,
        python=sys.version,
        **gather(results, run=run),
    )
    provenance.save_manifest(manifest, seal(entries))
