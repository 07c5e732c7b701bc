"""Raw audio to logits: equal to stored features, augmentation off and on, gradients, errors."""

import pytest
import torch
from model_cases import SMALL, features, settle, small_net
from torch import nn

from jtfs_repro.models.augmentation import Augmentation, delayed, from_db
from jtfs_repro.models.end_to_end import JtfsEndToEnd

N = 256
OFF = dict(gain_probability=0, shift_probability=0, noise_probability=0)
STATISTICAL = 4  # standard errors


class StandIn(nn.Module):
    """Modulus of random filters instead of a scattering transform."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        weight = torch.randn(31 + 6 * 8, 1, N // 8, generator=generator) / 10
        self.weight = nn.Parameter(weight)

    def forward(self, x):
        U = nn.functional.conv1d(x[:, None], self.weight, stride=N // 8).abs()
        return {"S1": U[:, :31], "S2": U[:, 31:].reshape(len(x), 6, 8, 8)}


@pytest.fixture
def audio():
    return torch.randn(6, N, generator=torch.Generator().manual_seed(1))


def make(**options):
    return JtfsEndToEnd(net=small_net("jtfs"), transform=StandIn(), **options)


def training(**options):
    torch.manual_seed(0)
    return Augmentation(**{"max_shift": 64, **options}).train()


class TestEndToEnd:
    def test_equals_stored_features(self, audio):
        """The same weights, once on stored features, once on audio, augmentation or not."""
        with torch.no_grad():
            stored = StandIn()(audio)
        trained = settle(small_net("jtfs", seed=4), stored)
        whole = make(augmentation=Augmentation(max_shift=64)).eval()
        whole.net.load_state_dict(trained.state_dict())
        with torch.no_grad():
            assert torch.equal(whole(audio), trained(stored))
            assert torch.equal(whole({"audio": audio}), trained(stored))

    def test_augments_in_training_only(self, audio):
        plain, augmented = make().train(), make(augmentation=Augmentation(max_shift=64)).train()
        seen = []
        for module in (plain, augmented):
            module.transform.register_forward_hook(lambda _, x, y: seen.append(x[0]))
            module(audio)
        augmented.eval()(audio)
        assert torch.equal(seen[0], audio)
        assert not torch.equal(seen[1], audio)
        assert torch.equal(seen[2], audio)

    def test_transform_is_not_learnt(self, audio):
        module = make().train()
        module(audio.requires_grad_()).sum().backward()
        assert audio.grad is None
        assert not any(p.requires_grad for p in module.transform.parameters())
        assert module.n_parameters == module.net.n_parameters
        assert all(p.grad is not None for p in module.net.parameters())

    def test_transform_is_learnt_on_demand(self, audio):
        module = make(learn_transform=True, augmentation=Augmentation(max_shift=64)).train()
        module(audio.requires_grad_()).square().sum().backward()
        assert audio.grad.any()
        assert module.transform.weight.grad.any()
        assert module.n_parameters == module.net.n_parameters + module.transform.weight.numel()
        with torch.no_grad():
            assert not module.features(audio)["S2"].requires_grad

    def test_plain_function_as_transform(self, audio):
        shapes = SMALL["jtfs"]
        module = JtfsEndToEnd(net=small_net("jtfs"), transform=lambda x: features(shapes, len(x)))
        assert module.eval()(audio).shape == (6, 8)

    @pytest.mark.parametrize(
        ("x", "error", "message"),
        [
            (torch.ones(N), ValueError, r"^x.shape=\(256,\) must be \(B, 256\)"),
            (torch.ones(2, N).int(), ValueError, r"^x.dtype=torch.int32 must be real"),
            ({"S1": torch.ones(2, N)}, ValueError, r"^features=\['S1'\] must have 'audio' \(stor"),
        ],
    )
    def test_errors(self, x, error, message):
        with pytest.raises(error, match=message):
            make()(x)

    def test_net_must_be_a_module(self):
        with pytest.raises(TypeError, match=r"^type\(net\)='function' must be torch.nn.Module$"):
            JtfsEndToEnd(net=lambda x: x, transform=StandIn())


class TestDelayed:
    def test_by_hand(self):
        x = torch.arange(1.0, 5.0).expand(5, 4)
        found = delayed(x, torch.tensor([0, 1, -1, 4, -4])).tolist()
        assert found == [[1, 2, 3, 4], [0, 1, 2, 3], [2, 3, 4, 0], [0] * 4, [0] * 4]

    def test_gradient(self):
        x = torch.ones(1, 4, requires_grad=True)
        delayed(x, torch.tensor([1])).sum().backward()
        assert x.grad.tolist() == [[1, 1, 1, 0]]


class TestAugmentation:
    def test_evaluation_mode_returns_the_clips(self, audio):
        assert training().eval()(audio) is audio

    def test_nothing_chosen_nothing_changed(self, audio):
        assert torch.equal(training(**OFF)(audio), audio)

    def test_seeded(self, audio):
        first, second = training()(audio), training()(audio)
        assert torch.equal(first, second)
        augmentation = training()
        augmentation(audio)
        assert not torch.equal(augmentation(audio), first)

    def test_same_number_of_draws_whatever_is_applied(self, audio):
        after = []
        for options in ({}, OFF):
            training(**options)(audio)
            after.append(torch.rand(1))
        assert torch.equal(*after)

    def test_gain(self):
        x = torch.ones(2000, 4)
        found = training(**{**OFF, "gain_probability": 1}, gain_db=(-6, 12), max_shift=0)(x)
        gains_db = 20 * torch.log10(found[:, 0])
        assert torch.equal(found, found[:, :1].expand_as(found))
        assert -6 <= float(gains_db.min()) < -5.9
        assert 11.9 < float(gains_db.max()) <= 12.001
        assert float(gains_db.mean()) == pytest.approx(3, abs=STATISTICAL * 5.2 / 2000**0.5)

    def test_shift(self):
        x = torch.zeros(1000, 9)
        x[:, 4] = 1
        found = training(**{**OFF, "shift_probability": 1}, max_shift=3)(x)
        counts = found.sum(0)
        assert counts[[0, 8]].tolist() == [0, 0]
        assert float(counts.sum()) == 1000
        assert (counts[1:8] > 80).all()  # 143 expected each

    def test_noise(self):
        x = torch.sin(torch.arange(4000.0)).expand(200, 4000) * torch.logspace(-2, 2, 200)[:, None]
        found = training(**{**OFF, "noise_probability": 1}, snr_db=(10, 30))(x) - x
        snr_db = 10 * torch.log10(x.square().mean(1) / found.square().mean(1))
        assert 9.7 < float(snr_db.min()) < 11
        assert 29 < float(snr_db.max()) < 30.3
        assert float(snr_db.mean()) == pytest.approx(20, abs=STATISTICAL * 5.8 / 200**0.5)
        correlation = torch.corrcoef(found[:2])[0, 1]
        assert abs(float(correlation)) < 0.1  # own noise for every clip

    @pytest.mark.parametrize("name", ["gain", "shift", "noise"])
    def test_probability(self, name):
        x = torch.randn(2000, 16, generator=torch.Generator().manual_seed(2))
        found = training(**{**OFF, f"{name}_probability": 0.3}, max_shift=8)(x)
        share = float((found != x).any(1).float().mean())
        expected = 0.3 * (16 / 17 if name == "shift" else 1)  # a shift by 0 changes nothing
        assert share == pytest.approx(expected, abs=STATISTICAL * 0.0103)

    def test_silence_stays_silent(self):
        assert not training(noise_probability=1)(torch.zeros(4, N)).any()

    def test_input_is_left_alone(self, audio):
        before = audio.clone()
        training()(audio)
        assert torch.equal(audio, before)

    def test_precision_of_the_input(self, audio):
        assert training()(audio.double()).dtype == torch.float64
        assert float(from_db(torch.tensor(20.0))) == pytest.approx(10)

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: Augmentation(gain_db=(6, -6)), r"^gain_db=\(6, -6\) must have low <= high"),
            (lambda: Augmentation(snr_db=(1,)), r"^snr_db=\(1,\) must be \(low, high\)$"),
            (lambda: Augmentation(max_shift=-1), r"^max_shift=-1 must be >= 0"),
            (lambda: Augmentation(gain_probability=50), r"^gain_probability=50 must be >= 0 and"),
            (lambda: training(max_shift=N + 1)(torch.ones(1, N)), r"^max_shift=257 must be <= N"),
            (lambda: training()(torch.ones(N)), r"^x.shape=\(256,\) must be \(B, 256\)"),
        ],
    )
    def test_errors(self, call, message):
        with pytest.raises(ValueError, match=message):
            call()
