"""The networks of Table 2: parameter counts, equivalences, gradients, learning, loading."""

import io
import subprocess
import sys

import pytest
import torch
from model_cases import SHAPES, SMALL, features, settle, small_net
from torch import nn

from jtfs_repro.models.classifiers import NETWORKS, CqtNet, JtfsNet, Scattering1dNet
from jtfs_repro.models.statistics import Statistics

MODELS = tuple(NETWORKS)
SMALL_ENOUGH = {**SMALL, "scattering1d": {"S": (64, 8)}}  # the paper's reduction needs width 16
FLOAT32 = 1e-4  # logits of order 1 from sums over thousands of products
PUBLISHED = {"jtfs": {"S1": (177, 32), "S2": (191, 45, 32)}, "scattering1d": {"S": (1423, 32)}}


def net(cls, shapes, **options):
    return cls(**{"n_classes": 8, **options}, shapes=shapes, statistics=Statistics.neutral(shapes))


class TestParameterCounts:
    """Of the paper and of its original code; 68 is the filter bank of the first order."""

    @pytest.mark.parametrize(
        ("cls", "shapes", "options", "count"),
        [
            (JtfsNet, PUBLISHED["jtfs"], {}, 6_650_741 + 68),
            (JtfsNet, SHAPES["jtfs"], {}, 5_002_540 + 68),
            (CqtNet, SHAPES["cqt"], {}, 531_362),
            (CqtNet, SHAPES["cqt"], {"se_reduction": 4, "pool_after_block_3": False}, 562_154),
            (Scattering1dNet, PUBLISHED["scattering1d"], {}, 2_964_007),
            (Scattering1dNet, SHAPES["scattering1d"], {}, 2_270_312),
        ],
    )
    def test_counts(self, cls, shapes, options, count):
        found = net(cls, shapes, **options)
        assert found.n_parameters == count == sum(p.numel() for p in found.parameters())

    @pytest.mark.parametrize("order", ["linear_relu_dropout", "dropout_linear_relu"])
    def test_order_of_the_head_has_no_part_in_it(self, order):
        assert net(CqtNet, SHAPES["cqt"], head_order=order).n_parameters == 531_362

    @pytest.mark.parametrize("model", ["jtfs", "scattering1d"])
    def test_adalog_adds_one_per_path(self, model):
        more = small_net(model, is_c_learnable=True).n_parameters
        assert more - small_net(model).n_parameters == sum(s[0] for s in SMALL[model].values())


def test_pooling_after_block_3():
    paper, as_coded = (small_net("cqt", pool_after_block_3=has) for has in (True, False))
    assert isinstance(net(CqtNet, SHAPES["cqt"]).body.blocks[2][-1], nn.MaxPool2d)
    assert isinstance(paper.body.blocks[2][-1], nn.MaxPool2d)
    assert isinstance(as_coded.body.blocks[2][-1], nn.ReLU)
    assert isinstance(small_net("jtfs").body.blocks[2][-1], nn.ReLU)


@pytest.mark.parametrize("model", MODELS)
def test_default_settings(model):
    found = net(NETWORKS[model], SMALL_ENOUGH[model])
    assert found.eval()(features(SMALL_ENOUGH[model], n=3)).shape == (3, 8)


