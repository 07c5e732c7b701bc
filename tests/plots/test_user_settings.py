"""A user's own settings of matplotlib change no byte of a picture."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import hashlib, sys
from jtfs_repro import io
from jtfs_repro.plots.style import new_figure
figure = new_figure(3, 2)
figure.subplots().plot([1, 2, 3], label="a")
figure.axes[0].set_title("t")
io.save_figure(sys.argv[1], figure)
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())
"""
LEAKS = (
    "text.usetex: True\nfont.size: 30\nsavefig.dpi: 17\nsavefig.bbox: tight\nlines.linewidth: 9\n"
)


def test_matplotlibrc_changes_nothing(tmp_path):
    found = []
    for name in ("plain", "leaking"):
        folder = tmp_path / name
        folder.mkdir()
        if name == "leaking":
            (folder / "matplotlibrc").write_text(LEAKS)
        command = [sys.executable, "-c", CODE, "picture.png"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    assert found[0] == found[1]
