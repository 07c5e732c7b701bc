"""Names of runs, ``scale[-preset][+variant]``: their folders below results/, data/ and logs/."""

from __future__ import annotations

from jtfs_repro.provenance import Stamp

DEFAULT = "demo"  # its pictures lie flat in img/, those of others in img/RUN/


def run_name(scale: str = "demo", preset: str = "paper", variant: str = "") -> str:
    """Return the name of a run.

    Examples
    --------
    >>> run_name(), run_name("smoke", "as_coded", "adalog")
    ('demo', 'smoke-as_coded+adalog')
    """
    name = scale if preset == "paper" else f"{scale}-{preset}"
    return f"{name}+{variant}" if variant else name


def parse_run(run: str) -> dict[str, str]:
    """Return scale, preset and variant of a run: the inverse of `run_name`.

    Examples
    --------
    >>> parse_run("smoke-as_coded+adalog")
    {'scale': 'smoke', 'preset': 'as_coded', 'variant': 'adalog'}
    """
    name, _, variant = run.partition("+")
    scale, _, preset = name.partition("-")
    return {"scale": scale, "preset": preset or "paper", "variant": variant}


def stamp_of(run: str, *, device: str = "cpu") -> Stamp:
    """Return the stamp of a run's results; ``ValueError`` if scale, preset or device is unknown."""
    return Stamp(**parse_run(run), device=device)
