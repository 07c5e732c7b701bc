"""Verdicts: every claim of ``claims/`` set against our settings, counts and tables."""

from jtfs_repro.extras import need

need(__name__, "workflow", "yaml")
