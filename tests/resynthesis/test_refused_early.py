"""The two commands for one's own sounds refuse before any work, in one line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("script", "words", "why"),
    [
        ("resynthesize_texture", ["a.wav", "--variant", "nope"], "variant='nope' must be one of"),
        ("resynthesize_texture", ["/proc/a.wav"], "/proc/a.wav: cannot be written"),
        ("resynthesize_texture", ["a.wav", "--seed", str(2**70)], f"seed={2**70} must be >= 0"),
        ("resynthesize_texture", ["a.mp3"], "path='a.mp3' must end in .wav"),
        ("plot_scale_rate", ["--rate", "0", "--scale", "1"], "rate=0.0 must be > 0"),
        ("plot_scale_rate", ["--scale-rate", "d.npy"], "scale-rate='d.npy' must end in .npz"),
    ],
)
def test_refused(tmp_path, script, words, why):
    soundfile.write(tmp_path / "in.wav", np.sin(np.arange(4096.0)), 22050)
    done = subprocess.run(
        [sys.executable, ROOT / f"scripts/{script}.py", "in.wav", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {why}")
    assert done.stderr.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.wav"]
