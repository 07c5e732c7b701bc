"""Outputs of resampy at the two settings of OpenL3's resampling, stored for tests.

Run once, in the environment of the peers (`make peers`), which brings resampy:

    .venv-peers/bin/python -m tools.stored_resampling tests/data/resampy.npz

Noise of 501 samples from 8192 to 48000 Hz in float64; the signal is stored beside the outputs.
Nothing of this project is imported: the windows are told to resampy by their numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

SR, SR_NEW = 8192, 48000
# name of the resampler -> resampy's arguments; the first is the bank that resampy 0.2 brought
CASES: dict[str, dict[str, Any]] = {
    "resampy02": {
        "filter": "sinc_window",
        "num_zeros": 64,
        "precision": 9,
        "rolloff": 0.9475937167399596,
        "window": lambda n: np.kaiser(n, 14.769656459379492),
    },
    "resampy04": {"filter": "kaiser_best"},
}


def main(path: Path) -> None:
    """Compute and store both outputs."""
    import resampy  # pyright: ignore[reportMissingImports, reportMissingModuleSource]

    x = np.random.default_rng(0).standard_normal(501)
    arrays: dict[str, Any] = {"x": x, "sr": SR, "sr_new": SR_NEW}
    for name, given in CASES.items():
        arrays[name] = resampy.resample(x, SR, SR_NEW, **given)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
