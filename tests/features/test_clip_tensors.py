"""The classifier's representations: shapes of the paper, parts, agreement with the transforms."""

import numpy as np
import pytest
import torch

from jtfs_repro.features.clip_tensors import slices, unflatten
from jtfs_repro.features.cqt import CqtImage
from jtfs_repro.features.jtfs import JtfsTensors
from jtfs_repro.features.mfcc import Mfcc, MfccMoments
from jtfs_repro.features.scattering1d import Scattering1dTensor
from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering

SR, N = 22050.0, 8192
SMALL = {"J": 8, "Q": (4, 1), "T": 256}


@pytest.fixture(scope="module")
def x():
    return torch.randn(2, N, generator=torch.Generator().manual_seed(0))


def test_shapes_of_the_paper():
    assert JtfsTensors(sr=SR, n_samples=2**16).shapes == {"S1": (175, 32), "S2": (165, 44, 32)}
    assert Scattering1dTensor(sr=SR, n_samples=2**16).shapes == {"S": (1243, 32)}
    assert CqtImage(sr=SR, n_samples=2**16).shapes == {"S": (96, 257)}


def test_s1_is_the_first_order_before_the_frequency_wavelets(x):
    feature = JtfsTensors(sr=SR, n_samples=N, J_fr=3, **SMALL)
    plain = Scattering1D(J=8, Q=(4, 1), T=256, shape=N)
    first = plain.meta()["order"] == 1
    torch.testing.assert_close(feature.tensors(x)["S1"], plain(x)[:, first], rtol=1e-4, atol=1e-7)


def test_s2_is_the_second_order_without_padding_rows(x):
    feature = JtfsTensors(sr=SR, n_samples=N, J_fr=3, **SMALL)
    S = TimeFrequencyScattering(J=8, J_fr=3, Q=(4, 1), T=256, F=4, shape=N, format="joint")
    S2 = feature.tensors(x)["S2"]
    second = torch.as_tensor(np.asarray(S.meta()["order"]) == 2)
    full = S(x)[:, second]
    assert S2.shape[2] == -(-len(S.psi1) // 4) < full.shape[2]
    torch.testing.assert_close(S2, full[:, :, : S2.shape[2]])


def test_scattering1d_drops_order_0(x):
    S = Scattering1D(shape=N, **SMALL)(x)
    torch.testing.assert_close(
        Scattering1dTensor(sr=SR, n_samples=N, **SMALL).tensors(x)["S"], S[:, 1:]
    )


def test_moments_of_mfcc(x):
    frames = Mfcc(sr=SR, n_samples=N).coefficients(x).numpy()
    parts = MfccMoments(sr=SR, n_samples=N).tensors(x)
    np.testing.assert_allclose(parts["mean"], frames.mean(-1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(parts["std"], frames.std(-1), rtol=1e-4, atol=1e-4)


def test_stated_sample_rate_moves_the_bins_an_octave_down():
    t = torch.arange(2**15) / SR
    tone = torch.sin(2 * torch.pi * 440.0 * t)[None]
    settings = {"sr": SR, "n_samples": 2**15, "fmin_hz": 65.4, "n_bins": 60}
    peaks = [CqtImage(stated_sr=s, **settings).tensors(tone)["S"][0] for s in (None, 2 * SR)]
    true, stated = (int(image.mean(-1).argmax()) for image in peaks)
    assert true == round(12 * np.log2(440 / 65.4))
    assert (
        stated == true + 12
    )  # every bin is an octave lower: 440 Hz is an octave higher among them


@pytest.mark.parametrize("made", [JtfsTensors, Scattering1dTensor, CqtImage, MfccMoments])
def test_vector_is_the_parts_one_after_the_other(made, x):
    settings = {
        JtfsTensors: {"J_fr": 3, **SMALL},
        Scattering1dTensor: SMALL,
        CqtImage: {"fmin_hz": 261.0, "n_bins": 24},
        MfccMoments: {},
    }[made]
    feature = made(sr=SR, n_samples=N, **settings)
    vectors = feature(x)
    assert vectors.shape == (2, feature.dimension)
    back = unflatten(vectors.numpy(), feature.shapes)
    for name, part in feature.tensors(x).items():
        assert part.shape[1:] == feature.shapes[name]
        np.testing.assert_array_equal(back[name], part.numpy())
    assert feature.bytes_per_signal > 4 * feature.dimension


def test_slices_cover_the_vector():
    assert slices({"a": (2, 3), "b": (4,)}) == {"a": slice(0, 6), "b": slice(6, 10)}


def test_wrong_length_is_refused(x):
    with pytest.raises(ValueError, match=r"x.shape=\(2, 8192\) must be \(B, 4096\)"):
        MfccMoments(sr=SR, n_samples=4096)(x)
