"""Package metadata. Exact versions of everything are in requirements.txt."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
README = ROOT / "README.md"

setup(
    name="jtfs_repro",
    version="0.1.0",
    description="Joint time-frequency scattering: the DAFx 2022 experiments, reproduced",
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    python_requires=">=3.11",
    packages=find_packages(include=["jtfs_repro", "jtfs_repro.*"]),
    package_data={"jtfs_repro": ["py.typed"], "jtfs_repro.site": ["templates/*", "assets/*"]},
    install_requires=[
        "gin-config",
        "h5py",
        "jinja2",
        "librosa",
        "lightning",
        "matplotlib",
        "midirenderer",
        "mido",
        "nnaudio",
        "numpy",
        "pillow",
        "plotly",
        "pretty_midi",
        "pyyaml",
        "scikit-learn",
        "scipy",
        "soundfile",
        "torch",
        "tqdm",
    ],
    extras_require={
        "workflow": ["snakemake>=9", "ipykernel", "nbclient", "nbformat"],
        "slurm": ["snakemake-executor-plugin-slurm==2.8.0"],
        "kubernetes": ["snakemake-executor-plugin-cluster-generic"],
        "kymatio": ["kymatio"],
        "openl3": ["openl3"],
        "mirdata": ["mirdata"],
        # in an environment of its own (make peers): the copy of Kymatio in it needs an older scipy
        "bench": ["scrapl-loss", "scipy<1.17"],
    },
)
