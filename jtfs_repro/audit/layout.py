"""Where the files of a run lie, which run a file belongs to, what a fresh copy does not have.

Sidecars and manifests name files as the workflow does: ``results/knn_scores.csv``, relative to the
folder it ran in. The folder after the first is that of the run, ``scale[-preset][+variant]``; none
means scale demo, preset paper.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from jtfs_repro import sidecars
from jtfs_repro.integrity import SUFFIX
from jtfs_repro.provenance import PRESETS, SCALES

RECORDED = sidecars.ARRAYS + sidecars.TABLES + sidecars.FIGURES
MANIFEST = "manifest.json"
PART = ".part"
_RUN = re.compile(
    rf"(?P<scale>{'|'.join(SCALES)})(?:-(?P<preset>{'|'.join(PRESETS)}))?(?:\+(?P<variant>\w+))?"
)
# folders of which nothing is recorded: pages made from the other files, checkpoints
UNRECORDED_FOLDERS = ("site", "partial")
# what .gitignore leaves out, by the pattern of a file's name or of a folder below the first
INTERMEDIATE_FILES = ("*.npy", "*.npz", "*.wav", "*.pt", "clips.csv", "clips.problems.csv")
INTERMEDIATE_FOLDERS = ("partial", "predictions", "statistics", "site", "smoke*", "*+*")


@dataclass(frozen=True, kw_only=True)
class Roots:
    """Where the three folders of results are.

    Parameters
    ----------
    results, img, data : path
        Their names in sidecars are always ``results``, ``img`` and ``data``.

    Examples
    --------
    >>> roots = Roots(results=Path("old/results"))
    >>> roots.locate("results/cost.csv").as_posix(), roots.name(Path("old/results/cost.csv"))
    ('old/results/cost.csv', 'results/cost.csv')
    """

    results: Path = Path("results")
    img: Path = Path("img")
    data: Path = Path("data")

    def folders(self) -> dict[str, Path]:
        """Return name in sidecars -> folder."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def locate(self, name: str) -> Path:
        """Return where the file of this recorded name is; others lie beside ``results``."""
        first, *rest = PurePosixPath(name).parts
        folder = self.folders().get(first)
        return folder.joinpath(*rest) if folder and rest else self.results.parent / name

    def name(self, path: Path) -> str:
        """Return the name under which the file in one of the folders is recorded."""
        for name, folder in self.folders().items():
            if path.is_relative_to(folder):
                return PurePosixPath(name, path.relative_to(folder)).as_posix()
        return path.as_posix()

    def files(self, *names: str) -> Iterator[Path]:
        """Yield the files in the folders of these names, sorted, hidden ones excepted."""
        for name in names:
            yield from sorted(_walk(self.folders()[name]))


def _walk(folder: Path) -> Iterator[Path]:
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(top, name) for name in files if not name.startswith("."))


def run_of(name: str) -> dict[str, str]:
    """Return scale, preset and variant that a file's folder stands for.

    Examples
    --------
    >>> run_of("img/paper-as_coded/fig3_isomap.png")
    {'scale': 'paper', 'preset': 'as_coded', 'variant': ''}
    >>> run_of("results/medley/table2.csv")
    {'scale': 'demo', 'preset': 'paper', 'variant': ''}
    """
    parts = PurePosixPath(name).parts
    found = _RUN.fullmatch(parts[1]) if len(parts) > 2 else None
    facts = found.groupdict(default="") if found else {"scale": "", "preset": "", "variant": ""}
    return facts | {"scale": facts["scale"] or "demo", "preset": facts["preset"] or "paper"}


def is_run_manifest(name: str) -> bool:
    """Return whether a manifest is that of a run: ``results/manifest.json`` or in a run's folder.

    Examples
    --------
    >>> [is_run_manifest(f"results/{x}manifest.json") for x in ("", "smoke/", "benchmarks/")]
    [True, True, False]
    """
    *folders, last = PurePosixPath(name).parts
    is_run = len(folders) == 1 or (len(folders) == 2 and bool(_RUN.fullmatch(folders[1])))
    return last == MANIFEST and is_run


def is_intermediate(name: str) -> bool:
    """Return whether a fresh copy of the project comes without this file.

    Examples
    --------
    >>> [is_intermediate(f"results/{x}") for x in ("cost.csv", "knn/jtfs.npz", "smoke/cost.csv")]
    [False, True, True]
    """
    first, *folders, last = PurePosixPath(name).parts
    if first not in ("results", "img"):
        return True
    is_in_features = "features" in folders[:-1]  # features/*/: shards
    return (
        is_in_features
        or any(fnmatch.fnmatchcase(last, pattern) for pattern in INTERMEDIATE_FILES)
        or any(fnmatch.fnmatchcase(f, p) for f in folders for p in INTERMEDIATE_FOLDERS)
    )


def is_result(name: str) -> bool:
    """Return whether a file is below ``results`` or ``img`` and must have a record."""
    return PurePosixPath(name).parts[0] in ("results", "img") and wants_record(name)


def wants_record(name: str) -> bool:
    """Return whether a file is of a kind that has a sidecar, and where one is due."""
    path = PurePosixPath(name)
    is_known = path.name.lower().endswith(RECORDED)
    is_record = path.name == MANIFEST or path.name.endswith(SUFFIX)
    return is_known and not is_record and not set(path.parts[1:-1]) & set(UNRECORDED_FOLDERS)
