"""Representations of audio, one per file, one contract: ``Feature(sr=, n_samples=)(x)``."""
