"""What a large set of sounds would cost, from measured rates: hours, bytes, what saturates first.

A job on one worker (a core, or a GPU that is `speedup` times as fast) handles an item in
``seconds / speedup`` and moves ``bytes_read + bytes_stored``. Workers add up until they ask for
more bytes per second than the storage has; from then on the storage decides. That is the best case:
transfers go on while others compute. In the worst case, all in step, both times add up, as
`simulation.simulate` finds for shards that begin at the same moment.

The best length of a shard weighs its start, once per shard, against what a kill costs: half a
shard on average. With a start of ``o`` seconds and a kill every ``M`` seconds of a worker's time,
the lost share ``o / t + t / (2 M)`` is least at ``t = sqrt(2 o M)``.

References
----------
J. W. Young, "A first order approximation to the optimum checkpoint interval", Communications of
the ACM 17(9), 1974: the same balance, for checkpoints.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jtfs_repro import checks
from jtfs_repro.datasets.medley_solos_db import SUPPORTS
from tools.scaling.jobs import Job
from tools.scaling.rates import Rate
from tools.scaling.simulation import NOT_MEASURED

CLIP_SAMPLES, SAMPLE_RATE = 65536, 22050  # what the transform reads of a clip of Medley-solos-DB
CLIP_BYTES = 524332  # its file: 44.1 kHz, float32, mono
N_MEDLEY = sum(map(sum, SUPPORTS.values()))
# "2,084,320 human-labeled 10-second sound clips": AudioSet's own page; many are no longer online
N_AUDIOSET, AUDIOSET_S = 2084320, 10.0
WORKERS = (1, 8, 64)
SHARDS = 64  # of Section 4 at paper scale, `clip_shards: auto`
SPEEDUPS = (1.0, 10.0, 30.0)  # of a worker over the measured core: assumed, see docs/scaling.md
STORAGES = (100e6, 1e9, 10e9)  # bytes per second: a gigabit network, a good NFS server, Lustre


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Sounds to be transformed, the length of one given in clips of Medley-solos-DB."""

    name: str
    n_items: int
    clips_per_item: float = 1.0

    @property
    def n_clips(self) -> float:
        """The same amount of sound in clips of Medley-solos-DB."""
        return self.n_items * self.clips_per_item


WORKLOADS = (
    Workload(name="Medley-solos-DB", n_items=N_MEDLEY),
    Workload(name="100 x Medley-solos-DB", n_items=100 * N_MEDLEY),
    Workload(
        name="AudioSet",
        n_items=N_AUDIOSET,
        clips_per_item=AUDIOSET_S * SAMPLE_RATE / CLIP_SAMPLES,
    ),
)


def hours(rate: Rate, n_clips: float, *, workers: int, speedup: float, storage: float) -> float:
    """Return the hours that workers need, at the pace of the storage where that is slower.

    Parameters
    ----------
    rate : Rate
        Of a clip.
    n_clips : float > 0
    workers : int >= 1
    speedup : float > 0
        Seconds per clip of `rate` over those of a worker.
    storage : float > 0
        Bytes per second of the file system that all share.
    """
    checks.integer("workers", workers, low=1)
    checks.number("speedup", speedup, above=0)
    seconds = rate.seconds / (workers * speedup)
    return n_clips * max(seconds, moved(rate) / storage) / 3600


def moved(rate: Rate) -> float:
    """Return the bytes that are read and stored per clip."""
    return CLIP_BYTES + (rate.bytes_stored or 0)


def saturating_workers(rate: Rate, *, speedup: float, storage: float) -> float:
    """Return how many workers ask for all the bandwidth there is: more do not help."""
    checks.number("speedup", speedup, above=0)
    checks.number("storage", storage, above=0, mistake="bytes per second")
    return storage * rate.seconds / (speedup * moved(rate))


