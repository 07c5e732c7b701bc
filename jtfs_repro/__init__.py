"""Joint time-frequency scattering: the transform, and studies that a workflow runs."""

__version__ = "0.1.0"
