"""The interface of Kymatio, and each difference from it that docs/kymatio.md tells."""

import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from jtfs_repro import scattering
from jtfs_repro.scattering import numpy as arrays

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/kymatio.md").read_text(encoding="utf-8")
KYMATIO = json.loads((ROOT / "tests/data/kymatio/interface.json").read_text(encoding="utf-8"))
N = 256
TIME = dict(J=5, shape=N, Q=4)
JOINT = dict(**TIME, J_fr=2)
GIVEN = {"Scattering1D": TIME, "TimeFrequencyScattering": JOINT}
FRONTS = {"torch": scattering, "numpy": arrays}


def of(name, **changes):
    front, kind = name.split(".")
    return getattr(FRONTS[front], kind)(**{**GIVEN[kind], **changes})


def signal(shape=(2, N), dtype=np.float32):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("name", KYMATIO)
def test_arguments_have_the_names_positions_and_defaults_of_kymatio(name):
    front, kind = name.split(".")
    found = list(inspect.signature(getattr(FRONTS[front], kind)).parameters.values())
    for argument, (expected, default) in zip(found, KYMATIO[name]["arguments"], strict=False):
        assert argument.name == expected
        if expected != "backend":  # the arrays are computed by torch
            assert argument.default == (argument.empty if default == "required" else default)
    positional = [a for a in found if a.kind is a.POSITIONAL_OR_KEYWORD]
    assert len(positional) == len(KYMATIO[name]["arguments"])


@pytest.mark.parametrize("name", KYMATIO)
def test_every_public_name_of_kymatio_is_here_or_on_the_page(name):
    row = next(line for line in PAGE.splitlines() if line.startswith("| absent names"))
    absent = set(re.findall(r"`(\w+)`", row.split("|")[2]))
    S = of(name)
    missing = {attribute for attribute in KYMATIO[name]["attributes"] if not hasattr(S, attribute)}
    assert missing <= absent
    assert not [attribute for attribute in absent if hasattr(S, attribute)]


def test_absent_names_are_those_of_kymatio():
    row = next(line for line in PAGE.splitlines() if line.startswith("| absent names"))
    known = set().union(*(interface["attributes"] for interface in KYMATIO.values()))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) <= known


@pytest.mark.parametrize("name", KYMATIO)
def test_the_input_decides_the_dtype(name):
    S = of(name)
    for dtype in (np.float32, np.float64):
        x = signal(dtype=dtype)
        y = S(torch.from_numpy(x) if name.startswith("torch") else x)
        assert (y.numpy() if name.startswith("torch") else y).dtype == dtype


def test_what_the_front_end_for_arrays_takes():
    S = arrays.Scattering1D(**TIME)
    assert S(signal(dtype=np.float16)).dtype == np.float32
    assert S(signal(dtype=np.int64)).dtype == np.float64
    assert S(signal((N,)).tolist()).dtype == np.float64
    assert torch.is_tensor(S(torch.from_numpy(signal())))


def test_lists_are_taken_where_tuples_are():
    assert of("torch.Scattering1D", Q=[4], shape=[N]).Q == of("torch.Scattering1D").Q
    assert of("torch.TimeFrequencyScattering", Q_fr=[1]).Q_fr == (1,)


def test_orders_beyond_the_second_are_refused():
    with pytest.raises(ValueError, match="max_order=3 must be one of 1, 2"):
        of("torch.Scattering1D", max_order=3)


@pytest.mark.parametrize("name", KYMATIO)
def test_tables_of_filters(name):
    """One spectrum each, an array [shape=(N_padded,)], in both front ends; no key N."""
    S = of(name)
    for psi in (S.phi_f, *S.psi1_f, *S.psi2_f, *getattr(S, "filters_fr", ([], []))[1]):
        assert set(psi) == {"xi", "sigma", "j", "levels"}
        assert type(psi["levels"][0]) is np.ndarray
        assert psi["levels"][0].ndim == len(psi["levels"]) == 1
    assert S.backend == name.split(".")[0] or S.backend == "torch"


@pytest.mark.parametrize("change", [{}, {"format": "joint"}, {"T": 0}], ids=str)
def test_entries_of_a_list_have_the_same_keys(change):
    """The entry of order 0 too."""
    paths = of("torch.TimeFrequencyScattering", out_type="list", **change)(
        torch.from_numpy(signal())
    )
    common = {"coef", "j", "n", "j_fr", "n_fr", "spin", "order"}
    assert all(common <= set(path) for path in paths)
    assert {type(path["spin"]) for path in paths} == {int}


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        ({"F": 2.5}, (2, 132, 8)),
        ({"F": "global", "format": "joint"}, (2, 25, 1, 8)),
        ({"T": 1}, (2, 84, 256)),
        ({"stride": 1}, (2, 84, 256)),
        ({"stride": 4}, (2, 84, 64)),
    ],
    ids=str,
)
def test_what_kymatio_refuses_is_computed(change, shape):
    """At Kymatio's own default for all else; its errors come from NumPy or torch."""
    y = of("torch.TimeFrequencyScattering", **change)(torch.from_numpy(signal()))
    assert y.shape == shape
    assert y.isfinite().all()


@pytest.mark.parametrize("name", KYMATIO)
@pytest.mark.parametrize("length", [200, 512])
def test_another_length_is_named(name, length):
    x = signal((2, length))
    with pytest.raises(ValueError, match=rf"x.shape=\(2, {length}\) must end in 256 samples"):
        of(name)(torch.from_numpy(x) if name.startswith("torch") else x)
