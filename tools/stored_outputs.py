"""Outputs of Kymatio's development line and its interface, stored for tests.

Run once, in the environment of the peers (`make peers`), which brings Kymatio 0.4-dev:

    .venv-peers/bin/python -m tools.stored_outputs tests/data/kymatio

Each case is computed by Kymatio's NumPy code in float64 and stored as it is; the signal is stored
beside it. ``interface.json`` holds, for both front ends and both classes, the arguments with their
defaults and the public attributes of an instance; ``states/``, what its modules save. Nothing of
this project is imported.
"""

from __future__ import annotations

import inspect
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

TIME = {"J": 5, "Q": 4}
JOINT = {"J": 5, "J_fr": 2, "Q": 4}
# file -> (class, N or shape of the batch, arguments)
CASES: dict[str, tuple[str, tuple[int, ...], dict[str, Any]]] = {
    "time": ("Scattering1D", (256,), TIME),
    "time_batch_odd": ("Scattering1D", (2, 301), {**TIME, "Q": (6, 2)}),
    "time_order_1": ("Scattering1D", (256,), {**TIME, "max_order": 1, "T": 8}),
    "time_stride": ("Scattering1D", (256,), {**TIME, "T": 32, "stride": 4}),
    "time_oversampling": ("Scattering1D", (256,), {**TIME, "oversampling": 2}),
    "time_global": ("Scattering1D", (256,), {**TIME, "T": "global"}),
    "time_list": ("Scattering1D", (200,), {**TIME, "T": 0, "out_type": "list"}),
    "joint": ("TimeFrequencyScattering", (256,), {**JOINT, "format": "joint"}),
    "joint_batch_odd": ("TimeFrequencyScattering", (2, 301), {**JOINT, "format": "joint", "F": 2}),
    "joint_wide": (
        "TimeFrequencyScattering",
        (256,),
        {"J": 6, "J_fr": 3, "Q": (8, 2), "Q_fr": 2, "F": 4, "format": "joint"},
    ),
    "joint_stride": (
        "TimeFrequencyScattering",
        (256,),
        {**JOINT, "T": 32, "stride": 8, "stride_fr": 2, "F": 4, "format": "joint"},
    ),
    "joint_list": (
        "TimeFrequencyScattering",
        (256,),
        {**JOINT, "F": 0, "format": "joint", "out_type": "list"},
    ),
    "rows": ("TimeFrequencyScattering", (256,), JOINT),
    "rows_F0": ("TimeFrequencyScattering", (256,), {**JOINT, "F": 0, "T": 64}),
    "rows_global": ("TimeFrequencyScattering", (256,), {**JOINT, "T": "global", "F": "global"}),
    "rows_list_T0": (
        "TimeFrequencyScattering",
        (200,),
        {**JOINT, "Q": 2, "T": 0, "F": 0, "out_type": "list"},
    ),
    # a case's seed is its place: new ones come last
    "time_dict": ("Scattering1D", (256,), {**TIME, "out_type": "dict"}),
    "rows_dict": ("TimeFrequencyScattering", (2, 256), {**JOINT, "out_type": "dict"}),
    "rows_Q16": ("TimeFrequencyScattering", (512,), {"J": 6, "J_fr": 3, "Q": 16}),
    "joint_global_F": (
        "TimeFrequencyScattering",
        (301,),
        {**JOINT, "T": "global", "F": 4, "format": "joint"},
    ),
}
STATES: dict[str, dict[str, Any]] = {
    "Scattering1D": {"J": 3, "Q": 2, "shape": 64},
    "TimeFrequencyScattering": {"J": 3, "Q": 2, "J_fr": 1, "shape": 64},
}
META = ("xi", "sigma", "j", "xi_fr", "sigma_fr", "j_fr", "spin", "order", "n_fr")


def main(folder: Path) -> None:
    """Compute and store all cases."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import scrapl  # noqa: F401  # pyright: ignore[reportMissingImports]
        from kymatio import numpy as kymatio  # pyright: ignore[reportMissingImports]

        folder.mkdir(parents=True, exist_ok=True)
        for seed, (name, (cls, shape, arguments)) in enumerate(CASES.items()):
            x = np.random.default_rng(seed).standard_normal(shape)
            S = getattr(kymatio, cls)(shape=shape[-1], **arguments)
            np.savez_compressed(
                folder / f"{name}.npz", **_stored(x, S(x), S.meta(), cls, arguments)
            )
            print(name, (folder / f"{name}.npz").stat().st_size, "bytes")
        interface = json.dumps(_interface(), indent=1, sort_keys=True)
        (folder / "interface.json").write_text(interface + "\n", encoding="utf-8")
        _save_states(folder / "states")


def _save_states(folder: Path) -> None:
    from kymatio import torch  # pyright: ignore[reportMissingImports]

    folder.mkdir(exist_ok=True)
    for name, given in STATES.items():
        state = getattr(torch, name)(**given).state_dict()
        arrays = {key: value.numpy() for key, value in state.items()}
        np.savez_compressed(folder / f"{name}.npz", kwargs=json.dumps(given), **arrays)


def _interface() -> dict[str, Any]:
    from kymatio import numpy, torch  # pyright: ignore[reportMissingImports]
    from torch.nn import Module

    found = {}
    for front, module in (("numpy", numpy), ("torch", torch)):
        for name, given in (("Scattering1D", TIME), ("TimeFrequencyScattering", JOINT)):
            cls = getattr(module, name)
            parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
            own = set(dir(cls(shape=256, **given))) - set(dir(Module()))
            found[f"{front}.{name}"] = {
                "arguments": [[p.name, _default(p)] for p in parameters],
                "attributes": sorted(a for a in own if not a.startswith(("_", "tensor"))),
            }
    return found


def _default(parameter: inspect.Parameter) -> Any:
    return "required" if parameter.default is parameter.empty else parameter.default


def _stored(x: Any, output: Any, meta: Any, cls: str, arguments: dict[str, Any]) -> dict[str, Any]:
    kind = "jtfs" if cls == "TimeFrequencyScattering" else "scattering1d"
    stored = {"x": x, "kind": kind, "kwargs": json.dumps(arguments)}
    stored |= {f"meta_{key}": np.asarray(meta[key], dtype=float) for key in META if key in meta}
    stored["meta_key"] = json.dumps(meta["key"], default=_plain)
    if isinstance(output, dict):
        output = [{"n": key, "coef": coef} for key, coef in output.items()]
    if not isinstance(output, list):
        return {**stored, "S": output}
    coefs = {f"coef_{i}": path.pop("coef") for i, path in enumerate(output)}
    return {**stored, **coefs, "paths": json.dumps(output, default=_plain)}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else list(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
