"""Compare every output of one run with that of another commit; exit with 1 if one differs.

`make same` runs the workflow here and in a checkout of the commit before (in .same/, kept for the
next time), on the same machine: between two machines the last bits differ. --against compares with
outputs that are there already, and runs nothing.

A file is the same if it holds the same numbers, words and pixels. Left out are costs (columns and
keys of times and memory, tables of costs, benchmarks), sidecars, manifests, logs and the companion
site, which shows costs; of gin files imports and order, which follow the modules. For a checkout
that is not at hand, --record writes hashes to compare with.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io as text_io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jtfs_repro import gin_files, layout
from jtfs_repro.provenance.compare import why_skipped
from jtfs_repro.provenance.deviations import READERS, content_deviations, worst
from jtfs_repro.provenance.tolerances import COST_FIELD, TOLERANCES
from jtfs_repro.runs import parse_run

KEPT = Path(".same")
SHARED = ("data/soundfonts", "data/openl3", "data/medley_solos_db")
TEXTS = (".csv", ".gin", ".html", ".ipynb", ".json", ".md", ".svg", ".txt")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a change of the project renames, so that it counts as no difference.

    Parameters
    ----------
    names : list of (pattern, replacement)
        Regular expressions that turn the other checkout's paths into those of this one.
    texts : list of (pattern, replacement)
        Applied to what text files of both hold, e.g. to paths of modules within a table.
    keys : list of str
        Columns and keys that are not compared.
    """

    names: list[list[str]]
    texts: list[list[str]]
    keys: list[str]

    @classmethod
    def load(cls, path: str | None) -> Changes:
        """Read them from JSON, with the parameters as keys; none without a path."""
        given = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
        return cls(**{"names": [], "texts": [], "keys": [], **given})

    def name(self, name: str) -> str:
        """Return the name that a file of the other checkout has in this one."""
        return _replaced(name, self.names)

    def text(self, text: str) -> str:
        """Return text with what may differ replaced."""
        return _replaced(text, self.texts)


def _replaced(text: str, pairs: list[list[str]]) -> str:
    for pattern, replacement in pairs:
        text = re.sub(pattern, replacement, text)
    return text


# ------------------------------------------------------------------------------------ the outputs


