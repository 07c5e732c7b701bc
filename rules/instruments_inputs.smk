# Names and input functions of the instruments' rules; no rule.

from jtfs_repro.datasets import clip_folder
from jtfs_repro.gin_files import bindings
from jtfs_repro.plots.classifiers import CLASSIFIERS, CLIP_SETS

# row of Table 2 -> the stored representation it reads; the order is that of tables and figures
FRONTS = {name: found.front for name, found in CLASSIFIERS.items()}
NETWORKS = [name for name, found in CLASSIFIERS.items() if found.kind == "network"]
DETERMINISTIC = [name for name, found in CLASSIFIERS.items() if found.kind == "baseline"]
(END_TO_END,) = [name for name, found in CLASSIFIERS.items() if found.kind == "end to end"]


def instrument_stages():
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


def has_instruments(run):
    """Return whether Section 4 is part of a run; the tutorial's preset lacks it."""
    is_in_preset = parse_run(run)["preset"] != "tutorial" and bool(config["classifiers"])
    return is_in_preset and is_changed(run, instrument_stages())


def find_own_clips():
    """Return name -> folder of the user's own clip set, if one is to be taken."""
    folder = config["clips"]
    if folder in ("auto", *CLIP_SETS):
        return {}
    name = clip_folder.set_name(folder)
    if not (is_text(folder) and clip_folder.is_labelled(folder)):
        known = f"auto, {', '.join(CLIP_SETS)}, or a folder with training/, validation/, test/"
        stop(f"clips: {folder!r} must be {known} or {clip_folder.TABLE}")
    if name in ("", "auto", *CLIP_SETS):
        stop(f"clips: the clips of {folder!r} would be called {name!r}; rename the folder")
    return {name: folder}


def check_own_clips(rules):
    """Stop with one line if the results of the user's clip set would lie among those of others."""
    outputs = (str(file).split("/") for rule in rules for file in rule.output)
    taken = {p[2] for p in outputs if p[0] == "results" and p[1].startswith("{run")}
    for name, folder in OWN_CLIPS.items():
        if name in taken:
            stop(f"clips: the results of {folder!r} would lie in results/RUN/{name}; rename it")


def clip_set_of(run):
    """Return the clip set of a run: at paper scale Medley-solos-DB, else the rendered one."""
    if OWN_CLIPS:
        return next(iter(OWN_CLIPS))
    if config["clips"] != "auto":
        return config["clips"]
    is_paper_scale = parse_run(run)["scale"] == "paper"
    return "medley_solos_db" if is_paper_scale else "soundfont_solos"


def clip_folder_of(wildcards):
    """Return the folder with ``annotation/`` and ``audio/``, or that of the user's clips."""
    if wildcards.clips in OWN_CLIPS:
        return OWN_CLIPS[wildcards.clips]
    if wildcards.clips == "medley_solos_db":
        return config["medley_solos_db"]
    return f"data/{wildcards.run}/soundfont_solos"


def sound_folder(wildcards):
    """Return the folder from which the index names its files."""
    folder = clip_folder_of(wildcards)
    return folder if wildcards.clips in OWN_CLIPS else f"{folder}/audio"


def own_clip_files(wildcards):
    """Return the files of the user's clip set, so that a change of one runs all that follows."""
    if wildcards.clips not in OWN_CLIPS:
        return []
    files = sorted(Path(OWN_CLIPS[wildcards.clips]).rglob("*"))
    suffixes = (*clip_folder.SUFFIXES, ".csv")
    return [str(file) for file in files if file.suffix.lower() in suffixes and is_text(file)]


def clip_set_status(wildcards):
    """Return the file that says whether the clip set is there."""
    if wildcards.clips in OWN_CLIPS:
        return []
    if wildcards.clips == "medley_solos_db":
        return f"data/{wildcards.run}/medley_solos_db.json"
    return f"data/{wildcards.run}/soundfont_solos/report.json"


def soundfont_given(wildcards):
    """Return the test collection that the user named, so that another one reruns what follows."""
    path = Path(config["test_soundfont"])
    return [str(path)] if path.is_file() else []


def medley_given(wildcards):
    """Return the metadata of Medley-solos-DB, if the user has put them there."""
    found = sorted(Path(config["medley_solos_db"], "annotation").glob("*_metadata.csv"))
    status = Path(f"data/{wildcards.run}/medley_solos_db.json")
    known = io.load_json(status).get("downloaded", False) if status.exists() else False
    return [] if known else [str(path) for path in found]


