"""Random and damaged gin files and configs: a value, or one line that names the file."""

import os
from pathlib import Path

import pytest
import yaml
from fuzz_cases import damaged, fuzz, sure_of
from hypothesis import given
from hypothesis import strategies as st

from jtfs_repro import config, io
from rules import config_check

ROOT = Path(__file__).parent.parent
CONFIG = (ROOT / "config/config.yaml").read_bytes()
SCHEMA = yaml.safe_load((ROOT / "config/schema.yaml").read_text())
USUAL = yaml.safe_load(CONFIG)
GIN = b"""from __gin__ import dynamic_registration
from jtfs_repro.features import mfcc
from jtfs_repro.features import extraction

n = 13
mfcc.Mfcc.n_mels = 40
a/mfcc.Mfcc:
    n_mfcc = %n
    top_db = 7.5  # decibels
extraction.extract_shard.feature = @a/mfcc.Mfcc
extraction.extract_shard.settings = {'a': (1, [2.5, -3e4]), 'b': "c"}
"""
WORDS = [
    "from __gin__ import dynamic_registration\n",
    "from jtfs_repro.features import mfcc\n",
    "from jtfs_repro import io\n",
    "import os\n",
    "include 'a.gin'\n",
    "include '../a.gin'\n",
    "include '/etc/passwd'\n",
    "mfcc.Mfcc.n_mfcc = ",
    "mfcc.io.remove_folder.path = ",
    "@mfcc.Mfcc()",
    "@gin.singleton()",
    "@os.system",
    "%n",
    "%%",
    "gin.macro",
    "__",
    "mfcc:\n    ",
    "\n",
    "(",
    "]",
    "{",
    "'",
    '"""',
    "1",
    "1e999",
    "9" * 5000,
    "None",
    "= ",
    "\\\n",
    "\t",
    "\f",
    "\0",
    "é",
    "#",
    ";",
    "\r",
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "file.gin"


def test_the_whole_gin_file_is_read(path):
    path.write_bytes(GIN)
    config.load_gin([path])
    assert "mfcc.Mfcc.n_mels = 40" in config.gin.config_str()


@fuzz
@given(
    content=st.one_of(
        st.binary(max_size=100),
        damaged(GIN, header=len(GIN)),
        st.lists(st.sampled_from(WORDS), max_size=12).map(lambda words: "".join(words).encode()),
    )
)
def test_gin(path, content):
    before = {name for name in os.listdir() if name != "__pycache__"}
    sure_of(lambda path: config.load_gin([path]), path, content)
    assert {name for name in os.listdir() if name != "__pycache__"} == before


def test_gin_that_is_rare_at_random(path):
    for text in ("a = " + "(" * 100_000, "a = " + "[" * 500 + "]" * 500, "a = -" + "9" * 5000):
        sure_of(lambda path: config.load_gin([path]), path, text.encode())


YAML = [
    *("scale ", "smoke", ": ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "? ", ">", "'", '"'),
    *("\t", "#", "---\n", "...", "<<: ", ".inf", ".nan", "~", "=", "\0", "é", "\n", "|"),
    *("\n\n!!python/name:os.system ", "!!binary ", "%YAML 9.9\n", "2001-99-99", "1:60:60"),
    *("\u2028", "\ufeff", "__use_yte__: true\n", "scale: smoke\n", "0x" + "f" * 5000, "9" * 5000),
]


@fuzz
@given(
    content=st.one_of(
        st.binary(max_size=100),
        damaged(CONFIG, header=len(CONFIG)),
        st.lists(st.sampled_from(YAML), max_size=12).map(lambda words: "".join(words).encode()),
    )
)
def test_config_file(path, content):
    found = sure_of(config_check.load_config, path, content)
    if found is not None:
        check(found)
        check(USUAL | found)


def check(found):
    """Return whether the config is right; a wrong one is told in one line."""
    try:
        config_check.check_config(found, SCHEMA, variants=["fm16_J12"])
        return True
    except config_check.ConfigError as error:
        line = str(error)
        assert line.isprintable(), line
        assert len(line) <= config_check.LONGEST, line
        return False


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([1 << 90, -1, 0, 1, 2, "auto", "smoke", "always", "a\0b", "a{b}"]),
        st.floats(),
        st.text(max_size=5),
        st.binary(max_size=3),
        st.dates(),
    ),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=3), x, max_size=2),
    max_leaves=4,
)
keys = st.one_of(st.sampled_from(sorted(USUAL)), st.text(max_size=4), st.integers(), st.none())


@fuzz
@given(changes=st.dictionaries(keys, values, min_size=1, max_size=3))
def test_config(changes):
    found = USUAL | changes
    if check(found):
        for name, value in found.items():
            assert type(value) is type(USUAL[name]) or isinstance(value, int | float | str), name


def test_the_usual_config_is_right(tmp_path):
    assert config_check.load_config(ROOT / "config/config.yaml") == USUAL
    assert check(USUAL)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scale: smoke\n\tpreset: paper", r":2: not YAML: .*"),
        ("scale: smoke\nscale: paper\n", r":2: 'scale' a second time"),
        ("__use_yte__: true\n", r":1: __use_yte__ would run code"),
        ("a: &a [1]\nb: *a\n", r":2: no aliases"),
        ("- scale", r": must be lines of 'key: value', is list"),
        ("a: " + "[" * 5000, r":1: lists 16 deep"),
        ("a: !!python/object/apply:os.system [touch x]\n", r":1: not YAML: could not determine"),
        ("", r": must be lines of 'key: value', is NoneType"),
    ],
)
def test_what_is_wrong_with_a_config_file(tmp_path, text, message):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"c\.yaml" + message):
        config_check.load_config(path)
    with pytest.raises(io.FileError, match="no such file"):
        config_check.load_config(tmp_path / "none.yaml")


def bomb():
    value = "lol"
    for _ in range(40):
        value = [value] * 9
    return value


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scal": 1}, "unknown key 'scal' .did you mean 'scale'"),
        ({7: 1}, "unknown key 7"),
        ({"memory_gb": float("inf")}, "memory_gb: inf is not of type 'number'"),
        ({"memory_gb": float("nan")}, "memory_gb: nan is not of type 'number'"),
        ({"shards": 2.0}, "shards: 2.0 is not of type 'integer'"),
        ({"shards": 1 << 20_000}, "an integer beyond"),
        ({"features": bomb()}, "more than 1000 values"),
        ({"openl3_weights": "a\nb"}, r"openl3_weights: 'a\\nb' holds a character that is not"),
        ({"recordings": "a{b}"}, "recordings: 'a{b}' must not hold any of { }"),
        ({"variant": "fm1"}, "variant: 'fm1' is no file in gin/variants; there are"),
    ],
)
def test_what_is_wrong_with_a_config(changes, message):
    with pytest.raises(config_check.ConfigError, match=message) as caught:
        config_check.check_config(USUAL | changes, SCHEMA, variants=["fm16_J12"])
    assert str(caught.value).isprintable()


def test_snakemake_is_stopped_by_a_broken_file(tmp_path, capsys):
    config_check.stop_if_broken(tmp_path / "none.yaml")
    (tmp_path / "c.yaml").write_text("a: [")
    with pytest.raises(SystemExit):
        config_check.stop_if_broken(tmp_path / "c.yaml")
    assert capsys.readouterr().err.count("\n") == 1
