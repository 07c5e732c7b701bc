"""The studies, one room each; none imports another."""

from jtfs_repro.extras import need

need(__name__, "workflow", "gin", "scipy", "sklearn", "threadpoolctl", "tqdm")
