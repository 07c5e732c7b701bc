"""Sanitise names of files and sounds for titles, tables and pages."""

from __future__ import annotations

import unicodedata

UNREADABLE = "\ufffd"
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def sanitise(text: str) -> str:
    r"""Return a name for titles, tables and pages: each character stands for itself.

    Control characters, bytes that are not UTF-8 (as Python's file names hold them) and marks that
    turn the direction of the text after them become U+FFFD. Letters of any script stay.

    Examples
    --------
    >>> ascii(sanitise("gull\u202egpj\n\udcff")), sanitise("Möwe שחף")
    ("'gull\\ufffdgpj\\ufffd\\ufffd'", 'Möwe שחף')
    """
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    is_hidden = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    return UNREADABLE if is_hidden or character in _DIRECTIONS else character
