"""Joint time-frequency scattering: the transform, and studies that a workflow runs."""

__version__ = "0.2.0"
