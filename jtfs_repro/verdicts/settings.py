"""Settings as the gin files of a stage state them, read without running the stage.

Files are read as `config.load_gin` reads them, later ones over earlier ones, but gin's own state
stays as it is: references (``@name``) are kept as text. `computed` lists the functions that make a
value of ours from settings.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jtfs_repro import gin_files
from jtfs_repro.config import ConfigError, stack
from jtfs_repro.gin_files import Binding

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "gin"
FUNCTIONS: dict[str, tuple[Callable[..., Any], Any]] = {}  # name -> function, what it is about


@dataclass(frozen=True, kw_only=True)
class GinSettings:
    """The settings of a preset at the paper's scale, read stage by stage when asked for."""

    folder: str | os.PathLike[str] = FOLDER
    preset: str = "paper"
    _known: dict[tuple[str, str], Mapping[str, Binding]] = field(
        default_factory=dict, compare=False
    )

    def binding(self, stage: str, name: str) -> Binding:
        """Return the one setting whose name ends in ``name`` (``Jtfs.J``), or raise `ConfigError`.

        Of several stages with "+" between them, the last file wins.
        """
        bindings = self.stage(stage)
        found = [key for key in bindings if f".{key}".endswith(f".{name}")]
        if len(found) != 1:
            raise ConfigError(
                f"{stage}.gin: name={name!r} must end one binding, not {len(found)} (misspelt?)"
            )
        return bindings[found[0]]

    def value(self, stage: str, name: str) -> Any:
        """Return the value of one setting, see `binding`."""
        return self.binding(stage, name).value

    def options(self, stage: str, prefix: str) -> dict[str, Any]:
        """Return all settings of one class or function, by the parameter's name."""
        found = self.stage(stage).items()
        pairs = ((key.rpartition("."), binding.value) for key, binding in found)
        return {end: value for (head, _, end), value in pairs if f".{head}".endswith(f".{prefix}")}

    def stage(self, stage: str) -> Mapping[str, Binding]:
        """Return all bindings of a stage, by full name, with files named as ``gin/...``."""
        if (stage, self.preset) not in self._known:
            files: list[str] = []
            for name in stage.split("+"):
                files += stack(name, preset=self.preset, scale="paper", root=self.folder)
            found = gin_files.bindings(files, root=self.folder)
            self._known[stage, self.preset] = {
                key: Binding(b.value, Path("gin", os.path.relpath(b.file, self.folder)).as_posix())
                for key, b in found.items()
            }
        return self._known[stage, self.preset]

    def files(self) -> Iterator[Mapping[str, Binding]]:
        """Yield the bindings of every gin file and section, includes left to their own file."""
        for path in sorted(Path(self.folder).rglob("*.gin")):
            for stage in gin_files.sections(path) or [""]:
                name = f"{path}:{stage}" if stage else str(path)
                found = gin_files.bindings([name], root=self.folder)
                yield {key: b for key, b in found.items() if b.file == str(path)}


def computed(about: Any = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of settings; its value stands in the module of what it is ``about``.

    Functions that know a file themselves return a `Binding`.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[function.__name__] = (function, about)
        return function

    return register


def file_of(thing: Any) -> str:
    """Return the module that defines ``thing``, as ``jtfs_repro/...``."""
    return Path(inspect.getfile(thing)).relative_to(PROJECT).as_posix()
