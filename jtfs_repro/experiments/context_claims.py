"""Later figures, for context: they are other people's, on other data or machines.

Each names what is missing to set a number of ours beside it, and the command where this project
has a stage for it. Two of them can be counted here, see `COUNTED_CLAIMS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jtfs_repro.experiments import structure_facts as facts
from jtfs_repro.experiments.fact_claims import FactClaim, fact_rows
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.verdict_rows import (
    CODE,
    LATER,
    NO_STAGE,
    PAPER,
    VerdictRow,
    missing,
    slug,
)
from jtfs_repro.provenance import Stamp

TUTORIAL = "later: ISMIR 2023 tutorial"
NOTEBOOK = "original code: notebooks"
SCRAPL = "later: SCRAPL (ICLR 2026)"
RELATED = "later: related work"
SOL = "Studio On Line 0.9HQ, 3315/1098/1151 clips of 5 techniques, which has no licence to share"
GRANULAR = "the granular synthesis task and its trainings (JTFS: full gradient at every step)"
GTZAN = "GTZAN, which has no licence, and a learnable STFT"


@dataclass(frozen=True, kw_only=True)
class ContextClaim:
    """One published figure that nothing here can be set beside yet.

    Parameters
    ----------
    id, section, claim, quantity, unit : str
        See `verdict_rows.VerdictRow`.
    there : float or str
        The published figure.
    missing, command : str
        What it takes, and how.
    """

    id: str
    section: str
    claim: str
    there: float | str
    missing: str
    quantity: str = ""
    unit: str = ""
    command: str = NO_STAGE
    kind: str = LATER


def _series(
    prefix: str,
    section: str,
    text: str,
    cells: Mapping[str, float | str],
    lacks: str,
    **common: str,
) -> list[ContextClaim]:
    """Return one claim per cell; ``text`` holds the cell's name as {}."""
    return [
        ContextClaim(
            id=slug(prefix, name),
            section=section,
            claim=text.format(name),
            there=value,
            missing=lacks,
            **common,
        )
        for name, value in cells.items()
    ]


_TUTORIAL_SET = (
    "first 2^16 samples; 1-D convnet on CQT (144 bins, hop 512), Scattering1D (J=12, Q=(12,2)),"
    " JTFS (J=12, Q=(12,2), J_fr=3, Q_fr=2, F=12, T=2^13)"
)
TUTORIAL_CLAIMS = (
    *_series(
        "tutorial-accuracy", TUTORIAL, "accuracy of five playing techniques with {}",
        {"CQT": 72.37, "Scattering1D": 95.05, "JTFS": 97.05}, SOL, unit="%",
        quantity="accuracy",
    ),
    *_series(
        "tutorial-loss", TUTORIAL, "loss of five playing techniques with {}",
        {"CQT": 0.699, "Scattering1D": 0.140, "JTFS": 0.073}, SOL, quantity="loss",
    ),
    *_series("tutorial", TUTORIAL, "{} of the playing techniques",
             {"set-up": _TUTORIAL_SET, "clips": "3315/1098/1151"}, SOL, quantity="set-up"),
)  # fmt: skip
_LOSSES = {
    "0": 456.27, "10": 234.16, "20": 43.46, "30": 8.55, "40": 2.31, "50": 1.98, "100": 1.49,
    "190": 1.23,
}  # fmt: skip
_LATER_NOTEBOOK = "the recording of the authors' later notebook, which has no licence"
_MATLAB = "MATLAB with scattering.m, on a machine that also runs ours"
NOTEBOOK_CLAIMS = (
    *_series("notebook-loss-at", NOTEBOOK,
             "later resynthesis notebook (44.1 kHz, N = 145 530, J = 13): loss at iteration {}",
             _LOSSES, _LATER_NOTEBOOK, quantity="loss", kind=CODE),
    *_series("notebook", NOTEBOOK, "later resynthesis notebook: {}",
             {"seconds in total": 212.6, "seconds per iteration": 1.06}, _LATER_NOTEBOOK,
             unit="s", kind=CODE),
    ContextClaim(
        id="notebook-seconds-scattering-m", section=NOTEBOOK, kind=CODE, there=6.1507, unit="s",
        claim="one iteration with scattering.m takes 6.15 s (20 iterations, another machine)",
        missing=_MATLAB,
    ),
    ContextClaim(
        id="notebook-speed-up", section=NOTEBOOK, kind=CODE, there=8.40, unit="times",
        claim="JTFS on the notebook's GPU is 8.40 times as fast as scattering.m, measured",
        missing=_MATLAB,
    ),
    ContextClaim(
        id="checkpoint-validation", section=NOTEBOOK, kind=CODE, there=0.838,
        claim="a checkpoint of the authors has validation accuracy 0.838 at epoch 13",
        quantity="validation accuracy",
        missing="the authors' checkpoint on their features (WaveSpin's paths), and"
        " Medley-solos-DB",
    ),
)  # fmt: skip

