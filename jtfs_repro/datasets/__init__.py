"""Data sets, one per file: facts, synthesis or loading.

Settings are frozen dataclasses: one that is out of its range, or a range that decreases, is a
ValueError or TypeError that names it.
"""

from jtfs_repro.extras import need

need(__name__, "workflow", "librosa", "midirenderer", "mido", "scipy", "soundfile", "tqdm")
