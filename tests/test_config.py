"""gin files: stacks, errors in one line, and what the scripts make of errors."""

import os
import subprocess
import sys

import pytest

from jtfs_repro import config

HEAD = "from __gin__ import dynamic_registration\nfrom jtfs_repro.features import mfcc\n"
SCRIPT = """
from jtfs_repro import config, io
def main(options):
    raise {error}
config.run_script(main, config.parser("test"))
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_later_files_override_and_the_operative_config_reruns_it(tmp_path):
    from jtfs_repro.features.mfcc import Mfcc

    first = write(tmp_path / "a.gin", HEAD + "mfcc.Mfcc.n_mfcc = 20\nmfcc.Mfcc.n_mels = 40\n")
    second = write(tmp_path / "b.gin", HEAD + "mfcc.Mfcc.n_mfcc = 13\n")
    config.load_gin([first, second])
    made = config.bound(Mfcc)(sr=8192.0, n_samples=4096)
    assert (made.n_mfcc, made.n_mels) == (13, 40)
    operative = config.operative_config()
    config.load_gin([write(tmp_path / "c.gin", operative)])
    config.bound(Mfcc)(sr=8192.0, n_samples=4096)
    assert config.operative_config() == operative


def test_includes_are_relative_to_the_folder_gin(tmp_path):
    write(tmp_path / "gin/base.gin", "n = 7\n")
    text = HEAD + "include 'base.gin'\nmfcc.Mfcc.n_mfcc = %n\n"
    config.load_gin([write(tmp_path / "gin/chirps/mfcc.gin", text)])
    from jtfs_repro.features.mfcc import Mfcc

    assert config.bound(Mfcc)(sr=8192.0, n_samples=4096).n_mfcc == 7


def test_settings_are_forgotten():
    config.load_gin([])
    from jtfs_repro.features.mfcc import Mfcc

    assert config.bound(Mfcc)(sr=8192.0, n_samples=4096).n_mfcc == 20


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mfcc.Mfcc.n_mfc = 1", r"bad\.gin:3: .*no|bad\.gin:3: .*n_mfc"),
        ("mfcc.Mfccs.n_mfcc = 1", r"bad\.gin:3: .*Mfccs"),
        ("mfcc.Mfcc.n_mfcc = = 1", r"bad\.gin:3: "),
        ("import jtfs_repro.nothing", r"bad\.gin:3: No module named"),
        ("include 'nothing.gin'", r"bad\.gin:3: Unable to open file: nothing\.gin"),
    ],
)
def test_errors_name_file_and_line(tmp_path, line, message, caplog):
    with pytest.raises(config.ConfigError, match=message) as caught:
        config.load_gin([write(tmp_path / "bad.gin", HEAD + line + "\n")])
    assert "\n" not in str(caught.value)
    assert caplog.text == ""


def test_missing_gin_file(tmp_path):
    with pytest.raises(config.ConfigError, match=r"no\.gin: no such gin file"):
        config.load_gin([tmp_path / "no.gin"])


def test_stack_takes_what_exists_in_order(tmp_path):
    write(tmp_path / "features/mfcc.gin", "")
    for name in ("presets/as_coded.gin", "scale/smoke.gin", "variants/short.gin"):
        write(tmp_path / name, "# [mfcc]\n")
    write(tmp_path / "scale/demo.gin", "# [jtfs]\n")
    found = config.stack("mfcc", preset="as_coded", scale="smoke", variant="short", root=tmp_path)
    names = ["features/mfcc.gin", "presets/as_coded.gin:mfcc", "scale/smoke.gin:mfcc"]
    assert found == [f"{tmp_path}/{name}" for name in (*names, "variants/short.gin:mfcc")]
    assert config.stack("mfcc", root=tmp_path) == [f"{tmp_path}/features/mfcc.gin"]
    with pytest.raises(config.ConfigError, match=r"nothing\.gin: .*known: mfcc"):
        config.stack("nothing", root=tmp_path)


def run_script(error, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(error=error), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("ValueError('J=0 must be >= 1\\n  In call to configurable')", "error: J=0 must be >= 1"),
        ("io.Unavailable('no weights', 'get them')", "error: no weights; get them"),
        ("FileNotFoundError(2, 'No such file', 'a.npy')", "error: a.npy: No such file"),
    ],
)
def test_script_ends_with_one_line(error, line):
    done = run_script(error)
    assert (done.returncode, done.stderr) == (config.ERROR_STATUS, line + "\n")


def test_script_shows_the_traceback_when_asked():
    assert "Traceback" in run_script("ValueError('x')", JTFS_DEBUG="1").stderr


def test_script_does_not_hide_defects():
    assert "Traceback" in run_script("AssertionError('a defect of ours')").stderr


def test_wrong_command_line():
    assert run_script("ValueError", "--nothing").returncode == config.USAGE_STATUS
