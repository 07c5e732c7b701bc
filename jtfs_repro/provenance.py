"""Where a result comes from: the stamp printed on it, the manifest stored beside it.

The stamp is part of every figure, table and JSON and holds nothing that changes from run to run.
The manifest is a file of its own and may.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.integrity import sha256

SCALES = ("smoke", "demo", "paper")
PRESETS = ("paper", "as_coded", "tutorial")
DEVICES = ("cpu", "cuda", "cpu+cuda")
PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "librosa",
    "nnaudio",
    "soundfile",
    "h5py",
    "gin-config",
    "snakemake",
    "lightning",
    "midirenderer",
    "matplotlib",
)


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Scale, preset, device and variant that made a result.

    Raises
    ------
    ValueError
        One of them is unknown.

    Examples
    --------
    >>> Stamp(scale="demo", preset="paper", device="cpu").line
    'scale demo · preset paper · device cpu'
    """

    scale: str
    preset: str
    device: str
    variant: str = ""

    def __post_init__(self) -> None:
        checks.choice("scale", self.scale, SCALES)
        checks.choice("preset", self.preset, PRESETS)
        checks.choice("device", self.device, DEVICES)

    @classmethod
    def of(cls, options: argparse.Namespace, *, device: str) -> Stamp:
        """Return the stamp of a script's options, see `add_stamp_arguments`."""
        return cls(
            scale=options.scale, preset=options.preset, variant=options.variant, device=device
        )

    @classmethod
    def common(cls, facts: Sequence[Mapping[str, Any]]) -> Stamp:
        """Return the stamp of a result made from several, each with the keys of a stamp.

        Raises
        ------
        ValueError
            There is none, or they differ in scale, preset or variant.
        """
        values = {name: {str(f[name]) for f in facts} for name in ("scale", "preset", "variant")}
        for name, found in values.items():
            if len(found) != 1:
                checks.fail(name, sorted(found), "be one", "inputs of different runs?")
        devices = {part for f in facts for part in f["device"].split("+")}
        shared = {name: found.pop() for name, found in values.items()}
        return cls(device="+".join(sorted(devices)), **shared)

    @property
    def line(self) -> str:
        """The stamp as printed under figures and tables."""
        parts = [f"{name} {value}" for name, value in asdict(self).items() if value]
        return " · ".join(parts)

    def as_dict(self) -> dict[str, str]:
        """Return the stamp for JSON files and table columns."""
        return asdict(self)


def add_stamp_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--scale``, ``--preset`` and ``--variant`` to the options of a script."""
    for name in ("scale", "preset", "variant"):
        parser.add_argument(f"--{name}", default="", help="printed on every result")


def settings_sha256(files: Sequence[str | os.PathLike[str]]) -> str:
    """Return a digest of the settings in gin files: their lines without comments and blanks.

    Two stages that read the same files get the same digest, so that one can tell whether what the
    other stored was made with the settings of today.
    """
    lines = [line.partition("#")[0].split() for path in files for line in _lines(path)]
    text = "\n".join(" ".join(words) for words in lines if words)
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(path: str | os.PathLike[str]) -> list[str]:
    return io.load_text(path).splitlines()


def manifest(
    *, stamp: Stamp, gin_files: Sequence[str], inputs: Sequence[str], **extra: Any
) -> dict[str, Any]:
    """Return what is needed to make a result again.

    Parameters
    ----------
    stamp : Stamp
    gin_files, inputs : sequence of path
        Files whose SHA-256 is recorded.
    **extra
        Further entries, e.g. wall times in seconds.
    """
    return {
        **stamp.as_dict(),
        "commit": commit(),
        "versions": versions(),
        "hardware": hardware(),
        "gin": {os.fspath(path): sha256(path) for path in gin_files},
        "inputs": {os.fspath(path): sha256(path) for path in inputs},
        **extra,
    }


def save_manifest(path: str | os.PathLike[str], entries: Mapping[str, Any]) -> None:
    """Write what :func:`manifest` returned."""
    io.save_json(path, dict(entries))


def commit() -> dict[str, Any]:
    """Return the commit of the source tree and whether tracked files, results aside, differ."""
    sha = _git("rev-parse", "HEAD")
    sources = (":/", ":(top,exclude)img", ":(top,exclude)results")
    is_dirty = None if sha is None else bool(_git("status", "--porcelain", "-uno", "--", *sources))
    return {"sha": sha, "dirty": is_dirty}


def _git(*arguments: str) -> str | None:
    """Return the output of a git command run in the source tree, None outside a repository."""
    command = ["git", "--no-optional-locks", "-C", os.fspath(Path(__file__).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def hardware() -> dict[str, Any]:
    """Return the machine: processor, core count, memory in GB, GPU name if torch is loaded."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "gpu": _gpu(),
    }


def _processor() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else None


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (ValueError, OSError):
        return None


def _gpu() -> str | None:
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name(0) if torch and torch.cuda.is_available() else None
