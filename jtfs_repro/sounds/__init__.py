"""Features of sounds in any folder: list, decode, represent, write; `extract` does all."""

from ..extras import need

need(
    __name__,
    "sounds",
    "gin",
    "h5py",
    "imageio_ffmpeg",
    "pyarrow",
    "soundfile",
    "soxr",
    "tqdm",
    "zarr",
)
