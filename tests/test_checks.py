"""Argument checks: the value comes back, or one line says what is wrong."""

import pytest

from jtfs_repro import checks


def test_values_come_back():
    assert checks.integer("J", 3, low=1) == 3
    assert checks.number("sr", 8192, above=0) == 8192.0
    assert checks.choice("mean", "geometric", ["geometric"]) == "geometric"
    assert checks.power_of_two("T", 8) == 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: checks.integer("J", 0, low=1), r"^J=0 must be >= 1$"),
        (lambda: checks.integer("J", 9, low=1, high=8), r"^J=9 must be >= 1 and <= 8$"),
        (lambda: checks.number("xi", 0.7, high=0.5, mistake="Hz?"), r"^xi=0.7 .* \(Hz\?\)$"),
        (lambda: checks.number("xi", 0.0, above=0), r"^xi=0.0 must be > 0$"),
        (lambda: checks.number("xi", float("nan")), r"^xi=nan must be finite$"),
        (lambda: checks.choice("mean", "mode", ["a"]), r"^mean='mode' must be one of 'a'$"),
        (lambda: checks.power_of_two("T", 6), r"^T=6 must be a power of two \(nearest: 4\)$"),
    ],
)
def test_wrong_values(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("value", [True, 1.0, "1", None])
def test_integer_refuses_other_types(value):
    with pytest.raises(TypeError, match=r"must be an integer"):
        checks.integer("J", value)


@pytest.mark.parametrize("value", [True, "1", None, 1j])
def test_number_refuses_other_types(value):
    with pytest.raises(TypeError, match=r"must be a number"):
        checks.number("sr", value)
