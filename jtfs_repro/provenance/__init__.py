"""Trust in results: record, gather, verify, compare.

`record` writes a sidecar for every output of a script, `gather` makes the manifest of a run from
them, `verify` compares what they record with what is there, `compare` compares two runs number by
number. `stamp` is what is printed on every result, `reached` tells what code a stage can run.
"""

from jtfs_repro.provenance.environment import commit, hardware, versions
from jtfs_repro.provenance.stamp import DEVICES, Stamp, add_stamp_arguments

__all__ = ["DEVICES", "Stamp", "add_stamp_arguments", "commit", "hardware", "versions"]
