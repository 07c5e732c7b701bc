"""Figures from tables and arrays, never from raw audio."""

from jtfs_repro.extras import need

need(__name__, "plots", "PIL", "matplotlib")
