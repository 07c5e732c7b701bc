"""What the terminal shows of a run."""

import io
import logging
from types import SimpleNamespace

import pytest
from snakemake.logging import LogEvent, logger

from rules import terminal

FILES = {"score_representation": "jtfs_repro/studies/chirps/score_stages.py"}


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def job(rule, **wildcards):
    return SimpleNamespace(rule=SimpleNamespace(name=rule), wildcards=wildcards)


@pytest.fixture
def progress():
    jobs = {i: job("score_representation", representation=str(i)) for i in range(3)}
    jobs[3] = job("resynthesize_texture", sound="gull")
    jobs[4] = job("fetch_soundfont")
    made = terminal.Progress(jobs, scale="demo", files=FILES, stream=io.StringIO(), clock=Clock())
    return made


def end(progress, number, at=0.0):
    progress.clock.now = at
    record = logging.makeLogRecord({"event": LogEvent.JOB_FINISHED, "job_id": number})
    progress.handle(record)
    return progress.stream.getvalue().splitlines()


def test_one_line_when_a_stage_is_done(progress):
    assert end(progress, 0) == end(progress, 1) == []
    (line,) = end(progress, 2)
    assert line.split()[:3] == ["3", "of", "5"]
    assert "score_representation   3 of 3" in line
    assert line.endswith("Gather the shards of a representation, embed it by Isomap, regress "
                         "from its K neighbours")  # fmt: skip


def test_a_long_stage_is_heard_of_meanwhile(progress):
    (line,) = end(progress, 0, at=terminal.PAUSE_S)
    assert "1 of 3" in line
    assert len(end(progress, 1, at=terminal.PAUSE_S + 1)) == 1


def test_time_left_follows_from_the_seconds_of_the_jobs(progress):
    weights = progress.weights
    assert weights[3] > weights[0] > weights[4] == 0.0
    for number in range(3):
        lines = end(progress, number, at=60.0)
    minutes = 60.0 * weights[3] / (3 * weights[0]) / 60
    assert f"{minutes:.0f} min left" in lines[-1]
    assert "left" not in end(progress, 3, at=600.0)[-1]


def test_a_failed_job_is_one_line(progress, tmp_path):
    log = tmp_path / "job.log"
    log.write_text("python -m jtfs_repro\nTraceback: no\nerror: lr=-1 must be > 0\n")
    record = {"event": LogEvent.JOB_ERROR, "rule_name": "plot_isomap", "log": [str(log)]}
    progress.handle(logging.makeLogRecord(record))
    progress.handle(logging.makeLogRecord(record | {"log": []}))
    assert progress.stream.getvalue().splitlines() == [
        f"error: lr=-1 must be > 0 (more in {log})",
        "error: a job of plot_isomap failed (VERBOSE=1 shows more)",
    ]


def test_the_engine_is_quiet_but_for_errors_and_answers(monkeypatch, progress):
    monkeypatch.setenv("JTFS_TERMINAL", "")
    handler = logging.Handler()
    handler.name = "DefaultStreamHandler"
    monkeypatch.setattr(logger, "handlers", [handler])
    is_dry = [False]
    terminal.quieten(lambda: is_dry[0])

    def is_shown(msg="", level=logging.INFO, event=None):
        return handler.filter(logging.makeLogRecord({"msg": msg, "levelno": level, "event": event}))

    assert is_shown("Nothing to be done.")
    assert not is_shown("Building DAG of jobs...")
    assert not is_shown(event=LogEvent.RUN_INFO)
    assert not is_shown(event=LogEvent.JOB_ERROR, level=logging.ERROR)
    assert is_shown("MissingInputException", logging.ERROR, LogEvent.ERROR)
    logger.handlers.append(progress)
    assert not is_shown("Complete log(s): a.log")
    is_dry[0] = True
    assert is_shown(event=LogEvent.RUN_INFO)


def test_at_the_end_it_says_where_to_look():
    lines = terminal.farewell("demo", "", "results/demo/site/index.html").splitlines()
    assert [line.split()[0] for line in lines] == [
        "done:", "results/demo/site/index.html", "img/", "results/demo/",
    ]  # fmt: skip
    assert "site" not in terminal.farewell("demo", "", "")
