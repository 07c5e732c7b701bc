"""What the terminal shows of a run: one line a stage, how far it is, the time that is left.

Snakemake's own reports and the output of jobs are in ``.snakemake/log`` and ``logs/``; VERBOSE=1 in
the environment shows them.
"""

from __future__ import annotations

import ast
import functools
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from snakemake.logging import LogEvent, logger

from rules import needs

IS_VERBOSE = os.environ.get("VERBOSE", "") not in ("", "0")
ENGINE = {event for event in LogEvent if event not in (LogEvent.ERROR, LogEvent.DEBUG_DAG)}
ROUTINE = ("Building DAG", "Using shell", "Assuming unrestricted", "Select jobs", "Execute ")
ROUTINE += ("Command 'set -euo pipefail",)  # a failed job, of which `failure` says more
FIRST_GUESS_S = 20  # before that, nothing is said of the time that is left
PAUSE_S = 30  # between two lines on one stage


def quieten(is_dry_run: Callable[[], bool]) -> None:
    """Leave the terminal to `Progress`, but for errors, warnings and answers without a run."""
    os.environ["JTFS_TERMINAL"] = "/dev/null"  # of jobs

    def is_shown(record: logging.LogRecord) -> bool:
        if is_dry_run():
            return True
        is_news = record.levelno >= logging.WARNING or not any(map(_is_progress, logger.handlers))
        is_routine = str(record.msg).startswith(ROUTINE)
        return getattr(record, "event", None) not in ENGINE and is_news and not is_routine

    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(is_shown)


def follow(jobs: Mapping[int, Any], **options: Any) -> None:
    """Say from now on what becomes of ``jobs`` (id -> job); options are those of `Progress`."""
    logger.addHandler(Progress(jobs, **options))


def _is_progress(handler: logging.Handler) -> bool:
    return isinstance(handler, Progress)


class Progress(logging.Handler):
    """Counts the jobs that end, weighed by the seconds in config/needs.csv.

    ``files`` names each stage's file; jobs that ``is_left_out`` only say why, and take no time.
    """

    def __init__(
        self,
        jobs: Mapping[int, Any],
        *,
        scale: str,
        files: Mapping[str, str] | None = None,
        is_left_out: Callable[[Any], bool] = lambda job: False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.rules = {number: job.rule.name for number, job in jobs.items()}
        self.weights = {
            number: 0.0 if is_left_out(job) else _seconds(job, scale)
            for number, job in jobs.items()
        }
        self.totals = Counter(self.rules.values())
        self.done: set[int] = set()
        self.files = files or {}
        self.stream = stream or sys.stderr
        self.clock = clock
        self.start = clock()
        self.said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Say that a job has ended or failed."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_FINISHED:
            self._end(int(record.__dict__["job_id"]))
        elif event == LogEvent.JOB_ERROR:
            self._print(failure(record.__dict__))

    def _end(self, number: int) -> None:
        if number not in self.rules or number in self.done:
            return
        self.done.add(number)
        rule, now = self.rules[number], self.clock()
        n = sum(self.rules[job] == rule for job in self.done)
        is_last = n == self.totals[rule]
        if is_last or now - self.said.get(rule, self.start) >= PAUSE_S:
            self.said[rule] = now
            self._print(self._line(rule, n))

    def _line(self, rule: str, n: int) -> str:
        count = f"{len(self.done):3} of {len(self.rules)} {self._left():14}"
        share = f"{n} of {self.totals[rule]}" if self.totals[rule] > 1 else ""
        text = summary(rule, self.files.get(rule, "")) or rule.replace("_", " ")
        return f"{count} {rule:22} {share:8} {text}"

    def _left(self) -> str:
        """Return how long the rest takes if it goes on at the rate so far."""
        elapsed = self.clock() - self.start
        done = sum(self.weights[job] for job in self.done)
        rest = sum(self.weights.values()) - done
        if elapsed < FIRST_GUESS_S or not done or not rest:
            return ""
        minutes = elapsed * rest / done / 60
        return f"{minutes:.0f} min left" if minutes >= 1 else "< 1 min left"

    def _print(self, line: str) -> None:
        print(line, file=self.stream, flush=True)


def _seconds(job: Any, scale: str) -> float:
    if job.rule.name.startswith("fetch_"):
        return 0.0  # most find what they look for, or give up at once
    wildcards = dict(job.wildcards.items())
    part, shards = needs.part_of(wildcards), int(wildcards.get("shards", 1))
    return needs.seconds(job.rule.name, scale, part=part, shards=shards)


@functools.cache
def summary(name: str, file: str) -> str:
    """Return the first line of a stage's docstring; '' where there is none.

    >>> summary("embed", "")
    ''
    """
    nodes = ast.parse(Path(file).read_text(encoding="utf-8")).body if file else []
    found = [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == name]
    text = ast.get_docstring(found[0]) if found else None
    return (text or "").partition("\n")[0].removesuffix(".")


def failure(facts: Mapping[str, Any]) -> str:
    """Return what went wrong in a job, as one line: its log's last error, or where to look."""
    logs = [Path(name) for name in facts.get("log") or [] if Path(name).is_file()]
    texts = [log.read_text(encoding="utf-8", errors="replace").splitlines() for log in logs]
    errors = [line for text in texts for line in text if line.startswith("error: ")]
    where = f" (more in {logs[0]})" if logs else " (VERBOSE=1 shows more)"
    what = errors[-1] if errors else f"error: a job of {facts.get('rule_name')} failed"
    return what + where


def farewell(run: str, pictures: str, site: str) -> str:
    """Return where to look after a run."""
    page = [(site, "the page: pictures, sounds, tables")] if site else []
    lines = [
        *page,
        (f"img/{pictures}", "figures"),
        (f"results/{run}/", "tables; verdicts.html: each claim of the paper beside our number"),
    ]
    return "\n".join(["done:", *(f"  {path:32} {what}" for path, what in lines)])
