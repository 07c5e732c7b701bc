# The companion page, and the notebooks that it shows.


rule execute_notebook:
    input:
        code=notebook_code,
        notebook="notebooks/{notebook}.ipynb",
    output:
        executed="results/{run}notebooks/{notebook}.ipynb",
    log:
        "logs/{run}execute_notebook/{notebook}.log",
    benchmark:
        "logs/benchmarks/{run}execute_notebook/{notebook}.tsv"
    resources:
        mem_mb=memory("execute_notebook"),
        runtime=minutes("execute_notebook"),
    shell:
        "python scripts/execute_notebook.py {input.notebook} --executed {output.executed}"
        " 2>&1 | tee {log}"


rule build_site:
    input:
        gin=gin_files("site"),
        code=code("scripts/build_site.py", "site"),
        assets=site_assets,
        captions="config/captions.yaml",
        figures=site_figures,
        tables=site_tables,
        manifest="results/{run}manifest.json",
        manifolds=each("results/{run}manifold/{representation}.npz"),
        ratios=each("results/{run}knn/{representation}.npz"),
        facts=each("results/{run}features/{representation}.json"),
        parameters="data/{run}chirps.csv",
        textures=site_textures,
    output:
        site=directory("results/{run}site"),
        operative="results/{run}site.gin",
    log:
        "logs/{run}build_site.log",
    benchmark:
        "logs/benchmarks/{run}build_site.tsv"
    resources:
        mem_mb=memory("build_site"),
        runtime=minutes("build_site"),
    params:
        stamp=stamp,
        names=representations(),
        textures=site_texture_arguments,
    shell:
        "python scripts/build_site.py --gin {input.gin} {params.stamp} --names {params.names}"
        " --captions {input.captions} --figures {input.figures} --tables {input.tables} --manifest {input.manifest}"
        " --manifolds {input.manifolds} --ratios {input.ratios} --facts {input.facts}"
        " --parameters {input.parameters} {params.textures} --site {output.site}"
        " --operative {output.operative} 2>&1 | tee {log}"
