"""Verdicts: every claim of ``claims/`` set against our settings, counts and tables."""
