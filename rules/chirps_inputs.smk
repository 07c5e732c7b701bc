# Names and input functions of the chirps' rules; no rule.

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


def has_chirps(run):
    """Return whether Section 3 is part of a run: a variant may change another study alone."""
    others = set().union(*(own_stages() for own_stages in OWN_STAGES.values()))
    return is_changed(run, set(settings.stages(ROOT / "gin")) - others)


def representations():
    """Return the names of all representations of the chosen features, in order."""
    return [name for f, names in FEATURES.items() if f in config["features"] for name in names]


def absent_representations():
    """Return the names of all other representations: figures say that they were left out."""
    return [name for name in sum(FEATURES.values(), []) if name not in representations()]


def feature_of(representation):
    """Return the feature that computes a representation."""
    return next(feature for feature, names in FEATURES.items() if representation in names)


def each(path):
    """Return an input function: ``path`` for every representation, in order."""
    return lambda wildcards: [
        path.format(run=run_of(wildcards), representation=name) for name in representations()
    ]


def shard_files(suffix):
    """Return an input function: a file of every shard of a representation's feature."""

    def files(wildcards):
        feature = feature_of(wildcards.representation)
        folder = f"results/{wildcards.run}/features/{feature}"
        n = n_shards("extract_features", feature, wildcards.run, config["shards"])
        if feature == "openl3" and not has_weights(wildcards):
            n = 1  # that says so
        return [f"{folder}/shard-{i}-of-{n}.{suffix}" for i in range(n)]

    return files


def weights_status(wildcards):
    """Return the status of the weights as input, for the feature that needs some."""
    status = f"data/{wildcards.run}/openl3_weights.json"
    return status if wildcards.feature == "openl3" else []


def weights_of(wildcards):
    """Return where the weights of a feature are, '' if it has none."""
    return config["openl3_weights"] if wildcards.feature == "openl3" else ""


def weights_download(wildcards):
    """Return whether missing weights are downloaded: 'auto' means at paper scale only."""
    at_paper_scale = parse_run(wildcards.run)["scale"] == "paper"
    wanted = {"auto": at_paper_scale, "always": True, "never": False}
    return "always" if wanted[config["openl3_download"]] else "never"


def weights_files():
    """Return the files of OpenL3 weights that are there."""
    path = Path(config["openl3_weights"])
    found = sorted(path.glob("*.h5*")) if path.is_dir() else [path]
    return [str(p) for p in found if p.is_file() and p.name.endswith((".h5", ".h5.gz"))]


def weights_given(wildcards):
    """Return the weights that the user supplied: a new file reruns what needs it.

    Weights that the workflow itself downloaded do not count, or the next run would repeat it.
    """
    status = Path(f"data/{wildcards.run}/openl3_weights.json")
    known = io.load_json(status).get("downloaded", False) if status.exists() else False
    return [] if known else weights_files()


def has_weights(wildcards):
    """Return whether OpenL3 has weights, or will have downloaded some."""
    return bool(weights_files()) or weights_download(wildcards) == "always"


def variant_runs(run):
    """Return the runs that the ablation of one run compares."""
    return [run_name(**(parse_run(run) | {"variant": name})) for name in VARIANTS]