def outputs(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of every file of a checkout that may be compared."""
    roots = layout.Roots(**{name: root / name for name in ("results", "img", "data")})
    for path in roots.files(*roots.folders()):
        if not why_skipped(roots.name(path)):
            yield roots.name(path), path


def of_run(found: Mapping[str, Any], run: str, rename: Any = str) -> dict[str, Any]:
    """Return the renamed entries that belong to a run, sorted."""
    wanted = layout.run_of(f"results/{run}/x")
    named = {rename(name): value for name, value in found.items()}
    return {name: named[name] for name in sorted(named) if layout.run_of(name) == wanted}


def content_sha256(path: Path, changes: Changes) -> str:
    """Return a digest of what a file holds, costs aside; of its bytes if it cannot be read."""
    digest = hashlib.sha256()
    try:
        content = _content(path, changes)
    except (ValueError, SyntaxError):
        content = path.read_bytes()
    for part in _parts(content, changes):
        digest.update(part)
    return digest.hexdigest()


def _content(path: Path, changes: Changes) -> Any:
    if path.suffix == ".pt":
        return READERS[".pt"](path)
    if path.suffix not in TEXTS:
        return path.read_bytes()
    if path.suffix == ".gin":
        return changes.text("\n".join(sorted(gin_files.effective([path]).splitlines())))
    text = changes.text(path.read_text(encoding="utf-8"))
    if path.suffix in (".json", ".ipynb"):
        return json.loads(text)
    if path.suffix == ".csv":
        return list(csv.DictReader(text_io.StringIO(text)))
    return text


def _parts(tree: Any, changes: Changes) -> Iterator[bytes]:
    """Yield a tree piece by piece, without costs."""
    if isinstance(tree, dict):
        kept = {k: v for k, v in tree.items() if not (COST_FIELD.search(k) or k in changes.keys)}
        yield f"{{{list(kept)}".encode()
        for value in kept.values():
            yield from _parts(value, changes)
    elif isinstance(tree, list):
        yield f"[{len(tree)}".encode()
        for value in tree:
            yield from _parts(value, changes)
    elif isinstance(tree, np.ndarray):
        yield f"{tree.dtype}{tree.shape}".encode() + tree.tobytes()
    else:
        yield tree if isinstance(tree, bytes) else repr(tree).encode()


# --------------------------------------------------------------------------------- the comparison


def differences(
    here: Mapping[str, Path], there: Mapping[str, Path | str], changes: Changes
) -> Iterator[str]:
    """Yield one line per file that only one checkout has, or that differs.

    Parameters
    ----------
    here : mapping
        Name -> file of this checkout.
    there : mapping
        The same name -> file of the other, or its digest.
    changes : Changes
    """
    for name in sorted({*here, *there}):
        if name not in there or name not in here:
            yield f"{name}: only {'here' if name in here else 'there'}"
            continue
        a, b = here[name], there[name]
        if isinstance(b, str):
            is_same = content_sha256(a, changes) == b
        else:
            is_same = a.read_bytes() == b.read_bytes()
            is_same = is_same or content_sha256(a, changes) == content_sha256(b, changes)
        if not is_same:
            yield f"{name}: differs{_where(a, b)}"


def _where(a: Path, b: Path | str) -> str:
    """Return the worst place at which two files differ, as far as they can be read."""
    if isinstance(b, str):
        return ""
    try:
        found = content_deviations(a, b, TOLERANCES["exact"])
    except (ValueError, OSError) as error:
        return f" ({error})"
    return f"; {len(found)} places, worst {worst(found).text}" if found else " in its bytes"


# -------------------------------------------------------------------------------- the other commit


def default_commit() -> str:
    """Return HEAD if something is not committed, else the commit before it."""
    return "HEAD" if git("status", "--porcelain", "--untracked-files=no") else "HEAD^"


def checkout(commit: str) -> Path:
    """Return the folder of a checkout of a commit, made if need be."""
    folder = KEPT / git("rev-parse", "--short", commit)
    if not folder.exists():
        git("clone", "--quiet", "--shared", "--no-checkout", ".", str(folder))
        git("-C", str(folder), "checkout", "--quiet", "--detach", git("rev-parse", commit))
        for name in SHARED:  # fetched once
            if Path(name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).symlink_to(Path(name).resolve())
    return folder


def snakemake(folder: Path, run: str) -> None:
    """Make the outputs of a run in a folder; exit with its status if that fails."""
    settings = [f"{name}={value}" for name, value in parse_run(run).items() if value]
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--config", *settings]
    print(f"snakemake in {folder}", file=sys.stderr)
    if status := subprocess.run(command, cwd=folder, check=False).returncode:
        sys.exit(status)


def git(*arguments: str) -> str:
    """Return what git prints."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: git {' '.join(arguments)}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip()


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=".", help="this checkout (default: where you are)")
    parser.add_argument("--run", default="smoke", help="e.g. smoke, demo, paper (default smoke)")
    parser.add_argument("--against", metavar="PATH", help="the other checkout, or its hashes.json")
    parser.add_argument("--commit", help="what is run beside (default: HEAD, or the one before it)")
    parser.add_argument("--record", metavar="FILE", help="write this checkout's hashes (output)")
    parser.add_argument("--changes", metavar="FILE", help="what was renamed: names, texts, keys")
    return parser


def main() -> None:
    """Compare or record, print what differs and a line of counts."""
    options = arguments().parse_args()
    changes = Changes.load(options.changes)
    if not (options.against or options.record):
        options.against = checkout(options.commit or default_commit())
        for folder in (options.against, options.root):
            snakemake(Path(folder), options.run)
    here = of_run(dict(outputs(Path(options.root))), options.run)
    if options.record:
        hashes = {name: content_sha256(path, changes) for name, path in here.items()}
        Path(options.record).write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
        print(f"{len(hashes)} files recorded")
    if options.against:
        other = Path(options.against)
        is_stored = other.is_file()
        found = json.loads(other.read_text()) if is_stored else dict(outputs(other))
        there = of_run(found, options.run, changes.name)
        lines = list(differences(here, there, changes))
        print(*lines, sep="\n", end="\n" if lines else "")
        print(f"{len({*here, *there})} files of {options.run}, {len(lines)} not the same")
        sys.exit(bool(lines) or not here)


if __name__ == "__main__":
    main()
