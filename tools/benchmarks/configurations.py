"""What is measured: one line per configuration, with where its numbers come from.

Only the standard library is imported here: the peers' interpreters read this file as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Arguments of one transform.

    Parameters
    ----------
    name : str
    n_samples : int
        Length N of a signal.
    J, J_fr : int
        log2 of the largest scale in samples, and in rows.
    Q : tuple (Q1, Q2)
        Wavelets per octave of the two orders.
    Q_fr : int
        Wavelets per octave along log-frequency.
    T : int, 'global' or None
        Averaging in samples; None: ``2**J``.
    F : int
        Averaging in rows; 0: none.
    format : {'joint', 'time'}
    has_loss : bool
        Whether loss steps are measured too.
    published_training_s : float, optional
        Seconds of a forward and backward pass that the paper gives, on its GPU.
    """

    name: str
    n_samples: int
    J: int
    Q: tuple[int, int]
    J_fr: int
    Q_fr: int
    T: int | str | None
    F: int
    format: str
    has_loss: bool = False
    published_training_s: float | None = None

    @classmethod
    def read(cls, entries: Mapping[str, Any]) -> Configuration:
        """Return the configuration of a JSON object (where a tuple is a list)."""
        return cls(**{**entries, "Q": tuple(entries["Q"])})

    def resized(self, n_samples: int) -> Configuration:
        """Return the same transform of another length."""
        return replace(self, n_samples=n_samples)

    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments, the same for all programs."""
        names = ("J", "J_fr", "Q", "Q_fr", "T", "F", "format")
        return {"shape": self.n_samples, **{name: getattr(self, name) for name in names}}


def _c(name: str, n_samples: int, J: int, Q: tuple[int, int], **rest: Any) -> Configuration:
    return Configuration(name=name, n_samples=n_samples, J=J, Q=Q, **rest)


# The paper, Section 4.2: every value is stated. Clips of 2^16 samples last 2.97 s at 22 050 Hz.
_MSDB = {"T": 2**11, "J_fr": 6, "Q_fr": 1, "F": 4, "format": "joint"}
# ASSUME: J_fr of textures and chirps is 5, as in gin/chirps/jtfs.gin; the paper names none.
_CHIRPS = {"T": "global", "J_fr": 5, "Q_fr": 2, "F": 0, "format": "time"}

_ALL = (
    _c("msdb", 2**16, 13, (16, 1), **_MSDB),
    # The paper, Section 5: J, Q1, T, no averaging in frequency.
    # ASSUME: Q_fr = 1; the paper names none, the original program's default was 2.
    _c("texture", 2**16, 12, (12, 1), T=2**13, J_fr=5, Q_fr=1, F=0, format="time"),
    # gin/textures/resynthesis_jtfs.gin; the paper states the time of one iteration.
    _c(
        "resynthesis",
        2**16,
        12,
        (12, 1),
        T=2**13,
        J_fr=5,
        Q_fr=2,
        F=0,
        format="time",
        published_training_s=0.72,
    ),
    # The granular synthesiser of SCRAPL, whose class takes joint arrays, T = 2^J and F = 2^J_fr.
    _c("scrapl", 2**15, 12, (8, 2), T=None, J_fr=3, Q_fr=2, F=8, format="joint", has_loss=True),
    # gin/presets/as_coded/jtfs.gin.
    _c("chirp12", 2**15, 12, (8, 1), **_CHIRPS),
    # gin/chirps/jtfs.gin. ASSUME: T = 'global' instead of 8192 samples and a mean of 4 frames.
    _c("chirp14", 2**15, 14, (8, 1), **_CHIRPS),
    # Playing techniques of the ISMIR 2023 tutorial.
    # ASSUME: T = 2^13 as its text says; its code leaves 2^12.
    _c("tutorial", 2**16, 12, (12, 2), T=2**13, J_fr=3, Q_fr=2, F=12, format="joint"),
    # ASSUME: no publication has these lengths with these arguments (2^17: a clip at 44.1 kHz).
    _c("long17", 2**17, 13, (16, 1), **_MSDB),
    _c("long20", 2**20, 13, (16, 1), **_MSDB),
    # For the tests: a fraction of a second.
    _c("smoke", 2**11, 6, (4, 1), T=2**5, J_fr=2, Q_fr=1, F=2, format="joint", has_loss=True),
)
CONFIGURATIONS = {c.name: c for c in _ALL}
DEFAULT = tuple(name for name in CONFIGURATIONS if name != "smoke")
