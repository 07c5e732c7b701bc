"""Measures: of embeddings, classifiers, textures, and the synchrony of subbands."""
