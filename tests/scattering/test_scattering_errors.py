"""Bad arguments and inputs: one line with name=value, the rule and the likely mistake."""

import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

GOOD = dict(J=6, J_fr=3, Q=8, shape=1024)

BAD = [
    (dict(J=20), r"J=20 must be <= 11 for shape=1024 \(2\*\*J samples exceed"),
    (dict(J=-1), "J=-1 must be >= 0"),
    (dict(J=2.5), r"J=2.5 must be an integer \(J is log2"),
    (dict(J=True), "J=True must be an integer"),
    (dict(J_fr=-1), "J_fr=-1 must be >= 0"),
    (dict(Q=0), "Q=0 must be >= 1"),
    (dict(Q=(8, 0)), r"Q\[1\]=0 must be >= 1"),
    (dict(Q=(8, 1, 1)), r"Q=\(8, 1, 1\) must be an integer, a 1-tuple or a 2-tuple"),
    (dict(Q_fr=(1, 2)), r"Q_fr=\(1, 2\) must be an integer or a 1-tuple"),
    (dict(shape=(2, 1024)), r"shape=\(2, 1024\) must be an integer or a 1-tuple \(signals are"),
    (dict(shape=1024.0), "shape=1024.0 must be an integer"),
    (dict(T=2048), "T=2048 must be <= 1024 samples .*pass T='global'"),
    (dict(T=0.5), "T=0.5 must be 0 or >= 1"),
    (dict(T="local"), "T='local' must be one of 'global'"),
    (dict(T=float("nan")), "T=nan must be finite"),
    (dict(F=99), "F=99 must be <= 56 rows .*pass F='global'"),
    (dict(stride=3), "stride=3 must be a power of two"),
    (dict(stride=1024), "stride=1024 must be <= 64"),
    (dict(T="global", stride=4), "stride=4 must be None with T='global'"),
    (dict(F=0, stride_fr=2), "stride_fr=2 must be None with F=0"),
    (dict(stride_fr=128), "stride_fr=128 must be <= 56"),
    (dict(T=0), "out_type='array' must be 'list' or 'dict' with T=0"),
    (dict(F=0, format="joint"), "out_type='array' must be 'list' or 'dict' with format='joint'"),
    (dict(format="freq"), "format='freq' must be one of 'time', 'joint'"),
    (dict(out_type="tensor"), "out_type='tensor' must be one of 'array', 'list', 'dict'"),
    (dict(pad_mode="wrap"), "pad_mode='wrap' must be one of"),
    (dict(global_average="max"), "global_average='max' must be one of"),
]


@pytest.mark.parametrize(("change", "match"), BAD, ids=lambda v: str(v)[:40])
def test_constructor(change, match):
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        TimeFrequencyScattering(**{**GOOD, **change})
    assert "\n" not in str(caught.value)


def test_max_order():
    with pytest.raises(ValueError, match="max_order=3 must be one of 1, 2"):
        Scattering1D(J=4, shape=256, max_order=3)


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (torch.zeros(1000), r"x.shape=\(1000,\) must end in 1024 samples"),
        (torch.zeros(()), r"x.shape=\(\) must end in 1024 samples"),
        (torch.zeros(1024, dtype=torch.complex64), r"x.dtype=torch.complex64 .*take a real signal"),
        (torch.zeros(1024, dtype=torch.int16), r"x.dtype=torch.int16 .*x.float\(\)"),
        (torch.zeros(1024, dtype=torch.float16), r"x.dtype=torch.float16 must be"),
        ([0.0] * 1024, r"type\(x\)=list must be torch.Tensor"),
    ],
    ids=lambda v: str(v)[:30],
)
def test_input(x, match):
    with pytest.raises((ValueError, TypeError), match=match):
        TimeFrequencyScattering(**GOOD)(x)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_finite_check_names_the_place(value):
    x = torch.zeros(2, 1024)
    x[1, 7] = value
    with pytest.raises(ValueError, match=rf"x={value} must be finite, at index \(1, 7\)"):
        TimeFrequencyScattering(**GOOD, check_finite=True)(x)
