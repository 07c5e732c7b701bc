"""The shape of sidecars and manifests: what all else relies on, checked as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SIDECAR = {
    "file": str,
    "sha256": str,
    "bytes": int,
    "inputs": dict,
    "outputs": list,
    "gin_files": dict,
    "code": dict,
    "commit": dict,
}
JOB = {"inputs": dict, "outputs": dict, "gin_files": dict, "code": dict, "environment": dict}


def checked(entries: Any, shape: Mapping[str, type]) -> dict[str, Any]:
    """Return a sidecar or a job of a manifest.

    Raises
    ------
    ValueError
        It is no object, lacks a key of ``shape``, holds another type there, or names a file by
        something that is no text.

    Examples
    --------
    >>> checked({"bytes": "many"}, {"bytes": int})
    Traceback (most recent call last):
    ...
    ValueError: bytes is no int
    """
    if not isinstance(entries, dict):
        raise ValueError("no JSON object")
    absent = [key for key in shape if key not in entries]
    if absent:
        raise ValueError(f"lacks {', '.join(absent)}")
    for key, kind in shape.items():
        if not isinstance(entries[key], kind):
            raise ValueError(f"{key} is no {kind.__name__}")
    for key in ("inputs", "outputs", "gin_files"):
        _check_names(key, entries.get(key, ()))
    _check_names("code", entries.get("code", {}).get("files", ()))
    return entries


def _check_names(key: str, names: Any) -> None:
    is_fine = isinstance(names, Iterable) and all(
        isinstance(name, str) and name and "\0" not in name for name in names
    )
    if not is_fine:
        raise ValueError(f"{key} names a file by no text")
