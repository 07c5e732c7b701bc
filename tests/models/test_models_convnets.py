"""Squeeze and excitation, blocks, heads, bodies: by hand, layer by layer, errors."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from jtfs_repro.models.convnets import ConvNet, SqueezeExcitation, conv_block, head

Net1d, Net2d = (partial(ConvNet, n_axes=n_axes, n_classes=8) for n_axes in (1, 2))
FLOAT64 = 1e-12  # sums over a few hundred products


def kinds(layers):
    return [type(layer).__name__ for layer in layers]


def random_norms(net):
    """Batch normalisations that do something in evaluation mode."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            for value in (layer.weight.data, layer.bias.data, layer.running_mean):
                value.normal_()
            layer.running_var.uniform_(0.5, 2)
    return net.eval()


class TestSqueezeExcitation:
    def test_by_hand(self):
        """Two channels of means 2 and 4, one hidden unit of max(0.5 * 2 - 4 / 8 + 1, 0) = 1.5."""
        se = SqueezeExcitation(2, reduction=2)
        se.squeeze.weight.data = torch.tensor([[0.5, -0.125]])
        se.squeeze.bias.data = torch.tensor([1.0])
        se.excite.weight.data = torch.tensor([[2.0], [-1.0]])
        se.excite.bias.data = torch.tensor([0.0, 0.5])
        x = torch.tensor([[[1.0, 3.0], [4.0, 4.0]]])
        gates = 1 / (1 + torch.exp(-torch.tensor([3.0, -1.0])))
        assert torch.allclose(se(x)[0], x[0] * gates[:, None])
        assert torch.allclose(se(x[..., None].expand(1, 2, 2, 3)), se(x)[..., None])

    def test_hidden_units_do_not_go_negative(self):
        se = SqueezeExcitation(1, reduction=1)
        for parameter in se.parameters():
            parameter.data.fill_(-1.0)  # hidden: max(-1 - 1, 0) = 0; gate: sigmoid(-1)
        gate = float(torch.sigmoid(torch.tensor(-1.0)))
        assert float(se(torch.ones(1, 1, 1)).detach()) == pytest.approx(gate)

    @pytest.mark.parametrize(("n", "reduction", "hidden"), [(390, 16, 24), (31, 16, 1), (5, 5, 1)])
    def test_hidden_units_round_down(self, n, reduction, hidden):
        se = SqueezeExcitation(n, reduction=reduction)
        assert se.squeeze.weight.shape == (hidden, n)
        assert sum(p.numel() for p in se.parameters()) == 2 * hidden * n + hidden + n

    @pytest.mark.parametrize(("n", "reduction"), [(15, 16), (4, 0), (0, 1)])
    def test_errors(self, n, reduction):
        with pytest.raises(ValueError, match=r"^(reduction|n_channels)=\d+ must be >= 1"):
            SqueezeExcitation(n, reduction=reduction)


def test_stages_2d():
    """(169, 44, 32) through widths 169/338/676: maps 22 x 16 from block 1 on."""
    net = Net2d(2, (16, 32, 64)).eval()
    assert kinds(net.blocks[0]) == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
    assert kinds(net.blocks[1]) == ["Conv2d", "BatchNorm2d", "SqueezeExcitation", "ReLU"]
    assert kinds(net.blocks[2]) == ["Conv2d", "BatchNorm2d", "SqueezeExcitation", "ReLU"]
    x, shapes = torch.randn(1, 2, 44, 32), []
    for block in net.blocks:
        x = block(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(16, 22, 16), (32, 22, 16), (64, 22, 16)]
    assert [block[0].kernel_size for block in net.blocks] == [(7, 7), (5, 5), (3, 3)]


def test_stages_1d():
    net = Net1d(2, (16, 32, 64)).eval()
    assert kinds(net.blocks[0]) == ["Conv1d", "BatchNorm1d", "ReLU", "MaxPool1d"]
    assert kinds(net.blocks[1])[2:] == ["SqueezeExcitation", "ReLU", "MaxPool1d"]
    assert kinds(net.blocks[2])[2:] == ["SqueezeExcitation", "ReLU"]
    x, shapes = torch.randn(1, 2, 32), []
    for block in net.blocks:
        x = block(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(16, 16), (32, 8), (64, 8)]
    assert [block[0].kernel_size for block in net.blocks] == [(7,), (5,), (3,)]


@pytest.mark.parametrize("n_axes", [1, 2])
def test_no_bias_stride_1(n_axes):
    block = conv_block(2, 3, n_axes=n_axes, kernel_size=5, se_reduction=None, has_pool=False)
    assert block[0].bias is None
    x = torch.ones(1, 2, *[11] * n_axes)
    assert block[0](x).shape[2:] == x.shape[2:]


