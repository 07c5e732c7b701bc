"""Tables of features as files: .npz, .h5, .zarr or .parquet, written row block by row block."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..io import atomic_path, remove_folder

Rows = tuple[
    str, np.ndarray, np.ndarray
]  # path, seconds [shape=(n,)], values [shape=(n, features)]


@dataclass(frozen=True, kw_only=True)
class Table:
    """What is written: `n_rows` rows of the features `names`, in blocks; facts about them."""

    names: list[str]
    n_rows: int
    blocks: Callable[[], Iterator[Rows]]
    facts: dict[str, Any]  # settings, sample rate, provenance

    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Return path and seconds of each row."""
        found = [(path, times) for path, times, _ in self.blocks()]
        paths = np.repeat([p for p, _ in found], [len(t) for _, t in found])
        return paths, np.concatenate([t for _, t in found]) if found else np.empty(0)


def write(path: Path, table: Table) -> None:
    """Write `table` atomically, in the format of the suffix of `path`."""
    WRITERS[path.suffix.lower()](path, table)


def _npz(path: Path, table: Table) -> None:
    paths, times = table.columns()
    small = {"path": paths, "time_s": times, "feature": np.array(table.names)}
    small |= {"facts": np.array(json.dumps(table.facts))}
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in small.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        # stored as it is, so that it can be mapped or read in part
        member = zipfile.ZipInfo("values.npy", date_time=(1980, 1, 1, 0, 0, 0))
        with archive.open(member, "w", force_zip64=True) as file:
            shape = (table.n_rows, len(table.names))
            head = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, head)
            for _, _, values in table.blocks():
                file.write(np.ascontiguousarray(values, dtype="<f4").tobytes())


def _h5(path: Path, table: Table) -> None:
    import h5py

    paths, times = table.columns()
    with atomic_path(path) as part, h5py.File(part, "w") as file:
        file.attrs["facts"] = json.dumps(table.facts)
        text = h5py.string_dtype()
        file.create_dataset("path", data=[_bytes(p) for p in paths], dtype=text)
        file.create_dataset("time_s", data=times)
        file.create_dataset("feature", data=table.names, dtype=text)
        values = file.create_dataset("values", (table.n_rows, len(table.names)), dtype="f4")
        _fill(values, table)


def _zarr(path: Path, table: Table) -> None:
    import zarr

    paths, times = table.columns()
    part = path.with_name(f".{path.name}.part")
    remove_folder(part)
    group = zarr.open_group(
        part, mode="w", attributes={"facts": table.facts, "feature": table.names}
    )
    group.create_array("path", shape=paths.shape, dtype="string")[:] = paths.astype(object)
    group.create_array("time_s", data=times)
    shape = (table.n_rows, len(table.names))
    chunks = (min(max(1, shape[0]), 1024), max(1, shape[1]))
    _fill(group.create_array("values", shape=shape, chunks=chunks, dtype="f4"), table)
    remove_folder(path)
    part.rename(path)


def _fill(values: Any, table: Table) -> None:
    row = 0
    for _, _, block in table.blocks():
        values[row : row + len(block)] = block
        row += len(block)


def _parquet(path: Path, table: Table) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    fields = [pa.field("path", pa.string()), pa.field("time_s", pa.float64())]
    fields += [pa.field(name, pa.float32()) for name in table.names]
    schema = pa.schema(fields, metadata={"facts": json.dumps(table.facts)})
    with atomic_path(path) as part, parquet.ParquetWriter(part, schema) as writer:
        for name, times, values in table.blocks():
            columns = [pa.array([name] * len(times)), pa.array(times)]
            columns += [pa.array(np.ascontiguousarray(column)) for column in values.T]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8")


WRITERS: dict[str, Callable[[Path, Table], None]] = {
    ".npz": _npz,
    ".h5": _h5,
    ".zarr": _zarr,
    ".parquet": _parquet,
}