@pytest.mark.parametrize("model", MODELS)
class TestEveryNet:
    def test_batch_or_one_by_one(self, model):
        batch = features(SMALL[model], n=5)
        found = settle(small_net(model), batch)
        with torch.no_grad():
            together = found(batch)
            alone = [found({name: v[k : k + 1] for name, v in batch.items()}) for k in range(5)]
        assert together.shape == (5, 8)
        assert torch.allclose(together, torch.cat(alone), atol=FLOAT32)

    def test_float32_and_float64(self, model):
        batch = features(SMALL[model], n=4)
        found = settle(small_net(model), batch)
        with torch.no_grad():
            single = found(batch)
            double = found.double()({name: value.double() for name, value in batch.items()})
        assert torch.allclose(single.double(), double, atol=FLOAT32)

    def test_batch_of_one_in_training(self, model):
        assert small_net(model).train()(features(SMALL[model], n=1)).isfinite().all()

    def test_same_seed_same_network(self, model):
        states = [small_net(model, seed=seed).state_dict() for seed in (0, 0)]
        assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
        batch = features(SMALL[model])
        torch.manual_seed(5)
        first = small_net(model).train()(batch)
        assert torch.equal(small_net(model).train()(batch), first)  # dropout as well

    def test_other_seed_other_weights(self, model):
        torch.manual_seed(0)
        first, second = (net(NETWORKS[model], SMALL_ENOUGH[model]).state_dict() for _ in range(2))
        name = "body.blocks.0.0.weight"
        assert not torch.equal(first[name], second[name])

    @pytest.mark.parametrize("is_c_learnable", [False, True])
    def test_gradient_reaches_all_parameters(self, model, is_c_learnable):
        options = {} if model == "cqt" else {"is_c_learnable": is_c_learnable}
        found, batch = small_net(model, **options), features(SMALL[model], n=6)
        batch = {name: value.requires_grad_() for name, value in batch.items()}
        nn.functional.cross_entropy(found(batch), torch.arange(6)).backward()
        for name, parameter in found.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name
        assert all(value.grad.isfinite().all() and value.grad.any() for value in batch.values())

    def test_overfits_16_clips(self, model):
        found, batch = small_net(model, dropout=0.0), features(SMALL[model], n=16)
        labels = torch.arange(16) % 8
        optimiser = torch.optim.AdamW(found.parameters(), lr=5e-3)
        for _ in range(60):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(found(batch), labels)
            loss.backward()
            optimiser.step()
        assert (found(batch).argmax(1) == labels).all()

    def test_zeros_are_finite(self, model):
        silent = {name: torch.zeros(2, *shape) for name, shape in SMALL[model].items()}
        assert small_net(model).eval()(silent).isfinite().all()

    def test_state_round_trip(self, model):
        """Statistics and running means come with the weights, through a file of tensors only."""
        batch = features(SMALL[model], n=4)
        source, target = settle(small_net(model, seed=1), batch), small_net(model, seed=2).eval()
        file = io.BytesIO()
        torch.save(source.state_dict(), file)
        file.seek(0)
        assert not torch.equal(source(batch), target(batch))
        target.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(source(batch), target(batch))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: net(CqtNet, {"S": (9, 64)}), r"^map=\(3, 8\) must be >= 4 along every axis"),
        (lambda: net(Scattering1dNet, {"S": (64, 3)}), r"^map=\(3,\) must be >= 4 along every"),
        (lambda: net(JtfsNet, {"S1": (31, 1), "S2": (6, 8, 1)}), r"^map=\(8, 1\) must be >= 2"),
        (lambda: net(Scattering1dNet, {"S": (24, 8)}), r"^reduction=16 must be >= 1 and <= 6"),
        (lambda: net(Scattering1dNet, {"S": (7, 8)}), r"^widths\[0\]=0 must be >= 1 \(channels"),
        (lambda: net(JtfsNet, SMALL["jtfs"], widths=()), r"^widths=\(\) must be 3 integers"),
        (lambda: net(JtfsNet, SMALL["cqt"]), r"^shapes=\['S'\] must have 'S1'"),
        (
            lambda: CqtNet(shapes=SMALL["cqt"], statistics={}, n_classes=8),
            r"^statistics=\[\] must have 'S' \(statistics of another representation\?\)",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_imports_torch_only():
    code = (
        "import sys, jtfs_repro.models.classifiers, jtfs_repro.models.end_to_end;"
        "names = {n for n in sys.modules if n.startswith('jtfs_repro.')};"
        "print([n for n in names if n not in ('jtfs_repro.checks', 'jtfs_repro.models')"
        " and not n.startswith('jtfs_repro.models.')],"
        " [n for n in ('lightning', 'scipy', 'librosa', 'gin', 'sklearn') if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[] []\n"
