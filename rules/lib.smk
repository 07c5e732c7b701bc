# What the rules share; no rule. One stage of the package is one job:
#
#     rule transform_scale_rate:
#         input:
#             sound="data/{run}/textures/{sound}.wav",
#         output:
#             scale_rate="results/{run}/scale_rate/{sound}.npz",
#         resources:
#             **needs("transform_scale_rate"),
#         params:
#             **stage("transform_scale_rate", "scale_rate"),
#         shell:
#             JOB
#
# runs `python -m jtfs_repro transform_scale_rate --gin ... --sound ... --scale-rate ...`: names of
# inputs and outputs are the stage's options. An input or output without a name is one that the
# stage finds beside a named one. Logs, whose first line is the command, and benchmarks are named by
# `log_and_time`.
import functools
import hashlib
import os
import shlex
import shutil
from collections import defaultdict

from jtfs_repro import config as settings
from jtfs_repro import gin_parameters, io
from jtfs_repro.gin_files import effective, sections as gin_sections
from jtfs_repro.layout import PRESETS, SCALES
from jtfs_repro.journal import sha256
from jtfs_repro.provenance.reached import code_digest
from jtfs_repro.run import files as stage_files
from jtfs_repro.runs import DEFAULT, parse_run, run_name
from rules import config_check, locks, needs as declared, terminal
from rules.recordings import is_text

ROOT = Path(workflow.basedir)
JOB = (
    "echo {params.command:q} > {log}; "
    "{params.command} 2>&1 | tee -a {log} > ${{JTFS_TERMINAL:-/dev/stdout}}"
)

# jobs run with this Python and import this tree's package, whatever else is installed
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)

# glibc returns large buffers to the system and faults them in again at every use; keeping them
# halves the time of batched extraction (other allocators ignore these)
for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"):
    os.environ.setdefault(name, str(2**30))

# a run is named scale[-preset][+variant]; pictures of the default run lie flat in img/
RUN_PATTERN = rf"(?:{'|'.join(SCALES)})(?:-(?:{'|'.join(PRESETS)}))?(?:\+\w+)?"
PICTURES_PATTERN = rf"(?:(?!{DEFAULT}/){RUN_PATTERN}/)?"

STAGE_FILES = stage_files()
STUDIES = {}  # study -> function of a run: is the study part of it?
OWN_STAGES = {}  # study -> function that returns the names of its gin files
SHOWN = defaultdict(list)  # study -> paths of its figures and tables, wildcards in them
OTHERS = defaultdict(list)  # study -> paths of tables that are made on demand
PAGES = defaultdict(list)  # study -> paths of its tables as pages, for `make report`


# ------------------------------------------------------------------------------- stages as jobs


def stage(name, gin=(), /, *, code=(), untracked=None, **options):
    """Return the params of a rule whose job is one stage.

    A change of the stage's settings, of code that it uses (comments and docstrings aside) or of
    ``options`` reruns the job; a change of ``untracked`` options does not. An option is a value, a
    text with wildcards, or a function of wildcards; None, False, '' and [] leave it out. Files
    whose imports the job runs as well are its ``code``; their names may hold wildcards.
    """
    stacks = [gin] if isinstance(gin, str) or callable(gin) else list(gin)
    files = gin_files(*stacks)

    def command(wildcards, input, output):
        chosen = option_values(options | (untracked or {}), wildcards)
        named = {**chosen, **dict(input.items()), **dict(output.items())}
        words = ["python", "-m", "jtfs_repro", name]
        words += ["--gin", *files(wildcards)] if stacks else []
        for option, value in named.items():
            words += as_option(option, value)
        return shlex.join(words)

    def settings_in_effect(wildcards):
        try:
            return "settings " + digest(effective(files(wildcards)))
        except (SyntaxError, ValueError, OSError) as error:
            stop(settings.describe_gin(error), where="gin")

    def code_in_effect(wildcards):
        more = [file.format(**wildcards) for file in code]
        roots = (f"{STAGE_FILES[name]}:{name}", *more, *files(wildcards))
        return "code " + code_of(roots)

    def tracked(wildcards):
        return [f"{k}={v}" for k, v in option_values(options, wildcards).items()]

    return {
        "command": command,
        "settings": settings_in_effect,
        "code": code_in_effect,
        "options": tracked,
    }


