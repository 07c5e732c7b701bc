"""The classifiers and clip sets of Section 4 by name: what tables, figures and rules call them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jtfs_repro import tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Mapping[str, str]


class Classifier(NamedTuple):
    """A row of Table 2: its printed name, the representation it reads, how it is trained."""

    label: str
    front: str
    kind: str  # 'network', 'end to end' (reads audio; the front gives its statistics), 'baseline'


CLASSIFIERS = {  # in the order of tables and figures
    "mfcc_svm": Classifier("MFCC + SVM", "mfcc", "baseline"),
    "cqt": Classifier("CQT", "cqt", "network"),
    "scattering1d": Classifier("Scattering1D", "scattering1d", "network"),
    "jtfs_linear": Classifier("JTFS + linear", "jtfs", "baseline"),
    "jtfs": Classifier("JTFS", "jtfs", "network"),
    "jtfs_end_to_end": Classifier("JTFS end to end", "jtfs", "end to end"),
}
REAL, RENDERED = "medley_solos_db", "soundfont_solos"
CLIP_SETS = {  # name -> words of tables, words of figures
    RENDERED: (
        "soundfont_solos: rendered from General MIDI soundfonts, no recordings;"
        ' "female singer" is a choir patch',
        "soundfont_solos, rendered from General MIDI soundfonts;"
        " the female singer is a choir patch",
    ),
    REAL: ("Medley-solos-DB", "Medley-solos-DB"),
}
OWN = "{name}, a folder of labelled clips; the paper has no such numbers"
CLASS_LABELS = {
    "tenor saxophone": "ten. sax",
    "female singer": "f. singer",
    "distorted electric guitar": "dist. gtr",
}
LONGEST_LABEL = 13  # characters
LONGEST_TITLE = 20


def model_label(name: str) -> str:
    """Return the printed name of a model."""
    return CLASSIFIERS[name].label if name in CLASSIFIERS else name


def class_label(name: str, longest: int = LONGEST_LABEL) -> str:
    """Return the short printed name of a class.

    Examples
    --------
    >>> class_label("tenor saxophone"), class_label("violin"), class_label("Turdus_philomelos")
    ('ten. sax', 'violin', 'Turdus philo…')
    """
    return shortened(CLASS_LABELS.get(name, name.replace("_", " ")), longest)


def shortened(text: str, longest: int) -> str:
    """Return the beginning of a text that is too long."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def write_clip_set(figure: Figure, rows: Sequence[Row]) -> None:
    """Write the name of a user's own clip set above a figure, on the left."""
    name = rows[0]["clip_set"]
    if name not in CLIP_SETS:
        y = 1 - 0.08 / figure.get_figheight()
        look = {"fontweight": "bold", "fontsize": 7, "va": "top"}
        figure.text(0.012, y, shortened(name, LONGEST_TITLE), **look)


def group_word(clip_set: str) -> str:
    """Return what clips that are not independent have in common, in the plural."""
    return "songs" if clip_set in CLIP_SETS else "groups"


def clip_set_words(name: str, *, in_figure: bool = False) -> str:
    """Return what a table or a figure says of a clip set."""
    return CLIP_SETS.get(name, (OWN.format(name=name),) * 2)[in_figure]


def data_note(rows: Sequence[Row]) -> str:
    """Return the sentence that says which clips a table was made from."""
    return f"Clips: {clip_set_words(rows[0]['clip_set'], in_figure=True)}."


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
