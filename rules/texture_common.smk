# Functions and names that the rules of Sections 2 and 5 share; no rule.
import shlex

from rules.recordings import name_of

EMBEDDED = ["am_chirp", "dizi", "gull", "hawk"]  # Figure 1, in its order
SCATTERINGS = ["scattering1d", "jtfs"]
DESCENTS = ["lbfgs", "bold_driver", "adam"]
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")

TEXTURE_TABLES = [
    "spin_of_chirps.csv",
    "resynthesis.csv",
    "resynthesis_cost.csv",
]
TEXTURE_FIGURES = [
    *(
        f"{name}.{kind}"
        for name in (
            "fig1_scale_rate",
            "fig6_resynthesis",
            "resynthesis_errors",
            "scale_rate_filters",
            "scale_rate_coefficients",
            "filterbank_1d",
            "filterbank_2d",
        )
        for kind in ("png", "pdf")
    ),
    "scale_rate.gif",
]
ANIMATED = "gull"


def find_recordings():
    """Return name -> file of the user's sounds; a name is what is left of the file's, made safe."""
    folder = Path(config["recordings"])
    found = {}
    for path in sorted(folder.glob("*")):
        if path.suffix.lower() not in AUDIO_SUFFIXES:
            continue
        if not is_text(path):
            stop(f"recordings: {str(path)!r} must have a name in UTF-8; rename it")
        name = name_of(path)
        if name in found or name in EMBEDDED:
            stop(
                f"recordings: {str(path)!r} and another sound are both called {name!r}; rename it"
            )
        found[name] = str(path)
    return found


def texture_stages():
    """Return the names of the stages of Sections 2 and 5."""
    prefixes = ("resynthesis", "descent_", "scale_rate", "filterbank", "textures")
    names = {"fig1", "fig6", "error_curves", "animation", "spin_of_chirps"}
    return names | {s for s in settings.stages(ROOT / "gin") if s.startswith(prefixes)}


def has_textures(run):
    """Return whether Sections 2 and 5 are part of a run: no other preset says anything of them."""
    is_unchanged = facts(run)["variant"] and not changed_stages(run) & texture_stages()
    return (
        bool(config["sounds"]) and facts(run)["preset"] == "paper" and not is_unchanged
    )


def resynthesised():
    """Return the sounds that are resynthesised, in the order of tables and figures."""
    return [*config["sounds"], *RECORDINGS]


def pictured():
    """Return the sounds whose scale-rate pictures are made, in order."""
    return [*EMBEDDED, *RECORDINGS]


def shown():
    """Return all sounds of Sections 2 and 5, in order."""
    return list(dict.fromkeys([*pictured(), *resynthesised()]))


def recording(wildcards):
    """Return the file of a user's sound; nothing for one of the project's own."""
    return RECORDINGS.get(wildcards.sound, [])


def sound_argument(wildcards):
    """Return the option that says what a sound is made from."""
    path = RECORDINGS.get(wildcards.sound)
    return f"--input {shlex.quote(path)}" if path else f"--name {wildcards.sound}"


def methods(sound):
    """Return (representation, descent) of every resynthesis of one sound, in order."""
    descents = (
        config["descents"] if sound == resynthesised()[0] else config["descents"][:1]
    )
    return [(name, descent) for descent in descents for name in SCATTERINGS]


def resyntheses(suffix):
    """Return an input function: a file of every resynthesis, of one sound or of all, in order."""
    return lambda wildcards: all_resyntheses(
        wildcards.run,
        suffix,
        [wildcards.get("sound")] if wildcards.get("sound") else None,
    )


def all_resyntheses(run, suffix, sounds=None):
    """Return a file of every resynthesis in one run, of some sounds or of all, in order."""
    return [
        f"results/{run}textures/{sound}/{name}-{descent}.{suffix}"
        for sound in sounds or resynthesised()
        for name, descent in methods(sound)
    ]


def each_sound(path, sounds=resynthesised):
    """Return an input function: ``path`` for every sound, in order."""
    return lambda wildcards: [
        path.format(run=wildcards.run, sound=sound) for sound in sounds()
    ]


def texture_results(run):
    """Return every figure and table of Sections 2 and 5 in one run."""
    if not has_textures(run):
        return []
    tables = [f"results/{run}{name}" for name in TEXTURE_TABLES]
    return tables + [f"img/{run}{name}" for name in TEXTURE_FIGURES]


VERDICT_TABLES = {
    "spins": "spin_of_chirps",
    "resynthesis": "resynthesis",
    "resynthesis-cost": "resynthesis_cost",
}


def texture_verdict_tables(wildcards):
    """Return the tables of Sections 2 and 5 that the verdicts read, by the name claims use."""
    names = VERDICT_TABLES if has_textures(wildcards.run) else {}
    folder = f"results/{wildcards.run}"
    return {name: f"{folder}{stem}.csv" for name, stem in names.items()}
