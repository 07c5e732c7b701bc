"""Faults, tried for real: kill, fill, corrupt, forbid, then compare with an undisturbed run."""
