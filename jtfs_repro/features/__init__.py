"""Representations of audio, one per file, one contract: ``Feature(sr=, n_samples=)(x)``."""

from jtfs_repro.extras import need

need(__name__, "features", "gin", "h5py", "librosa", "nnAudio2", "scipy", "tqdm")