def body_by_hand(net, x, conv, pool, pools):
    """Every layer as a function of the state dictionary, in the order of the paper's table."""
    state = {name: value.contiguous() for name, value in net.state_dict().items()}
    axes = tuple(range(2, x.ndim))
    for k in range(3):
        layers = {name.split(".", 2)[2]: v for name, v in state.items() if f"blocks.{k}." in name}
        x = conv(x, layers["0.weight"], padding=(7 - 2 * k) // 2)
        mean, var = layers["1.running_mean"], layers["1.running_var"]
        x = functional.batch_norm(x, mean, var, layers["1.weight"], layers["1.bias"])
        if k:
            hidden = x.mean(axes) @ layers["2.squeeze.weight"].T + layers["2.squeeze.bias"]
            gates = hidden.clamp(min=0) @ layers["2.excite.weight"].T + layers["2.excite.bias"]
            x = x * gates.sigmoid().view(*gates.shape, *[1] * len(axes))
        x = x.clamp(min=0)
        x = pool(x, 2) if k in pools else x
    linear = [name for name in state if name.startswith("head.")]
    weight_1, bias_1, weight_2, bias_2 = (state[name] for name in linear)
    return (x.mean(axes) @ weight_1.T + bias_1).clamp(min=0) @ weight_2.T + bias_2


@pytest.mark.parametrize("order", ["linear_relu_dropout", "dropout_linear_relu"])
@pytest.mark.parametrize("has_last_pool", [False, True])
def test_2d_layer_by_layer(order, has_last_pool):
    torch.manual_seed(0)
    net = Net2d(3, (8, 8, 12), se_reduction=4, head_order=order, pool_after_block_3=has_last_pool)
    net, x = random_norms(net).double(), torch.randn(2, 3, 9, 11, dtype=torch.float64)
    pools = (0, 2) if has_last_pool else (0,)
    expected = body_by_hand(net, x, functional.conv2d, functional.max_pool2d, pools)
    assert torch.allclose(net(x), expected, atol=FLOAT64, rtol=FLOAT64)


def test_1d_layer_by_layer():
    torch.manual_seed(0)
    net = random_norms(Net1d(3, (8, 8, 12), se_reduction=4)).double()
    x = torch.randn(2, 3, 13, dtype=torch.float64)
    expected = body_by_hand(net, x, functional.conv1d, functional.max_pool1d, (0, 1))
    assert torch.allclose(net(x), expected, atol=FLOAT64, rtol=FLOAT64)


@pytest.mark.parametrize("order", ["linear_relu_dropout", "dropout_linear_relu"])
def test_head(order):
    """Where the dropout is: everything is kept, times 1 / (1 - p), or what it drops is seen."""
    layers = head(3, 2, n_hidden=50, order=order, dropout=0.5)
    dropout = {"linear_relu_dropout": 2, "dropout_linear_relu": 0}[order]
    expected = ["Linear", "ReLU"]
    expected.insert(dropout, "Dropout")
    assert kinds(layers) == [*expected, "Linear"]
    assert layers[-1].weight.shape == (2, 50)
    seen = []
    layers[dropout].register_forward_hook(lambda _, x, y: seen.append((x[0], y)))
    layers.train()(torch.ones(20, 3))
    ((before, after),) = seen
    assert before.shape[1] == (50 if order == "linear_relu_dropout" else 3)
    kept = after != 0
    assert torch.equal(after[kept], 2 * before[kept])
    assert 0.2 < float(kept[before != 0].float().mean()) < 0.8


def test_memory_format_changes_no_value():
    net, x = Net2d(16, (16, 16, 16)).eval(), torch.randn(2, 16, 8, 8)
    assert net.blocks[1][0].weight.is_contiguous(memory_format=torch.channels_last)
    seen = []
    net.blocks[0].register_forward_hook(lambda _, x, y: seen.append(y))
    assert torch.equal(net(x), net(x.contiguous(memory_format=torch.channels_last)))
    assert all(y.is_contiguous(memory_format=torch.channels_last) for y in seen)


def test_defaults_are_the_papers():
    net = Net2d(2, (16, 32, 64))
    assert net.blocks[2][2].squeeze.out_features == 4  # 64 / 16
    assert (net.head[0].out_features, net.head[2].p, net.head[3].out_features) == (64, 0.5, 8)
    assert net.smallest_size == 2
    assert Net2d(2, (16, 32, 64), pool_after_block_3=True).smallest_size == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Net2d(0, (16, 16, 16)), r"^n_channels=0 must be >= 1$"),
        (lambda: Net1d(4, (16, 16)), r"^widths=\(16, 16\) must be 3 integers \(one per block"),
        (lambda: Net1d(4, (0, 16, 16)), r"^widths\[0\]=0 must be >= 1 \(channels after each"),
        (lambda: Net2d(4, (16, 8, 16)), r"^reduction=16 must be >= 1 and <= 8 \(floor\("),
        (lambda: Net2d(4, (16, 16, 16), head_order="relu"), r"^head_order='relu' must be one"),
        (lambda: Net2d(4, (16, 16, 16), dropout=1.0), r"^dropout=1.0 must be < 1"),
        (lambda: Net2d(4, (16, 16, 16), dropout=-0.1), r"^dropout=-0.1 must be >= 0"),
        (lambda: Net2d(4, (16, 16, 16), n_classes=0), r"^n_classes=0 must be >= 1"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
