"""Measured jobs, simulated machines, costs of large sets; predictions against what was measured."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from jtfs_repro import io
from tools.scaling import costs
from tools.scaling.jobs import Job, load_run, measured_makespan, pauses, start_seconds
from tools.scaling.rates import Rate, load_rates, stage_rows
from tools.scaling.simulation import Machine, prediction, simulate

ROOT = Path(__file__).parents[2]
STAMP = {"scale": "smoke", "preset": "paper", "device": "cpu", "variant": ""}
TOL = 1e-9  # of sums of floats in another order
RATE = Rate(
    stage="extract clips: jtfs",
    item="clip",
    n_items=480,
    seconds=1.0,
    bytes_stored=1e6,
    memory_mb=700.0,
    stamp=STAMP,
)


def job(name, seconds=1.0, **options):
    return Job(name=name, seconds=seconds, **options)


def random_jobs(seed, n_jobs=40):
    """Return jobs that need some of those before them."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n_jobs):
        needs = {f"{k:02}" for k in rng.integers(0, i, size=rng.integers(0, 3))} if i else set()
        found.append(
            job(
                f"{i:02}",
                float(rng.uniform(0, 9)),
                threads=int(rng.integers(1, 3)),
                bytes_read=int(rng.integers(0, 10**9)),
                bytes_written=int(rng.integers(0, 10**9)),
                can_use_gpu=bool(rng.integers(0, 2)),
                needs=tuple(sorted(needs)),
            )
        )
    return found


# --- the schedule


@pytest.mark.parametrize(("cores", "makespan"), [(1, 10.0), (2, 5.0), (4, 4.0), (9, 4.0)])
def test_independent_jobs_share_the_cores(cores, makespan):
    jobs = [job("a", 4.0, bytes_read=9), job("b", 3.0, bytes_read=8), job("c", 2.0), job("d", 1.0)]
    assert simulate(jobs, Machine(cores=cores)).makespan == pytest.approx(makespan)


def test_a_chain_gains_nothing_from_cores():
    jobs = [job("a", 2.0), job("b", 3.0, needs=("a",)), job("c", 4.0, needs=("b", "a"))]
    schedule = simulate(jobs, Machine(cores=8, start_s=0.5))
    assert schedule.makespan == pytest.approx(2 + 3 + 4 + 3 * 0.5)
    assert schedule.limit == "chain"
    assert schedule.begins["c"] == pytest.approx(schedule.ends["b"])


def test_what_a_needed_job_of_another_run_made_is_there():
    assert simulate([job("a", 2.0, needs=("elsewhere",))], Machine(cores=1)).makespan == 2.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "machine",
    [
        Machine(cores=1, start_s=1.0),
        Machine(cores=3, storage=2e8),
        Machine(cores=4, gpus=2, gpu_speedup=7.0, storage=5e8),
    ],
    ids=["one core", "storage", "cluster"],
)
def test_a_schedule_keeps_every_rule(machine, seed):
    jobs = random_jobs(seed)
    schedule = simulate(jobs, machine)
    for one in jobs:
        assert schedule.ends[one.name] - schedule.begins[one.name] >= machine.alone(one) - TOL
        assert all(schedule.begins[one.name] >= schedule.ends[name] - TOL for name in one.needs)
    for time in schedule.begins.values():
        held = [j for j in jobs if schedule.begins[j.name] <= time < schedule.ends[j.name]]
        assert sum(min(j.threads, machine.cores) for j in held) <= machine.cores
        assert sum(machine.gpus_of(j) for j in held) <= machine.gpus
    assert schedule.makespan >= max(schedule.bounds.values()) - TOL * schedule.makespan
    assert all(0 <= schedule.busy(name) <= 1 + TOL for name in schedule.bounds)
    assert schedule.limit in schedule.bounds


def test_the_schedule_wastes_no_core_that_a_job_could_take():
    """Graham's bound for list scheduling of jobs of one thread: work / C + chain."""
    for seed in range(5):
        jobs = [replace(one, threads=1) for one in random_jobs(seed)]
        for cores in (1, 2, 5):
            schedule = simulate(jobs, Machine(cores=cores))
            bounds = schedule.bounds
            assert schedule.makespan <= bounds["cores"] + bounds["chain"] * (1 - 1 / cores) + TOL


def test_transfers_share_the_storage():
    jobs = [job(name, 0.0, bytes_read=100) for name in "abcd"]
    machine = Machine(cores=4, storage=100.0)
    assert simulate(jobs, machine).makespan == pytest.approx(4.0)
    assert simulate(jobs, machine).limit == "storage"


def test_a_transfer_is_faster_once_another_has_ended():
    jobs = [job("a", 0.0, bytes_read=300), job("b", 0.0, bytes_read=100)]
    schedule = simulate(jobs, Machine(cores=2, storage=100.0))
    assert schedule.ends == pytest.approx({"b": 2.0, "a": 4.0})


