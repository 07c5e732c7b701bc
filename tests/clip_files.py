"""Small clip sets in the layout of Medley-solos-DB, and where genuine clips may lie."""

import os
import struct
import uuid
from pathlib import Path

import numpy as np
import pytest

from jtfs_repro.datasets.medley_solos_db import (
    CLASSES,
    METADATA_NAME,
    N_SAMPLES,
    SR_HZ,
    SUBSETS,
    clip_of,
    save_metadata,
)

SHARED = Path(__file__).resolve().parents[2] / "shared"
SAMPLE = Path(os.environ.get("JTFS_REFERENCE_DIR", SHARED), "data", "medley_solos_db_sample")
needs_sample = pytest.mark.skipif(
    not SAMPLE.is_dir(), reason="no genuine clips of Medley-solos-DB (JTFS_REFERENCE_DIR)"
)


def make_clip(subset="training", instrument_id=0, number=0):
    """One line of metadata; songs hold two clips."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{subset}/{instrument_id}/{number}")
    return clip_of(
        subset=subset,
        instrument=CLASSES[instrument_id],
        instrument_id=instrument_id,
        song_id=f"{SUBSETS.index(subset)}{instrument_id}{number // 2}",
        uuid4=str(name),
    )


def make_clips(per_cell=1):
    """Clips of every class in every subset."""
    return [
        make_clip(subset, instrument_id, number)
        for subset in SUBSETS
        for instrument_id in range(len(CLASSES))
        for number in range(per_cell)
    ]


def noise(clip, n=N_SAMPLES):
    """Samples that belong to the clip."""
    rng = np.random.default_rng(int(clip.name[:8], 16))
    return rng.uniform(-0.5, 0.5, n).astype(np.float32)


def wav(samples, *, sr=SR_HZ, channels=1, subtype="float32"):
    """Return the bytes of a WAV file; of float32 with the 44-byte header of the real files."""
    data = np.asarray(samples, dtype=subtype).tobytes()
    kind, width = (3, 4) if subtype == "float32" else (1, 2)
    rates = (sr, sr * channels * width, channels * width, 8 * width)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, channels, *rates)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def write_set(folder, clips, *, metadata=METADATA_NAME, audio=True):
    """Write a clip set and return its folder."""
    folder = Path(folder)
    (folder / "annotation").mkdir(parents=True)
    save_metadata(folder / "annotation" / metadata, clips)
    if audio:
        (folder / "audio").mkdir()
        for clip in clips:
            (folder / "audio" / clip.file).write_bytes(wav(noise(clip)))
    return folder
