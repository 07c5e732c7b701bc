# Section 4: clips, rendered or recorded -> shards of features -> statistics -> classifiers, one job
# per seed -> Table 2. Both clip sets have one layout.
STUDIES["instruments"] = has_instruments
OWN_STAGES["instruments"] = instrument_stages


rule fetch_soundfont:
    input:
        soundfont_given,
    output:
        status="data/soundfonts/status.json",
    resources:
        **needs("fetch_soundfont"),
    params:
        **stage(
            "fetch_soundfont",
            test_soundfont=config["test_soundfont"],
            untracked={"download": config["soundfont_download"]},
        ),
    shell:
        JOB


rule render_solos:
    input:
        font_status="data/soundfonts/status.json",
    output:
        report="data/{run}/soundfont_solos/report.json",
        operative="data/{run}/soundfont_solos/report.gin",
    priority: 20
    resources:
        **needs("render_solos"),
    params:
        **stage("render_solos", "soundfont_solos", folder="data/{run}/soundfont_solos"),
    shell:
        JOB


rule fetch_medley_solos_db:
    input:
        medley_given,
    output:
        status="data/{run}/medley_solos_db.json",
    resources:
        **needs("fetch_medley_solos_db"),
    params:
        **stage(
            "fetch_medley_solos_db",
            folder=config["medley_solos_db"],
            untracked={"download": medley_download},
        ),
    shell:
        JOB


rule index_clips:
    input:
        own_clip_files,
        status=clip_set_status,
    output:
        index="results/{run}/{clips}/clips.csv",
        report="results/{run}/{clips}/clips.json",
    priority: 20
    resources:
        **needs("index_clips"),
    params:
        **stage(
            "index_clips",
            folder=clip_folder_of,
            clip_set="{clips}",
            allow_partial=config["allow_partial_clips"],
        ),
    shell:
        JOB


rule extract_clips:
    input:
        clips="results/{run}/{clips}/clips.csv",
        facts="results/{run}/{clips}/clips.json",
    output:
        "results/{run}/{clips}/features/{front}/shard-{shard}-of-{shards}.json",
        features="results/{run}/{clips}/features/{front}/shard-{shard}-of-{shards}.npy",
        operative="results/{run}/{clips}/features/{front}/shard-{shard}-of-{shards}.gin",
    priority: 10
    threads: 1
    resources:
        **needs("extract_clips", extraction=True, gpu=gpus()),
    params:
        **stage(
            "extract_clips",
            ["medley_clips", "medley_{front}"],
            run="{run}",
            folder=sound_folder,
            shard="{shard}",
            shards="{shards}",
            untracked={"device": config["device"], "memory_gb": config["memory_gb"]},
        ),
    shell:
        JOB


rule accumulate_statistics:
    input:
        clip_shards("json"),
        clips="results/{run}/{clips}/clips.csv",
        shards=clip_shards("npy"),
    output:
        "results/{run}/{clips}/statistics/{front}.json",
        statistics="results/{run}/{clips}/statistics/{front}.npz",
        operative="results/{run}/{clips}/statistics/{front}.gin",
    priority: 10
    resources:
        **needs("accumulate_statistics"),
    params:
        **stage(
            "accumulate_statistics",
            "statistics_{front}",
            run="{run}",
            feature_gin=feature_gin,
        ),
    shell:
        JOB


rule train_classifier:
    input:
        clip_shards("json"),
        clips="results/{run}/{clips}/clips.csv",
        facts="results/{run}/{clips}/clips.json",
        statistics="results/{run}/{clips}/statistics/{model}.npz",
        shards=clip_shards("npy"),
    output:
        "results/{run}/{clips}/predictions/{model}/seed-{seed}.csv",
        "results/{run}/{clips}/predictions/{model}/seed-{seed}.json",
        "results/{run}/{clips}/predictions/{model}/seed-{seed}.pt",
        predictions="results/{run}/{clips}/predictions/{model}/seed-{seed}.npz",
        operative="results/{run}/{clips}/predictions/{model}/seed-{seed}.gin",
    wildcard_constraints:
        model="|".join(NETWORKS),
    priority: 5
    threads: config["training_threads"]
    resources:
        **needs("train_classifier", gpu=training_gpus()),
    params:
        **stage(
            "train_classifier",
            ["training", "train_{model}"],
            run="{run}",
            feature_gin=feature_gin,
            model="{model}",
            seed="{seed}",
            untracked=training_options(),
        ),
    shell:
        JOB


