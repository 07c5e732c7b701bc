"""Write everything that a run leaves: CSV with all columns, Markdown, figures, manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jtfs_repro import io, provenance
from tools.benchmarks import figures, tables
from tools.benchmarks.contenders import CONTENDERS
from tools.benchmarks.plan import Settings
from tools.benchmarks.records import RUN, Rates, Row, quantile

_UNKNOWN = "unknown"
_READING = (
    "Seconds: median [quartiles] of the calls after a first one, which may build tables. Memory:"
    " the most in use during the calls less what was in use before the first. Training: forward,"
    " and backward to the input. Difference: relative L2 norm, same input. Bound: the transform's"
    " own count of arithmetic and of least traffic at the machine's rates, whichever takes longer."
)


def write(
    folder: Path, rows: Sequence[Row], rates: Mapping[str, Rates], settings: Settings
) -> None:
    """Write tables, figures and manifest of these rows to a folder."""
    line = machine_line(rows, rates, settings)
    comparisons = [row for row in rows if row.job.study not in tables.GROWTH]
    if comparisons:
        io.save_csv(folder / "transform.csv", [flat(row, rates) for row in comparisons])
        io.save_text(folder / "transform.md", transform_text(rows, rates, line))
    for name, figure in figures.transform_figures(rows, rates, line):
        io.save_figure(folder / name, figure)
    grown = [row for row in rows if row.job.study in tables.GROWTH]
    if grown:
        io.save_csv(folder / "growth.csv", [flat(row, rates) for row in grown])
        text = f"# How costs grow ({grown[0].job.configuration.name})\n\n{line}\n\n"
        io.save_text(folder / "growth.md", text + tables.growth_text(rows))
    if any(row.result.is_run for row in grown):
        io.save_figure(folder / "growth.png", figures.growth_figure(rows, line))
    io.save_json(folder / "manifest.json", _manifest(rows, rates, settings))


def transform_text(rows: Sequence[Row], rates: Mapping[str, Rates], line: str) -> str:
    """Return the whole page of the transform and of the loss steps."""
    parts = ["# Seconds and memory of the transform", line, _READING]
    parts.append(tables.transform_tables(rows, rates))
    losses = tables.loss_tables(rows)
    if losses:
        parts += ["## Loss steps: exact, and SCRAPL's random path", losses]
    return "\n\n".join(parts)


def machine_line(rows: Sequence[Row], rates: Mapping[str, Rates], settings: Settings) -> str:
    """Return the machine and the conditions in one paragraph, without a date."""
    machine = provenance.hardware()
    loads = [row.result.load for row in rows if row.result.load is not None]
    load = f"{min(loads):.1f} to {max(loads):.1f}" if loads else "unknown"
    parts = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB",
        f"threads {settings.threads}",
        *(f"{name} {_found(rows, name)}" for name in ("torch", "cuda", "tf32")),
        f"load average {load}",
        f"commit {_found(rows, 'commit')}",
        *(_rate_text(device, found) for device, found in rates.items()),
    ]
    return "; ".join(parts) + "."


def _found(rows: Sequence[Row], name: str) -> str:
    values = sorted({getattr(row.result, name) for row in rows} - {""})
    return " and ".join(values) or _UNKNOWN


def _rate_text(device: str, rates: Rates) -> str:
    if rates.status != RUN:
        return f"{device} {rates.status}"
    numbers = f"{rates.flops_per_s / 1e9:.0f} GFLOP/s, {rates.bytes_per_s / 1e9:.1f} GB/s"
    return f"{rates.gpu or device} {numbers}"


def flat(row: Row, rates: Mapping[str, Rates]) -> dict[str, Any]:
    """Return a row with all its columns, for CSV."""
    job, result = row.job, row.result
    bound = rates[job.device].bound(result.flops, result.least_bytes)
    configuration = {name: _plain(v) for name, v in asdict(job.configuration).items()}
    del configuration["has_loss"]
    return {
        "study": job.study,
        "program": CONTENDERS[job.contender].name,
        "mode": job.mode,
        "device": job.device,
        "allocator": job.allocator,
        "threads": job.threads,
        "batch": result.batch or job.batch,
        "batch_rule": "given" if job.batch else "saturating",
        **{"configuration": configuration.pop("name"), **configuration},
        "status": result.status,
        "seconds": row.median,
        "seconds_q1": quantile(result.seconds, 0.25),
        "seconds_q3": quantile(result.seconds, 0.75),
        "seconds_first": result.first_seconds,
        "calls": len(result.seconds),
        "seconds_per_signal": tables.per_signal(row),
        **{name: getattr(result, name) for name in _COUNTS},
        "bound_seconds": bound,
        "seconds_per_bound": tables.ratio(row.median, bound),
        **{name: getattr(result, name) for name in _CONDITIONS},
    }


_COUNTS = (
    "peak_bytes",
    "memory_method",
    "planned_bytes",
    "paths",
    "coefficients",
    "relative_difference",
    "note",
    "flops",
    "least_bytes",
)
_CONDITIONS = ("load", "machine", "version", "torch", "cuda", "tf32", "commit")


def _plain(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, tuple) else value


def _manifest(
    rows: Sequence[Row], rates: Mapping[str, Rates], settings: Settings
) -> dict[str, Any]:
    return {
        "commit": provenance.commit(),
        "measured_at": _found(rows, "commit"),
        "versions": provenance.versions(),
        "programs": dict(_programs(rows)),
        "hardware": provenance.hardware(),
        "rates": {device: asdict(found) for device, found in rates.items()},
        "settings": asdict(settings),
    }


def _programs(rows: Sequence[Row]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each program and the versions that ran."""
    for name in dict.fromkeys(row.job.contender for row in rows):
        chosen = [row for row in rows if row.job.contender == name]
        facts = ("version", "torch", "cuda", "commit")
        found = {fact: _found(chosen, fact) for fact in facts}
        yield name, {fact: value for fact, value in found.items() if value != _UNKNOWN}
