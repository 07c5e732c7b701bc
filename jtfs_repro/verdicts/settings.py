"""Settings as the gin files of a stage state them, read without running the stage.

Files are read as `config.load_gin` reads them, later ones over earlier ones, but gin's own state
stays as it is: references (``@name``) are kept as text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jtfs_repro import gin_files
from jtfs_repro.config import ConfigError, stack
from jtfs_repro.gin_files import Binding

FOLDER = Path(__file__).parents[2] / "gin"


@dataclass(frozen=True, kw_only=True)
class GinSettings:
    """The settings of a preset at a scale, read stage by stage when asked for."""

    folder: str | os.PathLike[str] = FOLDER
    scale: str = "paper"
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
        """Return all bindings of a stage, by full name."""
        if (stage, self.preset) not in self._known:
            names = stage.split("+")
            stacks = [
                stack(n, preset=self.preset, scale=self.scale, root=self.folder) for n in names
            ]
            files = [file for files in stacks for file in files]
            found = gin_files.bindings(files, root=self.folder)
            self._known[stage, self.preset] = {k: self._relative(b) for k, b in found.items()}
        return self._known[stage, self.preset]

    def files(self) -> Iterator[Mapping[str, Binding]]:
        """Yield the bindings of every gin file and section, includes left to their own file."""
        for path in sorted(Path(self.folder).rglob("*.gin")):
            for stage in gin_files.sections(path) or [""]:
                name = f"{path}:{stage}" if stage else str(path)
                found = gin_files.bindings([name], root=self.folder)
                yield {key: b for key, b in found.items() if b.file == str(path)}

    def _relative(self, binding: Binding) -> Binding:
        name = Path("gin", os.path.relpath(binding.file, self.folder)).as_posix()
        return Binding(binding.value, name)