# the transform inside the model, from raw audio, with augmentation
rule train_end_to_end:
    input:
        clips="results/{run}/{clips}/clips.csv",
        facts="results/{run}/{clips}/clips.json",
        statistics="results/{run}/{clips}/statistics/jtfs.npz",
    output:
        "results/{run}/{clips}/predictions/jtfs_end_to_end/seed-{seed}.csv",
        "results/{run}/{clips}/predictions/jtfs_end_to_end/seed-{seed}.json",
        "results/{run}/{clips}/predictions/jtfs_end_to_end/seed-{seed}.pt",
        predictions="results/{run}/{clips}/predictions/jtfs_end_to_end/seed-{seed}.npz",
        operative="results/{run}/{clips}/predictions/jtfs_end_to_end/seed-{seed}.gin",
    threads: config["training_threads"]
    resources:
        **needs("train_end_to_end", gpu=training_gpus()),
    params:
        **stage(
            "train_end_to_end",
            ["training", "medley_clips", "medley_jtfs", "train_jtfs_end_to_end"],
            run="{run}",
            feature_gin=feature_gin,
            folder=sound_folder,
            left_out=leaves_out_end_to_end,
            model=END_TO_END,
            seed="{seed}",
            untracked=training_options(),
        ),
    shell:
        JOB


# deterministic classifiers: one fit, called seed 0
rule fit_baseline:
    input:
        clip_shards("json"),
        clips="results/{run}/{clips}/clips.csv",
        facts="results/{run}/{clips}/clips.json",
        statistics=baseline_statistics,
        shards=clip_shards("npy"),
    output:
        "results/{run}/{clips}/predictions/{model}/seed-0.json",
        predictions="results/{run}/{clips}/predictions/{model}/seed-0.npz",
        operative="results/{run}/{clips}/predictions/{model}/seed-0.gin",
    wildcard_constraints:
        model="|".join(DETERMINISTIC),
    resources:
        **needs("fit_baseline"),
    params:
        **stage(
            "fit_baseline",
            ["training", "fit_{model}"],
            run="{run}",
            feature_gin=feature_gin,
            model="{model}",
        ),
    shell:
        JOB


rule tabulate_table2:
    input:
        claims("table2.csv"),
        facts="results/{run}/{clips}/clips.json",
        predictions=each_prediction("npz"),
        costs=each_prediction("json"),
        histories=each_prediction("csv", without=DETERMINISTIC),
    output:
        "results/{run}/{clips}/table2.md",
        "results/{run}/{clips}/recalls.md",
        "results/{run}/{clips}/differences.md",
        table=table("instruments", "{clips}/table2"),
        seeds=table("instruments", "{clips}/recalls"),
        differences=table("instruments", "{clips}/differences"),
        confusion=table("instruments", "{clips}/confusion"),
        curves=table("instruments", "{clips}/learning_curves"),
        operative="results/{run}/{clips}/table2.gin",
    resources:
        **needs("tabulate_table2"),
    params:
        **stage("tabulate_table2", "table2", run="{run}"),
    shell:
        JOB


rule tabulate_clip_cost:
    input:
        features=clip_reports,
        trainings=each_prediction("json"),
    output:
        "results/{run}/{clips}/cost.md",
        table=table("instruments", "{clips}/cost"),
    resources:
        **needs("tabulate_clip_cost"),
    params:
        **stage("tabulate_clip_cost", drawn=drawn_clips),
    shell:
        JOB


rule plot_classifiers:
    input:
        claims("table2.csv"),
        table=at("results/{run}/{clips}/table2.csv"),
        seeds=at("results/{run}/{clips}/recalls.csv"),
        confusion=at("results/{run}/{clips}/confusion.csv"),
        curves=at("results/{run}/{clips}/learning_curves.csv"),
    output:
        bars=figure("instruments", "{clips}_class_recalls"),
        matrices=figure("instruments", "{clips}_confusion"),
        histories=figure("instruments", "{clips}_learning_curves"),
    resources:
        **needs("plot_classifiers"),
    params:
        **stage("plot_classifiers", ["class_recalls", "confusion", "learning_curves"]),
    shell:
        JOB
