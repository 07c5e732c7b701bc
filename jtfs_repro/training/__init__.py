"""Training of networks: settings, sampling, loss, loop, checkpoints; baselines of scikit-learn."""

from jtfs_repro.extras import need

need(__name__, "workflow", "lightning", "sklearn", "tqdm")
