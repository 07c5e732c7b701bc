"""The soundfonts of the rendered clip set: which they are, and where they are found.

Training and validation are played from one collection of samples, the test set from another, so
that a classifier cannot succeed by knowing the recordings. The training collection comes with the
package pretty_midi. The test collection is looked for on this machine, else fetched; every font is
known by its SHA-256. Nothing is replaced by something similar without a word: if the test
collection cannot be had, that is `jtfs_repro.io.Unavailable`.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from jtfs_repro import checks
from jtfs_repro.datasets import debian_package, soundfont_files
from jtfs_repro.datasets.debian_package import DebianPackage, apt_package, snapshot_package
from jtfs_repro.io import FileError, Unavailable
from jtfs_repro.journal import sha256 as sha256_of

AUTO = "auto"
DOWNLOADS = ("auto", "always", "never")


@dataclass(frozen=True, kw_only=True)
class SoundfontFacts:
    """What is known about one published soundfont; `package` is the Debian package, if any."""

    name: str
    file_name: str
    licence: str
    source: str
    sha256: str
    n_bytes: int
    package: DebianPackage | None = None


TIMGM6MB = SoundfontFacts(
    name="TimGM6mb",
    file_name="TimGM6mb.sf2",
    licence="GPL-2",  # as Debian states for its copy
    source="Python package pretty_midi",
    sha256="82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1",
    n_bytes=5_994_284,
)
FLUID_R3 = SoundfontFacts(
    name="FluidR3 GM",
    file_name="FluidR3_GM.sf2",
    licence="MIT",
    source="Debian package fluid-soundfont-gm 3.1-5.3",
    sha256="74594e8f4250680adf590507a306655a299935343583256f3b722c48a1bc1cb0",
    n_bytes=148_398_306,
    package=DebianPackage(
        name="fluid-soundfont-gm",
        member="usr/share/sounds/sf2/FluidR3_GM.sf2",
        sha1="9cf2ecd68b96de93f048708ea52728eca171f692",
        sha256="6f531493ac4e4d9772fd96b2488ea1790af81c196135fbdd25997da0781fc60e",
    ),
)
GENERAL_USER = SoundfontFacts(
    name="GeneralUser GS 1.47",
    file_name="GeneralUser-v1.47.sf2",
    licence="GeneralUser GS v2.0",
    source="Debian package minuet-data 22.12.3-1",
    sha256="226bdc28613368ce9b740ecf0748618c575657f19b9c88eada1a50b060ef7eba",
    n_bytes=31_281_184,
)
KNOWN = {facts.sha256: facts for facts in (TIMGM6MB, FLUID_R3, GENERAL_USER)}
# Collections that share samples with the training font: clarinet, guitar, violin, saxophone.
TRAINING_FAMILY = ("timgm", "sf_gmbank", "merlin")
USUAL_FOLDERS = (
    "/usr/share/sounds/sf2",
    "/usr/share/soundfonts",
    "~/.local/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
)
REMEDY = "apt-get install fluid-soundfont-gm, or --config test_soundfont=PATH"


@dataclass(frozen=True, kw_only=True)
class Font:
    """A soundfont on this machine; ``how`` it was found, e.g. ``"given"``."""

    path: Path
    name: str
    sha256: str
    licence: str
    how: str

    def as_dict(self) -> dict[str, str]:
        """Return the font for JSON files."""
        return asdict(self) | {"path": os.fspath(self.path)}

    @classmethod
    def from_dict(cls, facts: Mapping[str, str]) -> Font:
        """Return the font that `as_dict` described; other keys are ignored."""
        values = {name: facts[name] for name in ("name", "sha256", "licence", "how")}
        return cls(path=Path(facts["path"]), **values)

    def read(self) -> bytes:
        """Return the bytes; `FileError` if the file is gone or has changed since it was found."""
        if not self.path.is_file():
            raise FileError(f"{self.path}: no such soundfont (was it moved? look for it again)")
        if sha256_of(self.path) != self.sha256:
            raise FileError(f"{self.path}: SHA-256 is not {self.sha256} (changed? look again)")
        return self.path.read_bytes()


def find_training_font() -> Font:
    """Return the soundfont inside the package pretty_midi, which is not imported.

    Unavailable: the package is not installed, or holds another soundfont.
    """
    remedy = "pip install -r requirements.txt"
    spec = importlib.util.find_spec("pretty_midi")
    if spec is None or spec.origin is None:
        raise Unavailable(f"{TIMGM6MB.file_name} not found: no package pretty_midi", remedy)
    path = Path(spec.origin).parent / TIMGM6MB.file_name
    if not _is(path, TIMGM6MB):
        raise Unavailable(f"{path} is missing or is not the known soundfont", remedy)
    return _font(path, TIMGM6MB, "package pretty_midi")


def find_test_font(
    given: str | os.PathLike[str] = AUTO,
    *,
    folder: str | os.PathLike[str],
    download: str = "auto",
    timeout_s: float = 600.0,
) -> Font:
    """Return the soundfont of the test set, from the first of these places that has it.

    A path given by the user; the usual folders of this machine; the project's own ``folder``;
    Debian's package by ``apt-get download`` (needs no root, installs nothing); the same package
    from snapshot.debian.org, where an address names the file's content.

    ``given`` is 'auto' or a .sf2 of the user's choice, known or not, independent of the training
    font. ``download`` 'auto' fetches it (120 MB) where it is found nowhere, 'always' fetches it
    into ``folder`` even where the system has one, 'never' fetches nothing; ``timeout_s`` limits
    each way of fetching. ValueError: ``given`` is the training font or shares its samples, or
    ``download`` is unknown. FileError: ``given`` is missing, or is not a soundfont. Unavailable: no
    place has the font; the reason says what was tried.
    """
    checks.choice("download", download, DOWNLOADS)
    checks.number("timeout_s", timeout_s, above=0, mistake="seconds")
    if os.fspath(given) != AUTO:
        return _given(Path(given).expanduser())
    own, tried = Path(folder) / FLUID_R3.file_name, []
    usual = [Path(name).expanduser() / FLUID_R3.file_name for name in USUAL_FOLDERS]
    for path in [own] if download == "always" else [*usual, own]:
        if _is(path, FLUID_R3):
            return _font(path, FLUID_R3, "found on this machine")
        tried += [f"{path} has another SHA-256"] if path.is_file() else []
    if download == "never":
        return _unavailable([*tried, "nothing may be fetched (download='never')"])
    return _fetch(own, tried, timeout_s)


def _given(path: Path) -> Font:
    header = soundfont_files.read_header(path)
    sha256 = sha256_of(path)
    facts = KNOWN.get(sha256)
    names = [name.lower() for name in (header.name, path.name, path.resolve().name)]
    if facts is TIMGM6MB or any(part in name for part in TRAINING_FAMILY for name in names):
        rule = f"be independent of the training soundfont {TIMGM6MB.name}"
        mistake = f"it calls itself {header.name!r} and shares its samples"
        checks.fail("test_soundfont", str(path), rule, mistake)
    if facts is not None:
        return _font(path, facts, "given")
    name = header.name or path.stem
    return Font(path=path, name=name, sha256=sha256, licence="not known", how="given")


def _is(path: Path, facts: SoundfontFacts) -> bool:
    is_there = path.is_file() and path.stat().st_size == facts.n_bytes
    return is_there and sha256_of(path) == facts.sha256


def _font(path: Path, facts: SoundfontFacts, how: str) -> Font:
    return Font(path=path, name=facts.name, sha256=facts.sha256, licence=facts.licence, how=how)


def _unavailable(tried: list[str]) -> Font:
    reason = f"soundfont {FLUID_R3.file_name} not found: {'; '.join(tried)}"
    raise Unavailable(reason, REMEDY)


def _fetch(path: Path, tried: list[str], timeout_s: float) -> Font:
    """Try each way of fetching the package; unpack the font to ``path``."""
    package = FLUID_R3.package
    assert package is not None
    ways = {"apt-get download": apt_package, "snapshot.debian.org": snapshot_package}
    for how, package_file in ways.items():
        try:
            with package_file(
                package, path.parent, timeout_s=timeout_s, unpacked_bytes=FLUID_R3.n_bytes
            ) as file:
                debian_package.unpack_member(
                    file, package.member, path, n_bytes=FLUID_R3.n_bytes, sha256=FLUID_R3.sha256
                )
            return _font(path, FLUID_R3, how)
        except (FileError, Unavailable) as error:
            tried.append(error.reason if isinstance(error, Unavailable) else str(error))
    return _unavailable(tried)
