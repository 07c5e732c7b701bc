"""The training loop: schedules, sampling, class weights, selection, fitting; and the baselines."""

from jtfs_repro.extras import need

need(__name__, "workflow", "lightning", "sklearn", "tqdm")