def option_values(options, wildcards):
    """Return option -> value for one job, empty ones left out."""
    values = {
        name: (
            value(wildcards)
            if callable(value)
            else value.format(**wildcards) if isinstance(value, str) else value
        )
        for name, value in options.items()
    }
    return {name: v for name, v in values.items() if v not in (None, False, "", [])}


def as_option(name, value):
    """Return the words of one option."""
    option = "--" + name.replace("_", "-")
    if value is True:
        return [option]
    values = [str(value)] if isinstance(value, (str, int, float)) else [*map(str, value)]
    return [option, *values] if values else []


def gin_files(*stacks):
    """Return an input function: the gin files of stages, one after the other.

    A stage is named by a text, wildcards in it, or by a function of wildcards.
    """

    def files(wildcards):
        run = parse_run(run_of(wildcards))
        names = [s(wildcards) if callable(s) else s.format(**wildcards) for s in stacks]
        found = [settings.stack(name, **run, root=ROOT / "gin") for name in names]
        return [os.path.relpath(path) for stack in found for path in stack]

    return files


@functools.cache
def code_of(files):
    """Return the digest of all code that a tuple of files is made of; many jobs share one."""
    return code_digest(files, root=ROOT)


def digest(text):
    """Return a short digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def n_shards(name, part, run, wanted):
    """Return how many jobs share an extraction: as the config says, or 'auto'."""
    scale = parse_run(run)["scale"]
    return declared.shards(name, scale, part=part) if wanted == "auto" else wanted


def needs(name, *, extraction=False, gpu=None):
    """Return the resources that a rule declares, from the figures of config/needs.csv.

    ``gpu`` is the number of GPUs that a job takes; memory of an ``extraction`` follows from the
    config's ``memory_gb``.
    """

    def job(wildcards):
        return {"rule": name, "part": declared.part_of(dict(wildcards.items()))}

    def scale(wildcards):
        return parse_run(run_of(wildcards))["scale"]

    def shards(wildcards):
        return int(wildcards.get("shards") or 1)

    def memory(wildcards, attempt):
        more = job(wildcards) | {"gpus": gpu or 0, "attempt": attempt}
        if extraction:
            return declared.extraction_mb(memory_gb=config["memory_gb"], **more)
        return declared.memory_mb(scale=scale(wildcards), **more)

    def runtime(wildcards, attempt):
        more = job(wildcards) | {"shards": shards(wildcards), "attempt": attempt}
        return declared.minutes(scale=scale(wildcards), **more)

    def disk(wildcards):
        more = job(wildcards) | {"shards": shards(wildcards)}
        return declared.disk_mb(scale=scale(wildcards), **more)

    found = {"mem_mb": memory, "runtime": runtime, "disk_mb": disk}
    return found if gpu is None else {"gpu": gpu} | found


def log_and_time(rules):
    """Name log and benchmark of every job: logs/RUN/RULE/OTHER-WILDCARDS.log."""
    for found in rules:
        if not found.output or found.log:
            continue
        known = found.wildcard_names
        folder = "{run}/" * ("run" in known) + "{pictures}figures/" * ("pictures" in known)
        others = "-".join(f"{{{n}}}" for n in sorted(known - {"run", "pictures"}))
        name = folder + found.name + (f"/{others}" if others else "")
        found.log_modifier = found.benchmark_modifier = workflow.modifier.path_modifier
        found.set_log(f"logs/{name}.log")
        found.benchmark = f"logs/benchmarks/{name}.tsv"


# ----------------------------------------------------------------------- runs and what they show


def run_of(wildcards):
    """Return the run of a job; one of no run has the scale of the config."""
    if "pictures" in wildcards.keys():
        return wildcards.pictures.rstrip("/") or DEFAULT
    return wildcards.get("run") or run_name(config["scale"], config["preset"])


def pictures_of(run):
    """Return the folder of a run's pictures below img/, '' or ending in a slash."""
    return "" if run == DEFAULT else f"{run}/"


