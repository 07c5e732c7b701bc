"""The wavelets in a module's state: saved as labels, checked when a state is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .bank import TimeBank
from .filters import Filter, low_pass


class FilterState(nn.Module):
    """A module whose `state_dict` names its wavelets: xi1, sigma1, ... in cycles/sample."""

    psi1: Sequence[Filter]
    psi2: Sequence[Filter]
    bank: TimeBank
    T: float
    analytic: bool

    @property
    def phi_f(self) -> dict[str, Any]:
        """The low-pass filter: xi, sigma, j and its spectrum ``levels[0]`` [shape=(N_padded,)]."""
        return self._described(low_pass(self.T))

    @property
    def psi1_f(self) -> list[dict[str, Any]]:
        """The first-order wavelets, as `phi_f`."""
        return [self._described(psi) for psi in self.psi1]

    @property
    def psi2_f(self) -> list[dict[str, Any]]:
        """The second-order wavelets in time, as `phi_f`."""
        return [self._described(psi) for psi in self.psi2]

    def _described(self, psi: Filter) -> dict[str, Any]:
        return psi.described(self.bank.axis.N_padded, analytic=self.analytic and psi.xi != 0)

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
            if other.shape != own.shape or not torch.allclose(other, own, rtol=1e-2, atol=1e-7):
                rule = "must be that of this transform (saved with other J, Q or Q_fr?)"
                errors.append(f"{prefix}{name} {rule}")
                return
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _take_kymatio(self, state_dict: Any, prefix: str, errors: list[str]) -> None:
        """Take Kymatio's filters (tensor0, ...) for ours if every one of ours is among them."""
        names = [k for k in state_dict if re.fullmatch(re.escape(prefix) + r"tensor\d+", k)]
        if not names:
            return
        spectra = [state_dict.pop(name).detach().flatten() for name in names]
        filters: list[Any] = [self.phi_f, *self.psi1_f, *self.psi2_f]
        if hasattr(self, "filters_fr"):
            phi_F, psi_fr = self.filters_fr  # pyright: ignore
            filters += [phi_F, *psi_fr]
        known = [s.to("cpu", torch.float32) for s in spectra if not s.is_meta]
        for psi in filters if known else ():
            own = torch.as_tensor(psi["levels"][0], device="cpu", dtype=torch.float32)
            alike = (s for s in known if s.shape == own.shape)
            if not any(torch.allclose(s, own, rtol=0, atol=1e-2 * float(own.max())) for s in alike):
                rule = "must hold the filters of this transform"
                mistake = "saved with other J, Q, T, shape? Or leave out tensor0, ...: strict=False"
                errors.append(f"{names[0]} {rule} ({mistake})")
                break
        for name, _ in self.named_buffers(recurse=False):
            field, bank = (name[:2], name[2:]) if name.startswith("xi") else (name[:5], name[5:])
            values = [getattr(psi, field) for psi in getattr(self, f"psi{bank}")]
            state_dict[prefix + name] = torch.tensor(values, dtype=torch.float64, device="cpu")