_STEP_MS = {
    "MS-CLAP": 75.6, "PANNs": 29.3, "MSS linear": 26.3, "MSS random": 24.7, "MSS log+lin": 19.1,
    "MSS revisited": 17.0, "P-loss": 0.5,
}  # fmt: skip
_STEP_MB = {
    "MS-CLAP": 2032, "PANNs": 1360, "MSS linear": 694, "MSS random": 706, "MSS log+lin": 702,
    "MSS revisited": 663, "P-loss": 625,
}  # fmt: skip
_OWN_LOSS = "the losses MS-CLAP, PANNs, MSS and P-loss, none of which this project has"
_GRANULAR_L1 = {
    "P-loss": 20.5, "JTFS": "42.4 (one run)", "SCRAPL": "65.7 ± 4.2",
    "SCRAPL without importance sampling": "73.8 ± 13.4", "SCRAPL with P-Adam only": 87.4,
    "plain SCRAPL": 99.7, "PANNs": 159, "CLAP": 166, "MSS": "195-370",
}  # fmt: skip
SCRAPL_CLAIMS = (
    *_series("scrapl-ms", SCRAPL, "time of one loss step with {}, N = 32 768, batch 4, A5000",
             _STEP_MS, _OWN_LOSS, unit="ms"),
    *_series("scrapl-mb", SCRAPL, "memory of one loss step with {}, N = 32 768, batch 4, A5000",
             _STEP_MB, _OWN_LOSS, unit="MB"),
    *_series("scrapl-granular-l1", SCRAPL, "granular synthesis: L1 error of theta with {}",
             _GRANULAR_L1, GRANULAR, unit="per mille"),
    *_series("scrapl-granular-steps", SCRAPL, "granular synthesis: steps to converge with {}",
             {"P-loss": 672, "JTFS": 1442, "SCRAPL": 6014}, GRANULAR, unit="steps"),
    *_series("scrapl-tr808", SCRAPL, "TR-808: JTFS distance micro/meso after training with {}",
             {"JTFS": "490/523", "SCRAPL": "1054/1109", "MSS-lin": "779/1471"},
             "the TR-808 synthesiser and its trainings"),
    ContextClaim(
        id="scrapl-tr808-fad", section=SCRAPL, claim="TR-808: FAD 0.78/1.04 against 2.43/2.42",
        there="0.78/1.04 against 2.43/2.42",
        missing="the TR-808 synthesiser, its trainings and the embeddings of the distance",
    ),
)  # fmt: skip


def _related(name: str, claim: str, there: float | str, lacks: str) -> ContextClaim:
    return ContextClaim(
        id=slug("related", name), section=RELATED, claim=claim, there=there, missing=lacks
    )


