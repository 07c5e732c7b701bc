"""Data sets, one per file: facts, synthesis or loading.

Settings are frozen dataclasses: one that is out of its range, or a range that decreases, is a
ValueError or TypeError that names it.
"""
