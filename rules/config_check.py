"""What config/config.yaml and ``--config`` may say; every mistake is one line.

Snakemake reads the file before any rule is known, and reports little of what is wrong with it:
`load_config` reads it first. It takes plain YAML alone: no aliases (a few lines of them unfold
to gigabytes), no key twice, and no ``__use_yte__``, by which Snakemake would run Python code that
a file holds.
"""

from __future__ import annotations

import difflib
import math
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from jtfs_repro import io

MAX_CHARACTERS = 1 << 16  # of a config file
MAX_DEPTH = 16  # of lists in lists; YAML needs quadratic time for more
MAX_VALUES = 1000  # in a config, lists and mappings counted with what they hold
MAX_INTEGER = 1 << 62
LONGEST = 300  # characters of a message
YTE_KEY = "__use_yte__"
FORBIDDEN = "{}"  # Snakemake reads them as wildcards


class ConfigError(ValueError):
    """The config is not what it should be: one line."""


def load_config(path: str | Path) -> dict[str, Any]:
    """Read a config file.

    Raises
    ------
    FileError
        It is missing or not text.
    ConfigError
        It is not YAML (the line is named), not a mapping, or not plain, see the module.
    """
    text = io.load_text(path)
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(f"{path}: longer than {MAX_CHARACTERS} characters (another file?)")
    try:
        _check_plain(path, text)
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(_yaml_message(path, error)) from None
    except ConfigError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise ConfigError(_short(f"{path}: not YAML: {error or type(error).__name__}")) from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: must be lines of 'key: value', is {type(found).__name__}")
    return found


def stop_if_broken(path: str | Path) -> None:
    """End snakemake with one line if a config file is there and cannot be read."""
    if Path(path).exists():
        try:
            load_config(path)
        except (ConfigError, io.FileError) as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)


def _check_plain(path: str | Path, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise ConfigError(f"{path}:{line}: lists {MAX_DEPTH} deep (a bracket too many?)")
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{path}:{line}: no aliases (*name) here (write the value out)")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
    seen: set[str] = set()
    for key in keys:
        name, line = _short(repr(key.value)), key.start_mark.line + 1
        if key.value == YTE_KEY:
            raise ConfigError(f"{path}:{line}: {YTE_KEY} would run code (remove the line)")
        if name in seen:
            raise ConfigError(f"{path}:{line}: {name} a second time (keep one of them)")
        seen.add(name)


def _yaml_message(path: str | Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    line = f":{mark.line + 1}" if mark else ""
    return _short(f"{path}{line}: not YAML: {what} (tabs, a missing space after a colon?)")


WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def as_meant(config: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Read what a command line says as text: ``key=true``, ``key=gull``, ``key=gull,hawk``."""
    for key, value in config.items():
        rule = schema["properties"].get(key, {})
        kind = rule.get("type")
        if kind == "boolean" and str(value).lower() in (*WORDS, "0", "1"):
            config[key] = WORDS.get(str(value).lower(), str(value) == "1")
        elif kind == "string" and value is None:  # ``key=``
            config[key] = ""
        elif kind == "array" and isinstance(value, str):
            words = value.strip("[]").replace(",", " ").split()
            config[key] = [] if value.strip() in ("none", "null") else words


def check_config(
    config: Mapping[Any, Any], schema: Mapping[str, Any], *, variants: Collection[str]
) -> None:
    """Raise `ConfigError` unless the config follows the schema.

    Parameters
    ----------
    config : mapping
        As Snakemake has put it together from files and the command line.
    schema : mapping
        JSON schema, see config/schema.yaml.
    variants : collection of str
        Names of the files in gin/variants.
    """
    for problem in _problems(config, schema, variants):
        raise ConfigError(_short(problem))


def _problems(
    config: Mapping[Any, Any], schema: Mapping[str, Any], variants: Collection[str]
) -> Iterator[str]:
    values = _values(config)
    if len(values) > MAX_VALUES:
        yield f"more than {MAX_VALUES} values (an alias of an alias?)"
    if any(isinstance(value, int) and abs(value) > MAX_INTEGER for value in values):
        yield f"an integer beyond {MAX_INTEGER} (what should it count?)"
    known = list(schema["properties"])
    for key in config:
        if key not in known:
            near = difflib.get_close_matches(str(key)[:LONGEST], known, n=1)
            yield f"unknown key {key!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
    for error in _Validator(schema).iter_errors(dict(config)):
        yield f"{'.'.join(map(str, error.path)) or 'keys'}: {error.message}"
    for key, value in config.items():
        if isinstance(value, str) and not value.isprintable():
            yield f"{key}: {value!r} holds a character that is not printable"
        if isinstance(value, str) and set(value) & set(FORBIDDEN):
            yield f"{key}: {value!r} must not hold any of {' '.join(FORBIDDEN)}"
    if config["variant"] not in ("", *variants):
        there = sorted(variants)
        yield f"variant: {config['variant']!r} is no file in gin/variants; there are {there}"


def _values(config: Mapping[Any, Any]) -> list[Any]:
    """Return all keys and values, nested ones too; a few more than `MAX_VALUES` at most."""
    found: list[Any] = []
    waiting: list[Any] = [config]
    while waiting and len(found) <= MAX_VALUES:
        item = waiting.pop()
        found.append(item)
        if isinstance(item, Mapping):
            waiting += [*item.keys(), *item.values()][: MAX_VALUES + 1]
        elif isinstance(item, list | tuple | set):
            waiting += list(item)[: MAX_VALUES + 1]
    return found


def _is_integer(_: Any, value: Any) -> bool:
    """Return whether a value counts things: 2.0 does not, it would name files "of-2.0"."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    return _is_integer(_, value) or (isinstance(value, float) and math.isfinite(value))


_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)


def _short(message: str) -> str:
    """Return a message as one line of bounded length."""
    line = " ".join(str(message).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
