"""OpenL3's network: counts, layers against slow NumPy and torch's own modules, Keras's pooling."""

import numpy as np
import pytest
import torch
from torch import nn

from jtfs_repro.features.openl3.network import Network, fold, max_pool_same

SUM_TOLERANCE = 1e-4  # float32, 4608 products a sum and eight layers deep, against float64
FOLD_TOLERANCE = 1e-4  # float32, normalisation after the convolution or folded into it


def filled(seed=0, **options):
    """Return a network with random weights and statistics far from the identity."""
    generator = torch.Generator().manual_seed(seed)
    network = Network(**options)
    with torch.no_grad():
        for norm in network.norms:
            for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                tensor.uniform_(0.5, 1.5, generator=generator)
        for conv in network.convs:
            nn.init.kaiming_normal_(conv.weight, generator=generator)
            conv.bias.uniform_(-0.5, 0.5, generator=generator)
    return network


def image(h, w, n=1, seed=1):
    return torch.randn(n, 1, h, w, generator=torch.Generator().manual_seed(seed))


def slow_convolution(x, kernel, bias):
    """Zero-padded 3 x 3 correlation of (H, W, in) with Keras's (3, 3, in, out)."""
    h, w, _ = x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    y = np.zeros((h, w, kernel.shape[-1])) + bias
    for i in range(3):
        for j in range(3):
            y += padded[i : i + h, j : j + w] @ kernel[i, j]
    return y


def slow_network(x, network):
    """Keras's order of operations on one image (H, W, 1), channels last, float64."""

    def normalise(x, norm):
        mean, var = norm.running_mean.double().numpy(), norm.running_var.double().numpy()
        gamma, beta = norm.weight.double().numpy(), norm.bias.double().numpy()
        return gamma * (x - mean) / np.sqrt(var + 1e-3) + beta

    x = normalise(x, network.norms[0])
    for i, conv in enumerate(network.convs):
        kernel = conv.weight.double().numpy().transpose(2, 3, 1, 0)
        x = slow_convolution(x, kernel, conv.bias.double().numpy())
        if i < 7:
            x = np.maximum(normalise(x, network.norms[i + 1]), 0)
        if i in (1, 3, 5):
            h, w, c = x.shape
            x = x[: h // 2 * 2, : w // 2 * 2].reshape(h // 2, 2, w // 2, 2, c).max((1, 3))
    return x


def slow_pool_same(x, size):
    """Keras's pooling with padding='same' of (H, W, C): windows clipped to the image."""
    n = [-(-x.shape[d] // size[d]) for d in range(2)]
    front = [max(0, n[d] * size[d] - x.shape[d]) // 2 for d in range(2)]
    y = np.empty((*n, x.shape[2]))
    for i in range(n[0]):
        for j in range(n[1]):
            top, left = i * size[0] - front[0], j * size[1] - front[1]
            y[i, j] = x[max(0, top) : top + size[0], max(0, left) : left + size[1]].max((0, 1))
    return y


def test_counts():
    network = Network()
    assert sum(p.numel() for p in network.convs.parameters()) == 4_684_224
    assert sum(p.numel() for p in network.norms.parameters()) == 2_818
    buffers = [b for b in network.norms.buffers() if b.is_floating_point()]
    assert sum(b.numel() for b in buffers) == 2_818
    assert all(norm.eps == 1e-3 for norm in network.norms)
    assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize(
    ("input_repr", "size", "pooled"),
    [
        ("mel256", 6144, (4, 3)),
        ("mel256", 512, (1, 1)),
        ("mel128", 6144, (4, 3)),
        ("mel128", 512, (1, 1)),
    ],
)
def test_shapes(input_repr, size, pooled):
    network = Network(input_repr=input_repr, embedding_size=size)
    maps = torch.zeros(1, 512, int(input_repr[3:]) // 8, 24)
    assert max_pool_same(maps, network.pool).shape == (1, 512, *pooled)
    assert 512 * pooled[0] * pooled[1] == size


def test_forward_of_a_whole_window():
    network = filled(input_repr="mel128")
    y = network(image(128, 199))
    assert y.shape == (1, 6144)
    assert y.dtype == torch.float32
    assert y.isfinite().all()


def test_equals_the_slow_route():
    network, x = filled(), image(19, 25)
    expected = slow_network(x[0, 0, :, :, None].double().numpy(), network)
    maps = network.maps(x)[0].permute(1, 2, 0)
    assert maps.shape == (2, 3, 512)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(maps / scale, expected / scale, atol=SUM_TOLERANCE)


@pytest.mark.parametrize("i", range(1, 8))
def test_each_folded_layer(i):
    network = filled()
    conv, norm = network.convs[i - 1], network.norms[i]
    x = torch.randn(1, conv.in_channels, 5, 6, generator=torch.Generator().manual_seed(2))
    folded = nn.functional.conv2d(x, *fold(conv, norm), padding=1)
    expected = norm(conv(x))
    np.testing.assert_allclose(folded, expected, atol=FOLD_TOLERANCE)
    kernel = conv.weight.numpy().transpose(2, 3, 1, 0).astype(float)
    slow = slow_convolution(x[0].permute(1, 2, 0).numpy(), kernel, conv.bias.numpy())
    np.testing.assert_allclose(conv(x)[0].permute(1, 2, 0), slow, atol=SUM_TOLERANCE)


@pytest.mark.parametrize("shape", [(32, 24), (5, 7), (8, 9), (1, 1), (17, 3)])
@pytest.mark.parametrize("size", [(8, 8), (4, 8), (32, 24)])
def test_same_pooling(shape, size):
    x = torch.randn(1, 4, *shape, generator=torch.Generator().manual_seed(3)) - 5  # all negative
    expected = slow_pool_same(x[0].permute(1, 2, 0).numpy(), size)
    np.testing.assert_array_equal(max_pool_same(x, size)[0].permute(1, 2, 0), expected)


def test_flattens_in_order_h_w_c():
    network = filled(input_repr="mel128")
    x = image(48, 72)
    pooled = max_pool_same(network.maps(x), network.pool)[0].numpy()  # (512, 2, 2)
    np.testing.assert_array_equal(network(x)[0], pooled.transpose(1, 2, 0).ravel())


def test_batch_equals_one_by_one():
    network, x = filled(), image(16, 24, n=3)
    batch = network(x)
    for i in range(3):
        scale = batch[i].abs().max()
        np.testing.assert_allclose(network(x[i : i + 1])[0] / scale, batch[i] / scale, atol=1e-5)


def test_train_keeps_running_statistics():
    network, x = filled(), image(16, 16)
    before = network(x)
    network.train()
    assert not network.training
    np.testing.assert_array_equal(network(x), before)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 80.0])
def test_gradient_is_finite(scale):
    x = (scale * image(16, 24)).requires_grad_()
    filled()(x).square().sum().backward()
    assert x.grad.isfinite().all()


def test_gradient_is_the_slope():
    network, x = filled().double(), image(16, 24).double().requires_grad_()
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(4)).double()
    network(x).sum().backward()
    step = 1e-7 * direction
    slope = (network(x + step).sum() - network(x - step).sum()) / 2e-7
    assert (x.grad * direction).sum().item() == pytest.approx(slope.item(), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"input_repr": "linear"}, "input_repr='linear' must be one of"),
        ({"embedding_size": 1024}, "embedding_size=1024 must be one of 6144, 512"),
    ],
)
def test_errors(options, match):
    with pytest.raises(ValueError, match=match):
        Network(**options)
