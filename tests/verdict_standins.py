"""Stand-ins for the tests of verdicts: made-up tables, and claims judged on them alone."""

from texture_standins import METHODS, STAMP

from jtfs_repro.verdicts.claims import Claims, load_claims
from jtfs_repro.verdicts.table import Sources, verdicts

CLAIMS = load_claims()
RATIOS = {"am_chirp": 9.0, "dizi": -8.0, "gull": -6.0, "hawk": 5.0}
MADE = {"up_chirp": 18.0, "down_chirp": -18.0, "sine": 0.0, "pulse": 0.0}
KEPT = {"jtfs": "0.76", "scattering1d": "0.01"}


def some(*prefixes):
    """Return the claims whose identifiers begin so."""
    claims = tuple(claim for claim in CLAIMS.claims if claim.id.startswith(prefixes))
    assert claims
    return Claims(claims=claims, rules=CLAIMS.rules, tables=CLAIMS.tables)


def judged(*prefixes, stamp=STAMP, mean="arithmetic", claims=None, **tables):
    """Judge the claims whose identifiers begin so; tables by name, "_" for "-"."""
    tables = {name.replace("_", "-"): rows for name, rows in tables.items()}
    whole = {"embedding": [stamp.as_dict()], **tables}
    return verdicts(Sources(tables=whole, claims=claims or some(*prefixes)), mean=mean)


def find(rows, **cells):
    (row,) = [row for row in rows if all(row[k] == v for k, v in cells.items())]
    return row


def edited(rows, changes, **cells):
    match = [all(row[k] == v for k, v in cells.items()) for row in rows]
    assert any(match)
    return [row | changes if hit else row for row, hit in zip(rows, match, strict=True)]


def spins(**ratios):
    return [
        {"signal": k, "ratio_db": str(v), **STAMP.as_dict()}
        for k, v in (RATIOS | MADE | ratios).items()
    ]


def resynthesis(stamp=STAMP, **cells):
    """Return the rows of the table that claims look at."""
    rows = []
    for sound in ("gull", "hawk"):
        for representation, descent in METHODS:
            labels = {"sound": sound, "representation": representation, "descent": descent}
            errors = {"error_at_20": "0.08", "error_at_100": "0.025"}
            run = {"status": "finished", "iterations": "100", "n_samples": "65536", "seed": "0"}
            kept = {"synchrony_kept": KEPT[representation]}
            rows.append({**labels, **run, **errors, **kept, **stamp.as_dict()} | cells)
    return rows


def cost(device="cpu", seconds="0.6", n_samples="65536"):
    rows = [dict(zip(("representation", "descent"), method, strict=True)) for method in METHODS]
    numbers = {"seconds_per_iteration": seconds, "device": device, "threads": "1"}
    return [{"sound": "gull", **row, **numbers, "n_samples": n_samples} for row in rows]


def benchmark(**cells):
    """Return a row of the benchmark's table."""
    known = {"study": "transform", "program": "ours", "mode": "training", "device": "cpu"}
    known |= {"allocator": "tuned", "batch": "1", "configuration": "resynthesis", "status": "run"}
    known |= {"seconds": "0.5", "seconds_q1": "0.4", "seconds_q3": "0.6", "calls": "5"}
    return known | {"threads": "2", "machine": "a CPU", "peak_bytes": "1e9"} | cells
