# Features of a folder of sounds: snakemake extract --config sounds_folder=FOLDER
import hashlib
import os
import shlex


def extraction_command(wildcards, output, threads):
    """Return the command of the job; one line if no folder is named."""
    if not config["sounds_folder"]:
        stop("sounds_folder: name a folder of sounds (--config sounds_folder=FOLDER)")
    words = ["python", str(ROOT / "scripts/extract_sounds.py"), config["sounds_folder"]]
    words += [output[0], "--representation", config["sounds_representation"]]
    words += ["--summary", config["sounds_summary"], "--device", config["device"]]
    return shlex.join([*words, "--jobs", str(threads)])


def sounds_as_they_are(wildcards):
    """Return a digest of the names, sizes and times of the folder's files: a change reruns."""
    found = hashlib.sha256()
    for here, _, files in sorted(os.walk(config["sounds_folder"])):
        for name in sorted(files):
            facts = os.stat(os.path.join(here, name))
            line = (os.path.join(here, name), facts.st_size, facts.st_mtime_ns)
            found.update(repr(line).encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def table_of_sounds():
    """Return the output as snakemake wants it named: a Zarr store is a folder."""
    path = config["sounds_output"]
    return directory(path) if path.endswith(".zarr") else path


rule extract_sounds:
    output:
        table_of_sounds(),
    threads: 4
    resources:
        **needs("extract_sounds"),
    params:
        command=extraction_command,
        sounds=sounds_as_they_are,
    shell:
        JOB
