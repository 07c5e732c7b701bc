# Every number that the paper, its code and later work state, set against ours.
SHOWN["chirps"].append("results/{run}/verdicts.csv")


rule tabulate_verdicts:
    input:
        os.path.relpath(ROOT / "jtfs_repro/site/templates/verdict_page.html"),
        [os.path.relpath(path) for path in sorted(ROOT.glob("gin/**/*.gin"))],
        knn="results/{run}/knn_scores.csv",
        embedding="results/{run}/embedding_scores.csv",
        cqt="results/{run}/cqt_chirps.npz",
        clips=part_of_run("instruments", "results/{run}/{clips}/clips.csv"),
        table2=part_of_run("instruments", "results/{run}/{clips}/table2.csv"),
        seeds=part_of_run("instruments", "results/{run}/{clips}/recalls.csv"),
        differences=part_of_run("instruments", "results/{run}/{clips}/differences.csv"),
        spins=part_of_run("textures", "results/{run}/spin_of_chirps.csv"),
        resynthesis=part_of_run("textures", "results/{run}/resynthesis.csv"),
        resynthesis_cost=part_of_run("textures", "results/{run}/resynthesis_cost.csv"),
        benchmarks=benchmark_tables(),
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
            code=["scripts/tabulate_verdicts.py"],
            settings=os.path.relpath(ROOT / "gin"),
            ablation=ablation_of,
            ablation_sha256=ablation_sha256,
        ),
    shell:
        "set -- {params.command}; shift 4;"
        ' python scripts/tabulate_verdicts.py "$@" 2>&1 | tee {log}'
