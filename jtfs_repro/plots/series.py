"""What the figures draw: one object per representation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Embedding of one representation [shape=(n, 3)]; NaN where not run."""

    name: str
    embedding: np.ndarray
    not_run: str = ""


@dataclass(frozen=True, kw_only=True)
class Ratios:
    """Error ratios of f_c, f_m, gamma by both means [shape=(n, 3)]; NaN where not run."""

    name: str
    arithmetic: np.ndarray
    geometric: np.ndarray
    not_run: str = ""


def upright(embedding: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Turn an embedding so that its axes best match log f_c, log f_m and log gamma.

    An embedding is defined up to rotation and reflection. The orthogonal Procrustes rotation onto
    the standardised log-parameters picks the same view for every representation; nothing is
    stretched except that the largest absolute coordinate becomes 1. The bounding box is centred at
    0.
    """
    centred = embedding - embedding.mean(axis=0)
    targets = np.log2(theta) - np.log2(theta).mean(axis=0)
    spread = targets.std(axis=0)
    targets = targets / np.where(spread > 0, spread, 1)
    left, _, right = np.linalg.svd(centred.T @ targets)
    turned = centred @ (left @ right)
    low, high = turned.min(axis=0), turned.max(axis=0)
    return 2 * (turned - (low + high) / 2) / (high - low).max()
