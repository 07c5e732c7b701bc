"""Training of networks: settings, sampling, loss, loop, checkpoints; baselines of scikit-learn."""
