# Section 4: shards of features -> statistics -> classifiers, one job per seed -> Table 2.


# device and memory are not tracked: they do not change what is computed
rule extract_clips:
    input:
        gin=gin_files("medley_clips", "medley_{front}"),
        code=code("scripts/extract_clips.py", "medley_clips", "medley_{front}"),
        clips="results/{run}{medley}/clips.csv",
        facts="results/{run}{medley}/clips.json",
    output:
        features="results/{run}{medley}/features/{front}/shard-{shard}-of-{shards}.npy",
        report="results/{run}{medley}/features/{front}/shard-{shard}-of-{shards}.json",
        operative="results/{run}{medley}/features/{front}/shard-{shard}-of-{shards}.gin",
    log:
        "logs/{run}{medley}/extract_clips/{front}/{shard}-of-{shards}.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/extract_clips/{front}/{shard}-of-{shards}.tsv"
    priority: 10
    threads: 1
    resources:
        gpu=gpus(),
        mem_mb=extraction_memory("extract_clips"),
        runtime=minutes("extract_clips"),
        disk_mb=disk("extract_clips"),
    params:
        stamp=stamp,
        folder=clip_folder,
    shell:
        "python scripts/extract_clips.py {params.stamp} --gin {input.gin} --clips {input.clips}"
        " --facts {input.facts} --folder {params.folder:q} --shard {wildcards.shard}"
        " --shards {wildcards.shards} --device {config[device]}"
        " --memory-gb {config[memory_gb]}"
        " --features {output.features} --operative {output.operative} 2>&1 | tee {log}"


rule accumulate_statistics:
    input:
        gin=gin_files("statistics_{front}"),
        feature_gin=feature_gin,
        code=code("scripts/accumulate_statistics.py", "statistics_{front}"),
        clips="results/{run}{medley}/clips.csv",
        shards=clip_shards("npy"),
        reports=clip_shards("json"),
    output:
        statistics="results/{run}{medley}/statistics/{front}.npz",
        facts="results/{run}{medley}/statistics/{front}.json",
        operative="results/{run}{medley}/statistics/{front}.gin",
    log:
        "logs/{run}{medley}/accumulate_statistics/{front}.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/accumulate_statistics/{front}.tsv"
    priority: 10
    resources:
        mem_mb=memory("accumulate_statistics"),
        runtime=minutes("accumulate_statistics"),
    params:
        stamp=stamp,
    shell:
        "python scripts/accumulate_statistics.py {params.stamp} --gin {input.gin}"
        " --feature-gin {input.feature_gin} --clips {input.clips} --shards {input.shards}"
        " --statistics {output.statistics} --operative {output.operative} 2>&1 | tee {log}"


rule train_classifier:
    input:
        gin=gin_files("training", "train_{model}"),
        feature_gin=feature_gin,
        code=code("scripts/train_classifier.py", "training", "train_{model}"),
        clips="results/{run}{medley}/clips.csv",
        facts="results/{run}{medley}/clips.json",
        statistics="results/{run}{medley}/statistics/{model}.npz",
        shards=clip_shards("npy"),
        reports=clip_shards("json"),
    output:
        predictions="results/{run}{medley}/predictions/{model}/seed-{seed}.npz",
        history="results/{run}{medley}/predictions/{model}/seed-{seed}.csv",
        cost="results/{run}{medley}/predictions/{model}/seed-{seed}.json",
        weights="results/{run}{medley}/predictions/{model}/seed-{seed}.pt",
        operative="results/{run}{medley}/predictions/{model}/seed-{seed}.gin",
    log:
        "logs/{run}{medley}/train_classifier/{model}/{seed}.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/train_classifier/{model}/{seed}.tsv"
    wildcard_constraints:
        model="cqt|scattering1d|jtfs",
    priority: 5
    threads: config["training_threads"]
    resources:
        gpu=training_gpus(),
        mem_mb=memory("train_classifier", gpus()),
        runtime=minutes("train_classifier"),
    params:
        stamp=stamp,
        partial=partial_folder,
    shell:
        "python scripts/train_classifier.py {params.stamp} --gin {input.gin}"
        " --feature-gin {input.feature_gin} --clips {input.clips} --facts {input.facts}"
        " --statistics {input.statistics} --shards {input.shards} --model {wildcards.model}"
        " --seed {wildcards.seed} --device {config[device]} --devices {config[devices]}"
        " --partial {params.partial} --predictions {output.predictions}"
        " --operative {output.operative} 2>&1 | tee {log}"


