"""The chain of Section 3 for a few chirps: features, Isomap, error ratios of K-NN.

Run as a program, it writes the arrays of some representations to an ``.npz``:
``python tests/drift_chain.py out.npz mfcc jtfs``. The number of threads is the environment's.
"""

import sys

import numpy as np

from jtfs_repro import config
from jtfs_repro.datasets.chirps import ChirpGrid, ChirpSynthesis
from jtfs_repro.features.extraction import extract_shard
from jtfs_repro.studies.chirps.chirp_dataset import chirp_dataset
from jtfs_repro.studies.chirps.isomap import isomap
from jtfs_repro.studies.chirps.knn import knn_ratios

FEATURES = ("mfcc", "scattering1d_q8", "jtfs", "strf")
N_NEIGHBOURS = 3
SYNTHESIS = ChirpSynthesis(duration=1.0)


def chirp_set():
    return chirp_dataset(grid=ChirpGrid(n_f_c=2, n_f_m=2, n_gamma=2), synthesis=SYNTHESIS)


def extracted(feature, *, device="cpu"):
    """Return one representation of the chirps, at smoke scale."""
    config.load_gin(config.stack(feature, scale="smoke"))
    shard = config.bound(extract_shard)(
        chirp_set().chirps, sr=SYNTHESIS.sr, shard=0, n_shards=1, device=device, progress=False
    )
    return shard.features


def chain(feature, *, device="cpu"):
    """Return what is computed from one representation, under the names of the stored arrays."""
    features = extracted(feature, device=device)
    manifold = isomap(features, n_neighbors=N_NEIGHBOURS)
    ratios = knn_ratios(manifold.neighbours, chirp_set().theta)
    return {
        "features": features,
        "embedding": manifold.embedding,
        "distances": manifold.distances,
        "residual_variance": manifold.residual_variance,
        "neighbours": np.sort(manifold.neighbours, axis=1),  # K-NN does not look at their order
        "ratios": ratios.ratio_arithmetic,
    }


def main(path, *features):
    found = {f"{f}.{name}": array for f in features for name, array in chain(f).items()}
    np.savez(path, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
