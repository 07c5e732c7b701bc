"""The 29 points on which the paper and its original code disagree, or only one of them speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jtfs_repro.experiments import network_facts as nets
from jtfs_repro.experiments import structure_facts as facts
from jtfs_repro.experiments.defaults_rules import Disagreement, Settings, Side
from jtfs_repro.experiments.fact_claims import Found, bound
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.published import (
    CQT_GAIN_IN_TEXT,
    SPEED_UP_IN_TEXT,
    SPEED_UP_QUOTED,
    published_difference,
)
from jtfs_repro.experiments.structure_claims import (
    CHIRPS,
    DATA,
    SETTINGS,
    SPEED,
    SPEED_UP_MEASURED,
    TABLE1,
    TABLE2,
    TEXTURES,
)


def _same(value: Any, file: str = "") -> Callable[[GinSettings], Found]:
    return lambda _: Found(value, file)


_NETS = (
    ("train_jtfs", "JtfsNet"),
    ("train_cqt", "CqtNet"),
    ("train_scattering1d", "Scattering1dNet"),
)
_STATISTICS = ("statistics_jtfs", "statistics_scattering1d", "statistics_cqt")


def _nets(name: str, value: Any) -> Settings:
    return {(stage, f"{net}.{name}"): value for stage, net in _NETS}


def _training(name: str, value: Any) -> Settings:
    return {("training", f"TrainingSettings.{name}"): value}


def _spread(value: str, *stages: str) -> Settings:
    return {(stage, "clip_statistics.spread"): value for stage in stages}


def _sides(
    name_of: Callable[[Any], Settings], paper: Any, code: Any, words: tuple[str, str]
) -> Any:
    """Return the two sides of one setting."""
    return {
        "paper": Side(there=words[0], settings=name_of(paper)),
        "code": Side(there=words[1], settings=name_of(code)),
    }


FOLLOW_EACH = "the presets follow each"
_READING = {("medley_clips", "Reading.reading"): "resample_22050"}
_C_FIXED = {
    ("statistics_jtfs", "clip_statistics.c"): 0.1,
    ("train_jtfs", "JtfsNet.is_c_learnable"): False,
}
_NOISE = {("resynthesis", "resynthesize.init_noise"): "coloured"}
_OCTAVES = facts.quotient("medley_cqt", "CqtImage.n_bins", "CqtImage.bins_per_octave")
_UNWRITTEN = bound("statistics_scattering1d", "clip_statistics.spread", preset="as_coded")
_GAIN = published_difference("jtfs", "cqt")
ALL_DISAGREEMENTS = (
    Disagreement(
        number=1, section=CHIRPS, topic="f_m range", ours=FOLLOW_EACH,
        **_sides(lambda v: {("chirps", "ChirpGrid.f_m_hz"): v}, (4.0, 32.0), (4.0, 16.0),
                 ("4-32 Hz", "4-16 Hz")),
    ),
    Disagreement(
        number=2, section=CHIRPS, topic="JTFS of the chirps",
        ours=f"{FOLLOW_EACH}; paper averages the 4 frames",
        **_sides(lambda v: {("jtfs", "Jtfs.J"): v[0], ("jtfs", "Jtfs.T_s"): v[1]},
                 (14, 1.0), (12, "global"), ("J = 14, T = 1000 ms", "J = 12, T = N")),
    ),
    Disagreement(
        number=3, section=CHIRPS, topic="Scattering1D of the chirps",
        ours=f"{FOLLOW_EACH}; Q = 8 is always run as well",
        **_sides(
            lambda v: {
                ("scattering1d_q1", "Scattering1DFeature.J"): v[0],
                ("scattering1d_q1", "Scattering1DFeature.Q"): 1,
                ("scattering1d_q1", "Scattering1DFeature.T_s"): v[1],
            },
            (14, "global"), (12, 4.0),
            ("J = 14, Q = 1 and 8, global", "J = 12, Q = 1, T = N (4 s)"),
        ),
    ),
    Disagreement(
        number=4, section=CHIRPS, topic="mean of the neighbours",
        ours=f"{FOLLOW_EACH}; both are tabulated",
        **_sides(lambda v: {("verdicts", "verdicts.mean"): v,
                            ("fig4", "figure_knn_ratios.mean"): v},
                 "arithmetic", "geometric", ("arithmetic (Eq. 7)", "geometric")),
    ),
    Disagreement(
        number=5, section=CHIRPS, topic="level of the chirps", paper=None,
        ours="unit L2 in both presets",
        code=Side(there="unit L2 norm",
                  settings={("chirps", "ChirpSynthesis.amplitude"): "unit_l2"}),
    ),
    Disagreement(
        number=6, section=CHIRPS, topic="phase of Eq. 5",
        ours='"-1" in both presets: a constant phase only',
        paper=Side(there='2^(gamma t), no "-1"', read=facts.phase_offset, expected='no "-1"'),
        code=Side(there='2^(gamma t) - 1', read=facts.phase_offset, expected='"-1"'),
    ),
    Disagreement(
        number=7, section=DATA, topic="rate and length of the clips",
        ours="22 050 Hz and 2^16 samples in both presets; switch Reading.reading",
        paper=Side(there="44.1 kHz, 2^16 samples, 3 s",
                   settings={("medley_clips", "Reading.reading"): "crop_44100"}),
        code=Side(there="22 050 Hz, 2^16 samples, 2.97 s", settings=_READING),
    ),
    Disagreement(
        number=8, section=DATA, topic="scaling of the clips", paper=None,
        ours="as_coded divides by the standard deviation, paper does not",
        code=Side(there="division by the standard deviation",
                  settings={("medley_clips", "Reading.scaling"): "std"}),
    ),
    Disagreement(
        number=9, section=SETTINGS, topic="height of the JTFS tensor",
        ours="44 rows, by Kymatio's rules; the paper's text has 44, its tensor 45",
        paper=Side(there="44 x 32", read=facts.tensor_shape("S2", 1, 2), expected="44 x 32"),
        code=Side(there="44 or 45 rows, by version", read=facts.tensor_shape("S2", 1, 2),
                  expected="44 x 32"),
    ),
    Disagreement(
        number=10, section=SETTINGS, topic="standardisation", ours=FOLLOW_EACH,
        **_sides(lambda v: _spread(v, *_STATISTICS), "coefficients", "clip_means",
                 ("over all training coefficients", "over means of clips")),
    ),
    Disagreement(
        number=11, section=SETTINGS, topic="standardisation of Scattering1D",
        ours="done in both presets",
        paper=Side(there="the same (4.3)",
                   settings=_spread("coefficients", "statistics_scattering1d")),
        code=Side(there="statistics never written", expected="none",
                  read=_UNWRITTEN),
    ),
    Disagreement(
        number=12, section=TABLE1, topic="SE reduction of the CQT network", ours=FOLLOW_EACH,
        **_sides(lambda v: {("train_cqt", "CqtNet.se_reduction"): v}, 16, 4, ("16", "4")),
    ),
    Disagreement(
        number=13, section=TABLE1, topic="pooling of the CQT network", ours=FOLLOW_EACH,
        **_sides(lambda v: {("train_cqt", "CqtNet.pool_after_block_3"): v}, True, False,
                 ("after block 3 too", "after block 1 only")),
    ),
    Disagreement(
        number=14, section=TABLE1, topic="order of the head", ours=FOLLOW_EACH,
        **_sides(lambda v: _nets("head_order", v), "linear_relu_dropout", "dropout_linear_relu",
                 ("Linear, ReLU, Dropout", "Dropout, Linear, ReLU")),
    ),
    Disagreement(
        number=15, section=SETTINGS, topic="lowest learning rate", ours=FOLLOW_EACH,
        **_sides(lambda v: _training("lr_floor", v), 1e-11, 1e-8, ("1e-11", "1e-8")),
    ),
    Disagreement(
        number=16, section=SETTINGS, topic="schedule", ours=FOLLOW_EACH,
        **_sides(lambda v: _training("schedule", v), "paper", "as_coded",
                 ("one cosine with warm-up",
                  "a restart every epoch, three epochs backwards first")),
    ),
    Disagreement(
        number=17, section=SETTINGS, topic="clips per epoch", ours=FOLLOW_EACH,
        paper=Side(there="8192", read=facts.clips_per_epoch("paper"), expected=8192),
        code=Side(there="5824", read=facts.clips_per_epoch("as_coded"), expected=5824),
    ),
    Disagreement(
        number=18, section=SETTINGS, topic="gradient clipping", paper=None,
        ours="paper none, as_coded 3",
        code=Side(there="norm 3", settings=_training("gradient_clip_norm", 3.0)),
    ),
    Disagreement(
        number=19, section=SETTINGS, topic="loss",
        ours="weighted mean in both presets: another scale only",
        paper=Side(there="weighted sum", read=facts.loss_is_mean, expected="weighted sum"),
        code=Side(there="weighted mean", read=facts.loss_is_mean, expected="weighted mean"),
    ),
    Disagreement(
        number=20, section=SETTINGS, topic="constant of the mu-log",
        ours="fixed; the learnable one is variant adalog",
        **_sides(lambda _: _C_FIXED, 0.1, 0.1, ("0.1, fixed", "0.1, or learnable (AdaLog)")),
    ),
    Disagreement(
        number=21, section=TABLE1, topic="network", ours="Table 1; EfficientNet-B0 is not built",
        paper=Side(there="Table 1 (Fig. 5's caption: EfficientNet-B0)",
                   read=nets.layers("jtfs", nets.kernels), expected="7x7, 5x5, 3x3"),
        code=Side(there="Table 1's net in the last version, EfficientNet-B0 before",
                  read=nets.layers("jtfs", nets.kernels), expected="7x7, 5x5, 3x3"),
    ),
    Disagreement(
        number=22, section=SETTINGS, topic="J of the classifier", ours="13",
        **_sides(lambda _: {("medley_jtfs", "JtfsTensors.J"): 13}, 13, 13,
                 ("13", "8, 12 and 13 over time")),
    ),
    Disagreement(
        number=23, section=TEXTURES, topic="start of the resynthesis",
        ours="the same seeded coloured noise for both representations, see defect 7",
        paper=Side(there="random noise", settings=_NOISE),
        code=Side(there="coloured for JTFS, white for Scattering1D",
                  settings={("resynthesis", "resynthesize.init_noise"): "per_representation"}),
    ),
    Disagreement(
        number=24, section=TEXTURES, topic="sign of the update",
        ours="minus: Eq. 12's plus goes up the error",
        paper=Side(there="plus (Eq. 12)", read=facts.descent_sign, expected="plus"),
        code=Side(there="minus", read=facts.descent_sign, expected="minus"),
    ),
    Disagreement(
        number=25, section=SETTINGS, topic="octaves of the CQT",
        ours="96 bins at 12 per octave are 8 octaves",
        paper=Side(there="12", read=_OCTAVES, expected=12.0),
        code=Side(there="8", read=_OCTAVES, expected=8.0),
    ),
    Disagreement(
        number=26, section=SETTINGS, topic="sample rate told to the CQT", paper=None,
        ours="paper the true rate; as_coded 44 100, so that the lowest bin is at 16.35 Hz",
        code=Side(there="44 100 Hz for audio at 22 050 Hz",
                  settings={("medley_cqt", "CqtImage.stated_sr"): 44100.0}),
    ),
    Disagreement(
        number=27, section=SPEED, topic="speed-up over scattering.m",
        ours="8.4 is quoted; arithmetic on published times, nothing is timed here",
        paper=Side(there='"close to ten", "10x"', read=_same(SPEED_UP_MEASURED),
                   expected=SPEED_UP_IN_TEXT, relative=0.1),
        code=Side(there="6.1507 / 0.7318 = 8.40", read=_same(SPEED_UP_MEASURED),
                  expected=SPEED_UP_QUOTED),
    ),
    Disagreement(
        number=28, section=TABLE2, topic="gain over the CQT",
        ours="13.0 is quoted: arithmetic on Table 2",
        paper=Side(there='"roughly 23 points"', read=_same(_GAIN),
                   expected=CQT_GAIN_IN_TEXT, relative=0.1),
        code=Side(there="Table 2's 13.0", read=_same(_GAIN),
                  expected=13.0),
    ),
    Disagreement(
        number=29, section=SETTINGS, topic="implementation of JTFS",
        ours="a module of our own with Kymatio's values (tests compare them)",
        paper=Side(there="Kymatio: 165 joint paths", read=facts.joint_path_count, expected=165),
        code=Side(there="WaveSpin's fork: 191 joint paths", read=facts.joint_path_count,
                  expected=191),
    ),
)  # fmt: skip
DEFAULTS_CLAIMS = tuple(claim for one in ALL_DISAGREEMENTS for claim in one.claims())
