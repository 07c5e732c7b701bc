"""How much memory may still be used: what is free, within the limits of the process's groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# files of a control group: limits, use, and the file cache within it that is given up when needed
VERSION_2 = (("memory.max", "memory.high"), "memory.current", "inactive_file")
VERSION_1 = (("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")


def free_bytes(device: torch.device) -> float:
    """Return the free memory of `device`; infinity where the system does not say.

    On a CPU the least of the machine's free memory, what the limits of the control groups of the
    process (those of containers, batch jobs, services) leave, and its limit of address space.
    """
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    return min(_of_machine(), _of_address_space(), *_of_groups(), float("inf"))


def _of_machine() -> float:
    found = [line.split()[1] for line in _lines(PROC / "meminfo") if line.startswith("MemAvail")]
    return float(found[0]) * 1024 if found else float("inf")


def _of_groups() -> Iterator[float]:
    """Yield what each control group leaves, from the process's own up to the outermost."""
    for line in _lines(PROC / "self/cgroup"):
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            root, files = GROUPS, VERSION_2
        elif "memory" in controllers.split(","):
            root, files = GROUPS / "memory", VERSION_1
        else:
            continue
        group = root / path.strip("/")
        # within a container the path may be that of the machine, and the group the root
        for folder in {group, *group.parents, root}:
            if folder.is_relative_to(root):
                yield _of_group(folder, *files)


def _of_group(folder: Path, limits: tuple[str, ...], use: str, cache: str) -> float:
    limit = min((_number(folder / name) for name in limits), default=float("inf"))
    used = _number(folder / use)
    if limit == float("inf") or used == float("inf"):
        return float("inf")
    lines = (line.split() for line in _lines(folder / "memory.stat"))
    given_up = sum(float(words[1]) for words in lines if words[0] == cache)
    return max(0.0, limit - used + given_up)


def _of_address_space() -> float:
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    except (ImportError, AttributeError, OSError):
        return float("inf")
    lines = _lines(PROC / "self/statm")
    if limit == resource.RLIM_INFINITY or not lines:
        return float("inf")
    return max(0.0, limit - float(lines[0].split()[0]) * resource.getpagesize())


def _number(file: Path) -> float:
    """Return the number in a file, infinity for "max" or where there is none."""
    lines = _lines(file)
    return float(lines[0]) if lines and lines[0].isdigit() else float("inf")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return []
