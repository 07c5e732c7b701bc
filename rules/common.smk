# Functions and names that the rules share; no rule.
import functools
import os
import shlex
import shutil

from jtfs_repro import config as settings
from jtfs_repro import io
from jtfs_repro.provenance import PRESETS, sha256
from rules import config_check, locks
from rules.closure import closure
from rules.recordings import is_text

ROOT = Path(workflow.basedir)

# jobs run with this Python and import this tree's package, whatever else is installed
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ["PATH"]]
)
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)

# glibc returns large buffers to the system and faults them in again at every use; keeping them
# halves the time of batched extraction (other allocators ignore these)
for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"):
    os.environ.setdefault(name, str(2**30))

# feature (stage of extraction) -> its representations, in the order of figures and tables
FEATURES = {
    "mfcc": ["mfcc"],
    "scattering1d_q1": ["scattering1d_q1"],
    "scattering1d_q8": ["scattering1d_q8"],
    "jtfs": ["jtfs"],
    "strf": ["strf", "strf_real", "strf_average_vector"],
    "openl3": ["openl3"],
}

VARIANTS = ["fm32_J12", "fm32_J13", "fm32_J14", "fm16_J12", "fm16_J13", "fm16_J14"]

# folder of one run: '' is demo scale, preset paper; else scale[-preset][+variant]/
_OTHER = r"(?:smoke|paper)(?:-(?:as_coded|tutorial))?|demo-(?:as_coded|tutorial)"
_VARIANT = r"(?:smoke|demo|paper)(?:-(?:as_coded|tutorial))?\+\w+"
RUN_PATTERN = rf"(?:(?:{_OTHER}|{_VARIANT})/)?"


def check_config(schema):
    """Stop with one line if the config does not follow the schema."""
    rules = config_check.load_config(ROOT / schema)
    variants = [path.name for path in Path(ROOT, "gin/variants").glob("*")]
    try:
        config_check.check_config(config, rules, variants=variants)
    except config_check.ConfigError as error:
        stop(error)


def check_folders():
    """Stop with one line if snakemake could not write the name of this folder to its logs."""
    for folder in (Path.cwd(), ROOT):
        if not is_text(folder):
            stop(f"{str(folder)!r} must be a path in UTF-8; rename it", where="folder")


def stop(message, where="config/config.yaml or --config"):
    """End snakemake with one line."""
    print(f"error: {where}: {message}", file=sys.stderr)
    sys.exit(1)


def run_name(scale="demo", preset="paper", variant=""):
    """Return the folder of a run, '' or ending in a slash."""
    name = scale if preset == "paper" else f"{scale}-{preset}"
    name += f"+{variant}" if variant else ""
    return "" if name == "demo" else f"{name}/"


def facts(run):
    """Return scale, preset and variant of a run's folder: the inverse of run_name."""
    name, _, variant = (run.rstrip("/") or "demo").partition("+")
    scale, _, preset = name.partition("-")
    return {"scale": scale, "preset": preset or "paper", "variant": variant}


def stamp(wildcards):
    """Return the arguments by which a script learns which run it belongs to."""
    return " ".join(f"--{k} {v}" for k, v in facts(wildcards.run).items() if v)


def gin_files(*stages):
    """Return an input function: the stacks of gin files of ``stages``, one after the other."""

    def files(wildcards):
        run = facts(wildcards.run)
        names = [stage.format(**wildcards) for stage in stages]
        stacks = [settings.stack(name, **run, root=ROOT / "gin") for name in names]
        return [os.path.relpath(path) for stack in stacks for path in stack]

    return files


def code(script, *stages):
    """Return an input function: all files of this project that the job's code is made of."""

    def files(wildcards):
        stack = tuple(gin_files(*stages)(wildcards)) if stages else ()
        return [path for path in cached_closure((script, *stack)) if path not in stack]

    return files


@functools.cache
def cached_closure(files):
    """Return the closure of a tuple of files; many jobs share one."""
    return closure(files, root=ROOT)


def representations():
    """Return the names of all representations of the chosen features, in order."""
    return [
        name
        for f, names in FEATURES.items()
        if f in config["features"]
        for name in names
    ]


def absent_representations():
    """Return the names of all other representations: figures say that they were left out."""
    return [
        name for name in sum(FEATURES.values(), []) if name not in representations()
    ]


def feature_of(representation):
    """Return the feature that computes a representation."""
    return next(
        feature for feature, names in FEATURES.items() if representation in names
    )


def each(path):
    """Return an input function: ``path`` for every representation, in order."""
    return lambda wildcards: [
        path.format(run=wildcards.run, representation=name)
        for name in representations()
    ]


