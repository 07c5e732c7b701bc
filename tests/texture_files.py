"""Where real recordings of birds and a trumpet may lie (developers' machines only)."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
RECORDINGS = Path(os.environ.get("JTFS_REFERENCE_DIR", SHARED), "data", "textures")
needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="no recordings of textures (JTFS_REFERENCE_DIR)"
)
# name -> (sample rate in Hz, channels, samples)
FACTS = {
    "robin": (44100, 2, 119009),
    "trumpet": (44100, 2, 235201),
    "seagull": (44100, 1, 169066),
    "blackbird": (44100, 1, 348914),
}


def recording(name):
    """Return the file of a recording."""
    return RECORDINGS / f"{name}.ogg"
