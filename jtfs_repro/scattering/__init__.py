"""Wavelet scattering on tensors: the transforms and their filters; torch and NumPy only."""

from .scattering1d import Scattering1D
from .transform import TimeFrequencyScattering

__all__ = ["Scattering1D", "TimeFrequencyScattering"]
