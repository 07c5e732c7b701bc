"""The command line of ``python -m tools.faults``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jtfs_repro import checks
from tools.faults.catalogue import BY_NAME, FAULTS
from tools.faults.records import Fault
from tools.faults.tree import ROOT

ROUNDS = 20


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is tried, how often, where, and where the page goes (None: it is only shown)."""

    faults: tuple[Fault, ...] = FAULTS
    rounds: int = ROUNDS
    seed: int = 0
    work: Path | None = None
    keep: bool = False
    output: Path | None = ROOT


def read(arguments: Sequence[str] | None = None) -> Options:
    """Return the options of a command line.

    Raises
    ------
    ValueError
        A fault is unknown or there are no rounds; one line says which.
    """
    given = _parser().parse_args(arguments)
    for name in given.only or ():
        checks.choice("only", name, BY_NAME)
    faults = tuple(fault for fault in FAULTS if given.only is None or fault.name in given.only)
    return Options(
        faults=faults,
        rounds=checks.integer("rounds", given.rounds, low=1),
        seed=given.seed,
        work=given.work,
        keep=given.keep,
        output=given.output or (ROOT if given.only is None else None),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="kills and interruptions, of all kinds together"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        help=f"of {', '.join(BY_NAME)}; the page stays as it is",
    )
    parser.add_argument("--seed", type=int, default=0, help="of moments and choices")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="for the copies of the project")
    parser.add_argument(
        "--keep", action="store_true", help="keep the copies of what went well, too"
    )
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="docs/ below it is written")
    return parser
