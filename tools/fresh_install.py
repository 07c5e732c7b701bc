"""Build wheel and sdist, install the wheel where only torch and NumPy are, run the README's lines.

The environment is made anew each time. Ends with 1 if another package is imported, or if the import
is slow.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = ("torch", "numpy")
SECONDS = 0.3  # of `import jtfs_repro.scattering`, beyond torch and NumPy
HOOKS = "from setuptools import build_meta as b; b.build_wheel({0!r}); b.build_sdist({0!r})"
# Prints the packages that the import and the lines bring, and the processor's seconds of the import
PROBE = """
import sys, time
import numpy, torch
before, start = set(sys.modules), time.process_time()
import jtfs_repro.scattering
seconds = time.process_time() - start
exec(sys.argv[1])
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(f"{seconds:.3f}", *sorted(new - sys.stdlib_module_names - {"jtfs_repro", "torch", "numpy"}))
"""


def build(folder: Path) -> tuple[Path, Path]:
    """Build wheel and sdist into a folder from a copy of what git has or would take."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as copy:
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():  # not what was deleted, not the link .venv
                Path(copy, name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, Path(copy, name))
        code = HOOKS.format(str(folder.resolve()))
        subprocess.run([sys.executable, "-c", code], cwd=copy, check=True, stdout=subprocess.PIPE)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def transform_lines() -> str:
    """Return the first block of Python in the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0]


def probe(python: Path | str, *options: str, cwd: Path) -> tuple[float, list[str], str]:
    """Run the README's lines; return the import's seconds, packages beyond torch's, the output."""
    command = [str(python), *options, "-c", PROBE, transform_lines()]
    done = subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True)
    *output, last = done.stdout.splitlines()
    seconds, *packages = last.split()
    return float(seconds), packages, "\n".join(output)


def install(folder: Path, wheel: Path, versions: Sequence[str]) -> Path:
    """Make an environment, install torch, NumPy and the wheel; return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    for what in (versions, [str(wheel)]):
        start = time.perf_counter()
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
        subprocess.run(command, check=True)
        print(f"{time.perf_counter() - start:.0f} s: pip install", *what)
    return python


def main() -> int:
    """Build, install, run, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in BASE:
        parser.add_argument(f"--{name}", help="version (default: as in requirements.txt)")
    options = vars(parser.parse_args())
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^(\S+)==(\S+)", text, re.MULTILINE))
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    (ROOT / "dist").mkdir()
    files = build(ROOT / "dist")
    for path in files:
        print(f"{path.stat().st_size / 1e3:.0f} kB: {path.relative_to(ROOT)}")
    with tempfile.TemporaryDirectory() as name:
        versions = [f"{name}=={options[name] or pins[name]}" for name in BASE]
        python = install(Path(name), files[0], versions)
        start = time.perf_counter()
        seconds, packages, _ = probe(python, "-I", cwd=Path(name))
    print(f"{time.perf_counter() - start:.0f} s: the README's lines")
    print(f"{seconds:.2f} s: import jtfs_repro.scattering, beyond torch; with it:", packages or "-")
    return int(bool(packages) or seconds > SECONDS)


if __name__ == "__main__":
    sys.exit(main())
