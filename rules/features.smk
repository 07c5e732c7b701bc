# Section 3: chirps -> shards of features -> one array per representation.


rule fetch_openl3_weights:
    input:
        gin=gin_files("openl3"),
        code=code("scripts/fetch_openl3_weights.py", "openl3"),
        given=weights_given,
    output:
        status="data/{run}openl3_weights.json",
    log:
        "logs/{run}fetch_openl3_weights.log",
    benchmark:
        "logs/benchmarks/{run}fetch_openl3_weights.tsv"
    resources:
        mem_mb=memory("fetch_openl3_weights"),
        runtime=minutes("fetch_openl3_weights"),
    params:
        stamp=stamp,
        weights=config["openl3_weights"],
        download=weights_download,
    shell:
        "python scripts/fetch_openl3_weights.py {params.stamp} --gin {input.gin} --weights {params.weights:q}"
        " --download {params.download} --status {output.status} 2>&1 | tee {log}"


# device and memory are not tracked: they do not change what is computed
rule extract_features:
    input:
        gin=gin_files("{feature}"),
        code=code("scripts/extract_features.py", "{feature}"),
        chirps="data/{run}chirps.npy",
        facts="data/{run}chirps.json",
        weights=weights_status,
    output:
        features="results/{run}features/{feature}/shard-{shard}-of-{shards}.npy",
        report="results/{run}features/{feature}/shard-{shard}-of-{shards}.json",
        operative="results/{run}features/{feature}/shard-{shard}-of-{shards}.gin",
    log:
        "logs/{run}extract_features/{feature}/{shard}-of-{shards}.log",
    benchmark:
        "logs/benchmarks/{run}extract_features/{feature}/{shard}-of-{shards}.tsv"
    threads: 1
    resources:
        gpu=gpus(),
        mem_mb=extraction_memory("extract_features"),
        runtime=minutes("extract_features"),
        disk_mb=disk("extract_features"),
    params:
        stamp=stamp,
        weights=weights_argument,
    shell:
        "python scripts/extract_features.py {params.stamp} --gin {input.gin} --signals {input.chirps}"
        " --facts {input.facts} --shard {wildcards.shard} --shards {wildcards.shards}"
        " --device {config[device]} --memory-gb {config[memory_gb]}"
        " {params.weights} --features {output.features} --operative {output.operative}"
        " 2>&1 | tee {log}"


rule gather_features:
    input:
        code=code("scripts/gather_features.py"),
        shards=shards("npy"),
        reports=shards("json"),
        operatives=shards("gin"),
    output:
        array="results/{run}features/{representation}.npy",
        facts="results/{run}features/{representation}.json",
        cost="results/{run}features/{representation}.cost.json",
        settings="results/{run}features/{representation}.gin",
    log:
        "logs/{run}gather_features/{representation}.log",
    benchmark:
        "logs/benchmarks/{run}gather_features/{representation}.tsv"
    resources:
        mem_mb=memory("gather_features"),
        runtime=minutes("gather_features"),
        disk_mb=disk("gather_features"),
    params:
        stamp=stamp,
        feature=lambda wildcards: feature_of(wildcards.representation),
    shell:
        "python scripts/gather_features.py {params.stamp} --shards {input.shards}"
        " --feature {params.feature} --representation {wildcards.representation}"
        " --array {output.array} --facts {output.facts} --cost {output.cost}"
        " --settings {output.settings} 2>&1 | tee {log}"
