"""What a command line says as text is read as it is meant."""

import re
from pathlib import Path

import pytest
import yaml

from rules import config_check

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "config/schema.yaml").read_text("utf-8"))
DEFAULTS = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("key", "given", "meant"),
    [
        ("allow_partial_clips", "true", True),
        ("allow_partial_clips", "True", True),
        ("allow_partial_clips", "yes", True),
        ("allow_partial_clips", 1, True),
        ("allow_partial_clips", "off", False),
        ("notebooks", "false", False),
        ("notebooks", 0, False),
        ("variant", None, ""),
        ("sounds", "gull", ["gull"]),
        ("sounds", "gull,hawk", ["gull", "hawk"]),
        ("sounds", "[gull, hawk]", ["gull", "hawk"]),
        ("sounds", "[]", []),
        ("sounds", "none", []),
        ("features", "jtfs mfcc", ["jtfs", "mfcc"]),
    ],
)
def test_spellings(key, given, meant):
    config = {**DEFAULTS, key: given}
    config_check.as_meant(config, SCHEMA)
    assert config[key] == meant
    config_check.check_config(config, SCHEMA, variants=[])


def test_what_means_nothing_is_refused():
    config = {**DEFAULTS, "notebooks": "maybe"}
    config_check.as_meant(config, SCHEMA)
    with pytest.raises(config_check.ConfigError, match="notebooks: 'maybe' is not"):
        config_check.check_config(config, SCHEMA, variants=[])


STANDINS = {"FOLDER": "folder", "PATH": "file", "KEY": "scale", "VALUE": "smoke"}


# --config KEY=VALUE ..., and where the option is not in the sentence, KEY=true or KEY=false
REMEDY = re.compile(
    r"--config((?: +\w+=(?:\"?\[[^\]]*\]\"?|[^\s`\"')(;,|]*))+)|\b(\w+_\w+=(?:true|false))\b"
)


def printed_remedies():
    """Return what follows ``--config`` in all that the project prints and documents."""
    folders = ("jtfs_repro", "rules", "scripts", "tools", "docs", "claims", "gin", "config")
    files = [f for name in folders for f in (ROOT / name).rglob("*")] + [ROOT / "README.md"]
    kinds = (".py", ".smk", ".md", ".csv", ".yaml", ".gin", ".html")
    found = set()
    for file in files:
        # developing.md has features that are to be written
        if file.suffix in kinds and file.name != "developing.md":
            text = file.read_text(encoding="utf-8")
            found |= {(a or b).strip().rstrip(".") for a, b in REMEDY.findall(text)}
    return sorted(found)


@pytest.mark.parametrize("remedy", printed_remedies())
def test_every_remedy_that_is_printed_is_taken(remedy):
    config = dict(DEFAULTS)
    for word in re.findall(r"(\w+)=((?:\"?\[[^\]]*\]\"?)|\S*)", remedy):
        key, value = word[0], word[1].strip('"')
        for name, standin in STANDINS.items():
            key, value = key.replace(name, standin), value.replace(name, standin)
        # as snakemake reads a command line: numbers and lists are YAML, words are text
        is_plain = value[:1] in "[0123456789"
        config[key] = yaml.safe_load(value) if value and is_plain else value
    config_check.as_meant(config, SCHEMA)
    variants = [path.stem for path in (ROOT / "gin/variants").glob("*.gin")]
    config_check.check_config(config, SCHEMA, variants=[*variants, "f16"])


def test_remedies_are_found():
    assert any("allow_partial_clips=true" in remedy for remedy in printed_remedies())
    assert len(printed_remedies()) > 8
