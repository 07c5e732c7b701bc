"""Claims of the paper's Sections 2 and 5, as `texture_verdicts` tests them.

The paper's laughing gull and northern goshawk carry no licence and its glissando is not at hand;
the sounds here are this project's own, of the same kind. Where a claim is not the paper's, its
section says so.
"""

from __future__ import annotations

from dataclasses import dataclass

PAPER_DESCENT = "bold_driver"
FINDING = " (finding of this project)"
DESCENT_LABELS = {"bold_driver": "the paper's bold driver", "lbfgs": "L-BFGS", "adam": "Adam"}


@dataclass(frozen=True, kw_only=True)
class SpinClaim:
    """The second-order energy of a signal concentrates on one spin (+1: rising frequency)."""

    section: str
    text: str
    signal: str
    spin: int


@dataclass(frozen=True, kw_only=True)
class ErrorClaim:
    """The error of JTFS is at most ``percent`` after ``iteration`` iterations."""

    section: str
    text: str
    sound: str
    descent: str
    iteration: int
    percent: float


@dataclass(frozen=True, kw_only=True)
class SynchronyClaim:
    """JTFS keeps the synchrony between subbands, Scattering1D does not."""

    section: str
    text: str
    sound: str
    descent: str


@dataclass(frozen=True, kw_only=True)
class TimeClaim:
    """Seconds of one iteration of JTFS at ``n_samples``, forward and backward, on a GPU."""

    section: str
    text: str
    seconds: float
    n_samples: int


def _spin(signal: str, what: str, spin: int) -> SpinClaim:
    theta = -spin  # the paper's sign
    text = f"{what}: energy concentrates on theta = {theta:+d} (our spin {spin:+d})"
    return SpinClaim(section="2, Fig. 1", text=text, signal=signal, spin=spin)


def _section(descent: str) -> str:
    return "5" if descent == PAPER_DESCENT else f"5{FINDING}"


def _error(sound: str, descent: str, iteration: int, percent: float) -> ErrorClaim:
    text = f"JTFS by {DESCENT_LABELS[descent]}: error {percent:g} % after {iteration} iterations"
    return ErrorClaim(
        section=_section(descent),
        text=text,
        sound=sound,
        descent=descent,
        iteration=iteration,
        percent=percent,
    )


def _synchrony(sound: str, descent: str) -> SynchronyClaim:
    text = (
        "JTFS recovers the synchrony between subbands, Scattering1D does not"
        f" (by {DESCENT_LABELS[descent]})"
    )
    return SynchronyClaim(section=_section(descent), text=text, sound=sound, descent=descent)


# The paper states its errors once, for bird calls; only the gull is descended by its bold driver.
TESTED = (("gull", PAPER_DESCENT), ("gull", "lbfgs"), ("hawk", "lbfgs"))
SPIN_CLAIMS = (
    _spin("am_chirp", "rising AM chirp", +1),
    _spin("dizi", "downward glissando", -1),
    _spin("gull", "falling calls of a gull", -1),
    _spin("hawk", "rising calls of a hawk", +1),
)
ERROR_CLAIMS = tuple(
    _error(sound, descent, iteration, percent)
    for sound, descent in TESTED
    for iteration, percent in ((20, 10.0), (100, 3.0))
)
SYNCHRONY_CLAIMS = tuple(_synchrony(sound, descent) for sound, descent in TESTED)
TIME_CLAIM = TimeClaim(
    section="5",
    text="one iteration of JTFS takes 720 ms on a GPU at N = 65536",
    seconds=0.72,
    n_samples=1 << 16,
)
