# What made the results.
TABLES = [
    "knn_scores.csv",
    "embedding_scores.csv",
    "cost.csv",
    "verdicts.csv",
    "spin_leak.csv",
    "manifest.json",
]


rule write_manifest:
    input:
        code=code("scripts/write_manifest.py"),
        facts=each("results/{run}features/{representation}.json"),
        settings=each("results/{run}features/{representation}.gin"),
        results=lambda wildcards: [
            path
            for path in gathered(wildcards.run) + notebooks(wildcards.run)
            if not path.endswith("manifest.json")
        ],
    output:
        manifest="results/{run}manifest.json",
    log:
        "logs/{run}write_manifest.log",
    benchmark:
        "logs/benchmarks/{run}write_manifest.tsv"
    resources:
        mem_mb=memory("write_manifest"),
        runtime=minutes("write_manifest"),
    shell:
        "python scripts/write_manifest.py --facts {input.facts} --settings {input.settings}"
        " --results {input.results} --manifest {output.manifest} 2>&1 | tee {log}"


rule draw_dag:
    input:
        rules=[str(p.relative_to(ROOT)) for p in sorted(ROOT.glob("rules/*"))],
        code=code("scripts/draw_dag.py"),
    output:
        figures=multiext("img/dag", ".svg", ".png"),
    log:
        "logs/draw_dag.log",
    benchmark:
        "logs/benchmarks/draw_dag.tsv"
    resources:
        mem_mb=memory("draw_dag"),
        runtime=minutes("draw_dag"),
    shell:
        "snakemake --rulegraph 2> {log} | python scripts/draw_dag.py --figures {output.figures}"
        " 2>&1 | tee -a {log}"