def cost_rows(
    rates: Sequence[Rate], *, gpu_speedup: float | None = None, storage: float = math.inf
) -> list[dict[str, Any]]:
    """Return one row per workload and representation of clips: hours and bytes.

    Without an assumed `gpu_speedup` the columns of GPUs say that they are not measured.
    """
    return [
        {
            "workload": workload.name,
            "stage": rate.stage,
            "clips": round(workload.n_clips),
            "core_hours": hours(rate, workload.n_clips, workers=1, speedup=1.0, storage=math.inf),
            "tb_read": workload.n_clips * CLIP_BYTES / 1e12,
            "tb_stored": workload.n_clips * (rate.bytes_stored or 0) / 1e12,
            **{
                f"hours_on_{n}_gpu": NOT_MEASURED
                if gpu_speedup is None
                else hours(rate, workload.n_clips, workers=n, speedup=gpu_speedup, storage=storage)
                for n in WORKERS
            },
            "gpu_speedup": NOT_MEASURED if gpu_speedup is None else f"assumed: {gpu_speedup:g}",
            **rate.stamp,
        }
        for workload in WORKLOADS
        for rate in rates
        if rate.item == "clip"
    ]


def saturation_rows(rates: Sequence[Rate]) -> list[dict[str, Any]]:
    """Return one row per representation and speed-up: the workers that saturate each storage."""
    return [
        {
            "stage": rate.stage,
            "speedup": speedup,
            "mb_per_s_of_a_worker": moved(rate) * speedup / rate.seconds / 1e6,
            **{
                f"workers_at_{storage / 1e6:g}_mb_per_s": math.ceil(
                    saturating_workers(rate, speedup=speedup, storage=storage)
                )
                for storage in STORAGES
            },
            **rate.stamp,
        }
        for rate in rates
        if rate.item == "clip"
        for speedup in SPEEDUPS
    ]


def shard_seconds(*, start_s: float, kill_every_s: float) -> float:
    """Return the best seconds of work per shard, ``sqrt(2 start_s kill_every_s)``.

    Examples
    --------
    >>> round(shard_seconds(start_s=8.0, kill_every_s=86400.0))
    1176
    """
    checks.number("start_s", start_s, above=0)
    checks.number("kill_every_s", kill_every_s, above=0)
    return math.sqrt(2 * start_s * kill_every_s)


def lost_share(shard_s: float, *, start_s: float, kill_every_s: float) -> float:
    """Return the share of the work that starts and kills cost, for shards of `shard_s` seconds."""
    checks.number("shard_s", shard_s, above=0)
    checks.number("kill_every_s", kill_every_s, above=0)
    return start_s / shard_s + shard_s / (2 * kill_every_s)


def shard_rows(
    rates: Sequence[Rate], *, start_s: float, kill_every_s: float
) -> list[dict[str, Any]]:
    """Return one row per representation of clips: the best shard, and what 64 of them lose."""
    kills = {"start_s": start_s, "kill_every_s": kill_every_s}
    best = shard_seconds(**kills)
    return [
        {
            "stage": rate.stage,
            **kills,
            "best_shard_s": best,
            "clips_per_shard": max(1, round(best / rate.seconds)),
            "shards_of_medley": math.ceil(N_MEDLEY * rate.seconds / best),
            "lost_percent": 100 * lost_share(best, **kills),
            f"lost_percent_of_{SHARDS}_shards": 100
            * lost_share(N_MEDLEY * rate.seconds / SHARDS, **kills),
            **rate.stamp,
        }
        for rate in rates
        if rate.item == "clip"
    ]


def shard_jobs(rate: Rate, n_clips: int, *, n_shards: int) -> list[Job]:
    """Return the jobs that would extract a representation of clips, for `simulation.simulate`."""
    checks.integer("n_shards", n_shards, low=1)
    edges = [n_clips * i // n_shards for i in range(n_shards + 1)]
    sizes = [after - before for before, after in itertools.pairwise(edges)]
    return [
        Job(
            name=f"shard {i}",
            stage="extract_clips",
            seconds=size * rate.seconds,
            can_use_gpu=True,
            bytes_read=size * CLIP_BYTES,
            bytes_written=round(size * (rate.bytes_stored or 0)),
        )
        for i, size in enumerate(sizes)
    ]