def at(path):
    """Return an input function: ``path``, in which {run} is the run of a picture."""
    return lambda wildcards: path.format(**{**wildcards, "run": run_of(wildcards)})


def figure(study, name, kinds=(".png", ".pdf")):
    """Return the files of a figure, and count them among the results of a study."""
    paths = [f"img/{{pictures}}{name}{kind}" for kind in kinds]
    SHOWN[study] += paths
    return [reported(paths[0], name), *paths[1:]]


def table(study, name, *, in_run=True):
    """Return the file of a table; one ``in_run`` and its page are among the results of a study."""
    path = f"results/{{run}}/{name}.csv"
    (SHOWN if in_run else OTHERS)[study].append(path)
    if in_run:
        PAGES[study].append(f"results/{{run}}/report/{name}.html")
    return path


def jobs_by_id():
    """Return the jobs that will be run, by the number that snakemake calls them."""
    return {job.jobid: job for job in workflow.dag.needrun_jobs() if job.rule.name != "all"}


def makes_all():
    """Return whether the whole run was asked for."""
    return any(job.rule.name == "all" for job in workflow.dag.jobs)


def results(run):
    """Return every figure and table of one run, its data, and the page that shows them.

    The data make a fresh copy of the project run everything: only figures and tables come with it.
    A variant runs the study whose settings it changes.
    """
    return gathered(run) + notebooks(run) + site_of(run)


def gathered(run):
    """Return every figure and table of one run, and its data."""
    data = [f"data/{run}/chirps.npy"] if STUDIES["chirps"](run) else []
    return shown(SHOWN, run) + data + [f"results/{run}/run.json"]


def shown(paths, run):
    """Return the ``paths`` of all studies that are part of a run, without wildcards."""
    names = {"run": run, "pictures": pictures_of(run), "clips": clip_set_of(run)}
    found = [p.format(**names) for s, is_in in STUDIES.items() if is_in(run) for p in paths[s]]
    return list(dict.fromkeys(found))


def is_changed(run, stages):
    """Return whether a run is no variant, or one that changes some of ``stages``."""
    variant = parse_run(run)["variant"]
    return not variant or bool(settings.changed_stages(variant, root=ROOT / "gin") & stages)


# --------------------------------------------------------------------------------------- checks


def check_config(schema):
    """Stop with one line if the config does not follow the schema."""
    rules = config_check.load_config(ROOT / schema)
    variants = settings.variants(root=ROOT / "gin")
    config_check.as_meant(config, rules)
    try:
        config_check.check_config(config, rules, variants=variants)
    except config_check.ConfigError as error:
        stop(error)


def check_gin():
    """Stop with one line, before the first job, if a gin file is wrong or names what is not there."""
    for path in sorted((ROOT / "gin").rglob("*.gin")):
        try:
            gin_parameters.check(path, root=ROOT)
        except (SyntaxError, OSError) as error:
            stop(settings.describe_gin(error, str(path)), where="gin")


def check_folders():
    """Stop with one line if snakemake could not write the name of this folder to its logs."""
    for folder in (Path.cwd(), ROOT):
        if not is_text(folder):
            stop(f"{str(folder)!r} must be a path in UTF-8; rename it", where="folder")


def stop(message, where="config/config.yaml or --config"):
    """End snakemake with one line."""
    print(f"error: {where}: {message}", file=sys.stderr)
    sys.exit(1)


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
