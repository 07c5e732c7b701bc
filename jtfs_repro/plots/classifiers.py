"""Names and reading of tables that the figures of Section 4 share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from jtfs_repro import tables

Row = Mapping[str, str]
MODEL_LABELS = {
    "mfcc_svm": "MFCC + SVM",
    "cqt": "CQT",
    "scattering1d": "Scattering1D",
    "jtfs_linear": "JTFS + linear",
    "jtfs": "JTFS",
    "jtfs_end_to_end": "JTFS end to end",
}
CLASS_LABELS = {
    "tenor saxophone": "ten. sax",
    "female singer": "f. singer",
    "distorted electric guitar": "dist. gtr",
}
REAL = "medley_solos_db"
DATA_NOTES = {
    REAL: "Clips: Medley-solos-DB.",
    "soundfont_solos": "Clips: soundfont_solos, rendered from General MIDI soundfonts;"
    " the female singer is a choir patch.",
}


def model_label(name: str) -> str:
    """Return the printed name of a model."""
    return MODEL_LABELS.get(name, name)


def class_label(name: str) -> str:
    """Return the short printed name of a class.

    Examples
    --------
    >>> class_label("tenor saxophone"), class_label("violin")
    ('ten. sax', 'violin')
    """
    return CLASS_LABELS.get(name, name)


def data_note(rows: Sequence[Row]) -> str:
    """Return the sentence that says which clips a table was made from."""
    clip_set = rows[0]["clip_set"]
    return DATA_NOTES.get(clip_set, f"Clips: {clip_set}.")


def names(rows: Sequence[Row], column: str) -> list[str]:
    """Return the values of a column, each once, in order; blanks left out."""
    return list(dict.fromkeys(row[column] for row in rows if row[column]))


def why_not_run(rows: Sequence[Row], model: str) -> str:
    """Return "reason; remedy" of a model of which no row ran, else an empty string."""
    found = [row["status"] for row in rows if row["model"] == model]
    has_run = not found or tables.RUN in found
    return "" if has_run else tables.why_of_status(found[0])


def number(cell: str) -> float:
    """Return a cell as a number, NaN where it is blank."""
    return float(cell) if cell else math.nan


def not_run_note(rows: Sequence[Row]) -> str:
    """Return one sentence for every model that did not run."""
    reasons = {model: why_not_run(rows, model) for model in names(rows, "model")}
    return "".join(f" {model_label(m)} not run: {why}." for m, why in reasons.items() if why)
