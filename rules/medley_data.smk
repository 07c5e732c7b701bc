# The clip sets of Section 4: one rendered from soundfonts, one recorded. Both have one layout.


rule fetch_soundfont:
    input:
        code=code("scripts/fetch_soundfont.py"),
        given=soundfont_given,
    output:
        status="data/soundfonts/status.json",
    log:
        "logs/fetch_soundfont.log",
    benchmark:
        "logs/benchmarks/fetch_soundfont.tsv"
    resources:
        mem_mb=memory("fetch_soundfont"),
        runtime=minutes("fetch_soundfont"),
        disk_mb=disk("fetch_soundfont"),
    params:
        font=config["test_soundfont"],
        download=config["soundfont_download"],
    shell:
        "python scripts/fetch_soundfont.py --test-soundfont {params.font:q}"
        " --download {params.download} --folder data/soundfonts --status {output.status}"
        " 2>&1 | tee {log}"


rule render_solos:
    input:
        gin=gin_files("soundfont_solos"),
        code=code("scripts/render_solos.py", "soundfont_solos"),
        font="data/soundfonts/status.json",
    output:
        report="data/{run}soundfont_solos/report.json",
        operative="data/{run}soundfont_solos/report.gin",
    log:
        "logs/{run}render_solos.log",
    benchmark:
        "logs/benchmarks/{run}render_solos.tsv"
    priority: 20
    resources:
        mem_mb=memory("render_solos"),
        runtime=minutes("render_solos"),
        disk_mb=disk("render_solos"),
    shell:
        "python scripts/render_solos.py --gin {input.gin} --font-status {input.font}"
        " --folder data/{wildcards.run}soundfont_solos --report {output.report}"
        " --operative {output.operative} 2>&1 | tee {log}"


rule fetch_medley_solos_db:
    input:
        code=code("scripts/fetch_medley_solos_db.py"),
        given=medley_given,
    output:
        status="data/{run}medley_solos_db.json",
    log:
        "logs/{run}fetch_medley_solos_db.log",
    benchmark:
        "logs/benchmarks/{run}fetch_medley_solos_db.tsv"
    resources:
        mem_mb=memory("fetch_medley_solos_db"),
        runtime=minutes("fetch_medley_solos_db"),
        disk_mb=disk("fetch_medley_solos_db"),
    params:
        folder=config["medley_solos_db"],
        download=medley_download,
    shell:
        "python scripts/fetch_medley_solos_db.py --folder {params.folder:q}"
        " --download {params.download} --status {output.status} 2>&1 | tee {log}"


rule index_clips:
    input:
        code=code("scripts/index_clips.py"),
        status=clip_set_status,
    output:
        index="results/{run}{medley}/clips.csv",
        report="results/{run}{medley}/clips.json",
    log:
        "logs/{run}{medley}/index_clips.log",
    benchmark:
        "logs/benchmarks/{run}{medley}/index_clips.tsv"
    priority: 20
    resources:
        mem_mb=memory("index_clips"),
        runtime=minutes("index_clips"),
    params:
        folder=clip_folder,
        clip_set=clip_set,
        partial="--allow-partial" if config["allow_partial_clips"] else "",
    shell:
        "python scripts/index_clips.py --folder {params.folder:q} --clip-set {params.clip_set}"
        " --status {input.status} {params.partial} --index {output.index}"
        " --report {output.report} 2>&1 | tee {log}"
