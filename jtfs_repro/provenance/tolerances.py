"""How far two runs may drift apart: every tolerance with its reason, in one place.

The figures behind the reasons were measured with ``scripts/compare_runs.py`` and
``tests/provenance/test_drift.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jtfs_repro import checks

# Fields of tables and JSON files that are measurements of time or memory: no two runs agree.
COST_FIELD = re.compile(r"(seconds|per_second|peak_memory|wall_s$|cpu_s$|^threads$|^started$)")
HASH_FIELD = re.compile(r"(sha256|digest)$")  # says no more than the content that it is of
DEVICE_FIELD = "device"


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """What still counts as equal, and the reason why results may differ by as much.

    Numbers a and b of tables, JSON and text are equal if
    ``|a - b| <= atol + rtol * max(|a|, |b|)``; elements of an array likewise, with the largest
    magnitude in either array. Of a figure's pixels a share may differ by more than
    ``pixel_levels`` (of 255): the antialiasing of a line that moved by less than a pixel.
    ``has_other_device`` leaves out the device: its column, its key, its name in text.
    """

    name: str
    reason: str
    rtol: float = 0.0
    atol: float = 0.0
    array_rtol: float = 0.0
    array_atol: float = 0.0
    pixel_share: float = 0.0
    pixel_levels: int = 0
    has_other_device: bool = False

    def __post_init__(self) -> None:
        for name in ("rtol", "atol", "array_rtol", "array_atol"):
            checks.number(name, getattr(self, name), low=0, mistake="a tolerance is not signed")
        checks.number("pixel_share", self.pixel_share, low=0, high=1, mistake="per cent?")
        checks.integer("pixel_levels", self.pixel_levels, low=0, high=255)

    @property
    def is_exact(self) -> bool:
        """Whether nothing may differ."""
        sizes = (self.rtol, self.atol, self.array_rtol, self.array_atol, self.pixel_share)
        return not any(sizes)

    def leaves_out(self, field: str) -> bool:
        """Return whether a column or key of this name is not compared."""
        if COST_FIELD.search(field):
            return True
        if self.is_exact:
            return False
        return bool(HASH_FIELD.search(field)) or (self.has_other_device and field == DEVICE_FIELD)


_ALL = (
    Tolerance(
        name="exact",
        reason="one machine, one number of threads: the same bytes of every number and pixel",
    ),
    # measured, 1 against 8 threads: tables the same, arrays 1.7e-7 (jtfs), one pixel by a level
    Tolerance(
        name="threads",
        reason="sums of whole tensors and single long FFTs are split among threads, float32",
        rtol=1e-4,
        atol=1e-6,
        array_rtol=1e-5,
        pixel_share=1e-3,
        pixel_levels=2,
    ),
    # measured, the oldest instruction set against this machine's: arrays 2e-6 (mfcc)
    Tolerance(
        name="machine",
        reason="other vector instructions, other BLAS and FFT: other orders of all sums",
        rtol=1e-3,
        atol=1e-5,
        array_rtol=1e-4,
        pixel_share=1e-2,
        pixel_levels=2,
    ),
    # not measured with this code: no GPU was at hand (provenance/test_drift.py measures on one)
    Tolerance(
        name="device",
        reason="a GPU has its own FFT and exponential, and the stamp names it",
        rtol=1e-2,
        atol=1e-5,
        array_rtol=1e-3,
        pixel_share=2e-2,
        pixel_levels=2,
        has_other_device=True,
    ),
)
TOLERANCES = {tolerance.name: tolerance for tolerance in _ALL}


def tolerance_of(name: str, *, rtol: float | None = None, atol: float | None = None) -> Tolerance:
    """Return a named tolerance; ``rtol`` and ``atol``, if given, replace its own everywhere."""
    tolerance = TOLERANCES[checks.choice("tolerances", name, TOLERANCES)]
    if rtol is not None:
        tolerance = replace(tolerance, rtol=rtol, array_rtol=rtol)
    return tolerance if atol is None else replace(tolerance, atol=atol, array_atol=atol)
