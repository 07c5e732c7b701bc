# Sections 2 and 5: sounds; their rates, scales and spins, Figure 1, filter banks; their
# resynthesis from scattering coefficients, scores, Figure 6.
STUDIES["textures"] = has_textures
OWN_STAGES["textures"] = texture_stages


rule prepare_sound:
    input:
        recording=recording,
    output:
        sound="data/{run}/textures/{sound}.wav",
        facts="data/{run}/textures/{sound}.json",
        operative="data/{run}/textures/{sound}.gin",
    resources:
        **needs("prepare_sound"),
    params:
        **stage("prepare_sound", "textures", run="{run}", name="{sound}"),
    shell:
        JOB


rule transform_scale_rate:
    input:
        sound="data/{run}/textures/{sound}.wav",
    output:
        scale_rate="results/{run}/scale_rate/{sound}.npz",
        operative="results/{run}/scale_rate/{sound}.gin",
    resources:
        **needs("transform_scale_rate"),
    params:
        **stage("transform_scale_rate", "scale_rate"),
    shell:
        JOB


rule tabulate_spins:
    input:
        scale_rates=each_sound("results/{run}/scale_rate/{sound}.npz", pictured),
    output:
        "results/{run}/spin_of_chirps.md",
        table=table("textures", "spin_of_chirps"),
        operative="results/{run}/spin_of_chirps.gin",
    resources:
        **needs("tabulate_spins"),
    params:
        **stage("tabulate_spins", ["scale_rate", "spin_of_chirps"], run="{run}"),
    shell:
        JOB


rule plot_four_sounds:
    input:
        scale_rates=each_sound("results/{run}/scale_rate/{sound}.npz", pictured),
    output:
        figures=figure("textures", "fig1_scale_rate"),
    resources:
        **needs("plot_four_sounds"),
    params:
        **stage("plot_four_sounds", "fig1", run=run_of),
    shell:
        JOB


rule animate_scale_rate:
    input:
        scale_rate=at(f"results/{{run}}/scale_rate/{ANIMATED}.npz"),
    output:
        animation=figure("textures", "scale_rate", kinds=[".gif"]),
    resources:
        **needs("animate_scale_rate"),
    params:
        **stage("animate_scale_rate", "animation", run=run_of),
    shell:
        JOB


rule plot_scale_rate_grid:
    input:
        at("results/{run}/run.json"),
    output:
        filters=figure("textures", "scale_rate_filters"),
        coefficients=figure("textures", "scale_rate_coefficients"),
    resources:
        **needs("plot_scale_rate_grid"),
    params:
        **stage("plot_scale_rate_grid", "scale_rate_grid", run=run_of),
    shell:
        JOB


rule plot_filterbank:
    input:
        at("results/{run}/run.json"),
    output:
        curves=figure("textures", "filterbank_1d"),
        wavelets=figure("textures", "filterbank_2d"),
    resources:
        **needs("plot_filterbank"),
    params:
        **stage("plot_filterbank", "filterbank", run=run_of),
    shell:
        JOB


# a killed job goes on from its checkpoint
rule resynthesize_texture:
    input:
        sound="data/{run}/textures/{sound}.wav",
    output:
        resynthesis="results/{run}/textures/{sound}/{scattering}-{descent}.wav",
        history="results/{run}/textures/{sound}/{scattering}-{descent}.csv",
        snapshots="results/{run}/textures/{sound}/{scattering}-{descent}.snapshots.npz",
        facts="results/{run}/textures/{sound}/{scattering}-{descent}.json",
        cost="results/{run}/textures/{sound}/{scattering}-{descent}.cost.json",
        operative="results/{run}/textures/{sound}/{scattering}-{descent}.gin",
    threads: config["training_threads"]
    resources:
        **needs("resynthesize_texture", gpu=gpus()),
    params:
        **stage(
            "resynthesize_texture",
            ["resynthesis", "resynthesis_{scattering}", "descent_{descent}"],
            run="{run}",
            name="{sound}",
            untracked={
                "device": config["device"],
                "checkpoint": "results/{run}/partial/{sound}-{scattering}-{descent}.checkpoint",
            },
        ),
    shell:
        JOB


rule evaluate_resynthesis:
    input:
        "data/{run}/textures/{sound}.json",
        resyntheses("wav"),
        resyntheses("csv"),
        resyntheses("snapshots.npz"),
        sound="data/{run}/textures/{sound}.wav",
        facts=resyntheses("json"),
    output:
        scores="results/{run}/textures/{sound}/scores.csv",
        operative="results/{run}/textures/{sound}/scores.gin",
    resources:
        **needs("evaluate_resynthesis"),
    params:
        **stage("evaluate_resynthesis", "resynthesis_scores"),
    shell:
        JOB


rule tabulate_resynthesis:
    input:
        resyntheses("cost.json"),
        scores=each_sound("results/{run}/textures/{sound}/scores.csv"),
        facts=resyntheses("json"),
    output:
        "results/{run}/resynthesis.md",
        "results/{run}/resynthesis_cost.md",
        table=table("textures", "resynthesis"),
        cost=table("textures", "resynthesis_cost"),
    resources:
        **needs("tabulate_resynthesis"),
    params:
        **stage("tabulate_resynthesis"),
    shell:
        JOB


rule plot_resynthesis:
    input:
        each_sound("data/{run}/textures/{sound}.json"),
        resyntheses("wav"),
        sounds=each_sound("data/{run}/textures/{sound}.wav"),
        facts=resyntheses("json"),
    output:
        figures=figure("textures", "fig6_resynthesis"),
    resources:
        **needs("plot_resynthesis"),
    params:
        **stage("plot_resynthesis", "fig6"),
    shell:
        JOB


rule plot_error_curves:
    input:
        histories=resyntheses("csv"),
    output:
        figures=figure("textures", "resynthesis_errors"),
    resources:
        **needs("plot_error_curves"),
    params:
        **stage("plot_error_curves", "error_curves"),
    shell:
        JOB
