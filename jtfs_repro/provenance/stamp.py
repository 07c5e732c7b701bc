"""The stamp of a result: scale, preset, device and variant, printed on it.

It is part of every figure, table and JSON and holds nothing that changes from run to run.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jtfs_repro import checks
from jtfs_repro.layout import PRESETS, SCALES

DEVICES = ("cpu", "cuda", "cpu+cuda")


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Scale, preset, device and variant that made a result; `ValueError` if one is unknown.

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

        `ValueError`: there is none, or they differ in scale, preset or variant.
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
        return " · ".join(f"{name} {value}" for name, value in asdict(self).items() if value)

    def as_dict(self) -> dict[str, str]:
        """Return the stamp for JSON files and table columns."""
        return asdict(self)


def add_stamp_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--scale``, ``--preset`` and ``--variant`` to the options of a script."""
    for name in ("scale", "preset", "variant"):
        parser.add_argument(f"--{name}", default="", help="printed on every result")