def test_a_gpu_speeds_up_those_that_can_use_it():
    jobs = [job("a", 20.0, can_use_gpu=True), job("b", 3.0), job("c", 20.0, can_use_gpu=True)]
    schedule = simulate(jobs, Machine(cores=3, gpus=1, gpu_speedup=10.0))
    assert schedule.makespan == pytest.approx(4.0)
    assert schedule.bounds["gpus"] == pytest.approx(4.0)
    assert schedule.ends["b"] == pytest.approx(3.0)


def test_jobs_that_ask_for_more_cores_than_there_are_get_all():
    assert simulate([job("a", 2.0, threads=8), job("b", 2.0)], Machine(cores=2)).makespan == 4.0


@pytest.mark.parametrize(
    ("jobs", "match"),
    [
        ([job("a", needs=("b",)), job("b", needs=("a",))], "not need each other in a circle"),
        ([job("a"), job("a")], "jobs=2 must have different names"),
    ],
    ids=["circle", "names"],
)
def test_what_cannot_run_is_refused(jobs, match):
    with pytest.raises(ValueError, match=match):
        simulate(jobs, Machine(cores=1))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"cores": 0}, "cores=0 must be >= 1"),
        ({"cores": 1, "gpus": -1}, "gpus=-1 must be >= 0"),
        ({"cores": 1, "gpu_speedup": 0.0}, "gpu_speedup=0.0 must be > 0"),
        ({"cores": 1, "storage": 0.0}, "storage=0.0 must be > 0"),
        ({"cores": 1, "storage": math.nan}, "storage=nan must be > 0"),
    ],
)
def test_impossible_machines_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        Machine(**options)


# --- measured jobs


def entry(script, outputs, *, inputs=(), started=0.0, wall_s=1.0, arguments=(), **changes):
    return {
        "script": f"jtfs_repro/stages/{script}.py",
        "arguments": list(arguments),
        "outputs": {path: {"sha256": "0", "bytes": size} for path, size in outputs.items()},
        "inputs": dict.fromkeys(inputs, "0"),
        "wall_s": wall_s,
        "cpu_s": wall_s,
        "peak_memory_mb": 100.0,
        "threads": {"torch": None, "OMP_NUM_THREADS": "1"},
        "started": f"2026-01-01T00:{int(started) // 60:02}:{started % 60:06.3f}+00:00",
        **changes,
    }


CHIRPS = entry("synthesise_chirps", {"data/chirps.npy": 1000}, wall_s=2.0)
SHARDS = [
    entry(
        "extract_features",
        {f"shard-{i}.npy": 200, f"shard-{i}.json": 10},
        inputs=["data/chirps.npy", "gone.csv"],
        arguments=["--device", "auto"],
        started=5.0,
        wall_s=4.0 + i,
        threads={"torch": 2},
    )
    for i in range(2)
]
GATHER = entry(
    "gather_features", {"jtfs.npy": 400}, inputs=["shard-0.npy", "shard-1.npy"], started=13
)


def save_manifest(path, *entries):
    io.save_json(path, STAMP | {"jobs": list(entries)})
    return path


def test_jobs_are_read_from_a_manifest(tmp_path):
    path = save_manifest(tmp_path / "manifest.json", GATHER, *SHARDS, CHIRPS)
    jobs, stamp = load_run(path)
    assert stamp == STAMP
    gather, first, second, chirps = jobs
    assert chirps.name == "synthesise_chirps data/chirps.npy"
    assert first.needs == second.needs == (chirps.name,)
    assert set(gather.needs) == {first.name, second.name}
    assert (first.bytes_read, first.bytes_written) == (1000, 210)
    assert (first.threads, chirps.threads) == (2, 1)
    assert first.can_use_gpu
    assert not chirps.can_use_gpu
    assert [one.started_s for one in jobs] == pytest.approx([13.0, 5.0, 5.0, 0.0])
    assert measured_makespan(jobs) == pytest.approx(14.0)


def test_outputs_that_are_gone_or_counted_together_have_no_bytes(tmp_path):
    outputs = {"a.csv": {"bytes": 7}, "b.csv": None, "clips/": {"files": 480, "sha256": "0"}}
    changed = entry("render_solos", {}) | {"outputs": outputs}
    (one,), _ = load_run(save_manifest(tmp_path / "m.json", changed))
    assert one.bytes_written == 7


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (None, "no such file"),
        ("{", "not JSON"),
        ("[]", "it lists no jobs"),
        (json.dumps(STAMP), "it lists no jobs"),
        (json.dumps({"jobs": [{"script": "x"}]}), "not a manifest of jobs"),
        (json.dumps({"jobs": [CHIRPS | {"wall_s": -1}]}), "seconds=-1 must be >= 0"),
        (json.dumps({"jobs": [CHIRPS | {"started": "noon"}]}), "not a manifest of jobs"),
    ],
)
def test_broken_manifests_are_one_line(tmp_path, text, match):
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(io.FileError, match=match):
        load_run(path)


