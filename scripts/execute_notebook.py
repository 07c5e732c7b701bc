"""Execute a notebook from top to bottom and store it with its outputs."""

import os
import tempfile
from pathlib import Path

from jtfs_repro import config, io

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 900  # of one cell


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("notebook", help=".ipynb")
    parser.add_argument("--executed", required=True, help="output .ipynb")
    return parser


def main(options):
    import nbformat
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    text = io.load_text(options.notebook)
    try:
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:  # json, nbformat and jsonschema each raise their own
        raise io.corrupt(options.notebook, "a notebook", error) from None
    try:
        with tempfile.TemporaryDirectory() as runtime:
            os.environ |= {"JUPYTER_RUNTIME_DIR": runtime, "IPYTHONDIR": runtime}
            os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.getenv("PYTHONPATH", "")])
            sockets = {"transport": "ipc", "ip": str(Path(runtime, "kernel"))}  # of this run alone
            NotebookClient(
                notebook,
                timeout=TIMEOUT_S,
                km=AsyncKernelManager(kernel_name="python3", **sockets),
                extra_arguments=["--log-level=40"],
                record_timing=False,
                resources={"metadata": {"path": str(ROOT)}},
            ).execute()
    except CellExecutionError as error:
        cell = sum(bool(c.get("execution_count")) for c in notebook.cells)
        what = f"{error.ename}: {error.evalue}".splitlines()[0]
        raise ValueError(f"{options.notebook}: code cell {cell} failed: {what}") from None
    io.save_text(options.executed, nbformat.writes(notebook))


if __name__ == "__main__":
    config.run_script(main, arguments())
