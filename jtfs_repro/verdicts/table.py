"""The whole table of verdicts: every claim judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from jtfs_repro import checks, io
from jtfs_repro.provenance import Stamp
from jtfs_repro.studies.chirps.knn import MEANS
from jtfs_repro.verdicts import claims as c
from jtfs_repro.verdicts.cases import Case, NotRun, Table
from jtfs_repro.verdicts.computed import fact
from jtfs_repro.verdicts.ridges import ridges
from jtfs_repro.verdicts.rows import NO_STAGE, PAPER_SCALE, VerdictRow
from jtfs_repro.verdicts.rules import COMPARISONS
from jtfs_repro.verdicts.settings import GinSettings

ARRAYS = {"cqt": ridges}  # table -> function that makes its rows of the stored arrays


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What the verdicts read: those ``tables`` that the run has, ``embedding`` among them."""

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    claims: c.Claims = field(default_factory=c.load_claims)
    settings: GinSettings = field(default_factory=GinSettings)

    @property
    def stamp(self) -> Stamp:
        """Of the run."""
        return Stamp.common(self.tables["embedding"])


def load_tables(paths: Mapping[str, Sequence[str]]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table; arrays (.npz) become rows by `ARRAYS`."""
    return {
        name: [row for file in files for row in _load(name, file)] for name, files in paths.items()
    }


def _load(name: str, path: str) -> list[dict[str, Any]]:
    if not path.endswith(".npz"):
        return [dict(row) for row in io.load_csv(path)]
    checks.choice("table", name, ARRAYS, f"no function makes rows of {path}")
    return ARRAYS[name](io.load_arrays(path))


def verdicts(sources: Sources, *, mean: str = "arithmetic") -> list[dict[str, Any]]:
    """Judge every claim; return rows of `VerdictRow` in the order of the paper's sections.

    ``mean`` is the K-NN estimate that is judged. Links are names of tables, or paths.
    `ClaimError`: a claim names a column, table, setting or computed value that does not exist.
    """
    checks.choice("mean", mean, MEANS)
    known = sources.claims.tables
    for name in sources.tables:
        if name not in known:
            raise c.ClaimError(f"claims/tables.yaml: {c.unknown('table', name, known)}")
    tables = {name: _table(name, sources, mean) for name in known}
    rows = [asdict(_judge(claim, sources, tables, mean)) for claim in sources.claims.claims]
    return sorted(rows, key=_place)


def _table(name: str, sources: Sources, mean: str) -> Table:
    spec = sources.claims.tables[name]
    file = spec.get("file", name)
    rows = list(sources.tables.get(file, ()))
    if needs := spec.get("needs"):
        other = sources.tables.get(needs["table"], ())
        rows = rows if other and other[0][needs["column"]] == needs["value"] else []
    if spec.get("mean") == "chosen":
        rows = [row for row in rows if row["mean"] == mean]
    only = spec.get("only", {})
    for column in [*only, *spec.get("prefer", {})]:
        if rows and column not in rows[0]:
            what = c.unknown("column", column, list(rows[0]))
            raise c.ClaimError(f"claims/tables.yaml: {name}: {what}")
    rows = [row for row in rows if all(str(row[k]) == v for k, v in only.items())]
    stamped = sources.tables.get(spec.get("stamp of", file), ())
    is_stamped = bool(stamped) and "preset" in stamped[0]
    stamp = Stamp.common(stamped) if is_stamped else sources.stamp
    return Table(name=file, spec=spec, rows=rows, stamp=stamp)


def _judge(claim: c.Claim, sources: Sources, tables: Mapping[str, Table], mean: str) -> VerdictRow:
    if claim.ours == c.NOTHING:
        command = claim.remedy or NO_STAGE
        return VerdictRow.of(claim, sources.stamp, reason=claim.note, command=command)
    rule = sources.claims.rules[claim.rule]
    claim.known("compare", rule["compare"], COMPARISONS)
    if claim.ours in (c.SETTING, c.SETTINGS, c.COMPUTED):
        case = _fact_case(claim, rule, sources.settings)
    else:
        table, cell = tables[claim.ours], claim.cell()
        case = Case(claim=claim, rule=rule, table=table, cell=cell, tables=tables, mean=mean)
    try:
        return COMPARISONS[rule["compare"]](case)
    except NotRun as error:
        return case.not_run(error)


def _fact_case(claim: c.Claim, rule: Mapping[str, Any], settings: GinSettings) -> Case:
    """Return the case of a setting or count: of the paper's scale, whatever the run's."""
    is_code = rule.get("preset") == "of the source" and claim.kind == c.CODE
    preset = "as_coded" if is_code else "paper"
    presets = ("paper", "as_coded") if rule.get("preset") == "both" else (preset,)
    found = [fact(claim, replace(settings, preset=name)) for name in presets]
    values = dict.fromkeys(str(one.value) for one in found)
    value = found[0].value if len(values) == 1 else " | ".join(values)
    stamp = Stamp(scale=PAPER_SCALE, preset=preset, device="cpu")
    return Case(claim=claim, rule=rule, table=Table(name=found[0].file, stamp=stamp), fact=value)


def _place(row: Mapping[str, Any]) -> tuple[int, str]:
    if row["section"].startswith("later"):
        return 2, row["section"]
    return int(row["section"].startswith("original code")), row["section"]
