"""Manifolds of chirps: Section 3 of the DAFx paper."""
