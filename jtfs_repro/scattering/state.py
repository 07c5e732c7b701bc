"""The wavelets in a module's state: saved as labels, checked when a state is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .filters import Filter


class FilterState(nn.Module):
    """A module whose `state_dict` names its wavelets: xi1, sigma1, ... in cycles/sample."""

    psi1: Sequence[Filter]
    psi2: Sequence[Filter]
    phi_f: Any

    def _register_filters(self, suffix: str, bank: Sequence[Filter]) -> None:
        """Show the bank in `state_dict`: buffers xi, sigma. Nothing is computed from them."""
        for field in ("xi", "sigma"):
            values = [getattr(psi, field) for psi in bank]
            self.register_buffer(field + suffix, torch.tensor(values, dtype=torch.float64))

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:  # pyright: ignore
        """Refuse the filters of another transform: what was learnt on them would be misled."""
        banks = {"1": self.psi1, "2": self.psi2, "_fr": getattr(self, "psi_fr", ())}
        errors = args[-1]
        self._take_kymatio(state_dict, prefix, errors)
        for name, _ in self.named_buffers(recurse=False):
            other = state_dict.get(prefix + name)
            if other is None or other.is_meta:
                continue
            field, suffix = ("xi", name[2:]) if name.startswith("xi") else ("sigma", name[5:])
            own = torch.tensor([getattr(psi, field) for psi in banks[suffix]], device="cpu")
            other = other.detach().to("cpu", own.dtype)
            if other.shape != own.shape or not torch.allclose(other, own, rtol=1e-2):
                rule = "must be that of this transform (saved with other J, Q or Q_fr?)"
                errors.append(f"{prefix}{name} {rule}")
                return
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _take_kymatio(self, state_dict: Any, prefix: str, errors: list[str]) -> None:
        """Take Kymatio's filters (tensor0, ...) for ours if its low-pass filter is ours."""
        names = [k for k in state_dict if re.fullmatch(re.escape(prefix) + r"tensor\d+", k)]
        if not names:
            return
        own = torch.as_tensor(self.phi_f["levels"][0], device="cpu", dtype=torch.float32)
        other = state_dict[prefix + "tensor0"].detach().to("cpu", torch.float32).flatten()
        if other.shape != own.shape or not torch.allclose(other, own, atol=1e-4):
            what = "must be phi_f of this transform (saved by Kymatio with other J, T or shape?)"
            errors.append(f"{prefix}tensor0 {what}")
        for name in names:
            del state_dict[name]
        for name, buffer in self.named_buffers(recurse=False):
            state_dict[prefix + name] = buffer
