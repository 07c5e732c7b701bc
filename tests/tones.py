"""A tone whose amplitude beats, for tests of sounds in files."""

import numpy as np


def tone(seconds=1.0, sr=8000, f=440):
    t = np.arange(int(seconds * sr)) / sr
    return 0.3 * np.sin(2 * np.pi * f * t) * (1 + 0.5 * np.sin(2 * np.pi * 5 * t))
