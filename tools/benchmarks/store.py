"""What was measured so far: one JSON file, written anew after every measurement, and outputs.

A killed run leaves the file as it was after the last measurement; ``--resume`` reads it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from jtfs_repro import io
from tools.benchmarks.contenders import BY_STUDY, CONTENDERS
from tools.benchmarks.records import Job, Row

FOLDER, ROWS = "partial", "rows.json"
_PEERS_OF_OURS = tuple(c for c in BY_STUDY["transform"] if c.peer)
_LATE = re.compile(r"not run: over the limit of ([\d.e+]+) s")


class Store:
    """Rows and outputs in ``output/partial/``.

    Parameters
    ----------
    output : Path
        Folder of the results.
    resume : bool
        Keep what an earlier run measured.

    Raises
    ------
    FileError
        An unfinished run is there and ``resume`` does not say what to do with it, or its file is
        not readable.
    """

    def __init__(self, output: Path, *, resume: bool) -> None:
        self.folder = output / FOLDER
        self.path = self.folder / ROWS
        self._rows: dict[tuple[str, str], Row] = {}
        if not self.path.is_file():
            return
        entries = io.load_json(self.path)
        if resume:
            rows = [Row.read(entry) for entry in entries["rows"]]
            self._rows = {(row.job.key, row.result.machine): row for row in rows}
        elif not entries["finished"]:
            raise io.FileError(f"{self.path}: of an unfinished run (add --resume, or delete it)")
        else:
            shutil.rmtree(self.folder)

    def add(self, row: Row) -> None:
        """Keep a row, on the disk when this returns."""
        self._rows[row.job.key, row.result.machine] = row
        self._save(finished=False)

    def finish(self) -> None:
        """Note that no job is left; drop the outputs that nothing was compared with."""
        self._save(finished=True)
        for path in self.folder.glob("*.npy"):
            path.unlink()

    def _save(self, *, finished: bool) -> None:
        rows = [asdict(row) for row in self._rows.values()]
        io.save_json(self.path, {"finished": finished, "rows": rows})

    def output(self, job: Job) -> Path:
        """Return where a job's output is kept until it is compared."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(job.key.encode()).hexdigest()[:16]
        return self.folder.resolve() / f"{name}.npy"

    def rows(self, jobs: list[Job], machines: Mapping[str, str]) -> list[Row]:
        """Return the rows of these jobs on this machine, in order."""
        keys = [(job.key, machines[job.device]) for job in jobs]
        return [self._rows[key] for key in keys if key in self._rows]

    def pending(self, jobs: list[Job], machines: Mapping[str, str], *, limit_s: float) -> list[Job]:
        """Return the jobs to run: without a result, or whose gap may be gone by now.

        Ours is run again, too, before a peer whose output it must be compared with.
        """
        open_keys = {
            job.key
            for job in jobs
            if self._is_open(self._rows.get((job.key, machines[job.device])), limit_s)
        }
        waiting = {job.group for job in jobs if job.key in open_keys and compares(job)}
        return [
            job
            for job in jobs
            if job.key in open_keys
            or (job.contender == "ours" and job.group in waiting and not self._has_output(job))
        ]

    def _is_open(self, row: Row | None, limit_s: float) -> bool:
        if row is None:
            return True
        late = _LATE.match(row.result.status)
        return float(late[1]) < limit_s if late else not row.result.is_run

    def _has_output(self, job: Job) -> bool:
        return self.output(job).is_file()


def compares(job: Job) -> bool:
    """Return whether the job's output is compared with ours."""
    return job.mode == "forward" and CONTENDERS[job.contender] in _PEERS_OF_OURS
