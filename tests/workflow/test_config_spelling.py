"""What a command line says as text is read as it is meant."""

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
