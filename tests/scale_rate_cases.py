"""Small scale–rate pictures that tests share."""

from functools import cache, partial

from jtfs_repro.features.scale_rate import scale_rate
from jtfs_repro.provenance import Stamp
from jtfs_repro.scattering import TimeFrequencyScattering
from jtfs_repro.studies.textures.spin_of_chirps import made_signals

STAMP = Stamp(scale="smoke", preset="paper", device="cpu")
SR, N = 8000.0, 4096
SMALL = partial(TimeFrequencyScattering, J=8, J_fr=3, Q=(8, 1))
picture = partial(scale_rate, transform=SMALL, max_frames=32, max_rows=40)


@cache
def made(name):
    """Return the picture of a made signal."""
    return picture(made_signals(SR, N)[name])
