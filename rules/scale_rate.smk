# Section 2: rates, scales and spins of sounds; Figure 1, the chirp-sine-pulse grid, filter banks.


rule transform_scale_rate:
    input:
        gin=gin_files("scale_rate"),
        code=code("scripts/transform_scale_rate.py", "scale_rate"),
        sound="data/{run}textures/{sound}.wav",
    output:
        scale_rate="results/{run}scale_rate/{sound}.npz",
        operative="results/{run}scale_rate/{sound}.gin",
    log:
        "logs/{run}transform_scale_rate/{sound}.log",
    benchmark:
        "logs/benchmarks/{run}transform_scale_rate/{sound}.tsv"
    resources:
        mem_mb=memory("transform_scale_rate"),
        runtime=minutes("transform_scale_rate"),
    shell:
        "python scripts/transform_scale_rate.py --gin {input.gin} --sound {input.sound}"
        " --scale-rate {output.scale_rate} --operative {output.operative} 2>&1 | tee {log}"


rule tabulate_spins:
    input:
        gin=gin_files("scale_rate", "spin_of_chirps"),
        code=code("scripts/tabulate_spins.py", "scale_rate", "spin_of_chirps"),
        scale_rates=each_sound("results/{run}scale_rate/{sound}.npz", pictured),
    output:
        table="results/{run}spin_of_chirps.csv",
        markdown="results/{run}spin_of_chirps.md",
        operative="results/{run}spin_of_chirps.gin",
    log:
        "logs/{run}tabulate_spins.log",
    benchmark:
        "logs/benchmarks/{run}tabulate_spins.tsv"
    resources:
        mem_mb=memory("tabulate_spins"),
        runtime=minutes("tabulate_spins"),
    params:
        stamp=stamp,
    shell:
        "python scripts/tabulate_spins.py --gin {input.gin} {params.stamp}"
        " --scale-rates {input.scale_rates} --table {output.table}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_four_sounds:
    input:
        gin=gin_files("fig1"),
        code=code("scripts/plot_four_sounds.py", "fig1"),
        scale_rates=each_sound("results/{run}scale_rate/{sound}.npz", pictured),
    output:
        figures=figure("img/{run}fig1_scale_rate"),
        operative="img/{run}fig1_scale_rate.gin",
    log:
        "logs/{run}plot_four_sounds.log",
    benchmark:
        "logs/benchmarks/{run}plot_four_sounds.tsv"
    resources:
        mem_mb=memory("plot_four_sounds"),
        runtime=minutes("plot_four_sounds"),
    params:
        stamp=stamp,
    shell:
        "python scripts/plot_four_sounds.py --gin {input.gin} {params.stamp}"
        " --scale-rates {input.scale_rates} --figures {output.figures}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule animate_scale_rate:
    input:
        gin=gin_files("animation"),
        code=code("scripts/animate_scale_rate.py", "animation"),
        scale_rate=f"results/{{run}}scale_rate/{ANIMATED}.npz",
    output:
        animation=figure("img/{run}scale_rate", [".gif"]),
        operative="img/{run}scale_rate.gin",
    log:
        "logs/{run}animate_scale_rate.log",
    benchmark:
        "logs/benchmarks/{run}animate_scale_rate.tsv"
    resources:
        mem_mb=memory("animate_scale_rate"),
        runtime=minutes("animate_scale_rate"),
    params:
        stamp=stamp,
    shell:
        "python scripts/animate_scale_rate.py --gin {input.gin} {params.stamp}"
        " --scale-rate {input.scale_rate} --animation {output.animation}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_scale_rate_grid:
    input:
        gin=gin_files("scale_rate_grid"),
        code=code("scripts/plot_scale_rate_grid.py", "scale_rate_grid"),
    output:
        filters=figure("img/{run}scale_rate_filters"),
        coefficients=figure("img/{run}scale_rate_coefficients"),
        operative="img/{run}scale_rate_grid.gin",
    log:
        "logs/{run}plot_scale_rate_grid.log",
    benchmark:
        "logs/benchmarks/{run}plot_scale_rate_grid.tsv"
    resources:
        mem_mb=memory("plot_scale_rate_grid"),
        runtime=minutes("plot_scale_rate_grid"),
    params:
        stamp=stamp,
    shell:
        "python scripts/plot_scale_rate_grid.py --gin {input.gin} {params.stamp}"
        " --filters {output.filters} --coefficients {output.coefficients}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_filterbank:
    input:
        gin=gin_files("filterbank"),
        code=code("scripts/plot_filterbank.py", "filterbank"),
    output:
        curves=figure("img/{run}filterbank_1d"),
        wavelets=figure("img/{run}filterbank_2d"),
        operative="img/{run}filterbank.gin",
    log:
        "logs/{run}plot_filterbank.log",
    benchmark:
        "logs/benchmarks/{run}plot_filterbank.tsv"
    resources:
        mem_mb=memory("plot_filterbank"),
        runtime=minutes("plot_filterbank"),
    params:
        stamp=stamp,
    shell:
        "python scripts/plot_filterbank.py --gin {input.gin} {params.stamp}"
        " --curves {output.curves} --wavelets {output.wavelets}"
        " --operative {output.operative} 2>&1 | tee {log}"