# the transform inside the model, from raw audio, with augmentation
rule train_end_to_end:
    input:
        gin=gin_files(
            "training", "medley_clips", "medley_jtfs", "train_jtfs_end_to_end"
        ),
        feature_gin=gin_files("medley_clips", "medley_jtfs"),
        code=code(
            "scripts/train_end_to_end.py",
            "training",
            "medley_clips",
            "medley_jtfs",
            "train_jtfs_end_to_end",
        ),
        clips="results/{run}{medley}/clips.csv",
        facts="results/{run}{medley}/clips.json",
        statistics="results/{run}{medley}/statistics/jtfs.npz",
    output:
        predictions="results/{run}{medley}/predictions/jtfs_end_to_end/seed-{seed}.npz",
        history="results/{run}{medley}/predictions/jtfs_end_to_end/seed-{seed}.csv",
        cost="results/{run}{medley}/predictions/jtfs_end_to_end/seed-{seed}.json",
        weights="results/{run}{medley}/predictions/jtfs_end_to_end/seed-{seed}.pt",
        operative="results/{run}{medley}/predictions/jtfs_end_to_end/seed-{seed}.gin",
    log:
        "logs/{run}{medley}/train_end_to_end/{seed}.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/train_end_to_end/{seed}.tsv"
    threads: config["training_threads"]
    resources:
        gpu=training_gpus(),
        mem_mb=memory("train_end_to_end", gpus()),
        runtime=minutes("train_end_to_end"),
    params:
        stamp=stamp,
        folder=clip_folder,
        partial=partial_folder,
        run=end_to_end_argument,
    shell:
        "python scripts/train_end_to_end.py {params.stamp} --gin {input.gin}"
        " --feature-gin {input.feature_gin} --clips {input.clips} --facts {input.facts}"
        " --folder {params.folder:q} --statistics {input.statistics} {params.run}"
        " --seed {wildcards.seed} --device {config[device]} --devices {config[devices]}"
        " --partial {params.partial} --predictions {output.predictions}"
        " --operative {output.operative} 2>&1 | tee {log}"


# deterministic classifiers: one fit, called seed 0
rule fit_baseline:
    input:
        gin=gin_files("training", "fit_{model}"),
        feature_gin=feature_gin,
        code=code("scripts/fit_baseline.py", "training", "fit_{model}"),
        clips="results/{run}{medley}/clips.csv",
        facts="results/{run}{medley}/clips.json",
        statistics=baseline_statistics,
        shards=clip_shards("npy"),
        reports=clip_shards("json"),
    output:
        predictions="results/{run}{medley}/predictions/{model}/seed-0.npz",
        cost="results/{run}{medley}/predictions/{model}/seed-0.json",
        operative="results/{run}{medley}/predictions/{model}/seed-0.gin",
    log:
        "logs/{run}{medley}/fit_baseline/{model}.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/fit_baseline/{model}.tsv"
    wildcard_constraints:
        model="mfcc_svm|jtfs_linear",
    resources:
        mem_mb=memory("fit_baseline"),
        runtime=minutes("fit_baseline"),
    params:
        stamp=stamp,
    shell:
        "python scripts/fit_baseline.py {params.stamp} --gin {input.gin}"
        " --feature-gin {input.feature_gin} --clips {input.clips} --facts {input.facts}"
        " --shards {input.shards} --statistics {input.statistics} --model {wildcards.model}"
        " --predictions {output.predictions} --operative {output.operative} 2>&1 | tee {log}"


