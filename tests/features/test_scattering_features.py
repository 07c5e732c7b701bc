"""The two scattering features: what they add to the transforms."""

import pytest
import torch

from jtfs_repro.features.jtfs import Jtfs
from jtfs_repro.features.scattering1d import Scattering1DFeature
from jtfs_repro.scattering import TimeFrequencyScattering

SIGNAL = dict(sr=1024.0, n_samples=2048)
SMALL = dict(J=7, J_fr=2, Q=4, Q_fr=1)


@pytest.mark.parametrize("time_pool", ["mean", "flatten"])
def test_jtfs_is_the_transform_at_the_width_in_seconds(time_pool):
    feature = Jtfs(**SIGNAL, **SMALL, T_s=0.5, time_pool=time_pool)
    x = torch.randn(2, 2048)
    S = TimeFrequencyScattering(**SMALL, shape=2048, T=512, F=0)(x)
    expected = S.mean(-1) if time_pool == "mean" else S.flatten(1)
    torch.testing.assert_close(feature(x), expected)
    assert feature.dimension == expected.shape[1]
    assert feature.parts == {"jtfs": slice(0, feature.dimension)}


def test_global_average_is_the_mean_by_default():
    x = torch.full((1, 2048), 2.0)
    mean = Scattering1DFeature(**SIGNAL, J=7)(x)
    assert mean[0, 0].item() == pytest.approx(2.0)
    total = Scattering1DFeature(**SIGNAL, J=7, global_average="sum")(x)
    assert total[0, 0].item() > 2048


def test_names_and_sizes_follow_the_settings():
    feature = Scattering1DFeature(**SIGNAL, J=7, Q=8, representation="scattering1d_q8")
    assert list(feature.parts) == ["scattering1d_q8"]
    assert feature(torch.randn(3, 2048)).shape == (3, feature.dimension)
    assert feature.bytes_per_signal > 2048 * 4


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (dict(T_s=0), "T_s=0 must be > 0"),
        (dict(T_s="all"), "T_s='all' must be one of 'global' .or a number of seconds"),
        (dict(T_s=9.0), "T=9216.0 must be <= 2048 samples"),
        (dict(time_pool="max"), "time_pool='max' must be one of"),
        (dict(sr=0), "sr=0 must be > 0"),
    ],
    ids=str,
)
def test_errors(change, match):
    with pytest.raises(ValueError, match=match):
        Jtfs(**{**SIGNAL, **SMALL, **change})


def test_wrong_length_of_signal():
    with pytest.raises(ValueError, match=r"x.shape=\(2, 100\) must be \(B, 2048\)"):
        Jtfs(**SIGNAL, **SMALL)(torch.zeros(2, 100))
