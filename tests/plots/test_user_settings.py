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
    b"text.usetex: True\nfont.size: 30\nsavefig.dpi: 17\nsavefig.bbox: tight\nlines.linewidth: 9\n"
)


def made(folder, rc=None, **variables):
    folder.mkdir()
    if rc is not None:
        (folder / "matplotlibrc").write_bytes(rc)
    return subprocess.run(
        [sys.executable, "-c", CODE, "picture.png"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(folder.parent), **variables},
    )


def test_settings_change_nothing(tmp_path):
    found = [
        made(tmp_path / "plain"),
        made(tmp_path / "leaking", LEAKS),
        made(tmp_path / "backend", MPLBACKEND="nonsense"),
    ]
    assert [done.returncode for done in found] == [0] * len(found), found
    assert len({done.stdout for done in found}) == 1


def test_settings_that_matplotlib_cannot_read_are_named(tmp_path):
    done = made(tmp_path / "broken", b"font.size: 3\xff\n")
    assert "ImportError: matplotlibrc must be UTF-8" in done.stderr.splitlines()[-1]
