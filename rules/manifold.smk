# Section 3: Isomap, K-nearest-neighbour regression, and the tables of both.


rule embed_isomap:
    input:
        gin=gin_files("isomap"),
        code=code("scripts/embed_isomap.py", "isomap"),
        features="results/{run}features/{representation}.npy",
        facts="results/{run}features/{representation}.json",
    output:
        manifold="results/{run}manifold/{representation}.npz",
        operative="results/{run}manifold/{representation}.gin",
    log:
        "logs/{run}embed_isomap/{representation}.log",
    benchmark:
        "logs/benchmarks/{run}embed_isomap/{representation}.tsv"
    resources:
        mem_mb=memory("embed_isomap"),
        runtime=minutes("embed_isomap"),
    shell:
        "python scripts/embed_isomap.py --gin {input.gin} --features {input.features}"
        " --facts {input.facts} --manifold {output.manifold}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule score_knn:
    input:
        code=code("scripts/score_knn.py"),
        manifold="results/{run}manifold/{representation}.npz",
        parameters="data/{run}chirps.csv",
    output:
        ratios="results/{run}knn/{representation}.npz",
        operative="results/{run}knn/{representation}.gin",
    log:
        "logs/{run}score_knn/{representation}.log",
    benchmark:
        "logs/benchmarks/{run}score_knn/{representation}.tsv"
    resources:
        mem_mb=memory("score_knn"),
        runtime=minutes("score_knn"),
    shell:
        "python scripts/score_knn.py --manifold {input.manifold} --parameters {input.parameters}"
        " --ratios {output.ratios} --operative {output.operative} 2>&1 | tee {log}"


rule tabulate_scores:
    input:
        gin=gin_files("scores"),
        code=code("scripts/tabulate_scores.py", "scores"),
        manifolds=each("results/{run}manifold/{representation}.npz"),
        ratios=each("results/{run}knn/{representation}.npz"),
        facts=each("results/{run}features/{representation}.json"),
        parameters="data/{run}chirps.csv",
    output:
        knn="results/{run}knn_scores.csv",
        knn_md="results/{run}knn_scores.md",
        embedding="results/{run}embedding_scores.csv",
        embedding_md="results/{run}embedding_scores.md",
        operative="results/{run}scores.gin",
    log:
        "logs/{run}tabulate_scores.log",
    benchmark:
        "logs/benchmarks/{run}tabulate_scores.tsv"
    resources:
        mem_mb=memory("tabulate_scores"),
        runtime=minutes("tabulate_scores"),
    params:
        names=representations(),
    shell:
        "python scripts/tabulate_scores.py --gin {input.gin} --names {params.names}"
        " --manifolds {input.manifolds} --ratios {input.ratios} --facts {input.facts}"
        " --parameters {input.parameters} --knn {output.knn} --embedding {output.embedding}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule tabulate_cost:
    input:
        code=code("scripts/tabulate_cost.py"),
        costs=each("results/{run}features/{representation}.cost.json"),
        facts=each("results/{run}features/{representation}.json"),
    output:
        table="results/{run}cost.csv",
        markdown="results/{run}cost.md",
    log:
        "logs/{run}tabulate_cost.log",
    benchmark:
        "logs/benchmarks/{run}tabulate_cost.tsv"
    resources:
        mem_mb=memory("tabulate_cost"),
        runtime=minutes("tabulate_cost"),
    shell:
        "python scripts/tabulate_cost.py --costs {input.costs} --facts {input.facts}"
        " --table {output.table} 2>&1 | tee {log}"


rule tabulate_verdicts:
    input:
        gin=gin_files("verdicts"),
        code=code("scripts/tabulate_verdicts.py", "verdicts"),
        template=os.path.relpath(ROOT / "jtfs_repro/site/templates/verdict_page.html"),
        claims=claims(),
        settings=[os.path.relpath(p) for p in sorted(ROOT.glob("gin/**/*.gin"))],
        tables=lambda wildcards: [
            path for paths in verdict_tables(wildcards).values() for path in paths
        ],
    output:
        table="results/{run}verdicts.csv",
        markdown="results/{run}verdicts.md",
        page=table_page("results/{run}verdicts.html"),
        operative="results/{run}verdicts.gin",
    log:
        "logs/{run}tabulate_verdicts.log",
    benchmark:
        "logs/benchmarks/{run}tabulate_verdicts.tsv"
    resources:
        mem_mb=memory("tabulate_verdicts"),
        runtime=minutes("tabulate_verdicts"),
    params:
        claims=os.path.relpath(ROOT / "claims"),
        settings=os.path.relpath(ROOT / "gin"),
        tables=lambda wildcards: [
            f"{name}={path}"
            for name, paths in verdict_tables(wildcards).items()
            for path in paths
        ],
        ablation=ablation_argument,
    shell:
        "python scripts/tabulate_verdicts.py --gin {input.gin} --claims {params.claims}"
        " --settings {params.settings} --tables {params.tables} {params.ablation}"
        " --table {output.table} --operative {output.operative} 2>&1 | tee {log}"
