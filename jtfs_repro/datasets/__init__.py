"""Data sets, one per file: facts, synthesis or loading."""
