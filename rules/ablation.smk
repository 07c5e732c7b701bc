# How the range of f_m and the number of octaves J change the ranking: the runs of gin/variants/.


rule tabulate_ablation:
    input:
        gin=gin_files("ablation"),
        code=code("scripts/tabulate_ablation.py", "ablation"),
        knn=lambda wildcards: [
            f"results/{run}knn_scores.csv" for run in variant_runs(wildcards.run)
        ],
    output:
        errors="results/{run}ablation_errors.csv",
        errors_md="results/{run}ablation_errors.md",
        orders="results/{run}ablation_orders.csv",
        orders_md="results/{run}ablation_orders.md",
        operative="results/{run}ablation.gin",
    log:
        "logs/{run}tabulate_ablation.log",
    benchmark:
        "logs/benchmarks/{run}tabulate_ablation.tsv"
    resources:
        mem_mb=memory("tabulate_ablation"),
        runtime=minutes("tabulate_ablation"),
    params:
        variants=VARIANTS,
    shell:
        "python scripts/tabulate_ablation.py --gin {input.gin} --variants {params.variants}"
        " --knn {input.knn} --errors {output.errors} --orders {output.orders}"
        " --operative {output.operative} 2>&1 | tee {log}"
