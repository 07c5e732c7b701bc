"""Sounds in several formats and rates, with what lies beside sounds."""

import os

import numpy as np
import pytest
import soundfile
from tones import tone


@pytest.fixture
def folder(tmp_path):
    """Sounds in several formats and rates, with what lies beside sounds."""
    sounds = tmp_path / "sounds"
    (sounds / "deeper").mkdir(parents=True)
    soundfile.write(sounds / "a.wav", tone(sr=44100), 44100)
    soundfile.write(sounds / "b.flac", np.stack([tone(sr=16000)] * 2, axis=1), 16000)
    soundfile.write(sounds / "deeper/ç 日本.ogg", tone(f=880), 8000)
    soundfile.write(sounds / "short.wav", tone(0.05), 8000)
    os.rename(sounds / "short.wav", os.fsencode(sounds) + b"/sh\xffrt.wav")
    for name in (".DS_Store", "._a.wav", "Thumbs.db"):
        (sounds / name).write_text("left by a system")
    (sounds / "notes.txt").write_text("not a sound")
    return sounds
