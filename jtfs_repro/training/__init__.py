"""The training loop: schedules, sampling, class weights, selection, fitting; and the baselines."""
