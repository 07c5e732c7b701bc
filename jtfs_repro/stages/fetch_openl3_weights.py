"""Look for the OpenL3 weights, download them if allowed; say what became of it. Never fails."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from jtfs_repro import config, io
from jtfs_repro.features.openl3 import OpenL3
from jtfs_repro.runs import stamp_of

ONE_SECOND = {"sr": 48000.0, "n_samples": 48000}


def fetch_openl3_weights(
    *, run: str, weights: str, download: Literal["always", "never"] = "always", status: Path
) -> None:
    """Write the status of the weights in a file or folder."""
    found = fetch(weights, may_download=download == "always")
    io.save_json(status, found | stamp_of(run).as_dict())


def fetch(weights: str, *, may_download: bool, is_download: bool = False) -> dict[str, Any]:
    """Return the status of the weights, after a download if need be."""
    try:
        module = config.bound(OpenL3)(**ONE_SECOND, weights=weights, download=is_download)
    except io.Unavailable as error:
        if may_download and not is_download:
            return fetch(weights, may_download=True, is_download=True)
        print(f"OpenL3 will not be run: {error}")
        return {"status": io.NOT_RUN, "reason": error.reason, "remedy": error.remedy}
    return {"status": io.RUN, "downloaded": is_download, **asdict(module.record)}
