"""gin as people write it: one line with the file, the line, the parameter and what to write."""

import subprocess
import sys
from pathlib import Path

import pytest

from jtfs_repro import config, gin_files
from jtfs_repro.scattering import TimeFrequencyScattering

ROOT = Path(__file__).parents[1]
HEAD = "from __gin__ import dynamic_registration\n\nfrom jtfs_repro.scattering import transform\n\n"
NAME = "transform.TimeFrequencyScattering"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "mine.gin"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"{NAME}.analytic = true", "analytic = true: .*write True"),
        (f"{NAME}.T = null", "T = null: .*write None"),
        (f"{NAME}.Q = [yes, 1]", "yes must be spelt as in Python .*write True"),
        (f"{NAME}.J = sixteen", "J = sixteen: must be a number, .*text[?] write 'sixteen'"),
        (f"{NAME}.format = joint  # text", "format = joint: .*write 'joint'"),
        (f"{NAME}.J: 3", "J: write = between a parameter and its value, not :"),
        (f"{NAME}.J == 3", "not =="),
        (f"{NAME}.J", "must be 'module.Class.parameter = value'"),
        (f"{NAME}.J =", "has no value"),
        (f"{NAME}.format = \u201cjoint\u201d", "is not plain text"),
        (f"{NAME}.J\xa0= 3", "is not plain text"),
        (f"{NAME}.T = 2**11", "must be one number, not a calculation"),
        (f"{NAME}.T = 2^11", "must be one number, not a calculation"),
        (f"{NAME}.Q = (8, 1", "has a bracket that is not closed"),
        (f"{NAME}.format = 'joint", "has a quote that is not closed"),
        (f"{NAME}.J = 3;", "ends in ;"),
        (f"{NAME}.T = 1,5", "holds a comma"),
    ],
    ids=lambda value: value[-20:] if value.startswith("transform") else "",
)
def test_what_is_wrong_is_said_with_its_line(file, line, what):
    file.write_text(f"{HEAD}{NAME}.J_fr = 2\n{line}\n{NAME}.F = 1\n", encoding="utf-8")
    with pytest.raises(config.ConfigError, match=rf"mine\.gin:6: .*{what}") as caught:
        config.load_gin([file])
    assert "\n" not in str(caught.value)
    with pytest.raises(SyntaxError) as parsed:  # what the DAG is built from says the same
        list(gin_files.statements(file))
    assert config.describe_gin(parsed.value, str(file)) == str(caught.value)


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["no mark", "mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_marks_and_line_ends_are_read(file, mark, end):
    text = f"{mark}{HEAD}{NAME}.J = 3\n{NAME}.Q = (4,\n    1)  # over two lines\n"
    file.write_bytes(text.replace("\n", end).encode())
    config.load_gin([file])
    S = config.bound(TimeFrequencyScattering)(J_fr=2, shape=1024)
    assert (S.J, S.Q) == (3, (4, 1))


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_are_named(file, encoding):
    file.write_bytes(f"{HEAD}{NAME}.J = 3  # é\n".encode(encoding))
    with pytest.raises(config.ConfigError, match=r"mine\.gin:\d+: not UTF-8: save the file"):
        config.load_gin([file])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("J = fourteen", "jtfs.Jtfs.J = fourteen: must be a number"),
        ("j_FR = 14", "jtfs.Jtfs has no parameter j_FR (J_fr"),
    ],
)
def test_said_once_before_the_first_job(tmp_path, line, what):
    """The DAG is not built: one line, whatever the number of shards."""
    for name in ("Snakefile", "rules", "config", "jtfs_repro", "scripts", "claims"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "gin/chirps").mkdir(parents=True)
    for path in (ROOT / "gin").iterdir():
        if path.name != "chirps":
            (tmp_path / "gin" / path.name).symlink_to(path)
    for path in (ROOT / "gin/chirps").iterdir():
        text = path.read_text(encoding="utf-8")
        broken = text.replace("jtfs.Jtfs.J = 14", f"jtfs.Jtfs.{line}")
        (tmp_path / "gin/chirps" / path.name).write_text(broken, encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1", "-s", "Snakefile"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode == 1
    assert [line for line in lines if "jtfs.gin" in line] == [lines[-1]]
    assert f"gin/chirps/jtfs.gin:10: {what}" in lines[-1]