def replayed(jobs, machine):
    """Return jobs as if a machine had run them; a job's begin is noted after its start."""
    schedule = simulate(jobs, machine)
    return [replace(one, started_s=schedule.begins[one.name] + machine.start_s) for one in jobs]


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_the_start_is_found_from_begins_and_ends(cores):
    jobs = [replace(one, threads=1) for one in random_jobs(1)]
    measured = replayed(jobs, Machine(cores=cores, start_s=2.5))
    assert start_seconds(measured, cores=cores) == pytest.approx(2.5)


def test_a_single_job_tells_no_start():
    assert start_seconds([job("a", started_s=0.0)], cores=1) == 0.0


def test_pauses_are_taken_out():
    jobs = [job("a", 10.0, started_s=0.0), job("b", 5.0, started_s=610.0)]
    assert pauses(jobs) == [600.0]
    assert measured_makespan(jobs) == 15.0
    assert start_seconds(jobs, cores=1) == 0.0


def test_jobs_without_a_begin_have_no_end():
    with pytest.raises(ValueError, match="started_s=None must be known of a"):
        measured_makespan([job("a")])


# --- predictions


@pytest.mark.parametrize(("made_on", "cores"), [(2, 1), (1, 2), (2, 2), (1, 4)])
def test_one_machine_predicts_the_other(made_on, cores):
    """Exact where the world is as the model says, that is for runs that the model made."""
    jobs = [replace(one, threads=1, cpu_s=one.seconds) for one in random_jobs(3)]
    here, there = (replayed(jobs, Machine(cores=n, start_s=1.5)) for n in (made_on, cores))
    row = prediction(here, Machine(cores=cores), made_on=made_on, stamp=STAMP, against=there)
    assert row["start_s"] == pytest.approx(1.5)
    assert row["predicted_s"] == pytest.approx(row["measured_s"])
    assert row["error_percent"] == pytest.approx(0.0, abs=1e-6)
    assert row["scale"] == "smoke"


def test_a_busy_machine_is_seen_in_wall_over_processor_seconds():
    jobs = [job(name, 10.0, cpu_s=10.0) for name in "abcdef"]
    busy = [replace(one, seconds=20.0) for one in jobs]
    here, there = (replayed(list_, Machine(cores=1)) for list_ in (jobs, busy))
    row = prediction(here, Machine(cores=1), made_on=1, stamp=STAMP, against=there)
    assert row["error_percent"] == pytest.approx(-50.0)
    assert row["error_percent_equal_load"] == pytest.approx(0.0, abs=1e-6)


def test_another_machine_without_measurement_says_so():
    here = replayed([job("a"), job("b")], Machine(cores=1))
    row = prediction(here, Machine(cores=64), made_on=1, stamp=STAMP)
    assert row["measured_s"] == row["error_percent"] == "not measured"


# --- rates and costs


def test_the_rates_of_the_demo_run_are_read():
    found = {rate.stage: rate for rate in load_rates(ROOT / "results/demo")}
    jtfs = found["extract features: jtfs"]
    assert (jtfs.item, jtfs.n_items, jtfs.bytes_stored) == ("chirp", 512, 4 * 8227)
    assert found["extract features: strf"].bytes_stored == 4 * (2 * 22656 + 4016)
    assert found["extract clips: jtfs"].bytes_stored == pytest.approx(4 * 237920, rel=1e-3)
    assert found["train: cqt"].n_items == 180
    assert found["resynthesise: gull, jtfs, lbfgs"].item == "iteration"
    assert all(rate.row["scale"] == "demo" for rate in found.values())


def test_a_folder_without_costs_is_refused(tmp_path):
    with pytest.raises(io.FileError, match=r"cost\.csv: no such file"):
        load_rates(tmp_path)
    (tmp_path / "cost.csv").write_text("status\nrun\n", encoding="utf-8")
    with pytest.raises(io.FileError, match="not a table of costs"):
        load_rates(tmp_path)


def test_stages_tell_milliseconds_per_item():
    jobs = [job(f"{i}", 2.0, stage="extract_features", bytes_written=10**6) for i in range(3)]
    jobs.append(job("plot", 5.0, stage="plot_isomap"))
    rates = [replace(RATE, item="chirp", n_items=60)]
    extract, plot = stage_rows(jobs, rates, stamp=STAMP)
    assert (extract["jobs"], extract["item"], extract["mb_written"]) == (3, "chirp", 1.0)
    assert extract["ms_per_item"] == pytest.approx(100.0)
    assert (plot["item"], plot["ms_per_item"]) == ("run", 5000.0)


