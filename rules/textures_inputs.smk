# Names and input functions of the rules of Sections 2 and 5; no rule.
from rules.recordings import name_of

EMBEDDED = ["am_chirp", "dizi", "gull", "hawk"]  # Figure 1, in its order
SCATTERINGS = ["scattering1d", "jtfs"]
DESCENTS = ["lbfgs", "bold_driver", "adam"]
# what soundfile reads; sounds that only FFmpeg reads are named
AUDIO_SUFFIXES = {f".{name}" for name in "wav w64 flac ogg oga opus mp3 aiff aif au caf".split()}
OTHER_SUFFIXES = {f".{name}" for name in "m4a mp4 aac wma webm mka mkv mov ac3 amr".split()}
NO_RECORDINGS = "data/recordings"  # the default, which need not exist
ANIMATED = "gull"


def find_recordings():
    """Return name -> file of the user's sounds; a name is what is left of the file's, made safe."""
    folder = Path(config["recordings"])
    if not folder.is_dir() and config["recordings"] != NO_RECORDINGS:
        stop(f"recordings: {str(folder)!r} is no folder (check the path)")
    found = {}
    for path in sorted(folder.glob("*")):
        if path.name.startswith((".", "~")) or path.is_dir():
            continue
        if path.suffix.lower() in OTHER_SUFFIXES:
            not_taken(path, "convert it to WAV or FLAC")
        if path.suffix.lower() not in AUDIO_SUFFIXES:
            continue
        if not is_text(path):
            not_taken(path, "its name is not UTF-8: rename it")
            continue
        name = name_of(path)
        if name in found or name in EMBEDDED:
            stop(f"recordings: {str(path)!r} and another sound are both called {name!r}; rename it")
        found[name] = str(path)
    return found


def not_taken(path, remedy):
    """Name a file that is passed over, once a run."""
    if workflow.is_main_process:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        print(f"note: not taken: {shown} ({remedy})", file=sys.stderr)


def texture_stages():
    """Return the names of the stages of Sections 2 and 5."""
    prefixes = ("resynthesis", "descent_", "scale_rate", "filterbank", "textures")
    names = {"fig1", "fig6", "error_curves", "animation", "spin_of_chirps"}
    return names | {s for s in settings.stages(ROOT / "gin") if s.startswith(prefixes)}


def has_textures(run):
    """Return whether Sections 2 and 5 are part of a run: no other preset says anything of them."""
    is_papers = parse_run(run)["preset"] == "paper"
    return bool(config["sounds"]) and is_papers and is_changed(run, texture_stages())


def resynthesised():
    """Return the sounds that are resynthesised, in the order of tables and figures."""
    return [*config["sounds"], *RECORDINGS]


def pictured():
    """Return the sounds whose scale-rate pictures are made, in order."""
    return [*EMBEDDED, *RECORDINGS]


def all_sounds():
    """Return all sounds of Sections 2 and 5, in order."""
    return list(dict.fromkeys([*pictured(), *resynthesised()]))


def recording(wildcards):
    """Return the file of a user's sound; nothing for one of the project's own."""
    return RECORDINGS.get(wildcards.sound, [])


def methods(sound):
    """Return (representation, descent) of every resynthesis of one sound, in order."""
    descents = config["descents"] if sound == resynthesised()[0] else config["descents"][:1]
    return [(name, descent) for descent in descents for name in SCATTERINGS]


def resyntheses(suffix):
    """Return an input function: a file of every resynthesis, of one sound or of all, in order."""

    def files(wildcards):
        sound = wildcards.get("sound")
        return [
            f"results/{run_of(wildcards)}/textures/{name}/{scattering}-{descent}.{suffix}"
            for name in ([sound] if sound else resynthesised())
            for scattering, descent in methods(name)
        ]

    return files


def each_sound(path, sounds=resynthesised):
    """Return an input function: ``path`` for every sound, in order."""
    return lambda wildcards: [path.format(run=run_of(wildcards), sound=sound) for sound in sounds()]
