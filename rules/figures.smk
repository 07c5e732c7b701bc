# Figures 2, 3 and 4: from arrays and tables, never from audio.
FIGURES = [
    f"{name}.{kind}"
    for name in ("fig2_cqt_chirps", "fig3_isomap", "fig4_knn_ratios", "spin_leak")
    for kind in ("png", "pdf")
]


rule transform_cqt_chirps:
    input:
        gin=gin_files("cqt_chirps"),
        code=code("scripts/transform_cqt_chirps.py", "cqt_chirps"),
    output:
        transforms="results/{run}cqt_chirps.npz",
        operative="results/{run}cqt_chirps.gin",
    log:
        "logs/{run}transform_cqt_chirps.log",
    benchmark:
        "logs/benchmarks/{run}transform_cqt_chirps.tsv"
    resources:
        mem_mb=memory("transform_cqt_chirps"),
        runtime=minutes("transform_cqt_chirps"),
    shell:
        "python scripts/transform_cqt_chirps.py --gin {input.gin}"
        " --transforms {output.transforms} --operative {output.operative} 2>&1 | tee {log}"


rule plot_cqt_chirps:
    input:
        gin=gin_files("fig2"),
        code=code("scripts/plot_cqt_chirps.py", "fig2"),
        transforms="results/{run}cqt_chirps.npz",
    output:
        figures=figure("img/{run}fig2_cqt_chirps"),
        operative="img/{run}fig2_cqt_chirps.gin",
    log:
        "logs/{run}plot_cqt_chirps.log",
    benchmark:
        "logs/benchmarks/{run}plot_cqt_chirps.tsv"
    resources:
        mem_mb=memory("plot_cqt_chirps"),
        runtime=minutes("plot_cqt_chirps"),
    params:
        stamp=stamp,
    shell:
        "python scripts/plot_cqt_chirps.py --gin {input.gin} {params.stamp}"
        " --transforms {input.transforms} --figures {output.figures}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_isomap:
    input:
        gin=gin_files("fig3"),
        code=code("scripts/plot_isomap.py", "fig3"),
        manifolds=each("results/{run}manifold/{representation}.npz"),
        ratios=each("results/{run}knn/{representation}.npz"),
        facts=each("results/{run}features/{representation}.json"),
        parameters="data/{run}chirps.csv",
    output:
        figures=figure("img/{run}fig3_isomap"),
        operative="img/{run}fig3_isomap.gin",
    log:
        "logs/{run}plot_isomap.log",
    benchmark:
        "logs/benchmarks/{run}plot_isomap.tsv"
    resources:
        mem_mb=memory("plot_isomap"),
        runtime=minutes("plot_isomap"),
    params:
        names=representations(),
        absent=absent_representations(),
    shell:
        "python scripts/plot_isomap.py --gin {input.gin} --names {params.names}"
        " --manifolds {input.manifolds} --ratios {input.ratios} --facts {input.facts}"
        " --parameters {input.parameters} --absent {params.absent} --figures {output.figures}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_knn_ratios:
    input:
        gin=gin_files("fig4"),
        code=code("scripts/plot_knn_ratios.py", "fig4"),
        manifolds=each("results/{run}manifold/{representation}.npz"),
        ratios=each("results/{run}knn/{representation}.npz"),
        facts=each("results/{run}features/{representation}.json"),
        parameters="data/{run}chirps.csv",
    output:
        figures=figure("img/{run}fig4_knn_ratios"),
        operative="img/{run}fig4_knn_ratios.gin",
    log:
        "logs/{run}plot_knn_ratios.log",
    benchmark:
        "logs/benchmarks/{run}plot_knn_ratios.tsv"
    resources:
        mem_mb=memory("plot_knn_ratios"),
        runtime=minutes("plot_knn_ratios"),
    params:
        names=representations(),
    shell:
        "python scripts/plot_knn_ratios.py --gin {input.gin} --names {params.names}"
        " --manifolds {input.manifolds} --ratios {input.ratios} --facts {input.facts}"
        " --parameters {input.parameters} --figures {output.figures}"
        " --operative {output.operative} 2>&1 | tee {log}"
