"""Titles, captions and text alternatives of all figures and tables, by the name of their file.

A name is a file's stem; where two folders hold the same stem, the folder stands before it, e.g.
``medley/cost``. A file without an entry is shown under its own name, in the last section.
"""

# ruff: noqa: RUF001  (typographic dashes and minus signs are meant: these are words for readers)

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the index.

    Parameters
    ----------
    key : str
        The paper's section.
    title : str
        Heading on the page.
    remedy : str
        What to do where nothing of it was run.
    page : str
        Name of the page that shows more of it, or empty.
    """

    key: str
    title: str
    remedy: str = ""
    page: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Words about one figure or table; `alt` is the text alternative of a figure."""

    section: str
    title: str
    caption: str
    alt: str = ""


LAST = "more"
SECTIONS = (
    Section(
        key="2",
        title="Section 2: joint time–frequency scattering",
        remedy="no scale–rate picture was given; list sounds in config/config.yaml",
        page="scale_rate",
    ),
    Section(
        key="3",
        title="Section 3: manifolds of chirps",
        remedy="no figure of Section 3 was given; run snakemake",
        page="manifolds",
    ),
    Section(
        key="4",
        title="Section 4: musical instruments",
        remedy="no figure of Section 4 was given; set classifiers in config/config.yaml",
        page="instruments",
    ),
    Section(
        key="5",
        title="Section 5: texture resynthesis",
        remedy="no resynthesis was given; list sounds in config/config.yaml",
        page="resynthesis",
    ),
    Section(key=LAST, title="Beyond the paper"),
)

FIGURES = {
    "fig1_scale_rate": Entry(
        section="2",
        title="Figure 1: four sounds and their spins",
        caption="Scalograms, and moduli of one pair of joint wavelets, rising and falling, of an"
        " amplitude-modulated chirp, a glissando, gull-like and hawk-like calls.",
        alt="Four columns, one per sound. Top: scalogram. Below: the response of the rising and of"
        " the falling joint wavelet. Each sound is strong in one of the two.",
    ),
    "scale_rate_filters": Entry(
        section="2",
        title="Chirp, sine and pulse: the filters",
        caption="Real parts of the joint wavelets. Rows: scale in cycles/octave, spin up above,"
        " spin down below. Columns: rate in Hz, the low-pass first.",
        alt="A grid of oriented ripples in time and log-frequency, finer from left to right.",
    ),
    "scale_rate_coefficients": Entry(
        section="2",
        title="Chirp, sine and pulse: the coefficients",
        caption="Response to each joint wavelet. The rising chirp appears in one spin only, the"
        " sine in the low-pass of time, the pulse in the low-pass of frequency.",
        alt="A grid of small time–frequency pictures; an oblique line in one half of the rows, a"
        " horizontal line in the first column, a vertical line in the middle row.",
    ),
    "filterbank_1d": Entry(
        section="2",
        title="Filterbanks in frequency",
        caption="First-order, second-order and frequential wavelets, with their Littlewood–Paley"
        " sums.",
        alt="Rows of overlapping bell curves over frequency, each with a nearly flat sum above.",
    ),
    "filterbank_2d": Entry(
        section="2",
        title="Joint wavelets",
        caption="Real parts in time and log-frequency, by rate, scale and spin.",
        alt="A grid of oriented ripples in time and log-frequency.",
    ),
    "spin_leak": Entry(
        section="2",
        title="Padding leaks into the other spin",
        caption="A rising chirp, reflected at its borders, falls there. Below: energy of spin −1"
        " over that of spin +1, frame by frame, for four ways of padding.",
        alt="Two columns, a chirp at full amplitude and one faded at both ends. The curves of"
        " reflection rise from −24 dB in the middle to 0 dB at the borders, those of zero padding"
        " much less.",
    ),
    "fig2_cqt_chirps": Entry(
        section="3",
        title="Figure 2: two chirps",
        caption="Constant-Q transforms of chirps of 0.5 and 4 octaves/s.",
        alt="Two scalograms: a slowly rising and a quickly rising line, each modulated in"
        " amplitude.",
    ),
    "fig3_isomap": Entry(
        section="3",
        title="Figure 3: Isomap embeddings",
        caption="Chirps embedded in three dimensions under each representation, coloured by"
        " carrier frequency, rate of amplitude modulation and chirp rate.",
        alt="One row of three point clouds per representation. Those of JTFS and of Scattering1D"
        " with Q = 1 are meshes coloured smoothly by all three parameters; that of MFCC is a"
        " curved sheet.",
    ),
    "fig4_knn_ratios": Entry(
        section="3",
        title="Figure 4: error ratios of nearest-neighbour regression",
        caption="Estimated over true value of each chirp. Bar: median; line: 5 to 95 %; band: the"
        " range stated in the paper.",
        alt="Three panels of jittered points, one column per representation. Carrier frequency is"
        " right for all; the rate of amplitude modulation spreads by a factor of two and more.",
    ),
    "class_recalls": Entry(
        section="4",
        title="Class recalls",
        caption="Recall of each instrument by each classifier, beside the paper's Table 2.",
        alt="Groups of marks, one group per instrument, one mark per classifier.",
    ),
    "confusion": Entry(
        section="4",
        title="Confusion matrices",
        caption="Rows: true class. Columns: predicted class. Test clips, summed over seeds.",
        alt="One matrix of eight by eight counts per classifier, dark on the diagonal where the"
        " classifier is right.",
    ),
    "learning_curves": Entry(
        section="4",
        title="Learning curves",
        caption="Loss, validation accuracy and learning rate by epoch, one line per seed. Circle:"
        " the chosen epoch.",
        alt="One column of three panels per network: losses fall, validation accuracy rises, the"
        " learning rate rises for an epoch and then falls.",
    ),
    "fig6_resynthesis": Entry(
        section="5",
        title="Figure 6: resynthesis of bird-like calls",
        caption="Spectrograms of the original, of its resynthesis from Scattering1D and from"
        " JTFS. Arrow: the averaging scale T.",
        alt="Rows of three spectrograms. JTFS keeps the partials of a call aligned in time;"
        " Scattering1D scatters them.",
    ),
    "resynthesis_errors": Entry(
        section="5",
        title="Error by iteration",
        caption="Relative error of the coefficients, on a logarithmic axis. Points: the paper's"
        " marks, 10 % after 20 and 3 % after 100 iterations.",
        alt="One panel per sound with falling curves, one per representation and descent, and two"
        " marked points.",
    ),
    "transform": Entry(
        section=LAST,
        title="Speed of the transform",
        caption="Time per call beside other implementations.",
        alt="Bars of seconds per call for several implementations and settings.",
    ),
    "dag": Entry(
        section=LAST,
        title="The workflow",
        caption="Rules and what each needs.",
        alt="A graph of boxes and arrows from the synthesis of sounds to figures and tables.",
    ),
}

