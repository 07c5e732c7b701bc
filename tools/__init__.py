"""For those who work on the project: benchmarks, faults, scaling, comparison of checkouts."""
