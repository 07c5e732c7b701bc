# Tables as pages, for `make report`: in Snakemake's report a CSV is only a download.
SHOWN_TABLES = [
    "knn_scores",
    "embedding_scores",
    "cost",
    "spin_leak",
    "spin_leak_frames",
]
SHOWN_TEXTURE_TABLES = ["spin_of_chirps", "resynthesis", "resynthesis_cost"]
SHOWN_MEDLEY_TABLES = [
    "table2",
    "recalls",
    "differences",
    "confusion",
    "learning_curves",
    "cost",
]
SHOWN_ABLATION_TABLES = ["ablation_errors", "ablation_orders"]


rule render_tables:
    input:
        code=code("scripts/render_tables.py"),
        captions="config/captions.yaml",
        template="jtfs_repro/site/templates/table_page.html",
        tables=[f"results/{{run}}{name}.csv" for name in SHOWN_TABLES],
    output:
        pages=[
            table_page(f"results/{{run}}report/{name}.html") for name in SHOWN_TABLES
        ],
    log:
        "logs/{run}render_tables.log",
    benchmark:
        "logs/benchmarks/{run}render_tables.tsv"
    resources:
        mem_mb=memory("render_tables"),
        runtime=minutes("render_tables"),
    shell:
        "python scripts/render_tables.py --captions {input.captions}"
        " --tables {input.tables} --pages {output.pages}"
        " 2>&1 | tee {log}"


use rule render_tables as render_texture_tables with:
    input:
        code=code("scripts/render_tables.py"),
        captions="config/captions.yaml",
        template="jtfs_repro/site/templates/table_page.html",
        tables=[f"results/{{run}}{name}.csv" for name in SHOWN_TEXTURE_TABLES],
    output:
        pages=[
            table_page(f"results/{{run}}report/{name}.html")
            for name in SHOWN_TEXTURE_TABLES
        ],
    log:
        "logs/{run}render_texture_tables.log",
    benchmark:
        "logs/benchmarks/{run}render_texture_tables.tsv"


use rule render_tables as render_ablation_tables with:
    input:
        code=code("scripts/render_tables.py"),
        captions="config/captions.yaml",
        template="jtfs_repro/site/templates/table_page.html",
        tables=[f"results/{{run}}{name}.csv" for name in SHOWN_ABLATION_TABLES],
    output:
        pages=[
            table_page(f"results/{{run}}report/{name}.html")
            for name in SHOWN_ABLATION_TABLES
        ],
    log:
        "logs/{run}render_ablation_tables.log",
    benchmark:
        "logs/benchmarks/{run}render_ablation_tables.tsv"


use rule render_tables as render_medley_tables with:
    input:
        code=code("scripts/render_tables.py"),
        captions="config/captions.yaml",
        template="jtfs_repro/site/templates/table_page.html",
        tables=[f"results/{{run}}{{medley}}/{name}.csv" for name in SHOWN_MEDLEY_TABLES],
    output:
        pages=[
            table_page(f"results/{{run}}{{medley}}/report/{name}.html")
            for name in SHOWN_MEDLEY_TABLES
        ],
    log:
        "logs/{run}{medley}/render_tables.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/render_tables.tsv"
