"""Resynthesis of one sound: from noise to the coefficients of a representation (Section 5)."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jtfs_repro import checks, gpu_memory
from jtfs_repro.audio import Sound, truncate_to_power_of_two
from jtfs_repro.devices import peak_memory_bytes
from jtfs_repro.provenance import Stamp
from jtfs_repro.resynthesis.checkpoint import Checkpoint
from jtfs_repro.resynthesis.descent import Descent
from jtfs_repro.resynthesis.initial_noise import initial_noise
from jtfs_repro.resynthesis.loop import FINISHED, LoopSettings, Outcome, descend
from jtfs_repro.resynthesis.objective import SEGMENT, Objective, Transform

LENGTHS = ("whole", "power_of_two")
DTYPES = {"float32": torch.float32, "float64": torch.float64}
OUT_OF_MEMORY = "lower segment in the gin file, free the memory, or use device=cpu"
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Resynthesis:
    """What one resynthesis leaves; ``sound`` is the best found, float32.

    Attributes
    ----------
    history : list of dict; one row per iteration, 0 is the initial noise: iteration, evaluations
        (transforms of the estimate so far), error (of the current point), trial_error, step_size,
        accepted ('yes', 'no'), best_error, sound, representation, descent and the stamp
    snapshots : dict of arrays; iterations [shape=(k,)] (the last is that of `sound`), errors
        [shape=(k,)], samples [shape=(k, channels, N)] float32
    facts : dict; settings, status and errors; the same in every run
    cost : dict; seconds_per_iteration (median), seconds (of all iterations), peak_memory_bytes,
        device, threads, n_samples, n_channels
    """

    sound: Sound
    history: list[Row]
    snapshots: dict[str, np.ndarray]
    facts: dict[str, Any]
    cost: dict[str, Any]

    @property
    def warning(self) -> str:
        """Why the descent ended before its last iteration; empty if it did not."""
        status = self.facts["status"]
        return "" if status == FINISHED else f"{status}; the best sound so far is kept"


def resynthesize(
    sound: Sound,
    *,
    name: str,
    stamp: Stamp,
    representation: Callable[..., Transform],
    representation_name: str,
    descent: Callable[[], Descent],
    descent_name: str,
    settings: LoopSettings | None = None,
    seed: int = 0,
    init_noise: str = "coloured",
    length: str = "whole",
    dtype: str = "float32",
    segment: int = SEGMENT,
    iterations: int | None = None,
    checkpoint: Path | None = None,
    resume: bool = True,
    progress: bool | None = None,
) -> Resynthesis:
    r"""Find a sound with the coefficients of the target.

    .. math:: \min_y \, \|S y - S x\| / \|S x\|

    by descent from noise; x is the target and y the estimate (Muradeli et al., DAFx 2022, section
    5). ValueError, TypeError: a setting is out of its range, the sound is too short for the
    representation, or it is silent; before anything is computed.

    Parameters
    ----------
    sound : Sound; the target; any rate and length. Its channels go together, under one norm.
    stamp : Stamp; its ``device`` is where the tensors are
    representation : class
        Called with ``shape=N``; maps [shape=(channels, N)] to one tensor of coefficients.
    descent : class; called without arguments
    init_noise : {'coloured', 'white', 'per_representation'}; see `initial_noise`
    length : {'whole', 'power_of_two'}
        'power_of_two' keeps the first ``2**k`` samples, as the paper.
    dtype : {'float32', 'float64'}; of the descent. The result is float32 in any case.
    segment : int >= 1
        Longer sounds are transformed in segments of so many samples, see `objective`.
    iterations : int, optional; instead of that of `settings`
    checkpoint : path, optional; where an unfinished descent is kept; see `loop.descend`
    progress : bool, optional; whether a bar is shown; None: if stderr is a terminal
    """
    checks.choice("length", length, LENGTHS)
    checks.choice("dtype", dtype, DTYPES)
    sound = truncate_to_power_of_two(sound) if length == "power_of_two" else sound
    settings = settings or LoopSettings()
    if iterations is not None:
        settings = replace(settings, iterations=iterations)
    target = torch.from_numpy(sound.samples).to(stamp.device, DTYPES[dtype])
    options: dict[str, Any] = {"kind": init_noise, "representation": representation_name}
    noise = initial_noise(target, seed=seed, **options)
    with gpu_memory.explained(f"segment={segment}", OUT_OF_MEMORY):
        objective = Objective(target, representation, segment=segment)
    chosen = descent()
    facts = {
        "sound": name,
        "representation": representation_name,
        "descent": descent_name,
        "seed": seed,
        "init_noise": init_noise,
        "sr": sound.sr,
        "n_samples": sound.samples.shape[1],
        "n_channels": sound.samples.shape[0],
        "n_coefficients": objective.n_coefficients,
        "n_segments": len(objective.starts),
        "dtype": dtype,
        "transform": describe(objective.transform),
        "descent_settings": chosen.settings(),
        "loop_settings": asdict(settings),
    }
    with gpu_memory.explained(f"segment={segment}", OUT_OF_MEMORY):
        outcome = descend(
            objective,
            chosen,
            noise,
            target,
            settings=settings,
            checkpoint=_checkpoint(checkpoint, facts, sound, stamp, resume=resume),
            progress=progress,
            label=f"{name} {representation_name} {descent_name}",
        )
    return _result(outcome, sound, facts, stamp)


def describe(transform: Transform) -> dict[str, Any]:
    """Return the class of a transform and its public settings: numbers, texts, tuples of them.

    Examples
    --------
    >>> from jtfs_repro.scattering import Scattering1D
    >>> facts = describe(Scattering1D(J=6, Q=8, shape=1024))
    >>> facts["class"], facts["J"], facts["Q"]
    ('Scattering1D', 6, [8, 1])
    """
    public = {k: v for k, v in vars(transform).items() if k[0] != "_" and k not in _NO_INFLUENCE}
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in public.items()}
    settings = {k: plain[k] for k in sorted(plain, key=_position) if _is_plain(plain[k])}
    return {"class": type(transform).__name__, **settings}


_NO_INFLUENCE = ("training", "memory_budget", "check_finite", "backend", "stride", "stride_fr")
# in which our own transforms are described, whatever the order of their attributes
_ORDER = (
    " out_type pad_mode global_average analytic shape J Q T average log2_T log2_stride prune"
    " format unpad_fr keep_lost J_fr Q_fr F average_fr log2_F log2_stride_fr N_fr "
)


def _position(name: str) -> int:
    return _ORDER.find(f" {name} ") % (len(_ORDER) + 1)


def _is_plain(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(item is None or isinstance(item, bool | int | float | str) for item in items)


def _checkpoint(
    path: Path | None, facts: dict[str, Any], sound: Sound, stamp: Stamp, *, resume: bool
) -> Checkpoint | None:
    if path is None:
        return None
    digest = hashlib.sha256(np.ascontiguousarray(sound.samples).tobytes()).hexdigest()
    loop = {k: v for k, v in facts["loop_settings"].items() if not k.startswith("checkpoint_")}
    own = {**facts, "loop_settings": loop, "samples": digest, "device": stamp.device}
    return Checkpoint(path=Path(path), identity=own, is_read=resume)


def _result(outcome: Outcome, sound: Sound, facts: dict[str, Any], stamp: Stamp) -> Resynthesis:
    rows = outcome.course.rows
    names = {name: facts[name] for name in ("sound", "representation", "descent")}
    results = {
        "status": outcome.status,
        "iterations": outcome.course.iteration,
        "evaluations": rows[-1]["evaluations"],
        "best_iteration": outcome.iteration,
        "error_initial": rows[0]["error"],
        "error_best": outcome.error,
    }
    head = {name: facts[name] for name in names}
    rest = {name: fact for name, fact in facts.items() if name not in head}
    return Resynthesis(
        sound=Sound(samples=_samples(outcome.point), sr=sound.sr),
        history=[{**row, **names, **stamp.as_dict()} for row in rows],
        snapshots=_snapshots(outcome),
        facts={**head, **results, **rest, **stamp.as_dict()},
        cost={**names, **_cost(outcome, sound, stamp)},
    )


def _samples(point: Tensor) -> np.ndarray:
    return point.detach().cpu().to(torch.float32).numpy()


def _snapshots(outcome: Outcome) -> dict[str, np.ndarray]:
    numbers, errors, points = zip(*outcome.snapshots(), strict=True)
    return {
        "iterations": np.array(numbers, dtype=np.int64),
        "errors": np.array(errors),
        "samples": np.stack([_samples(point) for point in points]),
    }


def _cost(outcome: Outcome, sound: Sound, stamp: Stamp) -> dict[str, Any]:
    seconds = outcome.course.seconds
    return {
        "seconds_per_iteration": statistics.median(seconds) if seconds else None,
        "seconds": sum(seconds),
        "peak_memory_bytes": peak_memory_bytes(stamp.device),
        "device": stamp.device,
        "threads": torch.get_num_threads(),
        "n_samples": sound.samples.shape[1],
        "n_channels": sound.samples.shape[0],
    }
