"""Claims of the paper's Section 3, as `verdicts` tests them.

Each names the paper's section and says in few words what is claimed; `verdicts` states the rules
by which words like "aligned" and "about 1" become numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from jtfs_repro.experiments.verdict_rows import PAPER, PROJECT, slug


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim and how it is tested.

    Parameters
    ----------
    section : str
        Where the paper states it.
    text : str
        The claim in few words.
    representation, parameter : str
        Whose number is looked at; ``parameter`` is empty for a whole embedding.
    quantity : str
        Column of the table of scores, or 'lowest_direction_rho'.
    holds_above : bool
        Whether the claim holds at and above the threshold, or below it.
    id : str
        Identifier of its row.
    kind : {'paper', 'project'}
        Who states it.
    """

    section: str
    text: str
    representation: str
    parameter: str
    quantity: str
    holds_above: bool = True
    id: str
    kind: str = PAPER


def _aligned(representation: str, text: str, parameters: str, *, holds: bool = True) -> list[Claim]:
    return [
        Claim(
            section="3, Fig. 3",
            text=f"{text}: {p} {'aligned' if holds else 'not aligned'}",
            representation=representation,
            parameter=p,
            quantity="direction_rho",
            holds_above=holds,
            id=slug("fig3", representation, p),
        )
        for p in parameters.split()
    ]


def _dimension(representation: str, text: str, *, three: bool) -> Claim:
    return Claim(
        section="3, Fig. 3",
        text=text,
        representation=representation,
        parameter="",
        quantity="lowest_direction_rho",
        holds_above=three,
        id=slug("fig3", representation, "mesh"),
    )


_RANGES = {
    "about 1": "median_abs_log2",
    "0.75-1.25": "share_within_25_percent",
    "0.75-1.5": "share_0.75_to_1.5",
}


def _ratio(representation: str, parameter: str, span: str, *, holds: bool = True) -> Claim:
    side = "" if holds else "outside "
    return Claim(
        section="3, Fig. 4",
        text=f"error ratio of {parameter} {side}{span}",
        representation=representation,
        parameter=parameter,
        quantity=_RANGES[span],
        holds_above=holds and span != "about 1",  # an error holds below its threshold
        id=slug("fig4", representation, parameter),
    )


_ALL = "f_c f_m gamma"
EMBEDDING_CLAIMS: tuple[Claim, ...] = (
    _dimension("mfcc", "MFCC lies on a curved 2-D manifold", three=False),
    *_aligned("mfcc", "MFCC", "f_c"),
    *_aligned("mfcc", "MFCC", "f_m gamma", holds=False),
    _dimension("scattering1d_q1", "Scattering1D at Q=1 is a 3-D mesh", three=True),
    *_aligned("scattering1d_q1", "Scattering1D at Q=1", _ALL),
    _dimension("jtfs", "JTFS at Q=8 is a 3-D mesh", three=True),
    *_aligned("jtfs", "JTFS at Q=8", _ALL),
    _dimension("scattering1d_q8", "Scattering1D at Q=8 is 2-D", three=False),
    *_aligned("scattering1d_q8", "Scattering1D at Q=8", "f_m", holds=False),
    *_aligned("strf", "STRF", "f_m", holds=False),
    *_aligned("strf_real", "STRF, complex mean as in the original code", "f_m", holds=False),
    *_aligned("openl3", "OpenL3", "f_m", holds=False),
)
RATIO_CLAIMS: tuple[Claim, ...] = (
    *(_ratio(name, "f_c", "about 1") for name in ("mfcc", "scattering1d_q1", "jtfs")),
    *(_ratio(name, "f_c", "about 1") for name in ("strf", "strf_real", "openl3")),
    *(_ratio(name, "f_m", "0.75-1.5") for name in ("scattering1d_q1", "jtfs")),
    *(_ratio(name, "f_m", "0.75-1.5", holds=False) for name in ("mfcc", "openl3")),
    *(_ratio(name, "f_m", "0.75-1.5", holds=False) for name in ("strf", "strf_real")),
    *(_ratio(name, "gamma", "0.75-1.25") for name in ("scattering1d_q1", "jtfs")),
    *(_ratio(name, "gamma", "0.75-1.25") for name in ("strf", "strf_real", "openl3")),
    _ratio("mfcc", "gamma", "0.75-1.25", holds=False),
)
STRF_CLAIM = Claim(
    id="strf-complex-mean-loses-f-m",
    kind=PROJECT,
    section="3, Fig. 4",
    text="averaging complex responses harms STRF on f_m: averaging their modulus has a smaller"
    " error (95 % intervals apart)",
    representation="strf_real",
    parameter="f_m",
    quantity="log2_rmse_low",
)
ABLATION_CLAIMS = {
    setting: Claim(
        id=slug("ablation", setting),
        kind=PROJECT,
        section="3, ablation",
        text=f"same order of representations by error with {values}",
        representation="all",
        parameter="all",
        quantity="kendall_tau",
    )
    for setting, values in (
        ("f_m range", "f_m 4-16 and 4-32 Hz"),
        ("J", "J = 12, 13 and 14"),
    )
}
