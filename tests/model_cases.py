"""Features, statistics and networks that several test files of the models share."""

import torch

from jtfs_repro.models.classifiers import NETWORKS
from jtfs_repro.models.statistics import Statistics

SHAPES = {
    "jtfs": {"S1": (175, 32), "S2": (165, 44, 32)},
    "scattering1d": {"S": (1243, 32)},
    "cqt": {"S": (96, 257)},
}
SMALL = {
    "jtfs": {"S1": (31, 8), "S2": (6, 8, 8)},
    "scattering1d": {"S": (40, 8)},
    "cqt": {"S": (24, 64)},
}
SMALL_WIDTHS = (16, 16, 24)


def statistics(shapes, seed=0):
    """Random values with which the order of mu, mean and std matters."""
    generator = torch.Generator().manual_seed(seed)
    mu, mean, std = (
        {
            name: (low + torch.rand(shape[0], generator=generator)).numpy()
            for name, shape in shapes.items()
        }
        for low in (0.1, 1.0, 0.5)
    )
    return {n: Statistics(mu=mu[n], mean=mean[n], std=std[n]) for n in shapes}


def features(shapes, n=2, seed=0):
    """Positive values, most of them small."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(n, *shape, generator=generator).square() for name, shape in shapes.items()
    }


def small_net(model, seed=0, **options):
    """A network of few parameters with random statistics."""
    torch.manual_seed(seed)
    shapes = SMALL[model]
    usual = dict(n_classes=8, widths=SMALL_WIDTHS, se_reduction=4)
    return NETWORKS[model](
        **{**usual, "shapes": shapes, "statistics": statistics(shapes, seed), **options}
    )


def settle(net, batch):
    """Give batch normalisation running statistics that are not 0 and 1; then evaluation mode."""
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(batch)
    return net.eval()
