# What gathers the results of a run: manifest, notebooks, companion page, pages of tables.
SHOWN["chirps"].append("results/{run}/manifest.json")


# what is made from settings alone takes this as input: in a fresh copy of the project, which has
# figures and tables but not this, they are made again
rule describe_run:
    output:
        facts="results/{run}/run.json",
    resources:
        **needs("describe_run"),
    params:
        **stage("describe_run", run="{run}"),
    shell:
        JOB


rule write_manifest:
    input:
        facts=each("results/{run}/features/{representation}.json"),
        settings=each("results/{run}/features/{representation}.gin"),
        results=manifest_results,
    output:
        manifest="results/{run}/manifest.json",
    resources:
        **needs("write_manifest"),
    params:
        **stage("write_manifest"),
    shell:
        JOB


rule execute_notebook:
    input:
        "results/{run}/run.json",
        notebook="notebooks/{notebook}.ipynb",
    output:
        executed="results/{run}/notebooks/{notebook}.ipynb",
    resources:
        **needs("execute_notebook"),
    params:
        **stage("execute_notebook", code=["notebooks/{notebook}.ipynb"]),
    shell:
        JOB


rule build_site:
    input:
        site_assets(),
        part_of_run("textures", each_sound("data/{run}/textures/{sound}.wav", all_sounds)),
        part_of_run("textures", resyntheses("wav")),
        part_of_run("textures", resyntheses("csv")),
        part_of_run("textures", resyntheses("snapshots.npz")),
        captions=CAPTIONS_FILE,
        figures=shown_files(".png"),
        tables=shown_files(".csv"),
        manifest="results/{run}/manifest.json",
        manifolds=each("results/{run}/manifold/{representation}.npz"),
        facts=each("results/{run}/features/{representation}.json"),
        parameters="data/{run}/chirps.csv",
        sounds=part_of_run("textures", each_sound("data/{run}/textures/{sound}.json", all_sounds)),
        resyntheses=part_of_run("textures", resyntheses("json")),
        scale_rates=part_of_run(
            "textures", each_sound("results/{run}/scale_rate/{sound}.npz", pictured)
        ),
        animation=shown_files("/scale_rate.gif"),
        notebooks=lambda wildcards: notebooks(wildcards.run),
    output:
        site=directory("results/{run}/site"),
        operative="results/{run}/site.gin",
    resources:
        **needs("build_site"),
    params:
        **stage("build_site", "site", run="{run}", names=representations()),
    shell:
        JOB


# in Snakemake's report a CSV is only a download
rule render_table:
    input:
        os.path.relpath(ROOT / "jtfs_repro/site/templates/macros.html"),
        os.path.relpath(ROOT / "jtfs_repro/site/templates/table_page.html"),
        table="results/{run}/{table}.csv",
        captions=CAPTIONS_FILE,
    output:
        page=reported("results/{run}/report/{table}.html", "{table}"),
    resources:
        **needs("render_table"),
    params:
        **stage("render_table"),
    shell:
        JOB


rule draw_dag:
    input:
        sorted(os.path.relpath(path) for path in ROOT.glob("rules/*.smk")),
    output:
        figures=["docs/dag.svg", "docs/dag.png"],
    resources:
        **needs("draw_dag"),
    params:
        **stage("draw_dag"),
    shell:
        "snakemake --rulegraph 2> {log} | {params.command} 2>&1 | tee -a {log}"
