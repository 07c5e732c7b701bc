"""Numbers that the paper published on Medley-solos-DB, and the two clip sets we run on."""

from __future__ import annotations

from dataclasses import dataclass

REAL, RENDERED = "medley_solos_db", "soundfont_solos"
CLIP_SETS = {
    REAL: "Medley-solos-DB",
    RENDERED: "soundfont_solos: rendered from General MIDI soundfonts, no recordings;"
    ' "female singer" is a choir patch',
}
PAPER_TEST_CLIPS = 12236
REMEDY = "run with scale=paper or clips=medley_solos_db (Zenodo record 3464194, 11 GB)"
# The paper's order: classes with few training clips first.
CLASS_ORDER = (
    "tenor saxophone",
    "trumpet",
    "flute",
    "clarinet",
    "female singer",
    "distorted electric guitar",
    "violin",
    "piano",
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published mean and standard deviation over three seeds, in percent."""

    mean: float
    sd: float


def _row(text: str) -> dict[str, Published]:
    """Read "mean sd" pairs: the classes in the paper's order, then their average."""
    numbers = [float(word) for word in text.split()]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    cells = [Published(mean=mean, sd=sd) for mean, sd in pairs]
    return dict(zip((*CLASS_ORDER, "average"), cells, strict=True))


# Table 2: test recall per class and its mean over classes, percent.
TABLE2 = {
    "cqt": _row(
        "5.7 3.8  80.9 3.5  40.2 5.3  85.3 5.1  84.4 0.7  87.8 1.8  64.2 12.8  98.5 1.4  68.4 1.8"
    ),
    "scattering1d": _row(
        "54.8 9.8  70.9 9.7  43.9 8.9  60.1 7.9  93.7 2.4  96.1 1.1  74.1 4.3  98.7 0.2  74.0 2.4"
    ),
    "jtfs": _row(
        "71.5 5.9  77.8 8.7  57.0 4.3  59.5 1.3  96.3 0.7  96.4 0.0  93.0 5.6  99.8 0.1  81.4 0.6"
    ),
}
# Quoted by the paper, on the same clips, percent: JTFS and a linear classifier (2019), a spiral
# convnet, YAMNet pretrained on AudioSet.
LINEAR_CLASSIFIER, SPIRAL_CONVNET, PRETRAINED = 78.0, 74.0, 93.0
# The text's gain of JTFS over the CQT, points; Table 2 gives another, see `published_difference`.
CQT_GAIN_IN_TEXT = 23.0
# One iteration of the resynthesis, seconds: the text's, the notebook's mean, scattering.m's.
ITERATION_S, NOTEBOOK_ITERATION_S, SCATTERING_M_S = 0.72, 0.7318, 6.1507
SPEED_UP_IN_TEXT, SPEED_UP_QUOTED = 10.0, 8.40


def key(name: str) -> str:
    """Return the name of a class as it begins a column.

    Examples
    --------
    >>> key("tenor saxophone")
    'tenor_saxophone'
    """
    return name.replace(" ", "_")


def published_difference(model: str, minus: str) -> float | None:
    """Return the published difference of two models' averages in points, None if not published.

    Examples
    --------
    >>> published_difference("jtfs", "cqt"), published_difference("jtfs", "mfcc_svm")
    (13.0, None)
    """
    averages = {name: row["average"].mean for name, row in TABLE2.items()}
    averages["jtfs_linear"] = LINEAR_CLASSIFIER
    if model not in averages or minus not in averages:
        return None
    return round(averages[model] - averages[minus], 1)
