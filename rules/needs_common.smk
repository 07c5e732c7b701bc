# The declared resources of every rule, as functions of a job; no rule. The figures: rules/needs.py.
# A rule without `threads:` takes one core.
from rules import needs


def minutes(name):
    """Return a function of a job: the minutes that it may take."""
    return lambda wildcards, attempt: needs.minutes(
        name, attempt=attempt, **job_facts(wildcards)
    )


def memory(name, n_gpus=0):
    """Return a function of a job: its memory, MB."""

    def declared(wildcards, attempt):
        job = job_facts(wildcards)
        return needs.memory_mb(
            name, job["scale"], part=job["part"], gpus=n_gpus, attempt=attempt
        )

    return declared


def extraction_memory(name):
    """Return a function of an extraction: its memory, MB."""
    return lambda wildcards, attempt: needs.extraction_mb(
        name,
        config["memory_gb"],
        part=job_facts(wildcards)["part"],
        gpus=gpus(),
        attempt=attempt,
    )


def disk(name):
    """Return a function of a job: the space that its outputs take, MB."""
    return lambda wildcards: needs.disk_mb(name, **job_facts(wildcards))


def job_facts(wildcards):
    """Return what a job's needs depend on: scale, part of the rule, number of shards."""
    parts = [wildcards.get(key) for key in ("feature", "front", "model")]
    return {
        "scale": facts(wildcards.get("run") or "")["scale"],
        "part": next(filter(None, parts), ""),
        "shards": int(wildcards.get("shards") or 1),
    }
