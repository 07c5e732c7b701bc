"""Seconds and memory of the transform, beside its peers: ``python -m tools.benchmarks --help``."""
