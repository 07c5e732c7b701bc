"""Stand-ins for the tests of the study: parameters of a small grid and made-up representations."""

import numpy as np

from jtfs_repro.datasets.chirps import ChirpGrid, grid_parameters
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.isomap import isomap
from jtfs_repro.studies.chirps.knn import knn_ratios
from jtfs_repro.studies.chirps.scores import Outcome

STAMP = Stamp(scale="smoke", preset="paper", device="cpu")
WHY = "weights missing; put weights.h5 at data/openl3/"


def grid(n=5):
    return grid_parameters(ChirpGrid(n_f_c=n, n_f_m=n, n_gamma=n))


def features(theta, weights=(1.0, 1.0, 1.0), noise=0.01, dimension=12, seed=0):
    """Return log-parameters, standardised and weighted, mixed into more columns, and noise."""
    generator = np.random.default_rng(seed)
    logs = np.log2(theta) - np.log2(theta).mean(axis=0)
    logs = logs / logs.std(axis=0) * weights
    mixing, _ = np.linalg.qr(generator.normal(size=(dimension, 3)))
    return logs @ mixing.T + noise * generator.normal(size=(len(theta), dimension))


def outcome(name, theta, weights=(1.0, 1.0, 1.0), n_neighbors=8):
    if weights is None:
        manifold = isomap(np.zeros((len(theta), 0)), not_run=WHY)
    else:
        manifold = isomap(features(theta, weights), n_neighbors=n_neighbors)
    ratios = knn_ratios(manifold.neighbours, theta, not_run=manifold.not_run)
    return Outcome.from_arrays(name, manifold.arrays(), ratios.arrays())


WEIGHTS = {
    "mfcc": (1.0, 0.0, 0.0),
    "scattering1d_q1": (1.0, 1.0, 1.0),
    "scattering1d_q8": (1.0, 0.0, 1.0),
    "jtfs": (1.0, 1.0, 1.0),
    "strf": (1.0, 1.0, 1.0),
    "strf_real": (1.0, 0.0, 1.0),
    "strf_average_vector": (1.0, 1.0, 1.0),
    "openl3": None,
}


def study(theta):
    return [outcome(name, theta, weights) for name, weights in WEIGHTS.items()]