def medley_download(wildcards):
    """Return whether Medley-solos-DB is downloaded: 'auto' means at paper scale only."""
    wanted = config["medley_download"]
    if wanted == "auto":
        return "always" if parse_run(wildcards.run)["scale"] == "paper" else "never"
    return wanted


def front_of(wildcards):
    """Return the representation that a job of Section 4 reads."""
    return wildcards.get("front") or FRONTS[wildcards.get("model") or END_TO_END]


def feature_gin(wildcards):
    """Return the gin files that a job's stored representation must have been made with."""
    return gin_files("medley_clips", f"medley_{front_of(wildcards)}")(wildcards)


def n_clip_shards(front, run):
    """Return how many jobs share the clips of one run."""
    return n_shards("extract_clips", front, run, config["clip_shards"])


def clip_shards(suffix):
    """Return an input function: a file of every shard of a job's representation."""

    def files(wildcards):
        n = n_clip_shards(front_of(wildcards), wildcards.run)
        folder = f"{section(wildcards)}/features/{front_of(wildcards)}"
        return [f"{folder}/shard-{i}-of-{n}.{suffix}" for i in range(n)]

    return files


def section(wildcards):
    """Return the folder of the results on a clip set."""
    return f"results/{wildcards.run}/{wildcards.clips}"


def baseline_statistics(wildcards):
    """Return the statistics of a baseline's representation; MFCC needs none."""
    front = front_of(wildcards)
    return [] if front == "mfcc" else f"{section(wildcards)}/statistics/{front}.npz"


def partial_folder(wildcards):
    """Return the folder where a training keeps what it needs to go on after a kill."""
    model = wildcards.get("model") or END_TO_END
    return f"{section(wildcards)}/partial/{model}-{wildcards.seed}"


def leaves_out_end_to_end(wildcards):
    """Return whether the end-to-end variant is left out, as it would take days."""
    wanted = config["end_to_end"]
    is_cheap = gpus() > 0 or parse_run(wildcards.run)["scale"] == "smoke"
    return not (wanted == "always" or (wanted == "auto" and is_cheap))


def training_gpus():
    """Return how many GPUs a training takes; more than one needs ``--resources gpu=N`` as well."""
    return gpus() * config["devices"]


def training_options():
    """Return the options of a training that do not change what it computes."""
    return {
        "device": config["device"],
        "devices": config["devices"],
        "partial": partial_folder,
    }


def seeds_of(model, run):
    """Return the seeds of a classifier: those of the config, one where nothing is drawn.

    The network on JTFS takes as long as all others together: at demo scale one seed has to do.
    """
    if model in DETERMINISTIC:
        return [0]
    wanted = config["jtfs_seeds"] if FRONTS[model] == "jtfs" else config["seeds"]
    if wanted == "auto":
        wanted = 1 if parse_run(run)["scale"] == "demo" else config["seeds"]
    return range(wanted)


def each_prediction(suffix, without=()):
    """Return an input function: a file of every classifier and seed, in order."""
    return lambda wildcards: [
        f"{section(wildcards)}/predictions/{model}/seed-{seed}.{suffix}"
        for model in FRONTS
        if model in config["classifiers"] and model not in without
        for seed in seeds_of(model, wildcards.run)
    ]


def drawn_clips(wildcards):
    """Return MODEL=N: the clips that a network's training on Medley-solos-DB draws."""
    words = []
    for model in [*NETWORKS, END_TO_END] if wildcards.clips in CLIP_SETS else []:
        stacks = [
            settings.stack(name, scale="paper", root=ROOT / "gin")
            for name in ("training", f"train_{model}")
        ]
        found = bindings(sum(stacks, []), root=ROOT / "gin")
        epochs, size = (
            found[f"settings.TrainingSettings.{name}"].value for name in ("epochs", "epoch_size")
        )
        words.append(f"{model}={epochs * size}")
    return words


def clip_reports(wildcards):
    """Return the report of every shard of every representation in use, in order."""
    models = [model for model in FRONTS if model in config["classifiers"]]
    return [
        f"{section(wildcards)}/features/{front}/shard-{i}-of-{n}.json"
        for front in dict.fromkeys(FRONTS[model] for model in models)
        for n in [n_clip_shards(front, wildcards.run)]
        for i in range(n)
    ]