TABLES = {
    "verdicts": Entry(
        section=LAST,
        title="Claims and verdicts",
        caption="Every claim of the paper with a number, what was measured here, and whether it"
        " lies within the tolerance fixed beforehand.",
    ),
    "spin_of_chirps": Entry(
        section="2",
        title="Spins of known sounds",
        caption="Energy of spin +1 (rising) over spin −1 (falling) in dB, and the spin that the"
        " theory says.",
    ),
    "spin_leak": Entry(
        section="2",
        title="Padding and spins",
        caption="Energy of both spins of a rising chirp for each way of padding, in dB.",
    ),
    "spin_leak_frames": Entry(
        section="2",
        title="Padding and spins, by frame",
        caption="The curves of the figure on padding.",
    ),
    "knn_scores": Entry(
        section="3",
        title="Scores of nearest-neighbour regression",
        caption="Error ratios by representation, parameter and mean.",
    ),
    "embedding_scores": Entry(
        section="3",
        title="Scores of the embeddings",
        caption="Trustworthiness, residual variance and correlation of axes with the parameters.",
    ),
    "cost": Entry(
        section="3",
        title="Cost of the features",
        caption="Seconds per signal and peak memory.",
    ),
    "ablation_errors": Entry(
        section="3",
        title="Ablation: errors",
        caption="Errors of regression in runs that differ in the range of f_m and in J.",
    ),
    "ablation_orders": Entry(
        section="3",
        title="Ablation: order of the representations",
        caption="Rank correlation of the orders in pairs of runs.",
    ),
    "table2": Entry(
        section="4",
        title="Table 2: class-wise and average recall",
        caption="Percent of test clips, mean over seeds, with bootstrap intervals over songs.",
    ),
    "recalls": Entry(section="4", title="Recalls by seed", caption="Percent of test clips."),
    "differences": Entry(
        section="4",
        title="Differences between classifiers",
        caption="Average recall of one minus another, with intervals, beside the paper's.",
    ),
    "confusion": Entry(
        section="4",
        title="Confusion counts",
        caption="Test clips by model, true and predicted class, summed over seeds.",
    ),
    "medley/learning_curves": Entry(
        section="4", title="Learning curves", caption="Losses and scores by epoch."
    ),
    "medley/cost": Entry(
        section="4", title="Cost of Section 4", caption="Time, memory and size of every stage."
    ),
    "resynthesis": Entry(
        section="5",
        title="Resynthesis: errors and synchrony",
        caption="One row per sound, representation and descent; rows of the original and of the"
        " initial noise give the scale.",
    ),
    "resynthesis_cost": Entry(
        section="5",
        title="Cost of resynthesis",
        caption="Seconds per iteration (forward and backward) beside the paper's 0.72 s.",
    ),
    "transform": Entry(section=LAST, title="Speed of the transform", caption="Every measurement."),
}


def figure_entry(path: str) -> Entry:
    """Return the words about a figure, by its file name.

    Examples
    --------
    >>> figure_entry("img/medley/confusion.png").section
    '4'
    >>> figure_entry("my figure.png").title
    'my figure'
    """
    return _find(FIGURES, path, "Figure")


def table_entry(path: str) -> Entry:
    """Return the words about a table, by its file name."""
    return _find(TABLES, path, "Table")


def place(entry: Entry) -> int:
    """Return where an entry stands in this file, for sorting; unknown ones come last."""
    known = [*FIGURES.values(), *TABLES.values()]
    return known.index(entry) if entry in known else len(known)


def _find(entries: dict[str, Entry], path: str, kind: str) -> Entry:
    pure = PurePath(path)
    for key in (f"{pure.parent.name}/{pure.stem}", pure.stem):
        if key in entries:
            return entries[key]
    words = f"{kind} {pure.name}, without a caption in the catalogue."
    return Entry(section=LAST, title=pure.stem, caption=words, alt=words)
