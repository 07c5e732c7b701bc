"""Saved states: a transform's own, and those that Kymatio's objects leave in a network."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from .attributes import is_close

KYMATIO = re.compile(r"tensor(\d+)")  # its buffers: spectra, Tensor [shape=(bins, 1)]


def check_labels(S: Any, state: dict[str, Any], prefix: str) -> str:
    """Return what is wrong with the buffers in `state`, or ''."""
    for name, values in S._labels().items():
        other = state.get(prefix + name)
        if other is not None and not is_close(other, values):
            return f"{prefix}{name} must be that of this transform (saved with other J, Q or Q_fr?)"
    return ""


def take_kymatio(S: Any, state: dict[str, Any], prefix: str) -> str:
    """Replace Kymatio's spectra in `state` by the buffers of `S`; return what is wrong, or ''.

    They are accepted if they hold every wavelet of this transform, in time and log-frequency.
    """
    found = [(KYMATIO.fullmatch(key.removeprefix(prefix)), key) for key in state]
    keys = [key for match, key in found if match and key.startswith(prefix)]
    if not keys:
        return ""
    spectra = [state.pop(key) for key in keys]
    expected = [psi["levels"][0] for psi in (S.phi_f, *S.psi1_f, *S.psi2_f)]
    if hasattr(S, "filters_fr"):
        phi_F, psi_fr = S.filters_fr
        expected += [psi["levels"][0] for psi in (phi_F, *psi_fr)]
    by_length: dict[int, list[Tensor]] = {}
    for spectrum in spectra:
        if not spectrum.is_meta:
            flat = spectrum.detach().reshape(-1).to("cpu", torch.float64)
            by_length.setdefault(len(flat), []).append(flat)
    for values in expected if by_length else ():
        own = torch.as_tensor(values, dtype=torch.float64, device="cpu")
        kept = by_length.get(len(own), [])
        bound = 1e-2 * float(own.abs().max())
        if not any(float((spectrum - own).abs().max()) < bound for spectrum in kept):
            rule = "must hold the filters of this transform (saved with other J, Q, T or shape?"
            return (
                f"{keys[0]} to {keys[-1]} {rule} without these keys, strict=False loads the rest)"
            )
    for name, values in S._labels().items():
        state.setdefault(prefix + name, torch.tensor(values, dtype=torch.float64, device="cpu"))
    return ""