RELATED_CLAIMS = (
    _related("jasmp-2021", "EURASIP JASMP 2021, JTFS + LMNN: AP@5 over 9346 notes", "99.0 ± 1 %",
             "the 9346 notes and the judgements of 31 listeners"),
    _related("dlfm-2018-technique", "DLfM 2018: P@5 of techniques (MFCC 44.5)", 61.0, SOL),
    _related("dlfm-2018-instrument", "DLfM 2018: P@5 of instruments (MFCC 89.0)", 99.7, SOL),
    _related("icassp-2020-flute", "ICASSP 2020, flute: F of acciaccatura/portamento/glissando",
             "71/59/83", "the annotated flute recordings"),
    _related("ismir-2019-adaptive",
             "ISMIR 2019, adaptive scattering: F of flutter/trill/vibrato/tremolo", "99/82/69/51",
             "the annotated flute recordings"),
    _related("pnp", "PNP (2023, 2024): cheaper than backpropagating the loss", "about 100 times",
             "the parametric synthesisers and forward-mode training of PNP"),
    _related("mesostructures", "mesostructures (JAES 2023): gradient fields, figures only",
             "no number", "the gradient fields of a 20 x 20 grid and the MSS loss"),
    *_series("related-ada-stft", RELATED, "Ada-STFT on GTZAN: best validation accuracy, {}",
             {"basic": 0.59, "window": 0.59, "DFT": 0.62, "window and DFT": 0.64}, GTZAN),
    _related("ada-stft-test", "Ada-STFT on GTZAN: test accuracy, window and DFT", 0.66, GTZAN),
    _related("timbre-2025", "arXiv 2507.07764 (2025): CLAP and style embeddings beat signal"
             " features on timbre ratings", "2614 ratings, 334 sounds",
             "the ratings, and CLAP and style embeddings"),
)  # fmt: skip
FIG1_PAIR = ContextClaim(
    id="fig1-pair-am-chirp",
    section="2, Fig. 1",
    kind=PAPER,
    claim="the AM chirp is shown under the wavelets psi_{9,5,+1} and psi_{9,5,-1}",
    there="n2 = 9, n_fr = 5",
    missing="J, Q and J_fr of Figure 1, which are not published: indices mean nothing without them",
)
CONTEXT_CLAIMS = (FIG1_PAIR, *TUTORIAL_CLAIMS, *NOTEBOOK_CLAIMS, *SCRAPL_CLAIMS, *RELATED_CLAIMS)
_SHARED = {"J": 12, "Q": (8, 2), "Q_fr": 2, "F": 8, "T": 4096}
COUNTED_CLAIMS = tuple(
    FactClaim(
        id=f"scrapl-paths-{count}",
        section=SCRAPL,
        claim=f"{count} second-order joint paths {where}",
        kind=LATER,
        there=count,
        expected=count,
        read=facts.joint_paths(1 << 15, J_fr=J_fr, **_SHARED),
        reason="counted from the path table; Q = (8, 2), Q_fr = 2, J = 12",
    )
    for count, J_fr, where in (
        (315, 3, "in the granular set-up (J_fr = 3)"),
        (483, 5, "at J_fr = 5"),
    )
)


def context_rows(settings: GinSettings, *, stamp: Stamp) -> list[dict[str, object]]:
    """Return the rows of all later figures.

    Parameters
    ----------
    settings : GinSettings
    stamp : Stamp
        Of the run.
    """
    rows = [_row(claim, stamp).as_dict() for claim in CONTEXT_CLAIMS]
    return rows + fact_rows(COUNTED_CLAIMS, settings, stamp=stamp)


def _row(claim: ContextClaim, stamp: Stamp) -> VerdictRow:
    return VerdictRow.judged(
        missing(claim.missing, claim.command),
        stamp=stamp,
        is_paper_scale=False,
        id=claim.id,
        kind=claim.kind,
        section=claim.section,
        claim=claim.claim,
        quantity=claim.quantity,
        unit=claim.unit,
        value_there=claim.there,
    )
