"""Files made at random for the fuzz tests: arbitrary bytes, and valid files with damage.

The number of cases is 1000 per test, the same ones in every run; ``JTFS_FUZZ_EXAMPLES=20000``
tries more, other ones each time.
"""

import os
import struct
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from jtfs_repro import config

MORE = os.environ.get("JTFS_FUZZ_EXAMPLES")
fuzz = settings(
    max_examples=int(MORE or 1000),
    derandomize=not MORE,
    database=None,
    deadline=10_000,  # ms: a hang; the machine may be busy
    phases=[Phase.explicit, Phase.generate] + [Phase.shrink] * bool(MORE),
    suppress_health_check=list(HealthCheck),
)
EXTREMES = [
    b"\0",
    b"\xff",
    b"\0" * 4,
    b"\xff" * 4,
    struct.pack("<I", 1 << 31),
    struct.pack("<I", (1 << 31) - 1),
    struct.pack(">I", 1 << 31),
    struct.pack("<Q", 10**12),
    struct.pack("<f", float("nan")),
    struct.pack("<f", float("inf")),
    b"\xff" * 8,
]


def _flip(data, at, value):
    data[at] ^= 1 << value % 8


def _set(data, at, value):
    extreme = EXTREMES[value % len(EXTREMES)]
    data[at : at + len(extreme)] = extreme


def _cut(data, at, value):
    del data[at:]


def _remove(data, at, value):
    del data[at : at + 1 + value % 16]


def _repeat(data, at, value):
    data[at:at] = data[at : at + 1 + value % 64] * (1 + value % 3)


def _insert(data, at, value):
    data[at:at] = bytes([value % 256])


DAMAGES = [_flip, _flip, _set, _set, _cut, _remove, _repeat, _insert]


def damaged(*files, header=64):
    """A strategy of bytes: one of the files with one to four damages, half of them in its head."""
    place = st.one_of(st.integers(0, header), st.integers(0, 1 << 24))
    damage = st.tuples(st.sampled_from(DAMAGES), place, st.integers(0, 255))
    return st.builds(_damage, st.sampled_from(files), st.lists(damage, min_size=1, max_size=4))


def _damage(data, damages):
    data = bytearray(data)
    for damage, at, value in damages:
        if data:
            damage(data, at % len(data), value)
    return bytes(data)


def sure_of(load, path, content):
    """Load a file of that content: a value, or one line that names the file."""
    Path(path).write_bytes(content)
    try:
        return load(path)
    except config.USER_ERRORS as error:
        line = config.describe(error)
        assert "\n" not in line, line
        assert Path(path).name in line, line
        assert len(line) < 2000, line
        return None
