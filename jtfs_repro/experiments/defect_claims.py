"""The 11 defects of the original code: fixed here, each with the switch that brings it back."""

from __future__ import annotations

from typing import Any

from jtfs_repro.experiments import structure_facts as facts
from jtfs_repro.experiments.defaults_rules import Defect, Settings, Side

NOISE = {("resynthesis", "resynthesize.init_noise"): "coloured"}


def _training(name: str, value: Any) -> Settings:
    return {("training", f"TrainingSettings.{name}"): value}


def _defect(
    number: int, topic: str, there: str, fixed: str, settings: Settings, switch: str
) -> Defect:
    side = Side(there=fixed, settings=settings)
    return Defect(number=number, topic=topic, there=there, fixed=side, switch=switch)


ALL_DEFECTS = (
    _defect(1, "class weights", "supports over all subsets in order of appearance",
            "supports of the training set, by instrument id",
            _training("class_weights", "training_by_id"), "class_weights = 'all_by_appearance'"),
    _defect(2, "last batch", "12 test and 6 validation clips are never scored",
            "every clip is scored",
            _training("score_drop_last", False), "score_drop_last = True"),
    _defect(3, "mean of the STRF", "complex responses are averaged over time and lose f_m",
            "mean of the modulus; the original's is tabulated beside it as strf_real",
            {("strf", "Strf.reductions"):
             ["time_mean_modulus", "time_mean_real", "average_vector"]},
            "reductions = ['time_mean_real']"),
    _defect(4, "statistics of the CQT", "over all subsets, a leak", "over the training set",
            {("statistics_cqt", "clip_statistics.subset"): "training"}, "subset = 'all'"),
    Defect(number=5, topic="steps of the schedule", there="256 steps for an epoch of 182",
           fixed=Side(there="the true number of steps", read=facts.schedule_steps("as_coded")),
           switch="schedule_steps = 256"),
    _defect(6, "bold driver", "a worse point is kept, the next step doubled, the last one returned",
            "a rising step is undone, the best point returned",
            {("descent_bold_driver", "BoldDriver.bold_driver"): "reject"},
            "bold_driver = 'as_coded'"),
    _defect(7, "start of the resynthesis", "unlike and unseeded noise for the two representations",
            "the same seeded coloured noise", NOISE, "init_noise = 'per_representation'"),
    Defect(number=8, topic="gradients of joint paths", there="off by 0.3-400 % with recent PyTorch",
           fixed=Side(there="relative error of a derivative against a finite difference, float64",
                      read=facts.gradient_error, expected=f"below {facts.GRADIENT_BOUND:g}"),
           switch=""),
    _defect(9, "statistics of Scattering1D", "missing; the extractor crashes", "complete",
            {("statistics_scattering1d", "clip_statistics.compression"): "mu_log"}, ""),
    _defect(10, "selection of the epoch", "by hand, nothing stored",
            "by a rule in the workflow, one row per seed in recalls.csv",
            _training("selection", "accuracy"), ""),
    Defect(number=11, topic="choice of the feature",
           there="by commenting lines; a GPU is needed; absolute paths",
           fixed=Side(there="by configuration, on a CPU too; gin files with an absolute path",
                      read=facts.absolute_paths, expected=0), switch=""),
)  # fmt: skip
DEFECT_CLAIMS = tuple(one.claim() for one in ALL_DEFECTS)
