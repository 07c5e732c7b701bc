# Functions and names that the rules of Section 4 share; no rule.

# row of Table 2 -> the stored representation it reads; the order is that of tables and figures
FRONTS = {
    "mfcc_svm": "mfcc",
    "cqt": "cqt",
    "scattering1d": "scattering1d",
    "jtfs_linear": "jtfs",
    "jtfs": "jtfs",
    "jtfs_end_to_end": "jtfs",
}
DETERMINISTIC = ["mfcc_svm", "jtfs_linear"]
END_TO_END = "jtfs_end_to_end"
CLIP_SETS = ["soundfont_solos", "medley_solos_db"]
DEFAULT_SHARDS = {"smoke": 1, "demo": 4, "paper": 64}

# folder of Section 4 below a run's: 'medley' for the clip set of its scale, else named by the set
MEDLEY_PATTERN = rf"medley(?:-(?:{'|'.join(CLIP_SETS)}))?"

MEDLEY_TABLES = [
    "table2.csv",
    "differences.csv",
    "learning_curves.csv",
    "cost.csv",
]
MEDLEY_FIGURES = [
    f"{name}.{kind}"
    for name in ("class_recalls", "confusion", "learning_curves")
    for kind in ("png", "pdf")
]


def default_clip_set(run):
    """Return the clip set of a run's scale: Medley-solos-DB at paper scale, else the rendered."""
    return "medley_solos_db" if facts(run)["scale"] == "paper" else "soundfont_solos"


def medley_stages():
    """Return the names of the stages of Section 4."""
    prefixes = ("medley_", "statistics_", "train", "fit_")
    names = {
        "soundfont_solos",
        "table2",
        "class_recalls",
        "confusion",
        "learning_curves",
    }
    return names | {s for s in settings.stages(ROOT / "gin") if s.startswith(prefixes)}


def section(run):
    """Return the folder of Section 4 in one run; '' where it is not part of the run.

    The tutorial's preset lacks it, and so does a variant that changes nothing in it.
    """
    is_unchanged = facts(run)["variant"] and not changed_stages(run) & medley_stages()
    if facts(run)["preset"] == "tutorial" or not config["classifiers"] or is_unchanged:
        return ""
    is_default = config["clips"] in ("auto", default_clip_set(run))
    return "medley/" if is_default else f"medley-{config['clips']}/"


def clip_set(wildcards):
    """Return the clip set that a folder of Section 4 is about."""
    return wildcards.medley.partition("-")[2] or default_clip_set(wildcards.run)


def clip_folder(wildcards):
    """Return the folder with ``annotation/`` and ``audio/``."""
    if clip_set(wildcards) == "medley_solos_db":
        return config["medley_solos_db"]
    return f"data/{wildcards.run}soundfont_solos"


def clip_set_status(wildcards):
    """Return the file that says whether the clip set is there."""
    if clip_set(wildcards) == "medley_solos_db":
        return f"data/{wildcards.run}medley_solos_db.json"
    return f"data/{wildcards.run}soundfont_solos/report.json"


def soundfont_given(wildcards):
    """Return the test collection that the user named, so that another one reruns what follows."""
    path = Path(config["test_soundfont"])
    return [str(path)] if path.is_file() else []


def medley_given(wildcards):
    """Return the metadata of Medley-solos-DB, if the user has put them there."""
    found = sorted(Path(config["medley_solos_db"], "annotation").glob("*_metadata.csv"))
    status = Path(f"data/{wildcards.run}medley_solos_db.json")
    known = io.load_json(status).get("downloaded", False) if status.exists() else False
    return [] if known else [str(path) for path in found]


def medley_download(wildcards):
    """Return whether Medley-solos-DB is downloaded: 'auto' means at paper scale only."""
    wanted = config["medley_download"]
    if wanted == "auto":
        return "always" if facts(wildcards.run)["scale"] == "paper" else "never"
    return wanted


def front_of(wildcards):
    """Return the representation that a job of Section 4 reads."""
    return wildcards.get("front") or FRONTS[wildcards.model]


