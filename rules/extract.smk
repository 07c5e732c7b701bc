# Features of a folder of sounds: snakemake extract --config sounds_folder=FOLDER
# Shares of the sounds are jobs, which may run on several machines that see the same files; each keeps
# what it computed beside the table, and the last job joins it.
SHARE = config["sounds_output"] + ".share-{shard}-of-{shards}"
SCRIPT = "scripts/extract_sounds.py"


def extraction(**options):
    """Return the params of a job: its command, and all that makes it run again."""

    def command(wildcards, output, threads):
        words = ["python", str(ROOT / SCRIPT), config["sounds_folder"], config["sounds_output"]]
        chosen = {
            "representation": config["sounds_representation"],
            "summary": config["sounds_summary"],
            "sr": config["sounds_sr"],
            "gin": config["sounds_gin"],
            "strict": config["sounds_strict"],
            "tolerant": not config["sounds_strict"],
            "device": config["device"],
            "jobs": threads,
        }
        for option, value in option_values(chosen | options, wildcards).items():
            words += as_option(option, value)
        return shlex.join(words)

    return {
        "command": command,
        "sounds": sounds_as_they_are,
        "code": lambda _: "code " + code_of((SCRIPT,)),
        "settings": settings_of_sounds,
    }


def settings_of_sounds(wildcards):
    """Return a digest of the settings in the gin file; one line if it cannot be read."""
    file = config["sounds_gin"]
    try:
        if file:
            gin_parameters.check(file, root=ROOT)
        return "settings " + digest(effective([file] if file else []))
    except (SyntaxError, ValueError, OSError) as error:
        stop(settings.describe_gin(error, file), where="gin")


def sounds_as_they_are(wildcards):
    """Return a digest of the names, sizes and times of the sounds: a change reruns."""
    return digest("\n".join(map(as_it_is, sounds_to_extract())))


def as_it_is(path):
    """Return what tells a file from what it was before; a broken link has its name alone."""
    facts = path.stat() if path.is_file() else None
    more = (facts.st_size, facts.st_mtime_ns) if facts else ()
    return repr((os.fsencode(path), *more))


@functools.cache
def sounds_to_extract():
    """Return the paths of the sounds; one line if no folder is named, or there are none."""
    from jtfs_repro.sounds.listing import listed  # its packages are needed by no other rule

    if not config["sounds_folder"]:
        stop("sounds_folder: name a folder of sounds (--config sounds_folder=FOLDER)")
    try:
        return listed([config["sounds_folder"]]).sounds
    except io.FileError as error:
        stop(f"sounds_folder: {error}")


def shares(wildcards):
    """Return the marks of the shares: one at least, no more than there are sounds."""
    wanted = n_shards("extract_share", "", run_of(wildcards), config["shards"])
    n = min(wanted, len(sounds_to_extract()))
    return [SHARE.format(shard=k + 1, shards=n) for k in range(n)]


def table_of_sounds():
    """Return the output as snakemake wants it named: a Zarr store is a folder."""
    path = config["sounds_output"]
    return directory(path) if path.endswith(".zarr") else path


rule extract_share:
    output:
        temp(touch(SHARE)),
    wildcard_constraints:
        shard=r"\d+",
        shards=r"\d+",
    threads: 1
    resources:
        **needs("extract_share", gpu=gpus()),
    params:
        **extraction(shard="{shard}/{shards}"),
    shell:
        JOB


rule extract_sounds:
    input:
        shares,
    output:
        table_of_sounds(),
    threads: 1
    resources:
        **needs("extract_sounds"),
    params:
        **extraction(),
    shell:
        JOB
