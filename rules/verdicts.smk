# Every number that the paper, its code and later work state, set against ours.
SHOWN["chirps"].append("results/{run}/verdicts.csv")


rule tabulate_verdicts:
    input:
        os.path.relpath(ROOT / "jtfs_repro/site/templates/verdict_page.html"),
        claims("*"),
        verdict_inputs,
    output:
        "results/{run}/verdicts.md",
        reported("results/{run}/verdicts.html", "verdicts"),
        table="results/{run}/verdicts.csv",
        operative="results/{run}/verdicts.gin",
    resources:
        **needs("tabulate_verdicts"),
    params:
        **stage(
            "tabulate_verdicts",
            "verdicts",
            claims=os.path.relpath(ROOT / "claims"),
            settings=os.path.relpath(ROOT / "gin"),
            tables=verdict_words,
            made_sha256=made_sha256,
        ),
    shell:
        JOB
