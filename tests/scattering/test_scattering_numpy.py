"""The transforms for arrays: values of the torch classes, NumPy's types in and out."""

import copy
import pickle

import numpy as np
import pytest
import torch

from jtfs_repro import scattering
from jtfs_repro.scattering import numpy as arrays

JOINT = {"J": 5, "J_fr": 2, "Q": 4, "shape": 256}
CASES = [
    ("Scattering1D", {"J": 4, "shape": 256, "Q": 2}),
    ("Scattering1D", {"J": 4, "shape": 256, "T": 0, "out_type": "list"}),
    ("TimeFrequencyScattering", {**JOINT, "format": "joint"}),
    ("TimeFrequencyScattering", {**JOINT, "out_type": "dict"}),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
def test_arrays_in_arrays_out(name, arguments, dtype):
    S, right = getattr(arrays, name)(**arguments), getattr(scattering, name)(**arguments)
    x = np.random.default_rng(0).standard_normal((2, 256)).astype(dtype)
    output, expected = S(x), right(torch.from_numpy(x))
    if isinstance(output, list):
        output = {entry["n"]: entry["coef"] for entry in output}
        expected = {entry["n"]: entry["coef"] for entry in expected}
    if not isinstance(output, dict):
        output, expected = {0: output}, {0: expected}
    assert output.keys() == expected.keys()
    for key, array in output.items():
        assert type(array) is np.ndarray
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, expected[key].numpy())
    assert S.meta().keys() == right.meta().keys()


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (lambda x: x.astype(">f8"), np.float64),
        (lambda x: x.astype(np.float16), np.float32),
        (lambda x: (1000 * x).astype(np.int16), np.float64),
        (lambda x: x[::-1], np.float64),
        (lambda x: np.lib.stride_tricks.as_strided(x, writeable=False), np.float64),
        (lambda x: x.tolist(), np.float64),
    ],
    ids=["big endian", "half", "integers", "reversed", "read-only", "list of numbers"],
)
@pytest.mark.filterwarnings("error")
def test_arrays_as_people_have_them(given, dtype):
    S = arrays.Scattering1D(J=4, shape=256)
    x = given(np.random.default_rng(0).standard_normal(256))
    output = S(x)
    assert output.dtype == dtype
    np.testing.assert_allclose(output, S(np.array(x, dtype=float)), rtol=1e-4, atol=1e-5)


def test_other_lengths():
    S = arrays.Scattering1D(J=4, shape=256)
    x = np.random.default_rng(0).standard_normal(20_000)
    whole = S.for_length(20_000)(x)
    blocks = np.concatenate([block for _, block in S.blocks(x, longest=4096)], axis=-1)
    stream = S.stream(length=20_000, longest=4096)
    streamed = np.concatenate([*stream(np.split(x, 4))], axis=-1)
    np.testing.assert_allclose(blocks, whole, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(streamed, whole, rtol=1e-6, atol=1e-8)
    one, two = S([x[:256], x[:300]])
    np.testing.assert_allclose(one, S(x[:256]), rtol=1e-9, atol=1e-12)
    assert type(two) is np.ndarray
    assert arrays.jtfs(x[:300], J=4, J_fr=2, Q=2).shape[-1] == two.shape[-1]


def test_copies_and_refusals():
    S = arrays.TimeFrequencyScattering(**JOINT)
    x = np.ones(256)
    for other in (copy.deepcopy(S), pickle.loads(pickle.dumps(S))):
        np.testing.assert_array_equal(other(x), S(x))
    for wrong in (x.astype(complex), np.array(["a"] * 256), x > 0):
        with pytest.raises(TypeError, match="must be real, of 64 bits at most"):
            S(wrong)
    with pytest.raises(ValueError, match=r"x\.shape=\(255,\) must end in 256 samples"):
        S(x[:255])
