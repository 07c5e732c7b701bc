# The data set of Section 3.


rule synthesise_chirps:
    input:
        gin=gin_files("chirps"),
        code=code("scripts/synthesise_chirps.py", "chirps"),
    output:
        chirps="data/{run}chirps.npy",
        parameters="data/{run}chirps.csv",
        facts="data/{run}chirps.json",
        operative="data/{run}chirps.gin",
    log:
        "logs/{run}synthesise_chirps.log",
    benchmark:
        "logs/benchmarks/{run}synthesise_chirps.tsv"
    resources:
        mem_mb=memory("synthesise_chirps"),
        runtime=minutes("synthesise_chirps"),
        disk_mb=disk("synthesise_chirps"),
    params:
        stamp=stamp,
    shell:
        "python scripts/synthesise_chirps.py --gin {input.gin} {params.stamp}"
        " --chirps {output.chirps} --parameters {output.parameters} --facts {output.facts}"
        " --operative {output.operative} 2>&1 | tee {log}"
