# Chirps -> shards of features -> one array per representation, its Isomap and K-nearest neighbours
# -> Figures 2 to 4, tables.
STUDIES["chirps"] = has_chirps


rule synthesise_chirps:
    output:
        chirps="data/{run}/chirps.npy",
        parameters="data/{run}/chirps.csv",
        facts="data/{run}/chirps.json",
        operative="data/{run}/chirps.gin",
    resources:
        **needs("synthesise_chirps"),
    params:
        **stage("synthesise_chirps", "chirps", run="{run}"),
    shell:
        JOB


rule fetch_openl3_weights:
    input:
        weights_given,
    output:
        status="data/{run}/openl3_weights.json",
    resources:
        **needs("fetch_openl3_weights"),
    params:
        **stage(
            "fetch_openl3_weights",
            "openl3",
            run="{run}",
            weights=config["openl3_weights"],
            download=weights_download,
        ),
    shell:
        JOB


# device and memory do not change what is computed
rule extract_features:
    input:
        weights_status,
        signals="data/{run}/chirps.npy",
        facts="data/{run}/chirps.json",
    output:
        "results/{run}/features/{feature}/shard-{shard}-of-{shards}.json",
        features="results/{run}/features/{feature}/shard-{shard}-of-{shards}.npy",
        operative="results/{run}/features/{feature}/shard-{shard}-of-{shards}.gin",
    threads: 1
    resources:
        **needs("extract_features", extraction=True, gpu=gpus()),
    params:
        **stage(
            "extract_features",
            "{feature}",
            run="{run}",
            shard="{shard}",
            shards="{shards}",
            weights=weights_of,
            untracked={"device": config["device"], "memory_gb": config["memory_gb"]},
        ),
    shell:
        JOB


# gather the shards, embed the representation, look for nearest neighbours
rule score_representation:
    input:
        shard_files("json"),
        shard_files("gin"),
        shards=shard_files("npy"),
        parameters="data/{run}/chirps.csv",
    output:
        array="results/{run}/features/{representation}.npy",
        facts="results/{run}/features/{representation}.json",
        cost="results/{run}/features/{representation}.cost.json",
        settings="results/{run}/features/{representation}.gin",
        manifold="results/{run}/manifold/{representation}.npz",
        ratios="results/{run}/knn/{representation}.npz",
        operative="results/{run}/manifold/{representation}.gin",
    priority: 10
    resources:
        **needs("score_representation"),
    params:
        **stage(
            "score_representation",
            "isomap",
            run="{run}",
            feature=lambda wildcards: feature_of(wildcards.representation),
            representation="{representation}",
        ),
    shell:
        JOB


rule tabulate_scores:
    input:
        manifolds=each("results/{run}/manifold/{representation}.npz"),
        ratios=each("results/{run}/knn/{representation}.npz"),
        facts=each("results/{run}/features/{representation}.json"),
        costs=each("results/{run}/features/{representation}.cost.json"),
        parameters="data/{run}/chirps.csv",
    output:
        "results/{run}/knn_scores.md",
        "results/{run}/embedding_scores.md",
        "results/{run}/cost.md",
        knn=table("chirps", "knn_scores"),
        embedding=table("chirps", "embedding_scores"),
        cost=table("chirps", "cost"),
        operative="results/{run}/scores.gin",
    resources:
        **needs("tabulate_scores"),
    params:
        **stage("tabulate_scores", "scores", names=representations()),
    shell:
        JOB


rule transform_cqt_chirps:
    output:
        transforms="results/{run}/cqt_chirps.npz",
        operative="results/{run}/cqt_chirps.gin",
    priority: 30  # a first picture soon
    resources:
        **needs("transform_cqt_chirps"),
    params:
        **stage("transform_cqt_chirps", "cqt_chirps"),
    shell:
        JOB


rule plot_cqt_chirps:
    input:
        transforms=at("results/{run}/cqt_chirps.npz"),
    output:
        figures=figure("chirps", "fig2_cqt_chirps"),
    priority: 30  # a first picture soon
    resources:
        **needs("plot_cqt_chirps"),
    params:
        **stage("plot_cqt_chirps", "fig2", run=run_of),
    shell:
        JOB


rule plot_isomap:
    input:
        manifolds=each("results/{run}/manifold/{representation}.npz"),
        facts=each("results/{run}/features/{representation}.json"),
        parameters=at("data/{run}/chirps.csv"),
    output:
        figures=figure("chirps", "fig3_isomap"),
    resources:
        **needs("plot_isomap"),
    params:
        **stage(
            "plot_isomap",
            "fig3",
            names=representations(),
            absent=absent_representations(),
        ),
    shell:
        JOB


rule plot_knn_ratios:
    input:
        ratios=each("results/{run}/knn/{representation}.npz"),
        facts=each("results/{run}/features/{representation}.json"),
        parameters=at("data/{run}/chirps.csv"),
    output:
        figures=figure("chirps", "fig4_knn_ratios"),
    resources:
        **needs("plot_knn_ratios"),
    params:
        **stage("plot_knn_ratios", "fig4", names=representations()),
    shell:
        JOB


# how padding leaks one spin into the other, on a rising chirp
rule tabulate_spin_leak:
    input:
        "results/{run}/run.json",
    output:
        "results/{run}/spin_leak.md",
        table=table("chirps", "spin_leak"),
        frames=table("chirps", "spin_leak_frames"),
        operative="results/{run}/spin_leak.gin",
    resources:
        **needs("tabulate_spin_leak"),
    params:
        **stage("tabulate_spin_leak", "spin_leak", run="{run}"),
    shell:
        JOB


rule plot_spin_leak:
    input:
        frames=at("results/{run}/spin_leak_frames.csv"),
    output:
        figures=figure("chirps", "spin_leak"),
    resources:
        **needs("plot_spin_leak"),
    params:
        **stage("plot_spin_leak", "spin_leak_figure"),
    shell:
        JOB


# how the range of f_m and the number of octaves J change the ranking: the runs of gin/variants/
rule tabulate_ablation:
    input:
        knn=lambda wildcards: [
            f"results/{run}/knn_scores.csv" for run in variant_runs(wildcards.run)
        ],
    output:
        "results/{run}/ablation_errors.md",
        "results/{run}/ablation_orders.md",
        errors=table("chirps", "ablation_errors", in_run=False),
        orders=table("chirps", "ablation_orders", in_run=False),
        operative="results/{run}/ablation.gin",
    resources:
        **needs("tabulate_ablation"),
    params:
        **stage("tabulate_ablation", "ablation", variants=VARIANTS),
    shell:
        JOB
