"""Trust in results: record, gather, verify, compare.

`record` writes a sidecar for every output of a script, `gather` makes the manifest of a run from
them, `verify` compares what they record with what is there, `compare` compares two runs number by
number. `stamp` is what is printed on every result, `journal` hashes files as they are read and
written, `reached` tells what code a stage can run.
"""

from jtfs_repro.gin_files import settings_sha256
from jtfs_repro.provenance.environment import commit, hardware, versions
from jtfs_repro.provenance.journal import sha256
from jtfs_repro.provenance.layout import SUFFIX, operative_of, sidecar_of
from jtfs_repro.provenance.stamp import DEVICES, PRESETS, SCALES, Stamp, add_stamp_arguments

__all__ = [
    "DEVICES",
    "PRESETS",
    "SCALES",
    "SUFFIX",
    "Stamp",
    "add_stamp_arguments",
    "commit",
    "hardware",
    "operative_of",
    "settings_sha256",
    "sha256",
    "sidecar_of",
    "versions",
]
