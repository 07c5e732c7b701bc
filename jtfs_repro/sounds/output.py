"""Tables of features as files: .npz, .h5, .zarr or .parquet, written row block by row block."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..io import atomic_path, remove_folder

CHUNK_BYTES = 2**23  # of values that are written at once
NAMES = 2**12  # of one sound that are written at once

# path, seconds [shape=(n,)], values [shape=(n, features)]
Rows = tuple[str, np.ndarray, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Table:
    """What is written: rows of the features `names`, block by block; facts about them.

    `counts` is the number of rows of each path, in order.
    """

    names: list[str]
    counts: dict[str, int]
    blocks: Callable[[], Iterator[Rows]]
    facts: dict[str, Any]  # settings, sample rate, provenance

    @property
    def n_rows(self) -> int:
        """Number of rows of all sounds."""
        return sum(self.counts.values())


def write(path: Path, table: Table) -> None:
    """Write `table` atomically, in the format of the suffix of `path`."""
    WRITERS[path.suffix.lower()](path, table)


def _npz(path: Path, table: Table) -> None:
    text = np.dtype(f"<U{max(1, *map(len, table.counts))}")
    shape = (table.n_rows, len(table.names))
    small = {"feature": np.array(table.names), "facts": np.array(json.dumps(table.facts))}
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in small.items():
            with archive.open(_member(name, zipfile.ZIP_DEFLATED), "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        with _streamed(archive, "path", text, shape[:1], zipfile.ZIP_DEFLATED) as append:
            for name, n in table.counts.items():
                for start in range(0, n, NAMES):
                    append(np.full(min(NAMES, n - start), name, dtype=text))
        with _streamed(archive, "time_s", "<f8", shape[:1], zipfile.ZIP_DEFLATED) as append:
            for _, times, _ in table.blocks():
                append(times)
        # stored as it is, so that it can be mapped or read in part
        with _streamed(archive, "values", "<f4", shape, zipfile.ZIP_STORED) as append:
            for _, _, values in table.blocks():
                append(values)


def _member(name: str, compression: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))  # equal bytes
    member.compress_type = compression
    return member


@contextmanager
def _streamed(
    archive: zipfile.ZipFile, name: str, dtype: Any, shape: tuple[int, ...], compression: int
) -> Iterator[Callable[[np.ndarray], int]]:
    """Yield a function that appends rows to an array in an .npz."""
    head = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    with archive.open(_member(name, compression), "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, head)
        yield lambda rows: file.write(np.ascontiguousarray(rows, dtype=dtype).tobytes())


def _h5(path: Path, table: Table) -> None:
    import h5py

    text = h5py.string_dtype()
    with atomic_path(path) as part, h5py.File(part, "w") as file:
        # no attribute: those hold 64 KB at most
        file.create_dataset("facts", data=json.dumps(table.facts), dtype=text)
        file.create_dataset("feature", data=table.names, dtype=text)
        paths = file.create_dataset("path", (table.n_rows,), dtype=text)
        times = file.create_dataset("time_s", (table.n_rows,), dtype="f8")
        values = file.create_dataset("values", (table.n_rows, len(table.names)), dtype="f4")
        _fill(paths, times, values, table, rows=_rows_at_once(table))


def _zarr(path: Path, table: Table) -> None:
    import zarr

    part = path.with_name(f".{path.name}.part")
    remove_folder(part)
    facts = {"facts": table.facts, "feature": table.names}
    group = zarr.open_group(part, mode="w", attributes=facts)
    n, shape = max(1, table.n_rows), (table.n_rows, len(table.names))
    rows = min(n, _rows_at_once(table))
    paths = group.create_array("path", shape=shape[:1], chunks=(rows,), dtype=str)
    times = group.create_array("time_s", shape=shape[:1], chunks=(rows,), dtype="f8")
    values = group.create_array("values", shape=shape, chunks=(rows, shape[1]), dtype="f4")
    _fill(paths, times, values, table, rows=rows)
    remove_folder(path)
    part.rename(path)


def _fill(paths: Any, times: Any, values: Any, table: Table, *, rows: int) -> None:
    start = 0
    for some, at, block in _gathered(table, rows):
        here = slice(start, start + len(block))
        paths[here], times[here], values[here] = np.array(some, dtype=object), at, block
        start += len(block)


def _gathered(table: Table, rows: int) -> Iterator[tuple[list[str], np.ndarray, np.ndarray]]:
    """Yield all rows by `rows` at once: a chunk is written once, however few a sound has."""
    held: list[Rows] = []
    n_held = 0
    for name, times, values in table.blocks():
        start = 0
        while start < len(times):
            stop = min(len(times), start + rows - n_held)
            held.append((name, times[start:stop], values[start:stop]))
            n_held += stop - start
            start = stop
            if n_held == rows:
                yield _joined(held)
                held, n_held = [], 0
    if held:
        yield _joined(held)


def _joined(held: list[Rows]) -> tuple[list[str], np.ndarray, np.ndarray]:
    paths = [name for name, times, _ in held for _ in times]
    return paths, np.concatenate([t for _, t, _ in held]), np.concatenate([v for *_, v in held])


def _parquet(path: Path, table: Table) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    fields = [pa.field("path", pa.string()), pa.field("time_s", pa.float64())]
    fields += [pa.field(name, pa.float32()) for name in table.names]
    schema = pa.schema(fields, metadata={"facts": json.dumps(table.facts)})
    rows = _rows_at_once(table)
    with atomic_path(path) as part, parquet.ParquetWriter(part, schema) as writer:
        for paths, times, values in _gathered(table, rows):
            columns = [pa.array(paths, pa.string()), pa.array(times)]
            columns += [pa.array(column) for column in np.ascontiguousarray(values.T)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _rows_at_once(table: Table) -> int:
    return max(1, CHUNK_BYTES // (4 * max(1, len(table.names))))


WRITERS: dict[str, Callable[[Path, Table], None]] = {
    ".npz": _npz,
    ".h5": _h5,
    ".zarr": _zarr,
    ".parquet": _parquet,
}
