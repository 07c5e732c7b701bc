"""Wavelet scattering on tensors; torch and NumPy only.

`readable` is the joint transform as in the textbook. The fast one, from arguments to output:
`transform` and `scattering1d` (on `module`) - `bank`, `rows` (wavelets) - `joint_network` (what is
computed) - `engine` (batches) - `first_order`, `second_order`, `joint` (stages). The words for
pieces of work are in ``docs/transform_inside.md``.
"""

from .functional import jtfs
from .scattering1d import Scattering1D
from .transform import TimeFrequencyScattering

__all__ = ["Scattering1D", "TimeFrequencyScattering", "jtfs"]