def shards(suffix):
    """Return an input function: a file of every shard of a representation's feature."""

    def files(wildcards):
        folder = (
            f"results/{wildcards.run}features/{feature_of(wildcards.representation)}"
        )
        n = config["shards"]
        return [f"{folder}/shard-{i}-of-{n}.{suffix}" for i in range(n)]

    return files


def gpus():
    """Return how many GPUs an extraction takes: 1 if it will run on one, so that jobs queue."""
    has_gpu = shutil.which("nvidia-smi") is not None
    return int(config["device"] == "cuda" or (config["device"] == "auto" and has_gpu))


def check_device():
    """Stop with one line if the jobs run on this machine and it lacks the GPU asked for."""
    if config["device"] == "cuda" and workflow.local_exec:
        from jtfs_repro.devices import choose_device

        try:
            choose_device("cuda")
        except ValueError as error:
            stop(error)


def weights_status(wildcards):
    """Return the status of the weights as input, for the feature that needs some."""
    return (
        f"data/{wildcards.run}openl3_weights.json"
        if wildcards.feature == "openl3"
        else []
    )


def weights_download(wildcards):
    """Return whether missing weights are downloaded: 'auto' means at paper scale only."""
    at_paper_scale = facts(wildcards.run)["scale"] == "paper"
    wanted = {"auto": at_paper_scale, "always": True, "never": False}
    return "always" if wanted[config["openl3_download"]] else "never"


def weights_argument(wildcards):
    """Return the option that tells a feature where its weights are."""
    return (
        f"--weights {shlex.quote(config['openl3_weights'])}"
        if wildcards.feature == "openl3"
        else ""
    )


def weights_given(wildcards):
    """Return the weights that the user supplied: a new file reruns what needs it.

    Weights that the workflow itself downloaded do not count, or the next run would repeat it.
    """
    status = Path(f"data/{wildcards.run}openl3_weights.json")
    known = io.load_json(status).get("downloaded", False) if status.exists() else False
    path = Path(config["openl3_weights"])
    found = sorted(path.glob("*.h5*")) if path.is_dir() else [path]
    files = [p for p in found if p.is_file() and p.name.endswith((".h5", ".h5.gz"))]
    return [] if known else [str(file) for file in files]


def results(run):
    """Return every figure and table of one run, its data, and the page that shows them.

    The data make a fresh copy of the project run everything: only figures and tables come with it.
    A variant runs the section whose settings it changes.
    """
    return gathered(run) + notebooks(run) + site_of(run)


def gathered(run):
    """Return every figure and table of one run, and its data."""
    return chirp_results(run) + medley_results(run) + texture_results(run)


def chirp_results(run):
    """Return every figure and table of Section 3 in one run, and what gathers all sections."""
    others = medley_stages() | texture_stages()
    if facts(run)["variant"] and not changed_stages(run) - others:
        return []
    figures = [f"img/{run}{name}" for name in FIGURES]
    tables = [f"results/{run}{name}" for name in TABLES]
    return figures + tables + [f"data/{run}chirps.npy"]


def changed_stages(run):
    """Return the names of the stages that a run's variant changes."""
    folder = Path(ROOT, "gin/variants", facts(run)["variant"])
    return {path.stem for path in folder.glob("*.gin")}


def variant_runs(run):
    """Return the folders of the runs that the ablation of one run compares."""
    return [run_name(**(facts(run) | {"variant": name})) for name in VARIANTS]


def claims(pattern="*"):
    """Return the files of the literature's claims and numbers."""
    return [os.path.relpath(path) for path in sorted(ROOT.glob(f"claims/{pattern}"))]


BENCHMARKS = ["transform.csv", "resynthesis/transform.csv"]  # copied, not made by a run


def verdict_tables(wildcards):
    """Return the tables that the verdicts read: name in claims/tables.yaml -> paths."""
    folder = f"results/{wildcards.run}"
    own = {"knn": "knn_scores.csv", "embedding": "embedding_scores.csv"}
    own |= {"cqt": "cqt_chirps.npz"}
    tables = {name: f"{folder}{file}" for name, file in own.items()}
    tables |= medley_verdict_tables(wildcards) | texture_verdict_tables(wildcards)
    benchmarks = [f"results/benchmarks/{name}" for name in BENCHMARKS]
    return {name: [path] for name, path in tables.items()} | {
        "benchmarks": [path for path in benchmarks if os.path.exists(path)]
    }


def ablation_argument(wildcards):
    """Return the words that hand a finished ablation to the verdicts, with its content's hash.

    It is no input: a verdict takes the ablation into account, but does not start it.
    """
    path = Path(f"results/{wildcards.run}ablation_orders.csv")
    return f"ablation={path} --sha256 {sha256(path)}" if path.exists() else ""