def n_clip_shards(run):
    """Return how many jobs share the clips of one run."""
    n = config["clip_shards"]
    return DEFAULT_SHARDS[facts(run)["scale"]] if n == "auto" else n


def clip_shards(suffix):
    """Return an input function: a file of every shard of a job's representation."""

    def files(wildcards):
        n = n_clip_shards(wildcards.run)
        folder = (
            f"results/{wildcards.run}{wildcards.medley}/features/{front_of(wildcards)}"
        )
        return [f"{folder}/shard-{i}-of-{n}.{suffix}" for i in range(n)]

    return files


def feature_gin(wildcards):
    """Return the gin files that a job's stored representation must have been made with."""
    return gin_files("medley_clips", f"medley_{front_of(wildcards)}")(wildcards)


def baseline_statistics(wildcards):
    """Return the statistics of a baseline's representation; MFCC needs none."""
    front = front_of(wildcards)
    folder = f"results/{wildcards.run}{wildcards.medley}/statistics"
    return [] if front == "mfcc" else f"{folder}/{front}.npz"


def partial_folder(wildcards):
    """Return the folder where a training keeps what it needs to go on after a kill."""
    model = wildcards.get("model") or END_TO_END
    return f"results/{wildcards.run}{wildcards.medley}/partial/{model}-{wildcards.seed}"


def end_to_end_argument(wildcards):
    """Return the option that leaves the end-to-end variant out where it would take days."""
    wanted = config["end_to_end"]
    is_cheap = gpus() > 0 or facts(wildcards.run)["scale"] == "smoke"
    return "" if wanted == "always" or (wanted == "auto" and is_cheap) else "--not-run"


def training_gpus():
    """Return how many GPUs a training takes; more than one needs ``--resources gpu=N`` as well."""
    return gpus() * config["devices"]


def seeds_of(model, run):
    """Return the seeds of a classifier: those of the config, one where nothing is drawn.

    The network on JTFS takes as long as all others together: at demo scale one seed has to do.
    """
    if model in DETERMINISTIC:
        return [0]
    wanted = config["jtfs_seeds"] if FRONTS[model] == "jtfs" else config["seeds"]
    if wanted == "auto":
        wanted = 1 if facts(run)["scale"] == "demo" else config["seeds"]
    return range(wanted)


def each_prediction(suffix):
    """Return an input function: a file of every classifier and seed, in order."""

    def files(wildcards):
        folder = f"results/{wildcards.run}{wildcards.medley}/predictions"
        return [
            f"{folder}/{model}/seed-{seed}.{suffix}"
            for model in FRONTS
            if model in config["classifiers"]
            for seed in seeds_of(model, wildcards.run)
        ]

    return files


def histories(wildcards):
    """Return the learning curve of every training, in order."""
    return [
        path
        for path in each_prediction("csv")(wildcards)
        if path.split("/")[-2] not in DETERMINISTIC
    ]


def clip_reports(wildcards):
    """Return the report of every shard of every representation in use, in order."""
    fronts = dict.fromkeys(
        FRONTS[model] for model in FRONTS if model in config["classifiers"]
    )
    n = n_clip_shards(wildcards.run)
    folder = f"results/{wildcards.run}{wildcards.medley}/features"
    return [
        f"{folder}/{front}/shard-{i}-of-{n}.json" for front in fronts for i in range(n)
    ]


def medley_results(run):
    """Return every figure and table of Section 4 in one run."""
    folder = section(run)
    if not folder:
        return []
    tables = [f"results/{run}{folder}{name}" for name in MEDLEY_TABLES]
    return tables + [f"img/{run}{folder}{name}" for name in MEDLEY_FIGURES]


def medley_verdict_tables(wildcards):
    """Return the tables of Section 4 that the verdicts read, by the name claims use."""
    folder = f"results/{wildcards.run}{section(wildcards.run)}"
    names = {"table2": "table2", "seeds": "recalls", "differences": "differences"}
    names = names | {"clips": "clips"} if section(wildcards.run) else {}
    return {name: f"{folder}{stem}.csv" for name, stem in names.items()}
