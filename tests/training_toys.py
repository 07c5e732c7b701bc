"""A small network and separable clips; run as a script, one training in a process of its own."""

import sys

import numpy as np
import torch
from torch import nn

from jtfs_repro import config, io
from jtfs_repro.training.fit import fit
from jtfs_repro.training.place import Place
from jtfs_repro.training.settings import TrainingSettings

N_CLASSES = 3


class Toy(nn.Module):
    def __init__(self, *, dropout=0.5, norm=True):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(6, 16),
            nn.BatchNorm1d(16) if norm else nn.Identity(),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(16, N_CLASSES),
        )

    def forward(self, features):
        return self.layers(features["x"])


def clips(n, seed, *, labels=None):
    labels = np.arange(n) % N_CLASSES if labels is None else labels
    noise = np.random.default_rng(seed).normal(size=(n, 6))
    return ArrayClips({"x": (noise + 3 * np.eye(6)[labels]).astype(np.float32)}, labels)


class ArrayClips:
    """Clips from arrays; a batch reads its own rows only."""

    def __init__(self, features, labels):
        self.features, self.labels = features, np.asarray(labels)

    def __len__(self):
        return len(self.labels)

    def batch(self, indices):
        rows = np.asarray(indices)
        parts = {name: torch.from_numpy(array[rows]) for name, array in self.features.items()}
        return parts, torch.from_numpy(self.labels[rows])


def settings(**changes):
    usual = dict(epochs=4, epoch_size=70, batch_size=16, last_epochs=2)
    return TrainingSettings(**{**usual, **changes})


def train(folder, *, network=None, chosen=None, training=None, validation=None, seed=3, **options):
    torch.manual_seed(0)
    fingerprint = options.pop("fingerprint", "")
    return fit(
        network or Toy(),
        training or clips(50, 0),
        validation or clips(37, 1),
        clips(29, 2),
        n_classes=N_CLASSES,
        settings=chosen or settings(),
        seed=seed,
        place=Place(**{"folder": folder, "device": "cpu", "progress": False, **options}),
        fingerprint=fingerprint,
    )


def arrays(fitted):
    """Everything that must agree between two trainings, as arrays."""
    flags = [[row.pop("is_candidate"), row.pop("is_best")] for row in map(dict, fitted.history)]
    table = [[v for v in row.values() if not isinstance(v, str)] for row in fitted.history]
    weights = {f"weight {name}": value.numpy() for name, value in fitted.state_dict.items()}
    return {
        "validation": fitted.validation_logits,
        "test": fitted.test_logits,
        "history": np.array(table),
        "flags": np.array(flags),
        "best_epoch": np.array(fitted.best_epoch),
        **weights,
    }


def main(options):
    torch.manual_seed(0)
    network = Toy() if options.devices == 1 else Toy(dropout=0, norm=False)
    chosen = settings(epochs=options.epochs)
    fitted = train(options.folder, network=network, chosen=chosen, devices=options.devices)
    io.save_arrays(f"{options.folder}.npz", **arrays(fitted))
    assert options.devices > 1 or "lightning" not in sys.modules  # its import takes seconds


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--folder")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--devices", type=int, default=1)
    return parser


if __name__ == "__main__":
    config.run_script(main, arguments())
