"""What is wrong with a line of a gin file, in the words of somebody who wants to mend it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

WORDS = {
    **dict.fromkeys(("true", "yes", "on", "TRUE", "YES", "ON", "Yes", "On"), "True"),
    **dict.fromkeys(("false", "no", "off", "FALSE", "NO", "OFF", "No", "Off"), "False"),
    **dict.fromkeys(("null", "none", "nil", "NULL", "NONE", "Null", "~"), "None"),
}
FOREIGN = {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u201e": '"', "\xa0": " "}
FOREIGN |= {"\u2013": "-", "\u2212": "-", "\u200b": "", "\u00ab": '"', "\u00bb": '"'}
LONGEST = 80  # characters of a value that a message repeats
_SETTING = re.compile(r"^(?P<name>[\w./]+)\s*(?P<sign>==|=|:=|:)?\s*(?P<value>.*)$", re.DOTALL)
_SKIPPED = re.compile(r"^(#|import\b|from\b|include\b|$)")


def problem(text: str) -> tuple[int, str] | None:
    """Return line and message of the first setting in `text` that gin cannot read.

    Examples
    --------
    >>> problem("jtfs.Jtfs.analytic = true")
    (1, 'jtfs.Jtfs.analytic = true: must be spelt as in Python (write True)')
    """
    for line, setting in _logical_lines(text):
        foreign = next((c for c in setting.partition("#")[0] if c in FOREIGN), None)
        if foreign is not None:
            return (
                line,
                f"{_shown(setting)}: {foreign!r} is not plain text (write {FOREIGN[foreign]!r})",
            )
        match = _SETTING.match(setting)
        if match is None or not match["sign"]:
            return line, f"{_shown(setting)}: must be 'module.Class.parameter = value'"
        name, sign, value = match["name"], match["sign"], _without_comment(match["value"])
        if sign != "=":
            return line, f"{_shown(name)}: write = between a parameter and its value, not {sign}"
        if why := _wrong_value(value):
            return line, f"{_shown(name)} = {_shown(value)}: {why}"
    return None


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each setting with its first line; brackets and backslashes go over several."""
    waiting, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        if not waiting and _SKIPPED.match(raw.strip()):
            continue
        first = first if waiting else number
        waiting += raw.rstrip("\\") + " "
        bare = re.sub(r"'[^']*'|\"[^\"]*\"|#.*", "", waiting)
        is_open = sum(map(bare.count, "([{")) > sum(map(bare.count, ")]}"))
        if not is_open and not raw.endswith("\\"):
            yield first, waiting.strip()
            waiting = ""
    if waiting:
        yield first, waiting.strip()


def _without_comment(value: str) -> str:
    match = re.match(r"""^((?:[^#'"]|'[^']*'|"[^"]*")*)#""", value)
    return (match[1] if match else value).strip()


def _wrong_value(value: str) -> str:
    """Return what is wrong with the text of a value, nothing if gin reads it."""
    plain = re.sub(r"[@%][\w./]+(\(\))?", "0", value)  # references and macros
    try:
        found = ast.literal_eval(plain)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    else:
        is_bare = isinstance(found, tuple) and not plain.startswith("(")
        return "holds a comma (brackets around a tuple; a point in a decimal)" if is_bare else ""
    if value in WORDS:
        return f"must be spelt as in Python (write {WORDS[value]})"
    if not value:
        return "has no value (something after the = ?)"
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", value)
    if bare.count("'") % 2 or bare.count('"') % 2:
        return "has a quote that is not closed"
    if any(bare.count(a) != bare.count(b) for a, b in ("()", "[]", "{}")):
        return "has a bracket that is not closed (or one too many)"
    if value.endswith((";", ",")) and ";" in value:
        return "ends in ; (write one setting a line, nothing after it)"
    if re.fullmatch(r"[\d.\s+*/^()e-]+", value):
        return "must be one number, not a calculation (write the result)"
    if found := next((w for w in re.findall(r"[A-Za-z_~]+", bare) if w in WORDS), None):
        return f"{found} must be spelt as in Python (write {WORDS[found]})"
    hint = (
        f"text? write '{_shown(value)}'" if re.fullmatch(r"[\w-]+", value) else "text needs quotes"
    )
    kinds = "a number, text in quotes, True, False, None, a list, a tuple or @name"
    return f"must be {kinds} ({hint})"
