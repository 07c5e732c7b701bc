"""Joint time-frequency scattering: the transform, the DAFx 2022 experiments, the pipeline."""

__version__ = "0.1.0"
