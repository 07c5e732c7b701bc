"""Claims of the paper's Sections 2 and 5, as `texture_verdicts` tests them.

The paper's laughing gull and northern goshawk carry no licence and its glissando is not at hand;
the sounds here are this project's own, of the same kind. Where a claim is not the paper's, its
kind says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from jtfs_repro.experiments.published import ITERATION_S
from jtfs_repro.experiments.verdict_rows import PAPER, PROJECT, slug

PAPER_DESCENT = "bold_driver"
DESCENT_LABELS = {"bold_driver": "the paper's bold driver", "lbfgs": "L-BFGS", "adam": "Adam"}


@dataclass(frozen=True, kw_only=True)
class SpinClaim:
    """The second-order energy of a signal concentrates on one spin (+1: rising; 0: neither)."""

    section: str
    text: str
    signal: str
    spin: int

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return slug("fig1-spin", self.signal)

    @property
    def kind(self) -> str:
        """Who states it."""
        return PAPER if self.section.endswith("Fig. 1") else PROJECT


@dataclass(frozen=True, kw_only=True)
class ErrorClaim:
    """The error of JTFS is at most ``percent`` after ``iteration`` iterations."""

    section: str
    text: str
    sound: str
    descent: str
    iteration: int
    percent: float

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return slug("resynthesis-error", self.sound, self.descent, str(self.iteration))

    @property
    def kind(self) -> str:
        """Who states it."""
        return PAPER if self.descent == PAPER_DESCENT else PROJECT


@dataclass(frozen=True, kw_only=True)
class SynchronyClaim:
    """JTFS keeps the synchrony between subbands, Scattering1D does not."""

    section: str
    text: str
    sound: str
    descent: str

    @property
    def id(self) -> str:
        """Identifier of the row."""
        return slug("resynthesis-synchrony", self.sound, self.descent)

    @property
    def kind(self) -> str:
        """Who states it."""
        return PAPER if self.descent == PAPER_DESCENT else PROJECT


@dataclass(frozen=True, kw_only=True)
class TimeClaim:
    """Seconds of one iteration of JTFS at ``n_samples``, forward and backward, on a GPU."""

    section: str
    text: str
    seconds: float
    n_samples: int
    id: str = "speed-jtfs-iteration-gpu"
    kind: str = PAPER


def _spin(signal: str, what: str, spin: int) -> SpinClaim:
    theta = -spin  # the paper's sign
    text = f"{what}: energy concentrates on theta = {theta:+d} (our spin {spin:+d})"
    return SpinClaim(section="2, Fig. 1", text=text, signal=signal, spin=spin)


def _error(sound: str, descent: str, iteration: int, percent: float) -> ErrorClaim:
    text = f"JTFS by {DESCENT_LABELS[descent]}: error {percent:g} % after {iteration} iterations"
    return ErrorClaim(
        section="5, Fig. 6",
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
    return SynchronyClaim(section="5, Fig. 6", text=text, sound=sound, descent=descent)


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
MADE_SPIN_CLAIMS = tuple(
    SpinClaim(section="2, scale-rate figure", text=text, signal=signal, spin=spin)
    for signal, text, spin in (
        ("up_chirp", "a rising chirp lights one spin only (our +1)", +1),
        ("down_chirp", "a falling chirp lights the other spin only (our -1)", -1),
        ("sine", "a steady sine lights both spins alike", 0),
        ("pulse", "a pulse lights both spins alike", 0),
    )
)
TIME_CLAIM = TimeClaim(
    section="5, speed",
    text="one iteration of JTFS takes 720 ms on a GPU at N = 65536",
    seconds=ITERATION_S,
    n_samples=1 << 16,
)
