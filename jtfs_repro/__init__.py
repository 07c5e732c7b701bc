"""Joint time-frequency scattering: the transform, and studies that a workflow runs."""

__version__ = "0.3.0"


def __getattr__(name: str) -> object:
    """Return `jtfs_repro.extract`: features of sounds, see `jtfs_repro.sounds.extract`."""
    if name == "extract":
        from .sounds.extract import extract

        return extract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
