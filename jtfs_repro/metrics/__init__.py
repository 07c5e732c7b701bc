"""Measures: of embeddings, classifiers, textures, and the synchrony of subbands."""

from jtfs_repro.extras import need

need(__name__, "features", "scipy", "sklearn")
