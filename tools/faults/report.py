"""What came of all tries of a fault; its table: docs/reliability.md and docs/faults.csv."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtfs_repro import io, provenance
from jtfs_repro.tables import to_markdown
from tools.faults.catalogue import Fault
from tools.faults.rig import Trial

PAGE, TABLE = Path("docs/reliability.md"), Path("docs/faults.csv")
STAMP = provenance.Stamp(scale="smoke", preset="paper", device="cpu")


@dataclass(frozen=True, kw_only=True)
class Result:
    """All tries of one fault; ``status`` is 'run' or 'not run: why; what to do'."""

    fault: Fault
    status: str = io.RUN
    trials: Sequence[Trial] = ()
    seconds: float = 0.0

    @property
    def is_run(self) -> bool:
        """Whether it could be tried here."""
        return self.status == io.RUN

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
        return not self.is_run or (bool(self.trials) and self.survived == len(self.trials))

    @property
    def notes(self) -> str:
        """What was seen, each thing once, with its number of times."""
        seen = [trial.note for trial in self.trials if trial.note]
        counts = {note: seen.count(note) for note in seen}
        return "; ".join(note + (f" ({n}x)" if n > 1 else "") for note, n in counts.items())


def write(folder: Path, results: Sequence[Result], *, seed: int) -> None:
    """Write page and table below a folder."""
    io.save_csv(folder / TABLE, [row(result) for result in results])
    io.save_text(folder / PAGE, page(results, seed=seed))


def row(result: Result) -> dict[str, Any]:
    """Return a result as a row of the table; no time is in it."""
    is_run = result.is_run
    return {
        "fault": result.fault.name,
        "done": result.fault.done,
        "promise": result.fault.promise,
        "status": result.status,
        "rounds": len(result.trials) if is_run else None,
        "survived": result.survived if is_run else None,
        "bytes_lost": result.bytes_lost if is_run else None,
        "jobs_repeated": result.repeated if is_run and result.fault.is_signal else None,
        "note": result.notes,
        **STAMP.as_dict(),
    }


def page(results: Sequence[Result], *, seed: int) -> str:
    """Return the page in Markdown."""
    sections = [
        _HEAD,
        totals(results),
        _table(results),
        _how(seed),
        _HELP,
        _REMEDIES,
        _notes(results),
    ]
    return "\n\n".join(sections) + "\n"


def totals(results: Sequence[Result]) -> str:
    """Return all counts in one paragraph."""
    run = [result for result in results if result.is_run]
    signals = [result for result in run if result.fault.is_signal]
    rounds = sum(len(result.trials) for result in signals)
    tries = sum(len(result.trials) for result in run)
    survived = sum(result.survived for result in run)
    lost = sum(result.bytes_lost for result in run)
    parts = [
        f"**{len(run)} faults in {tries} tries, {survived} survived, bytes lost: {lost}.**",
        f"Of these, {rounds} are kills and interruptions at random moments, after which"
        f" {sum(result.repeated for result in signals)} finished jobs were run again.",
    ]
    left_out = len(results) - len(run)
    return " ".join(parts + ([f"{left_out} faults were not run."] if left_out else []))


def _table(results: Sequence[Result]) -> str:
    rows = [
        {
            "fault": result.fault.done,
            "what must come of it": result.fault.promise,
            "tries": len(result.trials) if result.is_run else result.status,
            "survived": result.survived if result.is_run else "",
            "bytes lost": result.bytes_lost if result.is_run else "",
            "minutes": f"{result.seconds / 60:.1f}" if result.is_run else "",
            "name": f"`{result.fault.name}`",
        }
        for result in results
    ]
    return to_markdown(rows, caption=STAMP.line)


def _how(seed: int) -> str:
    facts = provenance.hardware()
    commit = provenance.commit()
    sha = commit["sha"] or "unknown: outside a repository"
    changed = " and changes that are not committed" if commit["dirty"] else ""
    machine = f"{facts['cores']} cores, {facts['memory_gb']} GB, {platform.system()}"
    return (
        f"Commit {sha}{changed}; {machine}, Python {platform.python_version()}; seed"
        f" {seed}, from which every moment and choice is drawn. Minutes are those of the"
        " tries, the undisturbed runs left out."
    )


def _notes(results: Sequence[Result]) -> str:
    lines = ["## What was seen", ""]
    for result in results:
        notes = result.notes if result.is_run else result.status
        lines.append(f"- `{result.fault.name}`: {notes or 'as promised'}")
    return "\n".join(lines)


_HEAD = """# Reliability

What happens when something goes wrong, tried for real. Each try starts from a copy of the project,
disturbs a run at smoke scale, does what the error or the table says (mostly: gives the same command
again), and compares the SHA-256 of every output with those of an undisturbed run. Not compared is
what holds times (costs, reports of shards and trainings, sidecars, the manifest), and checkpoints.
This page is written by `make faults`; nobody edits it."""
_REMEDIES = """## What to do

| you see | you do |
| --- | --- |
| a run that was killed or interrupted | the same command again: finished jobs are not repeated, trainings and resyntheses go on from their checkpoints |
| `Directory cannot be locked` | the note before it says whether another run is at work here (wait) or the last one was killed (`snakemake --unlock`, then the same command) |
| `its content is not what its sidecar records` | delete the file that is named and its sidecar; the same command makes both again |
| `no space left on the disk`, `read-only`, `permission denied` | make room or change the permission; the same command again |
| no home directory, and snakemake ends before its first line | `XDG_CACHE_HOME=FOLDER snakemake ...`; `make` does so by itself |
| `not run: ...` in a table | what stands after it |"""  # noqa: E501
_HELP = """Again: `make faults`, or `python -m tools.faults --rounds 40 --seed 1`; one of them:
`python -m tools.faults --only disk_full two_runs`, which shows the result and leaves this page.
With `--work FOLDER --keep` the copies of the project stay, to look into. Some faults need root or
user namespaces, for file systems of their own; where these are missing, they say so."""
