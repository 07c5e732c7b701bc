"""Which jobs a run consists of; programs to compare come one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tools.benchmarks.configurations import CONFIGURATIONS, DEFAULT, Configuration
from tools.benchmarks.contenders import BY_STUDY, PEERS, Contender
from tools.benchmarks.records import SATURATING, Job

MODES = ("forward", "training")
DEVICES = ("cpu", "cuda")
# glibc hands large buffers back to the system and faults them in again at every use, unless told.
_LARGE = str(2**30)
ALLOCATORS = {
    "default": {},
    "tuned": {"MALLOC_MMAP_THRESHOLD_": _LARGE, "MALLOC_TRIM_THRESHOLD_": _LARGE},
}
CACHING = "caching"  # torch's own, on a GPU
GROWTH_SAMPLES = tuple(2**k for k in range(13, 21))
GROWTH_BATCHES = (1, 2, 4, 8, 16)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line asks for, checked."""

    configurations: tuple[str, ...] = DEFAULT
    modes: tuple[str, ...] = MODES
    allocators: tuple[str, ...] = tuple(ALLOCATORS)
    devices: tuple[str, ...] = DEVICES
    peers: tuple[str, ...] = PEERS
    repeats: int = 5
    threads: int = 2
    batch: int = 1
    seed: int = 0
    growth: bool = True
    growth_of: str = "msdb"
    growth_samples: tuple[int, ...] = GROWTH_SAMPLES
    growth_batches: tuple[int, ...] = GROWTH_BATCHES
    growth_peers: tuple[str, ...] = ()

    @property
    def growth_allocator(self) -> str:
        """The allocator that does not blur how costs grow, if it is asked for."""
        return "tuned" if "tuned" in self.allocators else self.allocators[0]


def jobs(settings: Settings) -> list[Job]:
    """Return all jobs of a run; none twice."""
    found = [*_comparisons(settings), *(_growth(settings) if settings.growth else ())]
    return list({job.key: job for job in found}.values())


def contenders(study: str, peers: tuple[str, ...]) -> list[Contender]:
    """Return ours and the peers that are asked for, in the order in which they run."""
    return [c for c in BY_STUDY[study] if not c.peer or c.peer in peers]


def _comparisons(settings: Settings) -> Iterator[Job]:
    for name in settings.configurations:
        configuration = CONFIGURATIONS[name]
        for device in settings.devices:
            for mode in settings.modes:
                yield from _comparison(settings, configuration, device, mode)


def _comparison(
    settings: Settings, configuration: Configuration, device: str, mode: str
) -> Iterator[Job]:
    studies = ["transform"]
    if configuration.has_loss and "scrapl" in settings.peers:
        studies.append("loss")
    for study in studies:
        for allocator in _allocators(settings, device):
            for batch in _batches(settings, study, device):
                for contender in contenders(study, settings.peers):
                    job = _job(settings, contender, configuration, mode)
                    place = {"device": device, "allocator": allocator, "batch": batch}
                    yield replace(job, study=study, **place)


def _allocators(settings: Settings, device: str) -> tuple[str, ...]:
    return settings.allocators if device == "cpu" else (CACHING,)


def _batches(settings: Settings, study: str, device: str) -> tuple[int, ...]:
    """Return the given batch and, for transforms on a GPU, one that keeps it busy."""
    saturates = device == "cuda" and study == "transform"
    return (settings.batch, SATURATING) if saturates else (settings.batch,)


def _growth(settings: Settings) -> Iterator[Job]:
    base = CONFIGURATIONS[settings.growth_of]
    sizes = [(base.resized(n), 1, "samples") for n in settings.growth_samples]
    sizes += [(base, batch, "batch") for batch in settings.growth_batches]
    device = settings.devices[0]
    allocator = settings.growth_allocator if device == "cpu" else CACHING
    for configuration, batch, study in sizes:
        for mode in settings.modes:
            for contender in contenders("transform", settings.growth_peers):
                job = _job(settings, contender, configuration, mode)
                place = {"device": device, "allocator": allocator, "batch": batch}
                yield replace(job, study=study, **place)


def _job(settings: Settings, contender: Contender, configuration: Configuration, mode: str) -> Job:
    return Job(
        contender=contender.name,
        configuration=configuration,
        mode=mode,
        threads=settings.threads,
        repeats=settings.repeats,
        seed=settings.seed,
    )
