"""`pip install .` brings torch and NumPy, extras the rest. Exact pins: requirements.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
PACKAGE = (ROOT / "jtfs_repro/__init__.py").read_text(encoding="utf-8")

FEATURES = [
    *("gin-config", "h5py", "librosa", "nnaudio2", "pooch", "scikit-learn", "scipy"),
    *("soundfile", "threadpoolctl", "tqdm"),
]
SOUNDS = [*FEATURES, "imageio-ffmpeg", "pyarrow", "soxr", "zarr"]
PLOTS = [*FEATURES, "matplotlib", "pillow"]
WORKFLOW = [
    *PLOTS,
    *("imageio-ffmpeg", "pyarrow", "soxr", "zarr"),
    *("lightning", "midirenderer", "mido", "pretty_midi"),
    *("ipykernel", "jinja2", "jupyter_client", "nbclient", "nbformat", "plotly"),
    *("jsonschema", "psutil", "pyyaml", "snakemake>=9"),
]

setup(
    name="jtfs_repro",
    version=re.search(r'__version__ = "(.+)"', PACKAGE)[1],
    description="Joint time-frequency scattering: the DAFx 2022 experiments, reproduced",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["jtfs_repro", "jtfs_repro.*"]),
    package_data={"jtfs_repro": ["py.typed"], "jtfs_repro.site": ["templates/*", "assets/*"]},
    install_requires=["numpy", "torch"],
    extras_require={
        "features": FEATURES,
        "sounds": SOUNDS,
        "plots": PLOTS,
        "workflow": WORKFLOW,
        "slurm": ["snakemake-executor-plugin-slurm==2.8.0"],
        "kubernetes": ["snakemake-executor-plugin-cluster-generic"],
        "kymatio": ["kymatio"],
        "openl3": ["openl3"],
        "mirdata": ["mirdata"],
        # in an environment of its own (make peers): the copy of Kymatio in it needs an older scipy
        "bench": ["scrapl-loss", "scipy<1.17"],
    },
)
