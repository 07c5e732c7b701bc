"""What each rule needs of a machine: minutes, memory, disk. No other file says so.

Seconds are those of one core (AMD EPYC), measured at demo scale and, for Section 3, at paper
scale; where a paper-scale figure was not measured it follows from the measured rate and the number
of items, and where nothing was measured the row says so. What is declared is more: `MARGIN` times
the seconds, for slower cores and file systems, and one and a half times the memory. A retry gets
as much again, so that a job killed for time or memory passes the second time.

Nothing here changes a result, and no job reruns when a figure changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MARGIN = 4  # declared seconds / measured ones
MEMORY_MARGIN = 1.5
START_MINUTES = 2  # to start Python on a busy node
ROUND_MB = 100
LARGE = "paper"  # every other scale is declared as demo


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one rule needs, each at (demo, paper) scale.

    Parameters
    ----------
    seconds : tuple of float
        Wall seconds of one core; of all shards together if `is_sharded`.
    mb : tuple of int
        Peak resident memory, MB.
    disk_mb : tuple of int
        What the rule writes, MB; of all shards together if `is_sharded`.
    is_sharded : bool
        The work is divided by the number of shards.
    """

    seconds: tuple[float, float]
    mb: tuple[int, int]
    disk_mb: tuple[int, int] = (0, 0)
    is_sharded: bool = False


SMALL = Need(seconds=(5, 30), mb=(400, 800))  # reads tables, writes tables
DRAWING = Need(seconds=(15, 60), mb=(500, 1000))


def _extraction(
    seconds: tuple[float, float], mb: tuple[int, int], disk_mb: tuple[int, int]
) -> Need:
    return Need(seconds=seconds, mb=mb, disk_mb=disk_mb, is_sharded=True)


NEEDS = {
    # Section 3: 512 and 4096 chirps. Memory of extraction: see `extraction_mb`
    "synthesise_chirps": Need(seconds=(4, 30), mb=(700, 3000), disk_mb=(135, 1080)),
    "fetch_openl3_weights": Need(seconds=(60, 60), mb=(400, 400), disk_mb=(40, 40)),
    "extract_features:mfcc": _extraction((11, 27), (0, 0), (1, 1)),
    "extract_features:scattering1d_q1": _extraction((8, 60), (0, 0), (1, 2)),
    "extract_features:scattering1d_q8": _extraction((23, 190), (0, 0), (2, 13)),
    "extract_features:jtfs": _extraction((50, 736), (0, 0), (17, 135)),
    "extract_features:strf": _extraction((142, 1414), (500, 500), (101, 808)),
    "extract_features:openl3": _extraction((3600, 28700), (1500, 1500), (13, 101)),  # 7 s a chirp
    "gather_features": Need(seconds=(3, 20), mb=(500, 1500), disk_mb=(47, 372)),
    "embed_isomap": Need(seconds=(3, 60), mb=(600, 2500)),
    "score_knn": Need(seconds=(2, 10), mb=(400, 800)),
    "tabulate_scores": Need(seconds=(10, 60), mb=(400, 1000)),
    "tabulate_cost": SMALL,
    "tabulate_verdicts": Need(seconds=(20, 60), mb=(800, 1000)),
    "tabulate_ablation": SMALL,
    "transform_cqt_chirps": Need(seconds=(10, 10), mb=(500, 500)),
    "plot_cqt_chirps": DRAWING,
    "plot_isomap": DRAWING,
    "plot_knn_ratios": DRAWING,
    "tabulate_spin_leak": Need(seconds=(7, 10), mb=(460, 500)),
    "plot_spin_leak": DRAWING,
    # Section 4: 480 clips and 21 571 (not run: from the rates of results/medley/cost.csv)
    "fetch_soundfont": Need(seconds=(120, 120), mb=(700, 700), disk_mb=(300, 300)),
    "render_solos": Need(seconds=(48, 400), mb=(800, 800), disk_mb=(65, 370)),
    "fetch_medley_solos_db": Need(seconds=(1800, 3600), mb=(500, 500), disk_mb=(23000, 23000)),
    "index_clips": Need(seconds=(5, 600), mb=(400, 600)),
    "extract_clips:mfcc": _extraction((6, 270), (300, 300), (1, 4)),
    "extract_clips:cqt": _extraction((16, 700), (0, 0), (48, 2130)),
    "extract_clips:scattering1d": _extraction((82, 3700), (100, 100), (77, 3440)),
    "extract_clips:jtfs": _extraction((533, 24000), (200, 200), (457, 20600)),
    "accumulate_statistics": Need(seconds=(5, 400), mb=(700, 1500)),
    "train_classifier:cqt": Need(seconds=(14, 1000), mb=(700, 4000), disk_mb=(50, 50)),
    "train_classifier:scattering1d": Need(seconds=(8, 540), mb=(700, 4000), disk_mb=(50, 50)),
    "train_classifier:jtfs": Need(seconds=(272, 27800), mb=(1800, 4000), disk_mb=(50, 50)),
    # at demo and paper scale for GPUs, where it was not measured
    "train_end_to_end": Need(seconds=(1800, 21600), mb=(4000, 6000), disk_mb=(50, 50)),
    "fit_baseline": Need(seconds=(2, 900), mb=(900, 4000)),
    "tabulate_table2": SMALL,
    "tabulate_medley_cost": SMALL,
    "plot_class_recalls": DRAWING,
    "plot_confusion": DRAWING,
    "plot_learning_curves": DRAWING,
    # Sections 2 and 5
    "prepare_sound": SMALL,
    "transform_scale_rate": Need(seconds=(10, 20), mb=(400, 500)),
    "tabulate_spins": Need(seconds=(25, 30), mb=(400, 500)),
    "plot_four_sounds": DRAWING,
    "animate_scale_rate": DRAWING,
    "plot_scale_rate_grid": DRAWING,
    "plot_filterbank": DRAWING,
    "resynthesize_texture": Need(seconds=(160, 320), mb=(900, 900)),
    "evaluate_resynthesis": Need(seconds=(20, 30), mb=(430, 500)),
    "tabulate_resynthesis": SMALL,
    "plot_resynthesis": DRAWING,
    "plot_error_curves": DRAWING,
    # all sections
    "execute_notebook": Need(seconds=(60, 60), mb=(1000, 1000)),
    "build_site": Need(seconds=(15, 60), mb=(800, 2000)),
    "write_manifest": Need(seconds=(5, 30), mb=(400, 600)),
    "render_tables": SMALL,
    "draw_dag": DRAWING,
}
IMPORTS_MB = 500  # PyTorch and librosa in memory, before any data
GPU_MB = 4000  # ASSUME: of the host, for CUDA's libraries and what is copied; not measured


