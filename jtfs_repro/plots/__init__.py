"""Figures from tables and arrays, never from raw audio."""
