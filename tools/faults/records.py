"""One fault, one try of it, and what came of all its tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.faults.rig import Rig

RUN = "run"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One try of a fault.

    Parameters
    ----------
    survived : bool
        Whether all that the fault promises came true.
    bytes_lost : int
        Size of the outputs that are missing or other than in the undisturbed run, at the end.
    repeated : int
        Jobs that had finished before the fault and were run again all the same.
    note : str
        What was seen, in a few words; for a failure, what was wrong.
    """

    survived: bool
    bytes_lost: int = 0
    repeated: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong, and what is promised for that case.

    Parameters
    ----------
    name : str
        As ``--only`` takes it.
    done : str
        What is done to the run.
    promise : str
        What must come of it.
    trials : callable
        ``trials(rig, rounds)`` yields one `Trial` after the other.
    is_signal : bool
        Whether it is tried in rounds, at random moments.
    is_dear : bool
        Whether it needs the dear stages of a run, as signals do.
    """

    name: str
    done: str
    promise: str
    trials: Callable[[Rig, int], Iterator[Trial]]
    is_signal: bool = False
    is_dear: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """All tries of one fault; ``status`` is 'run' or 'not run: why; what to do'."""

    fault: Fault
    status: str = RUN
    trials: Sequence[Trial] = ()
    seconds: float = 0.0

    @property
    def survived(self) -> int:
        """Number of tries that went as promised."""
        return sum(trial.survived for trial in self.trials)

    @property
    def bytes_lost(self) -> int:
        """Bytes lost in all tries."""
        return sum(trial.bytes_lost for trial in self.trials)

    @property
    def repeated(self) -> int:
        """Finished jobs that were run again, in all tries."""
        return sum(trial.repeated for trial in self.trials)

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept in every try, or the fault was not tried."""
        return self.status != RUN or (bool(self.trials) and self.survived == len(self.trials))

    @property
    def notes(self) -> str:
        """What was seen, each thing once, with its number of times."""
        seen = [trial.note for trial in self.trials if trial.note]
        counts = {note: seen.count(note) for note in seen}
        return "; ".join(note + (f" ({n}x)" if n > 1 else "") for note, n in counts.items())
