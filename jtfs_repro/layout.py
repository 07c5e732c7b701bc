"""Where the files of a run lie: the run of a file, the place of its record.

Sidecars and manifests name files as the workflow does, relative to the folder it ran in:
``results/RUN/...``, ``data/RUN/...``, ``img/RUN/...``; RUN is ``scale[-preset][+variant]``. The
pictures of the run ``demo`` lie in ``img/`` itself. What belongs to a picture lies in
``results/RUN/figures/``, what belongs to any other file beside it.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).parents[1]
SCALES = ("smoke", "demo", "paper")
PRESETS = ("paper", "as_coded", "tutorial")
SUFFIX, MANIFEST, PART = ".provenance.json", "manifest.json", ".part"
PICTURES_FOLDER = "figures"
PICTURES_RUN = "demo"  # its pictures lie flat in img/, those of others in img/RUN/
ARRAYS = (".npy", ".npz", ".pt", ".wav", ".h5", ".parquet")
TABLES = (".csv", ".md", ".html", ".json", ".ipynb")
PICTURES = (".png", ".pdf", ".svg", ".gif", ".mp4")
RECORDED = ARRAYS + TABLES + PICTURES
# folders of which nothing is recorded: pages made from the other files, checkpoints, measurements
UNRECORDED_FOLDERS = ("site", "partial", "benchmarks")
# what .gitignore leaves out, by the pattern of a file's name or of a folder below the first
INTERMEDIATE_FILES = ("*.npy", "*.npz", "*.wav", "*.pt", "*.gin", "run.json")
INTERMEDIATE_FILES += ("clips.csv", "clips.problems.csv")
INTERMEDIATE_FOLDERS = ("partial", "predictions", "statistics", "site", "smoke*", "*+*")
NO_RUN = {"scale": "", "preset": "", "variant": ""}
StrPath = str | os.PathLike[str]


def parse_run(run: str) -> dict[str, str]:
    """Return scale, preset and variant of a run's name, ``scale[-preset][+variant]``.

    >>> parse_run("smoke-as_coded+adalog")
    {'scale': 'smoke', 'preset': 'as_coded', 'variant': 'adalog'}
    """
    name, _, variant = run.partition("+")
    scale, _, preset = name.partition("-")
    return {"scale": scale, "preset": preset or PRESETS[0], "variant": variant}


# ---- the run of a file ----


def run_of(name: str) -> dict[str, str]:
    """Return scale, preset and variant of the run that a file belongs to, `NO_RUN` if to none.

    >>> run_of("img/paper-as_coded/fig3_isomap.png")
    {'scale': 'paper', 'preset': 'as_coded', 'variant': ''}
    >>> run_of("img/fig3_isomap.png") == run_of("results/demo/cost.csv")
    True
    >>> run_of("results/benchmarks/growth.csv") == NO_RUN
    True
    """
    first, *folders = PurePosixPath(name).parts[:-1] or ("",)
    facts = _facts(folders[0]) if folders else NO_RUN
    return _facts(PICTURES_RUN) if first == "img" and facts == NO_RUN else facts


def _facts(folder: str) -> dict[str, str]:
    facts = parse_run(folder)
    is_run = facts["scale"] in SCALES and facts["preset"] in PRESETS
    return facts if is_run else dict(NO_RUN)


def is_intermediate(name: str) -> bool:
    """Return whether a fresh copy of the project comes without this file.

    >>> [is_intermediate(f"results/{x}") for x in ("demo/a.csv", "demo/knn/a.npz", "smoke/a.csv")]
    [False, True, True]
    """
    first, *folders, last = PurePosixPath(name).parts
    if first not in ("results", "img"):
        return True
    is_shard = "features" in folders[:-1]
    return (
        is_shard
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


# ---- what belongs to a file ----


def recorded_name(record: str) -> str:
    """Return the name of the file that a sidecar belongs to, the inverse of `sidecar_of`.

    >>> recorded_name("results/smoke/figures/fig4.png.provenance.json")
    'img/smoke/fig4.png'
    """
    name = record.removesuffix(SUFFIX)
    first, *folders = PurePosixPath(name).parts
    if first != "results" or folders[1:2] != [PICTURES_FOLDER]:
        return name
    run, _, *rest = folders
    return PurePosixPath("img", *([] if run == PICTURES_RUN else [run]), *rest).as_posix()


def _home(name: str) -> str:
    """Return the name, in the folder where what belongs to the file lies."""
    first, *rest = PurePosixPath(name).parts
    if first != "img" or not rest:
        return name
    has_run = len(rest) > 1 and _facts(rest[0]) != NO_RUN
    run, rest = (rest[0], rest[1:]) if has_run else (PICTURES_RUN, rest)
    return PurePosixPath("results", run, PICTURES_FOLDER, *rest).as_posix()


def portable(path: StrPath) -> str:
    """Return a path relative to the working directory, if it is inside, else the absolute one."""
    absolute = os.path.abspath(path)
    relative = os.path.relpath(absolute)
    return absolute if relative.startswith("..") else Path(relative).as_posix()


def _at_home(path: StrPath) -> Path:
    """Return `_home` of a path in the ``img`` of the working directory or of the project."""
    absolute = os.path.abspath(path)
    for root in (os.getcwd(), str(PROJECT)):
        if absolute.startswith(os.path.join(root, "img", "")):
            place = _home(Path(os.path.relpath(absolute, root)).as_posix())
            return Path(place if root == os.getcwd() else os.path.join(root, place))
    return Path(path)


def sidecar_of(path: StrPath) -> Path:
    """Return where the sidecar of a file is.

    >>> sidecar_of("results/smoke/cost.csv").as_posix()
    'results/smoke/cost.csv.provenance.json'
    >>> sidecar_of("img/fig4.png").as_posix()
    'results/demo/figures/fig4.png.provenance.json'
    """
    path = _at_home(path)
    return path.with_name(path.name + SUFFIX)


def operative_of(path: StrPath) -> Path:
    """Return where the settings in effect of a file are: ``NAME.gin`` where its sidecar is.

    >>> operative_of("img/smoke/fig4.png").as_posix()
    'results/smoke/figures/fig4.gin'
    """
    return _at_home(path).with_suffix(".gin")


# ---- folders ----


@dataclass(frozen=True, kw_only=True)
class Roots:
    """Where the folders are that sidecars call ``results``, ``img`` and ``data``.

    >>> Roots(results=Path("old/results")).locate("results/cost.csv").as_posix()
    'old/results/cost.csv'
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
