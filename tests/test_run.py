"""The runner of stages: a command line made from a signature, and the names of runs."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from jtfs_repro import run
from jtfs_repro.runs import parse_run, run_name, stamp_of

ROOT = Path(__file__).parent.parent


def example(
    *,
    run: str,
    tables: list[Path],
    shard: int,
    memory_gb: float = 2.0,
    names: Sequence[str] = (),
    weights: str | None = None,
    download: Literal["always", "never"] = "always",
    left_out: bool = False,
    gin: list[str],
    table: Path,
) -> None:
    """Note what came."""
    example.got = dict(locals())


@pytest.fixture
def call(monkeypatch):
    monkeypatch.setattr(run, "files", lambda: {"example": "jtfs_repro/stages/example.py"})

    def call(*words):
        run.call(example, run.parser(example).parse_args(["example", *map(str, words)]))
        return example.got

    return call


REQUIRED = ["--run", "demo", "--tables", "a.csv", "b.csv", "--shard", "3", "--table", "c.csv"]


def test_options_are_the_parameters(call):
    got = call(*REQUIRED, "--gin", "x.gin", "y.gin:mfcc")
    assert got["tables"] == [Path("a.csv"), Path("b.csv")]
    assert (got["shard"], got["memory_gb"], got["names"]) == (3, 2.0, ())
    assert (got["weights"], got["download"], got["left_out"]) == (None, "always", False)
    assert got["gin"] == ["x.gin", "y.gin:mfcc"]
    given = ["--memory-gb", "0.5", "--names", "mfcc", "jtfs", "--weights", "w", "--left-out"]
    got = call(*REQUIRED, *given, "--download", "never")
    assert (got["memory_gb"], got["names"], got["weights"]) == (0.5, ["mfcc", "jtfs"], "w")
    assert (got["download"], got["left_out"]) == ("never", True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (REQUIRED[:-2], "the following arguments are required: --table"),
        ([*REQUIRED, "--shard", "x"], "argument --shard: invalid int value: 'x'"),
        ([*REQUIRED, "--download", "maybe"], "--download: invalid choice: 'maybe'"),
        ([*REQUIRED, "--shards", "2"], "unrecognized arguments: --shards 2"),
    ],
)
def test_wrong_words_are_named(call, capsys, words, message):
    with pytest.raises(SystemExit) as caught:
        call(*words)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_every_stage_has_a_command_line():
    assert len(run.files()) > 40
    for name in run.files():
        text = run.parser(run.load(name)).format_help()
        assert f"python -m jtfs_repro {name}" in text


def test_an_unknown_stage_is_one_line():
    words = [sys.executable, "-m", "jtfs_repro", "plot_isomaps"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr.startswith("error: stage='plot_isomaps' must be one of accumulate_")
    assert done.stderr.endswith("(did you mean 'plot_isomap'?)\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("demo", ("demo", "paper", "")),
        ("smoke-as_coded", ("smoke", "as_coded", "")),
        ("paper+fm16_J12", ("paper", "paper", "fm16_J12")),
        ("demo-tutorial+x", ("demo", "tutorial", "x")),
    ],
)
def test_names_of_runs_read_back(name, parts):
    assert run_name(*parts) == name
    assert tuple(parse_run(name).values()) == parts
    assert stamp_of(name).variant == parts[2]


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="scale='big' must be one of"):
        stamp_of("big")
