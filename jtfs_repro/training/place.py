"""Where a training runs: on one device, or on several by Lightning Fabric."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from jtfs_repro import checks
from jtfs_repro.devices import choose_device

STRATEGIES = ("auto", "ddp")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a training runs and keeps its checkpoints.

    ``folder`` holds the checkpoints of one training, see `checkpoints`; ``device`` is 'cpu', 'cuda'
    or 'auto'; ``devices`` counts the GPUs, or processes on the CPU, that share every batch;
    ``strategy`` ('auto' or 'ddp') says how; ``progress`` shows a bar. ValueError, TypeError: a
    value is out of range, or CUDA is asked for where there is none.
    """

    folder: str | os.PathLike[str]
    device: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    progress: bool = True

    def __post_init__(self) -> None:
        checks.integer("devices", self.devices, low=1)
        checks.choice("strategy", self.strategy, STRATEGIES)
        object.__setattr__(self, "device", choose_device(self.device))

    def below(self, name: str) -> Place:
        """Return the same place with a folder of its own in this folder."""
        return replace(self, folder=Path(self.folder, name))

    @property
    def is_first(self) -> bool:
        """Whether this process is the first of those that share the work."""
        return self.devices == 1 or os.environ.get("LOCAL_RANK", "0") == "0"

    @contextmanager
    def fabric(self) -> Iterator[Any]:
        """Yield Fabric with its processes started; outside, random numbers go on as before.

        One device gets a stand-in: importing Fabric takes longer than some trainings, and what a
        cluster's environment variables suggest has no say.
        """
        gpus = range(torch.cuda.device_count() if self.device == "cuda" else 0)
        with torch.random.fork_rng(gpus):
            yield _OneDevice(torch.device(self.device)) if self.devices == 1 else self._launched()

    def _launched(self) -> Any:
        from lightning.fabric import Fabric

        before = logging.root.manager.disable
        logging.disable(logging.INFO)  # what Fabric and its launcher announce
        try:
            fabric = Fabric(accelerator=self.device, devices=self.devices, strategy=self.strategy)
            fabric.launch()
        finally:
            logging.disable(before)
        return fabric


@dataclass(frozen=True)
class _OneDevice:
    """What the loop needs of Fabric."""

    device: torch.device
    global_rank = 0
    world_size = 1
    is_global_zero = True

    def setup_module(self, network: nn.Module) -> nn.Module:
        return network.to(self.device)

    def all_reduce(self, value: Tensor, *, reduce_op: str) -> Tensor:
        return value

    def barrier(self) -> None:
        pass
