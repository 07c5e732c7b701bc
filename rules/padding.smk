# How padding leaks one spin into the other, on a rising chirp.


rule tabulate_spin_leak:
    input:
        gin=gin_files("spin_leak"),
        code=code("scripts/tabulate_spin_leak.py", "spin_leak"),
    output:
        table="results/{run}spin_leak.csv",
        markdown="results/{run}spin_leak.md",
        frames="results/{run}spin_leak_frames.csv",
        operative="results/{run}spin_leak.gin",
    log:
        "logs/{run}tabulate_spin_leak.log",
    benchmark:
        "logs/benchmarks/{run}tabulate_spin_leak.tsv"
    resources:
        mem_mb=memory("tabulate_spin_leak"),
        runtime=minutes("tabulate_spin_leak"),
    params:
        stamp=stamp,
    shell:
        "python scripts/tabulate_spin_leak.py --gin {input.gin} {params.stamp}"
        " --table {output.table} --frames {output.frames}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_spin_leak:
    input:
        gin=gin_files("spin_leak_figure"),
        code=code("scripts/plot_spin_leak.py", "spin_leak_figure"),
        frames="results/{run}spin_leak_frames.csv",
    output:
        figures=figure("img/{run}spin_leak"),
        operative="img/{run}spin_leak.gin",
    log:
        "logs/{run}plot_spin_leak.log",
    benchmark:
        "logs/benchmarks/{run}plot_spin_leak.tsv"
    resources:
        mem_mb=memory("plot_spin_leak"),
        runtime=minutes("plot_spin_leak"),
    shell:
        "python scripts/plot_spin_leak.py --gin {input.gin} --frames {input.frames}"
        " --figures {output.figures} --operative {output.operative} 2>&1 | tee {log}"
