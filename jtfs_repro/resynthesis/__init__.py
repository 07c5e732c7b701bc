"""Resynthesis of a texture: gradient descent from noise on the distance of its coefficients.

``y`` is the estimate, ``x`` the target, both [shape=(channels, N)]; ``S`` a representation. The
error is ``E(y) = ||S y - S x|| / ||S x||`` over all coefficients of all channels (`objective`);
`initial_noise` is where a descent starts, `bold_driver`, `lbfgs` and `adam` are ways down, and
`loop` takes them down with a history, snapshots and checkpoints. A setting out of its range is a
ValueError or TypeError. Reference: Muradeli et al., "Differentiable time-frequency scattering on
GPU", DAFx 2022, section 5.
"""

from jtfs_repro.extras import need

need(__name__, "features", "tqdm")
