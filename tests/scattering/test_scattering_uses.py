"""Uses of Kymatio's Scattering1D after its documentation, with the import changed."""

import numpy as np
import torch
from torch import nn

from jtfs_repro.scattering import Scattering1D
from jtfs_repro.scattering.numpy import Scattering1D as NumPyScattering1D


def test_classification_of_sounds_by_their_log_scattering():
    """Padded clips, log of order 1 and 2, their mean over time, a linear layer and Adam."""
    N, J, Q = 2**10, 6, 8
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    t = torch.arange(N)
    pitch = torch.tensor([0.02, 0.05, 0.11])[labels][:, None]
    x = torch.sin(2 * np.pi * pitch * t + 6 * torch.rand(60, 1, generator=generator))
    x = x * (t < 800) + 0.3 * torch.randn(60, N, generator=generator)
    S = Scattering1D(J, N, Q)
    features = torch.log(torch.abs(S(x)[:, 1:]) + 1e-6).mean(dim=-1)
    training = torch.arange(60) < 42
    mean, deviation = features[training].mean(0), features[training].std(0)
    features = (features - mean) / deviation
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(features.shape[1], 3), nn.LogSoftmax(dim=1))
    optimiser = torch.optim.Adam(model.parameters())
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.nll_loss(model(features[training]), labels[training]).backward()
        optimiser.step()
    right = model(features[~training]).argmax(1) == labels[~training]
    assert right.float().mean() > 0.9


def test_orders_of_a_synthetic_signal():
    """Rows of an order by `meta`; the first order is loudest at the tone's frequency."""
    T, J, Q = 2**13, 6, 16
    x = np.zeros(T)
    x[2000:5000] = np.sin(2 * np.pi * 0.1 * np.arange(3000))
    scattering = NumPyScattering1D(J, T, Q)
    meta, S = scattering.meta(), scattering(x)
    orders = [S[np.where(meta["order"] == order)] for order in (0, 1, 2)]
    assert [len(order) for order in orders] == list(scattering.output_size(True))
    loudest = orders[1].sum(-1).argmax()
    assert abs(np.log2(meta["xi"][1 + loudest, 0] / 0.1)) < 1 / Q
    frames = orders[1][loudest]
    assert frames[: 1500 >> J].max() < 0.01 < frames[(2500 >> J) : (4500 >> J)].min()


def test_reconstruction_by_gradient_descent():
    """From noise to the coefficients of a chirp, by Adam on the input."""
    T, J, Q = 2**10, 5, 8
    t = torch.arange(T) / T
    x = torch.sin(2 * np.pi * (40 * t + 60 * t**2)) * torch.hann_window(T)
    scattering = Scattering1D(J, T, Q)
    Sx = scattering(x)
    torch.manual_seed(0)
    y = torch.randn(T, requires_grad=True)
    optimiser = torch.optim.Adam([y], lr=0.1)
    errors = []
    for _ in range(60):
        optimiser.zero_grad()
        error = torch.norm(scattering(y) - Sx)
        error.backward()
        optimiser.step()
        errors.append(error.item() / torch.norm(Sx).item())
    assert errors[-1] < 0.1 < 1 < errors[0]
