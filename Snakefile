# One command makes every figure and table: snakemake --cores all
# Settings: config/config.yaml (what is run), gin/ (every scientific number).
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")
sys.path.insert(0, str(Path(workflow.basedir)))
from rules.config_check import stop_if_broken

stop_if_broken("config/config.yaml")


configfile: "config/config.yaml"


report: "config/report.rst"


include: "rules/lib.smk"
include: "rules/chirps_inputs.smk"
include: "rules/instruments_inputs.smk"
include: "rules/textures_inputs.smk"
include: "rules/records_inputs.smk"


check_folders()
check_config("config/schema.yaml")
check_gin()
if workflow.is_main_process:
    locks.say()
    if not terminal.IS_VERBOSE:
        terminal.quieten(is_dry_run=lambda: workflow.dryrun)
RECORDINGS = find_recordings()
OWN_CLIPS = find_own_clips()
RUN = run_name(config["scale"], config["preset"], config["variant"])


wildcard_constraints:
    run=RUN_PATTERN,
    pictures=PICTURES_PATTERN,
    feature="|".join(FEATURES),
    representation="|".join(sum(FEATURES.values(), [])),
    shard=r"\d+",
    shards=r"\d+",
    clips="|".join([*CLIP_SETS, *OWN_CLIPS]),
    front="|".join(sorted(set(FRONTS.values()))),
    model="|".join(FRONTS),
    seed=r"\d+",
    sound="|".join(EMBEDDED + list(RECORDINGS)),
    scattering="|".join(SCATTERINGS),
    descent="|".join(DESCENTS),
    notebook="|".join(NOTEBOOKS),


include: "rules/chirps.smk"
include: "rules/instruments.smk"
include: "rules/textures.smk"
include: "rules/verdicts.smk"
include: "rules/records.smk"
include: "rules/extract.smk"


log_and_time(workflow.rules)
check_own_clips(workflow.rules)


onstart:
    check_device()
    if not terminal.IS_VERBOSE:
        options = {"files": STAGE_FILES, "is_left_out": is_left_out}
        terminal.follow(jobs_by_id(), scale=config["scale"], **options)


onsuccess:
    if makes_all():
        print(terminal.farewell(RUN, pictures_of(RUN), page_of(RUN)), file=sys.stderr)


# the others are jobs; what downloads runs where snakemake runs, as cluster nodes may lack a network
localrules:
    all,
    extract,
    presets,
    ablation,
    dag,
    report_pages,
    draw_dag,
    fetch_openl3_weights,
    fetch_soundfont,
    fetch_medley_solos_db,


rule all:
    default_target: True
    input:
        results(RUN),


# snakemake extract --config sounds_folder=FOLDER: features of sounds, see docs/sounds.md
rule extract:
    input:
        config["sounds_output"],


# what `make report` shows: every table as a page beside the figures
rule report_pages:
    input:
        results(RUN),
        shown(PAGES, RUN),


# all three parameter sets in circulation
rule presets:
    input:
        [results(run_name(config["scale"], preset)) for preset in PRESETS],


# six runs that differ in the range of f_m and in J; see gin/variants/
rule ablation:
    input:
        f"results/{RUN}/ablation_orders.csv",
        [f"data/{run}/chirps.npy" for run in variant_runs(RUN)],


rule dag:
    input:
        "docs/dag.svg",
        "docs/dag.png",
