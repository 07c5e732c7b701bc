"""Execute a notebook from top to bottom and store it with its outputs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from jtfs_repro import io

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 900  # of one cell


def execute_notebook(*, notebook: Path, executed: Path) -> None:
    """Write the executed notebook; ``ValueError`` names the cell that failed."""
    import nbformat
    from nbclient.exceptions import CellExecutionError

    text = io.load_text(notebook)
    try:
        content = nbformat.reads(text, as_version=4)
    except Exception as error:  # json, nbformat and jsonschema each raise their own
        raise io.corrupt(notebook, "a notebook", error) from None
    try:
        _execute(content)
    except CellExecutionError as error:
        cell = sum(bool(c.get("execution_count")) for c in content.cells)
        what = f"{error.ename}: {error.evalue}".splitlines()[0]
        raise ValueError(f"{notebook}: code cell {cell} failed: {what}") from None
    io.save_text(executed, nbformat.writes(content))


def _execute(content: Any) -> None:
    """Run the cells with this project's package, their sockets in a folder of this run alone."""
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as runtime:
        os.environ |= {"JUPYTER_RUNTIME_DIR": runtime, "IPYTHONDIR": runtime}
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.getenv("PYTHONPATH", "")])
        sockets = {"transport": "ipc", "ip": str(Path(runtime, "kernel"))}
        NotebookClient(
            content,
            timeout=TIMEOUT_S,
            km=AsyncKernelManager(kernel_name="python3", **sockets),
            extra_arguments=["--log-level=40"],
            record_timing=False,
            resources={"metadata": {"path": str(ROOT)}},
        ).execute()
