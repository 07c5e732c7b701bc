"""Classifiers of clips: Section 4 of the DAFx paper."""
