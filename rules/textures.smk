# Section 5: sounds, their resynthesis from scattering coefficients, scores, Figure 6.


rule prepare_sound:
    input:
        gin=gin_files("textures"),
        code=code("scripts/prepare_sound.py", "textures"),
        recording=recording,
    output:
        sound="data/{run}textures/{sound}.wav",
        facts="data/{run}textures/{sound}.json",
        operative="data/{run}textures/{sound}.gin",
    log:
        "logs/{run}prepare_sound/{sound}.log",
    benchmark:
        "logs/benchmarks/{run}prepare_sound/{sound}.tsv"
    resources:
        mem_mb=memory("prepare_sound"),
        runtime=minutes("prepare_sound"),
    params:
        stamp=stamp,
        source=sound_argument,
    shell:
        "python scripts/prepare_sound.py --gin {input.gin} {params.stamp} {params.source}"
        " --sound {output.sound} --facts {output.facts}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule resynthesize_texture:
    input:
        gin=gin_files("resynthesis", "resynthesis_{scattering}", "descent_{descent}"),
        code=code(
            "scripts/resynthesize_texture.py",
            "resynthesis",
            "resynthesis_{scattering}",
            "descent_{descent}",
        ),
        sound="data/{run}textures/{sound}.wav",
    output:
        multiext(
            "results/{run}textures/{sound}/{scattering}-{descent}",
            resynthesis=".wav",
            history=".csv",
            snapshots=".snapshots.npz",
            facts=".json",
            cost=".cost.json",
            operative=".gin",
        ),
    log:
        "logs/{run}resynthesize_texture/{sound}/{scattering}-{descent}.log",
    benchmark:
        "logs/benchmarks/{run}resynthesize_texture/{sound}/{scattering}-{descent}.tsv"
    threads: config["training_threads"]
    resources:
        gpu=gpus(),
        mem_mb=memory("resynthesize_texture", gpus()),
        runtime=minutes("resynthesize_texture"),
    params:
        stamp=stamp,
        checkpoint="results/{run}partial/{sound}-{scattering}-{descent}.checkpoint",
    shell:
        "python scripts/resynthesize_texture.py {input.sound} {output.resynthesis}"
        " --gin {input.gin} {params.stamp} --name {wildcards.sound} --history {output.history}"
        " --snapshots {output.snapshots} --facts {output.facts} --cost {output.cost}"
        " --checkpoint {params.checkpoint} --device {config[device]}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule evaluate_resynthesis:
    input:
        gin=gin_files("resynthesis_scores"),
        code=code("scripts/evaluate_resynthesis.py", "resynthesis_scores"),
        sound="data/{run}textures/{sound}.wav",
        sound_facts="data/{run}textures/{sound}.json",
        facts=resyntheses("json"),
        resyntheses=resyntheses("wav"),
        histories=resyntheses("csv"),
        snapshots=resyntheses("snapshots.npz"),
    output:
        scores="results/{run}textures/{sound}/scores.csv",
        operative="results/{run}textures/{sound}/scores.gin",
    log:
        "logs/{run}evaluate_resynthesis/{sound}.log",
    benchmark:
        "logs/benchmarks/{run}evaluate_resynthesis/{sound}.tsv"
    resources:
        mem_mb=memory("evaluate_resynthesis"),
        runtime=minutes("evaluate_resynthesis"),
    shell:
        "python scripts/evaluate_resynthesis.py --gin {input.gin} --sound {input.sound}"
        " --facts {input.facts} --scores {output.scores}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule tabulate_resynthesis:
    input:
        code=code("scripts/tabulate_resynthesis.py"),
        scores=each_sound("results/{run}textures/{sound}/scores.csv"),
        costs=resyntheses("cost.json"),
        facts=resyntheses("json"),
    output:
        table="results/{run}resynthesis.csv",
        markdown="results/{run}resynthesis.md",
        cost="results/{run}resynthesis_cost.csv",
        cost_md="results/{run}resynthesis_cost.md",
    log:
        "logs/{run}tabulate_resynthesis.log",
    benchmark:
        "logs/benchmarks/{run}tabulate_resynthesis.tsv"
    resources:
        mem_mb=memory("tabulate_resynthesis"),
        runtime=minutes("tabulate_resynthesis"),
    shell:
        "python scripts/tabulate_resynthesis.py --scores {input.scores} --facts {input.facts}"
        " --table {output.table} --cost {output.cost} 2>&1 | tee {log}"


rule plot_resynthesis:
    input:
        gin=gin_files("fig6"),
        code=code("scripts/plot_resynthesis.py", "fig6"),
        sounds=each_sound("data/{run}textures/{sound}.wav"),
        sound_facts=each_sound("data/{run}textures/{sound}.json"),
        facts=resyntheses("json"),
        resyntheses=resyntheses("wav"),
    output:
        figures=figure("img/{run}fig6_resynthesis"),
        operative="img/{run}fig6_resynthesis.gin",
    log:
        "logs/{run}plot_resynthesis.log",
    benchmark:
        "logs/benchmarks/{run}plot_resynthesis.tsv"
    resources:
        mem_mb=memory("plot_resynthesis"),
        runtime=minutes("plot_resynthesis"),
    shell:
        "python scripts/plot_resynthesis.py --gin {input.gin} --sounds {input.sounds}"
        " --facts {input.facts} --figures {output.figures}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_error_curves:
    input:
        gin=gin_files("error_curves"),
        code=code("scripts/plot_error_curves.py", "error_curves"),
        histories=resyntheses("csv"),
    output:
        figures=figure("img/{run}resynthesis_errors"),
        operative="img/{run}resynthesis_errors.gin",
    log:
        "logs/{run}plot_error_curves.log",
    benchmark:
        "logs/benchmarks/{run}plot_error_curves.tsv"
    resources:
        mem_mb=memory("plot_error_curves"),
        runtime=minutes("plot_error_curves"),
    shell:
        "python scripts/plot_error_curves.py --gin {input.gin} --histories {input.histories}"
        " --figures {output.figures} --operative {output.operative} 2>&1 | tee {log}"