def test_stages_of_one_run_do_not_get_the_items_of_another():
    with pytest.raises(ValueError, match="scale='demo' must be that of the rates, 'smoke'"):
        stage_rows([job("a")], [RATE], stamp=STAMP | {"scale": "demo"})


def test_hours_follow_workers_until_the_storage_is_full():
    args = {"speedup": 10.0, "storage": 1e9}
    one, eight = (costs.hours(RATE, 36000, workers=n, **args) for n in (1, 8))
    assert one == pytest.approx(1.0)
    assert eight == pytest.approx(one / 8)
    full = costs.saturating_workers(RATE, **args)
    assert full == pytest.approx(1e9 / (10 * (costs.CLIP_BYTES + 1e6)))
    most = costs.hours(RATE, 36000, workers=10 * math.ceil(full), **args)
    assert most == pytest.approx(36000 * (costs.CLIP_BYTES + 1e6) / 1e9 / 3600)


@pytest.mark.parametrize("workers", [1, 8, 64])
def test_the_simulation_agrees_with_the_formula(workers):
    """The formula overlaps computing and transfer; shards in step do one after the other."""
    storage = 20 * costs.moved(RATE)  # what 20 workers fill
    jobs = costs.shard_jobs(RATE, 64 * 80, n_shards=64 * 8)
    schedule = simulate(jobs, Machine(cores=workers, storage=storage))
    hours = costs.hours(RATE, 64 * 80, workers=workers, speedup=1.0, storage=storage)
    least, most = 3600 * hours, 64 * 80 * (1 / workers + 1 / 20)
    assert schedule.limit == ("storage" if workers > 20 else "cores")
    assert least * (1 - TOL) <= schedule.makespan <= most * (1 + TOL)


def test_gpus_are_not_measured_unless_assumed():
    row, *_ = costs.cost_rows([RATE])
    assert row["hours_on_8_gpu"] == row["gpu_speedup"] == "not measured"
    assert row["core_hours"] == pytest.approx(21571 / 3600)
    assumed, *_ = costs.cost_rows([RATE], gpu_speedup=10.0)
    assert assumed["hours_on_8_gpu"] == pytest.approx(row["core_hours"] / 80)
    assert assumed["gpu_speedup"] == "assumed: 10"


def test_audioset_is_as_long_as_its_clips():
    workload = costs.WORKLOADS[-1]
    seconds = workload.n_clips * costs.CLIP_SAMPLES / costs.SAMPLE_RATE
    assert seconds == pytest.approx(2084320 * 10)


def test_the_best_shard_is_the_cheapest():
    args = {"start_s": 8.0, "kill_every_s": 86400.0}
    best = costs.shard_seconds(**args)
    shares = [costs.lost_share(best * factor, **args) for factor in (0.25, 0.5, 1.0, 2.0, 4.0)]
    assert min(shares) == shares[2]
    assert all(a > b for a, b in pairwise(shares[:3]))
    assert all(a < b for a, b in pairwise(shares[2:]))


def test_shard_advice_counts_clips_and_shards():
    (row,) = costs.shard_rows([RATE], start_s=8.0, kill_every_s=86400.0)
    assert (round(row["best_shard_s"]), row["clips_per_shard"]) == (1176, 1176)
    assert row["shards_of_medley"] == math.ceil(21571 / 1176)
    assert row["lost_percent"] < row["lost_percent_of_64_shards"] < 3


def test_shards_hold_every_clip_once():
    jobs = costs.shard_jobs(RATE, 1000, n_shards=64)
    assert sum(one.seconds for one in jobs) == pytest.approx(1000.0)
    assert sum(one.bytes_read for one in jobs) == 1000 * costs.CLIP_BYTES


# --- the command


def command(*arguments):
    call = [sys.executable, "-m", "tools.scaling", *map(str, arguments)]
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True)


def test_the_command_prints_prediction_rates_and_costs(tmp_path):
    path = save_manifest(tmp_path / "manifest.json", GATHER, *SHARDS, CHIRPS)
    done = command("--manifest", path, "--cores", 2, "--workloads", "results/demo")
    assert done.returncode == 0, done.stderr
    assert "predicted_s" in done.stdout
    assert "| AudioSet |" in done.stdout
    assert "not measured" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "give --manifest, --per-item or --workloads"),
        (["--manifest", "gone.json"], "gone.json: no such file"),
        (["--manifest", "x", "--gpus", 8], "--gpus needs --gpu-speedup"),
    ],
)
def test_wrong_calls_are_one_line(arguments, match):
    done = command(*arguments)
    assert done.returncode == 1
    assert match in done.stderr
    assert len(done.stderr.splitlines()) == 1
