"""The benchmark harness: a real small run that is killed and resumed, and its arithmetic."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jtfs_repro import io
from tools.benchmarks import __main__ as benchmark
from tools.benchmarks import harness, measure, report, tables
from tools.benchmarks.configurations import CONFIGURATIONS
from tools.benchmarks.contenders import CONTENDERS, Contender
from tools.benchmarks.plan import Settings, jobs
from tools.benchmarks.records import RUN, SATURATING, Job, Rates, Result, Row
from tools.benchmarks.store import Store

ROOT = Path(__file__).parents[2]
RATES = {"cpu": Rates(status=RUN, flops_per_s=1e9, bytes_per_s=1e8)}
MACHINES = {"cpu": "this one"}
LIMIT_S = 900.0
FAST = ["--configurations=smoke", "--allocators=tuned", "--threads=1", "--repeats=2"]
SMALL = [*FAST, "--no-growth", "--device=cpu", "--peers=kymatio", "--peer-python=missing/python"]
JOB = Job(contender="ours", configuration=CONFIGURATIONS["smoke"], mode="forward")


def command(*arguments):
    return [sys.executable, "-m", "tools.benchmarks", *arguments]


def run(*arguments):
    """Run the harness as a user would; return (status, what it printed on stderr)."""
    done = subprocess.run(
        command(*arguments), cwd=ROOT, env=environment(), capture_output=True, text=True
    )
    return done.returncode, done.stderr


def environment():
    return os.environ | {"CUDA_VISIBLE_DEVICES": ""}


def kill_after_a_row(path, *arguments):
    with subprocess.Popen(
        command(*arguments), cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while not path.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()


def row(contender="ours", seconds=2.0, **changes):
    """Return a measured row; fields of the job and of the result by name."""
    in_job = {name: changes.pop(name) for name in list(changes) if name in Job.__annotations__}
    result = {"status": RUN, "seconds": (seconds,) * 3, "batch": in_job.get("batch", 1), **changes}
    return Row(job=replace(JOB, contender=contender, **in_job), result=Result(**result))


# ------------------------------------------------------------------------------------ whole runs


def test_a_killed_run_is_resumed_and_missing_peers_are_gaps(tmp_path):
    arguments = [*SMALL, f"--output={tmp_path}"]
    stored = tmp_path / "partial" / "rows.json"
    kill_after_a_row(stored, *arguments)
    first = io.load_json(stored)
    assert first["rows"][0]["result"]["status"] == RUN
    assert not first["finished"]

    status, text = run(*arguments, "--resume")
    assert status == 0, text
    final = io.load_json(stored)
    assert final["finished"]
    assert final["rows"][0] == first["rows"][0]  # not measured again

    lines = io.load_csv(tmp_path / "transform.csv")
    statuses = {(line["program"], line["device"]): line["status"] for line in lines}
    assert statuses["ours", "cpu"] == "run"
    assert statuses["kymatio", "cpu"] == "not run: peers are not installed; remedy: make peers"
    page = io.load_text(tmp_path / "transform.md")
    assert f"- Kymatio (smoke forward, smoke training): {statuses['kymatio', 'cpu']}" in page
    assert (tmp_path / "transform.png").stat().st_size > 0
    assert io.load_json(tmp_path / "manifest.json")["rates"]["cpu"]["status"] == RUN


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configurations=msbd"], "configurations='msbd' must be one of 'msdb'"),
        (["--repeats=0"], "repeats=0 must be >= 1"),
        (["--repeats=many"], "argument --repeats: invalid int value: 'many'"),
        (["--limit=0"], "limit=0.0 must be > 0"),
        (["--peers=wavespin"], "peers='wavespin' must be one of"),
        (["--growth-samples=64"], "growth-samples=64 must be >= 8192"),
        (["--growth-batches=1;2"], "growth-batches='1;2' must be integers"),
        (["--colour=red"], "unrecognized arguments: --colour=red"),
    ],
)
def test_wrong_options_are_named(arguments, message, capsys):
    with pytest.raises((ValueError, SystemExit)) as caught:
        benchmark.read(arguments)
    assert message in str(caught.value) + capsys.readouterr().err


def test_a_wrong_option_ends_with_one_line():
    status, text = run("--configurations=msbd")
    assert status == 1
    assert text.startswith("error: configurations='msbd' must be one of")
    assert text.count("\n") == 1


def test_an_unfinished_run_is_not_overwritten(tmp_path):
    Store(tmp_path, resume=False).add(row())
    with pytest.raises(io.FileError, match="unfinished run \\(add --resume, or delete it\\)"):
        Store(tmp_path, resume=False)


# ------------------------------------------------------------------------------------ jobs


def test_programs_to_compare_are_neighbours():
    found = jobs(Settings(configurations=("smoke",), growth=False))
    assert len({job.key for job in found}) == len(found)
    ours = [i for i, job in enumerate(found) if job.contender == "ours"]
    assert all(found[i + 1].contender == "kymatio" for i in ours)
    assert all(found[i + 1].group == found[i].group for i in ours)
    assert {job.batch for job in found if job.device == "cuda"} == {1, SATURATING}
    assert {job.contender for job in found if job.study == "loss"} == {
        "our_loss_cached",
        "our_loss",
        "scrapl",
    }


def test_growth_varies_one_thing():
    found = jobs(Settings(configurations=(), modes=("forward",), devices=("cpu",)))
    lengths = [job.configuration.n_samples for job in found if job.study == "samples"]
    assert lengths == [2**k for k in range(13, 21)]
    assert [job.batch for job in found if job.study == "batch"] == [1, 2, 4, 8, 16]
    assert {job.allocator for job in found} == {"tuned"}


def test_what_is_measured_stays_and_gaps_are_tried_again(tmp_path):
    ours, peer = JOB, replace(JOB, contender="kymatio")
    late = Result(status="not run: over the limit of 900 s (the first call took 80 s)")

    def pending(result, *, limit_s=LIMIT_S):
        store = Store(tmp_path / "a", resume=True)
        store.add(Row(job=ours, result=replace(row().result, machine=MACHINES["cpu"])))
        store.add(Row(job=peer, result=replace(result, machine=MACHINES["cpu"])))
        left = Store(tmp_path / "a", resume=True).pending([ours, peer], MACHINES, limit_s=limit_s)
        return [job.contender for job in left]

    assert pending(row().result) == []
    assert pending(late) == []
    # our output is gone by then, so that ours runs again to be compared
    assert pending(late, limit_s=2 * LIMIT_S) == ["ours", "kymatio"]
    assert pending(Result.gap("peers are not installed")) == ["ours", "kymatio"]
    Store(tmp_path / "a", resume=True).output(ours).touch()
    assert pending(Result.gap("peers are not installed")) == ["kymatio"]


def test_outputs_are_compared_and_then_dropped(tmp_path, monkeypatch):
    outputs = {"ours": np.array([[3.0, 5.0]]), "kymatio": np.array([[3.0, 4.0]])}

    def ask(python, request, environment, limit_s):
        np.save(request["output"], outputs[request["job"]["contender"]].astype(np.float32))
        return {"status": RUN, "seconds": [1.0]}

    monkeypatch.setattr(harness, "_ask", ask)
    store = Store(tmp_path, resume=False)
    bench = harness.Harness(store, peer_python=Path(sys.executable), limit_s=LIMIT_S)
    pair = [JOB, replace(JOB, contender="kymatio")]
    ours, peer = bench.run(pair, RATES)
    assert ours.result.relative_difference is None
    assert peer.result.relative_difference == pytest.approx(0.2)
    assert not list(tmp_path.rglob("*.npy"))

    outputs["ours"] = np.zeros((1, 3))
    store = Store(tmp_path / "other", resume=False)
    bench = harness.Harness(store, peer_python=Path(sys.executable), limit_s=LIMIT_S)
    assert bench.run(pair, RATES)[1].result.note == "shapes differ: (1, 3) and (1, 2)"


def test_a_device_that_is_missing_is_said(tmp_path):
    missing = Rates(status="not measured: no CUDA device")
    bench = harness.Harness(
        Store(tmp_path, resume=False), peer_python=Path("missing"), limit_s=LIMIT_S
    )
    asked = jobs(Settings(configurations=("smoke",), devices=("cuda",), growth=False))
    rows = bench.run(asked, {"cuda": missing})
    assert len(rows) == len(asked)
    assert {found.result.status for found in rows} == {missing.status}
    text = report.transform_text(rows, {"cuda": missing}, "")
    assert "### cuda, batch 1, caching allocator\n\nnot measured: no CUDA device" in text


def test_a_measurement_beyond_the_limit_is_a_gap(tmp_path):
    store = Store(tmp_path, resume=False)
    bench = harness.Harness(store, peer_python=Path("missing"), limit_s=0.05)
    (late,) = bench.run([JOB], RATES)
    assert late.result.status == "not run: over the limit of 0.05 s"


# ------------------------------------------------------------------------------------ measuring


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError(), "not run: out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not run: out of memory"),
        (ImportError("No module named 'peer'"), "not run: No module named 'peer'; remedy: make"),
        (ValueError("J=9 must be\nsmall"), "not run: ValueError: J=9 must be"),
    ],
)
def test_what_cannot_run_is_a_gap(error, status, monkeypatch):
    def build(configuration, x):
        raise error

    failing = Contender(name="ours", label="", interpreter="peer", build=build)
    monkeypatch.setitem(CONTENDERS, "ours", failing)
    assert measure.measure(JOB).status.startswith(status)


def test_memory_of_a_call_is_seen(monkeypatch):
    size = 2**26
    torch = measure.torch

    def build(configuration, x):
        torch.ones(size).sum()  # a higher peak, which is over when measuring begins

        def call(x):
            return x + torch.ones(size // 4).sum() * 0

        return measure.Program(call=call, objective=torch.sum)

    wasteful = Contender(name="ours", label="", interpreter="own", build=build)
    monkeypatch.setitem(CONTENDERS, "ours", wasteful)
    job = replace(JOB, repeats=2, threads=torch.get_num_threads())
    # pages of libraries that a busy system took back count when they are read again
    found = min((measure.measure(job) for _ in range(3)), key=lambda result: result.peak_bytes)
    assert found.status == RUN
    assert len(found.seconds) == 2
    if found.memory_method.endswith("reset"):
        assert size * 0.9 < found.peak_bytes < size * 1.5


def test_the_transforms_own_count_is_read():
    plan = SimpleNamespace(flops=2, bytes=3, peak_bytes=4)
    transform = SimpleNamespace(plan=lambda batch, grad: plan)
    found = measure.planned(transform, 1, grad=True)
    assert found == {"flops": 2, "least_bytes": 3, "planned_bytes": 4}
    assert measure.planned(object(), 1, grad=True) == {}


def test_the_batch_grows_while_it_pays_and_fits():
    assert measure.saturating_batch(lambda batch: 10.0) == measure.LARGEST_BATCH
    assert measure.saturating_batch(lambda batch: 1.0 * batch) == 1
    assert measure.saturating_batch(lambda batch: 10.0 if batch <= 8 else None) == 8
    assert measure.saturating_batch(lambda batch: None) == 1


def test_a_larger_batch_begins_with_the_smaller_one():
    small, large = (measure.signals(JOB.configuration, batch, 0) for batch in (2, 5))
    assert small.dtype == np.float32
    np.testing.assert_array_equal(large[:2], small)


# ------------------------------------------------------------------------------------ reporting


def test_ratios_and_bounds_of_the_table():
    rows = [
        row(seconds=2.0, peak_bytes=10**9, flops=10**9, least_bytes=5 * 10**7),
        row("kymatio", seconds=9.0, peak_bytes=4 * 10**9, relative_difference=2.5e-7),
    ]
    header, _, line = [
        [cell.strip() for cell in text.strip("|").split("|")]
        for text in tables.transform_tables(rows, RATES).splitlines()
        if text.startswith("|")
    ]
    cells = dict(zip(header, line, strict=True))
    assert cells["ours (s)"] == "2 [2, 2]"
    assert cells["Kymatio / ours"] == "4.5"
    assert cells["MB, Kymatio / ours"] == "4"
    assert cells["difference from Kymatio"] == "2.5e-07"
    assert cells["bound (s)"] == "1"
    assert cells["ours / bound"] == "2"
    flat = report.flat(rows[0], RATES)
    assert flat["seconds_per_bound"] == 2.0


def test_time_of_the_paper_stands_beside_ours():
    job = replace(JOB, configuration=CONFIGURATIONS["resynthesis"], mode="training")
    forward = replace(job, mode="forward")
    rows = [replace(row(seconds=1.0), job=j) for j in (JOB, forward, job)]
    lines = [text for text in tables.transform_tables(rows, RATES).splitlines() if "|" in text]
    assert lines[0].split(" | ")[3] == "paper, its GPU (s)"
    assert [line.split(" | ")[3].strip() for line in lines[2:]] == ["", "", "0.72"]
    assert "paper" not in tables.transform_tables(rows[:1], RATES)


def test_saturating_batches_are_compared_per_signal():
    rows = [
        row(seconds=2.0, batch=SATURATING, **{"peak_bytes": 1}),
        row("kymatio", seconds=2.0, batch=SATURATING, peak_bytes=1),
    ]
    rows = [
        replace(r, result=replace(r.result, batch=b)) for r, b in zip(rows, (8, 2), strict=True)
    ]
    text = tables.transform_tables(rows, RATES)
    assert "| 8 / 2 | 2 [2, 2] | 2 [2, 2] | 4 |" in text


def test_loss_steps_beside_scrapl():
    steps = [("our_loss_cached", 1.0), ("our_loss", 2.0), ("scrapl", 4.0)]
    rows = [row(name, seconds, study="loss", peak_bytes=10**8) for name, seconds in steps]
    text = tables.loss_tables(rows)
    assert "| exact, both computed | 2 [2, 2] | 0.5 | 100 | 1 |" in text
    assert "| SCRAPL, one random path | 4 [4, 4] | 1 |" in text


@pytest.mark.parametrize("power", [0.5, 1.0, 1.3])
def test_the_exponent_of_a_power_law(power):
    sizes = [2.0**k for k in range(13, 21)]
    values = [3e-6 * size**power for size in sizes]
    assert tables.exponent(sizes, values) == pytest.approx(power)
    assert tables.upper_exponent(sizes, values) == pytest.approx(power)
    assert tables.exponent(sizes[:1], values[:1]) is None


def test_pages_and_pictures_of_growth(tmp_path):
    settings = Settings(configurations=(), devices=("cpu",), growth_peers=("kymatio",))
    rows = [
        row(
            job.contender,
            seconds=job.batch * job.configuration.n_samples / 1e5,
            peak_bytes=job.batch * 10**8,
            mode=job.mode,
            study=job.study,
            batch=job.batch,
            configuration=job.configuration,
            commit="abc",
        )
        for job in jobs(settings)
    ]
    report.write(tmp_path, rows, RATES, settings)
    text = io.load_text(tmp_path / "growth.md")
    assert "| samples | ours | forward | 1.00 | 1.00 | 0.00 | 0.00 |" in text
    assert "| batch | Kymatio | training | 1.00 | 1.00 | 1.00 | 1.00 |" in text
    assert (tmp_path / "growth.png").stat().st_size > 0
    assert not (tmp_path / "transform.csv").exists()
    assert len(io.load_csv(tmp_path / "growth.csv")) == len(rows)
