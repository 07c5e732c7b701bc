"""Names of runs, ``scale[-preset][+variant]``: their folders below results/, data/ and logs/."""

from __future__ import annotations

from jtfs_repro.layout import PICTURES_RUN as DEFAULT
from jtfs_repro.layout import parse_run
from jtfs_repro.provenance import Stamp

__all__ = ["DEFAULT", "parse_run", "run_name", "stamp_of"]


def run_name(scale: str = "demo", preset: str = "paper", variant: str = "") -> str:
    """Return the name of a run.

    >>> run_name(), run_name("smoke", "as_coded", "adalog")
    ('demo', 'smoke-as_coded+adalog')
    """
    name = scale if preset == "paper" else f"{scale}-{preset}"
    return f"{name}+{variant}" if variant else name


def stamp_of(run: str, *, device: str = "cpu") -> Stamp:
    """Return the stamp of a run's results; `ValueError` if scale, preset or device is unknown."""
    return Stamp(**parse_run(run), device=device)