rule tabulate_table2:
    input:
        gin=gin_files("table2"),
        code=code("scripts/tabulate_table2.py", "table2"),
        published=claims("table2.csv"),
        facts="results/{run}{medley}/clips.json",
        predictions=each_prediction("npz"),
        costs=each_prediction("json"),
        histories=histories,
    output:
        table="results/{run}{medley}/table2.csv",
        table_md="results/{run}{medley}/table2.md",
        seeds="results/{run}{medley}/recalls.csv",
        seeds_md="results/{run}{medley}/recalls.md",
        differences="results/{run}{medley}/differences.csv",
        differences_md="results/{run}{medley}/differences.md",
        confusion="results/{run}{medley}/confusion.csv",
        curves="results/{run}{medley}/learning_curves.csv",
        operative="results/{run}{medley}/table2.gin",
    log:
        "logs/{run}{medley}/tabulate_table2.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/tabulate_table2.tsv"
    resources:
        mem_mb=memory("tabulate_table2"),
        runtime=minutes("tabulate_table2"),
    params:
        stamp=stamp,
    shell:
        "python scripts/tabulate_table2.py --gin {input.gin} {params.stamp} --facts {input.facts}"
        " --predictions {input.predictions} --costs {input.costs} --histories {input.histories}"
        " --table {output.table} --seeds {output.seeds} --differences {output.differences}"
        " --confusion {output.confusion} --curves {output.curves}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule tabulate_medley_cost:
    input:
        code=code("scripts/tabulate_medley_cost.py"),
        features=clip_reports,
        trainings=each_prediction("json"),
    output:
        table="results/{run}{medley}/cost.csv",
        markdown="results/{run}{medley}/cost.md",
    log:
        "logs/{run}{medley}/tabulate_medley_cost.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/tabulate_medley_cost.tsv"
    resources:
        mem_mb=memory("tabulate_medley_cost"),
        runtime=minutes("tabulate_medley_cost"),
    shell:
        "python scripts/tabulate_medley_cost.py --features {input.features}"
        " --trainings {input.trainings} --table {output.table} 2>&1 | tee {log}"


rule plot_class_recalls:
    input:
        gin=gin_files("class_recalls"),
        code=code("scripts/plot_class_recalls.py", "class_recalls"),
        published=claims("table2.csv"),
        table="results/{run}{medley}/table2.csv",
        seeds="results/{run}{medley}/recalls.csv",
    output:
        figures=figure("img/{run}{medley}/class_recalls"),
        operative="img/{run}{medley}/class_recalls.gin",
    log:
        "logs/{run}{medley}/plot_class_recalls.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/plot_class_recalls.tsv"
    resources:
        mem_mb=memory("plot_class_recalls"),
        runtime=minutes("plot_class_recalls"),
    shell:
        "python scripts/plot_class_recalls.py --gin {input.gin} --table {input.table}"
        " --seeds {input.seeds} --figures {output.figures} --operative {output.operative}"
        " 2>&1 | tee {log}"


rule plot_confusion:
    input:
        gin=gin_files("confusion"),
        code=code("scripts/plot_confusion.py", "confusion"),
        table="results/{run}{medley}/table2.csv",
        confusion="results/{run}{medley}/confusion.csv",
    output:
        figures=figure("img/{run}{medley}/confusion"),
        operative="img/{run}{medley}/confusion.gin",
    log:
        "logs/{run}{medley}/plot_confusion.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/plot_confusion.tsv"
    resources:
        mem_mb=memory("plot_confusion"),
        runtime=minutes("plot_confusion"),
    shell:
        "python scripts/plot_confusion.py --gin {input.gin} --table {input.table}"
        " --confusion {input.confusion} --figures {output.figures}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule plot_learning_curves:
    input:
        gin=gin_files("learning_curves"),
        code=code("scripts/plot_learning_curves.py", "learning_curves"),
        table="results/{run}{medley}/table2.csv",
        curves="results/{run}{medley}/learning_curves.csv",
    output:
        figures=figure("img/{run}{medley}/learning_curves"),
        operative="img/{run}{medley}/learning_curves.gin",
    log:
        "logs/{run}{medley}/plot_learning_curves.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/plot_learning_curves.tsv"
    resources:
        mem_mb=memory("plot_learning_curves"),
        runtime=minutes("plot_learning_curves"),
    shell:
        "python scripts/plot_learning_curves.py --gin {input.gin} --table {input.table}"
        " --curves {input.curves} --figures {output.figures}"
        " --operative {output.operative} 2>&1 | tee {log}"