def minutes(rule: str, scale: str, *, part: str = "", shards: int = 1, attempt: int = 1) -> int:
    """Return the minutes that a job may take.

    Parameters
    ----------
    rule : str
        Name of the rule.
    scale : {'smoke', 'demo', 'paper'}
        How much is run.
    part : str
        Feature, front or model, where these differ.
    shards : int >= 1
        Number of jobs that share the work.
    attempt : int >= 1
        1 for the first try; each further one gets as much again.

    Raises
    ------
    KeyError
        The rule has no row.

    Examples
    --------
    >>> minutes("embed_isomap", "demo"), minutes("embed_isomap", "paper", attempt=2)
    (3, 12)
    """
    need = find(rule, part)
    seconds = need.seconds[scale == LARGE] / (shards if need.is_sharded else 1)
    return attempt * (START_MINUTES + math.ceil(MARGIN * seconds / 60))


def memory_mb(rule: str, scale: str, *, part: str = "", gpus: int = 0, attempt: int = 1) -> int:
    """Return the memory of the host that a job may take, MB; parameters as for `minutes`.

    Examples
    --------
    >>> memory_mb("embed_isomap", "paper")
    3800
    """
    n_mb = MEMORY_MARGIN * find(rule, part).mb[scale == LARGE]
    return attempt * _rounded(n_mb + GPU_MB * (gpus > 0))


def extraction_mb(
    rule: str, memory_gb: float, *, part: str = "", gpus: int = 0, attempt: int = 1
) -> int:
    """Return the memory of an extraction, MB: its budget, the libraries, and what is above both.

    On a GPU the budget is memory of the GPU.

    Examples
    --------
    >>> extraction_mb("extract_features", 0.5, part="jtfs")
    1500
    """
    extra = find(rule, part).mb[0]
    budget = GPU_MB if gpus else 1000 * memory_gb
    return attempt * _rounded(budget + MEMORY_MARGIN * (IMPORTS_MB + extra) + 250)


def disk_mb(rule: str, scale: str, *, part: str = "", shards: int = 1) -> int:
    """Return the space that a job's outputs take, MB, at least 100; parameters as for `minutes`.

    Examples
    --------
    >>> disk_mb("extract_clips", "paper", part="jtfs", shards=64)
    400
    """
    need = find(rule, part)
    n_mb = need.disk_mb[scale == LARGE] / (shards if need.is_sharded else 1)
    return max(ROUND_MB, _rounded(n_mb))


def find(rule: str, part: str = "") -> Need:
    """Return the row of a rule, the one of its part if there is one."""
    return NEEDS[f"{rule}:{part}"] if f"{rule}:{part}" in NEEDS else NEEDS[rule]


def _rounded(n_mb: float) -> int:
    return ROUND_MB * math.ceil(n_mb / ROUND_MB)
