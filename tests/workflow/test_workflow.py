"""The DAG: dry runs of every scale and preset, one real smoke run and what happens after it."""

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tiny_soundfont import tiny_soundfont

from jtfs_repro import config as settings
from jtfs_repro import gin_files, io
from jtfs_repro.audio import Sound, read_sound, write_sound
from jtfs_repro.datasets.soundfonts import FLUID_R3, USUAL_FOLDERS
from jtfs_repro.layout import sidecar_of
from jtfs_repro.provenance.modules import closure
from jtfs_repro.provenance.reached import code_digest, reached
from jtfs_repro.run import files as stage_files
from rules import config_check

ROOT = Path(__file__).parents[2]
TREE = (
    "Snakefile",
    "claims",
    "config",
    "gin",
    "jtfs_repro",
    "notebooks",
    "profiles",
    "rules",
    "scripts",
)
SMOKE = [
    "--config",
    "scale=smoke",
    "shards=2",
    "clip_shards=2",
    "seeds=2",
    "device=cpu",
    "openl3_download=never",
    "test_soundfont=tiny.sf2",
    "soundfont_download=never",
    "recordings=sounds",
]
RECORDING = "Wind & sea (1).wav"  # a user's; the workflow calls it wind_sea_1
CLIPS = "soundfont_solos"
CLIP_TABLES = [f"{CLIPS}/{name}" for name in ("table2", "recalls", "differences")]
TEXTURE_TABLES = ["spin_of_chirps", "resynthesis", "resynthesis_cost"]
TABLES = ["knn_scores", "embedding_scores", "cost", "verdicts", "spin_leak"]
TABLES += CLIP_TABLES + TEXTURE_TABLES
CLIP_FIGURES = [f"{CLIPS}_{name}" for name in ("class_recalls", "confusion", "learning_curves")]
TEXTURE_FIGURES = ["fig1_scale_rate", "fig6_resynthesis", "resynthesis_errors"]
FIGURES = ["fig2_cqt_chirps", "fig3_isomap", "fig4_knn_ratios", "spin_leak"]
FIGURES += CLIP_FIGURES + TEXTURE_FIGURES
TIMEOUT_S = 1200


def copy_tree(folder):
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.part")
            )
        else:
            shutil.copy2(source, folder / name)
    return folder


def command(*arguments, cores=2):
    return [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]


def environment():
    return os.environ | {"OMP_NUM_THREADS": "1"}


def snakemake(folder, *arguments):
    """Run snakemake in ``folder``; return (status, all it printed)."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout


def planned(folder, *arguments):
    """Return rule -> number of jobs of a dry run; empty if there is nothing to do."""
    status, text = snakemake(folder, "-n", *arguments)
    assert status == 0, text
    table = text.rpartition("Job stats:")[2].partition("\n\n")[0] if "Job stats:" in text else ""
    jobs = re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)
    return {name: int(count) for name, count in jobs if name not in ("total", "all")}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project without results, for dry runs."""
    return copy_tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A copy of the project after a smoke run."""
    folder = copy_tree(tmp_path_factory.mktemp("smoke"))
    (folder / "tiny.sf2").write_bytes(tiny_soundfont())
    noise = np.random.default_rng(0).standard_normal((2, 9000)).astype(np.float32) / 10
    write_sound(folder / "sounds" / RECORDING, Sound(samples=noise, sr=16000))
    status, text = snakemake(folder, *SMOKE)
    assert status == 0, text
    return folder


@pytest.fixture
def edited(finished):
    """Yield a function that edits a file of the finished tree; all is undone afterwards."""
    originals = {}

    def edit(name, text):
        path = finished / name
        originals[path] = path.read_bytes() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    yield edit
    for path, content in originals.items():
        path.unlink() if content is None else path.write_bytes(content)


# ---------------------------------------------------------------------------- closure of imports


def test_closure_follows_imports_and_gin(tmp_path):
    files = {
        "jtfs_repro/__init__.py": "",
        "jtfs_repro/a.py": "from . import b\nimport numpy\n",
        "jtfs_repro/b.py": "def f():\n    from jtfs_repro.sub import c\n",
        "jtfs_repro/sub/__init__.py": "",
        "jtfs_repro/sub/c.py": (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import jtfs_repro.d\n"
        ),
        "jtfs_repro/d.py": "",
        "jtfs_repro/e.py": "",
        "scripts/run.py": "import jtfs_repro.a as a\n",
        "gin/x.gin": "from __gin__ import dynamic_registration\ninclude 'base.gin'\n",
        "gin/base.gin": "from jtfs_repro import e\n\ne.f.x = 1  # from jtfs_repro import d\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    package = ["jtfs_repro/__init__.py"]
    assert closure(["scripts/run.py"], root=tmp_path) == [
        *package,
        "jtfs_repro/a.py",
        "jtfs_repro/b.py",
        "jtfs_repro/sub/__init__.py",
        "jtfs_repro/sub/c.py",
        "scripts/run.py",
    ]
    gin_files = ["gin/base.gin", "gin/x.gin"]
    assert closure(["gin/x.gin"], root=tmp_path) == [*gin_files, *package, "jtfs_repro/e.py"]


def test_code_of_one_feature_is_apart_from_the_others():
    gin = "gin/chirps/mfcc.gin"
    places = reached(
        ["jtfs_repro/studies/chirps/feature_stages.py:extract_features", gin], root=ROOT
    )
    found = {file for (file, _), statements in places.items() if statements}
    assert "jtfs_repro/features/mfcc.py" in found
    assert not any("strf" in name or "scattering" in name or "plots" in name for name in found)


def test_closure_is_what_python_imports():
    """Two routes: the static closure against the modules that a real import loads."""
    files = sorted({ROOT / file for file in stage_files().values()})
    run = [sys.executable, ROOT / "tests/imported_modules.py", *files]
    printed = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    loaded = json.loads(printed)
    assert len(loaded) == len(files) > 5
    for file in files:
        found = set(closure([file.relative_to(ROOT)], root=ROOT))
        assert {"jtfs_repro/io.py"} <= set(loaded[str(file)]) <= found, file.name


def digest_of(folder, **files):
    """Return the digest of function ``f`` in a package of these files."""
    for name, text in files.items():
        path = folder / f"jtfs_repro/{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return code_digest(["jtfs_repro/a.py:f"], root=folder)


def test_comments_docstrings_and_names_of_modules_are_not_code(tmp_path):
    plain = digest_of(tmp_path, a="def f(x):\n    return x + 1\n")
    text = '"""Module."""\n# why\ndef f(x):\n    """Add."""\n    return x + 1  # one\n'
    assert digest_of(tmp_path, a=text) == plain
    assert digest_of(tmp_path, a="def f(x):\n    return x + 20\n") != plain
    assert digest_of(tmp_path, a="def f(x, y=0):\n    return x + 1\n") != plain
    moved = "from jtfs_repro.{} import g\n\ndef f(x):\n    return g(x)\n"
    files = dict.fromkeys(("b", "c"), "def g(x):\n    return x\n")
    found = [digest_of(tmp_path, a=moved.format(name), **files) for name in files]
    assert found[0] == found[1] != plain


@pytest.mark.parametrize(
    ("edit", "is_seen"),
    [
        ("def g(x):\n    return _h(x) + 1\n", True),
        ("def _h(x):\n    return 2 * x\n", True),  # g calls it
        ("K = 8\n", True),  # _h reads it
        ("def other(x):\n    return 1\n", False),
        ("OTHER = 1\n", False),
        ("class _Base:\n    n = 3\n", True),  # of the class that f makes
        ("REGISTRY['x'] = 1\n", True),  # it runs when the module is imported
        ("@_noted\ndef new():\n    pass\n", True),  # it may be noted somewhere
        ("@functools.cache\ndef new():\n    pass\n", False),
    ],
)
def test_an_edit_is_seen_by_those_who_can_reach_it(tmp_path, edit, is_seen):
    a = "from jtfs_repro import b\n\n\ndef f(x):\n    return b.g(x) + b.Thing().n\n"
    b = (
        "import functools\n\nREGISTRY = {}\nK = 7\nOTHER = 0\n\n\n"
        "def _noted(function):\n    REGISTRY[0] = function\n    return function\n\n\n"
        "def _h(x):\n    return K * x\n\n\ndef g(x):\n    return _h(x)\n\n\n"
        "def other(x):\n    return x\n\n\nclass _Base:\n    n = 2\n\n\n"
        "class Thing(_Base):\n    pass\n"
    )
    before = digest_of(tmp_path, a=a, b=b)
    assert (digest_of(tmp_path, a=a, b=f"{b}\n\n{edit}") != before) == is_seen


def test_a_module_handed_on_is_reached_as_a_whole(tmp_path):
    a = "from jtfs_repro import b\n\n\ndef f(x):\n    return getattr(b, x)\n"
    before = digest_of(tmp_path, a=a, b="def g():\n    return 1\n")
    assert digest_of(tmp_path, a=a, b="def g():\n    return 20\n") != before


def test_an_import_within_a_function_counts(tmp_path):
    a = "def f(x):\n    from jtfs_repro.b import g\n\n    return g(x)\n"
    before = digest_of(tmp_path, a=a, b="def g(x):\n    return 1\n")
    assert digest_of(tmp_path, a=a, b="def g(x):\n    return 20\n") != before


# ------------------------------------------------------------------------------------- dry runs


@pytest.mark.parametrize(
    ("scale", "preset"),
    [("demo", "paper"), ("paper", "paper"), ("smoke", "as_coded"), ("paper", "tutorial")],
)
def test_dry_run(tree, scale, preset):
    jobs = planned(tree, "--config", f"scale={scale}", f"preset={preset}")
    assert jobs["extract_features"] == 4 * 4 + 1 + (4 if scale == "paper" else 1)  # MFCC, OpenL3
    assert jobs["score_representation"] == 8
    assert {"plot_cqt_chirps", "plot_isomap", "plot_knn_ratios", "build_site"} <= set(jobs)
    if preset == "paper":  # the others say nothing of Sections 2 and 5
        assert jobs["resynthesize_texture"] == 6
        assert jobs["transform_scale_rate"] == 4
        assert jobs["execute_notebook"] == 2
    else:
        assert not {"resynthesize_texture", "transform_scale_rate"} & set(jobs)
    if preset == "tutorial":  # it has no Section 4
        assert "train_classifier" not in jobs
        return
    assert jobs["train_classifier"] == (3 + 3 + 1 if scale == "demo" else 3 * 3)
    assert jobs["extract_clips"] == {"smoke": 4, "demo": 10, "paper": 4 * 64}[scale]
    assert ("fetch_medley_solos_db" in jobs) == (scale == "paper")
    assert ("render_solos" in jobs) == (scale != "paper")


def test_dry_run_of_the_ablation(tree):
    jobs = planned(tree, "ablation", "--config", "features=[mfcc,jtfs]")
    assert jobs["synthesise_chirps"] == 6
    assert jobs["tabulate_ablation"] == 1


def test_dry_run_of_the_other_clip_set(tree):
    """It has folders of its own: neither set can be taken for the other."""
    status, text = snakemake(tree, "--summary", "--config", "clips=medley_solos_db")
    assert status == 0, text
    assert "results/demo/medley_solos_db/table2.csv" in text
    assert "results/demo/soundfont_solos/" not in text
    status, text = snakemake(tree, "--summary", "--config", "clips=soundfont_solos", "scale=paper")
    assert "results/paper/soundfont_solos/table2.csv" in text
    assert "data/paper/soundfont_solos" in text


def test_a_variant_runs_the_section_that_it_changes(tree):
    jobs = planned(tree, "--config", "variant=adalog", "jtfs_seeds=3")
    assert jobs["train_classifier"] == 9
    assert "extract_features" not in jobs
    jobs = planned(tree, "--config", "variant=fm16_J12")
    assert jobs["extract_features"] == 18
    assert "train_classifier" not in jobs


def test_section_4_can_be_left_out(tree):
    jobs = planned(tree, "--config", "classifiers=[]")
    assert not {"render_solos", "extract_clips", "tabulate_table2"} & set(jobs)
    assert jobs["tabulate_verdicts"] == 1


def test_section_5_can_be_left_out(tree):
    jobs = planned(tree, "--config", "sounds=[]", "classifiers=[]")
    assert not {"prepare_sound", "resynthesize_texture", "execute_notebook"} & set(jobs)
    assert jobs["build_site"] == jobs["tabulate_verdicts"] == 1


def test_descents_beyond_the_first_are_for_the_first_sound(tree):
    settings = ["sounds=[hawk,dizi]", "descents=[adam,lbfgs]", "classifiers=[]"]
    status, text = snakemake(tree, "--summary", "--config", *settings)
    assert status == 0, text
    found = re.findall(r"textures/(\w+)/jtfs-(\w+)\.wav", text)
    assert sorted(set(found)) == [("dizi", "adam"), ("hawk", "adam"), ("hawk", "lbfgs")]


def test_the_shell_reads_no_name_of_a_recording(tree):
    name = "it's $(touch gone).wav"
    noise = np.random.default_rng(0).standard_normal((1, 4096)).astype(np.float32) / 10
    write_sound(tree / "odd" / name, Sound(samples=noise, sr=16000))
    target = "data/smoke/textures/it_s_touch_gone.json"
    status, text = snakemake(tree, target, "--config", "scale=smoke", "recordings=odd")
    assert status == 0, text
    assert io.load_json(tree / target)["source"] == name
    assert not (tree / "gone").exists()
    shutil.rmtree(tree / "data")


def parse_config_value(text):
    """Return what snakemake makes of the right-hand side of ``--config name=text``."""
    return yaml.safe_load(text)


def test_two_recordings_of_one_name_are_one_line(tree):
    (tree / "twins").mkdir()
    for name in ("a b.wav", "a-b.flac"):
        (tree / "twins" / name).write_bytes(b"")
    status, text = snakemake(tree, "-n", "--config", "recordings=twins")
    assert status == 1
    assert "'twins/a-b.flac' and another sound are both called 'a_b'; rename it" in text
    assert "Traceback" not in text


def test_recordings_in_any_script_are_no_reason_to_stop(tree):
    folder = tree / "scripts_of_all"
    folder.mkdir()
    for name in ("Möwe.wav", "שחף.wav", "ハト.wav", "Thumbs.db", "._a.wav"):
        (folder / name).write_bytes(b"")
    (folder / os.fsdecode(b"b\xff.wav")).write_bytes(b"")
    jobs = ["-n", "--config", "scale=smoke", f"recordings={folder.name}", "classifiers=[]"]
    status, text = snakemake(tree, *jobs)
    assert status == 0, text
    assert re.search(r"prepare_sound +7$", text, re.MULTILINE)  # three beside the four
    assert r"not taken: scripts_of_all/b\xff.wav (its name is not UTF-8: rename it)" in text


def test_dry_run_of_all_presets(tree):
    jobs = planned(tree, "presets", "--config", "features=[mfcc]", "scale=smoke")
    assert jobs["synthesise_chirps"] == jobs["plot_isomap"] == 3


def test_two_runs_do_not_meet(tree):
    jobs = planned(tree, "results/smoke-tutorial/knn_scores.csv", "results/paper/knn_scores.csv")
    assert jobs["synthesise_chirps"] == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("scle=smoke", r"unknown key 'scle' \(did you mean 'scale'\?\)"),
        ("scale=big", r"scale: 'big' is not one of \['smoke', 'demo', 'paper'\]"),
        ("preset=mine", r"preset: 'mine' is not one of \['paper', 'as_coded', 'tutorial'\]"),
        ("features=[mfcc,mffc]", r"features\.1: 'mffc' is not one of \['mfcc', "),
        ("variant=none", r"variant: 'none' is no file in gin/variants"),
        ("device=gpu", r"device: 'gpu' is not one of \['auto', 'cpu', 'cuda'\]"),
        ("shards=0", r"shards: 0 is less than the minimum"),
        ("sounds=[gull,cow]", r"sounds\.1: 'cow' is not one of \['gull', 'hawk', 'dizi'"),
        ("descents=[]", r"descents: \[\] should be non-empty"),
        ("seeds=0", r"seeds: 0 is less than the minimum"),
        ("jtfs_seeds=few", r"jtfs_seeds: 'few' does not match '\^auto\$'"),
        ("classifiers=[jtfs,vgg]", r"classifiers\.1: 'vgg' is not one of"),
        ("memory_gb=lots", r"memory_gb: 'lots' is not of type 'number'"),
    ],
)
def test_wrong_config_is_one_line(setting, message):
    config = config_check.load_config(ROOT / "config/config.yaml")
    schema = config_check.load_config(ROOT / "config/schema.yaml")
    name, _, value = setting.partition("=")
    variants = settings.variants(ROOT / "gin")
    config_check.check_config(config, schema, variants=variants)
    with pytest.raises(config_check.ConfigError, match=message) as caught:
        config_check.check_config(
            config | {name: parse_config_value(value)}, schema, variants=variants
        )
    assert "\n" not in str(caught.value)


def test_wrong_config_ends_snakemake_with_one_line(tree):
    status, text = snakemake(tree, "-n", "--config", "scle=smoke")
    assert status == 1
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, text
    assert "unknown key 'scle' (did you mean 'scale'?)" in errors[0]
    assert "Traceback" not in text


def test_a_broken_gin_file_ends_snakemake_with_one_line(tree):
    path = tree / "gin/chirps/mfcc.gin"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}mfcc.Mfcc.n_mfcc = = 3\n", encoding="utf-8")
    status, printed = snakemake(tree, "-n", "--config", "scale=smoke")
    path.write_text(text, encoding="utf-8")
    assert status == 1
    errors = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, printed
    assert f"chirps/mfcc.gin:{len(text.splitlines()) + 1}: " in errors[0]
    assert "Traceback" not in printed


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_where_there_is_none_is_one_line(tree):
    status, text = snakemake(tree, "--config", "scale=smoke", "device=cuda", "features=[mfcc]")
    assert status == 1
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, text
    assert "device='cuda' must be available (no CUDA GPU here" in errors[0]
    assert "Traceback" not in text
    assert not (tree / "data").exists()  # refused before the first job


def test_profile_for_a_gpu(tree):
    status, text = snakemake(tree, "-n", "--workflow-profile", "profiles/gpu")
    assert status == 0, text
    assert re.search(r"^extract_features +6$", text, re.MULTILINE)  # one shard per feature


STAGE_RULE = re.compile(
    r"    params:\n(?:.*\n)*?        \*\*stage\((?:.*\n)+?    shell:\n        JOB\n"
)


def test_every_rule_is_a_stage_with_declared_needs():
    """Jobs are commands; only those whose input is another program write a shell of their own."""
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for rule in path.read_text(encoding="utf-8").split("\nrule ")[1:]:
            name = rule.partition(":")[0]
            assert f'**needs("{name}"' in rule, name
            assert STAGE_RULE.search(rule) or "**extraction(" in rule or name == "draw_dag"
            assert "run:" not in re.findall(r"^    (\w+:)", rule, re.MULTILINE)


def test_a_command_of_the_log_runs_by_hand(finished):
    """The first line of a log is the whole job: the same command makes the same bytes."""
    made = finished / "results/smoke/knn_scores.csv"
    before = made.read_bytes()
    text = (finished / "logs/smoke/tabulate_scores.log").read_text(encoding="utf-8")
    words = shlex.split(text.splitlines()[0])
    assert words[:4] == ["python", "-m", "jtfs_repro", "tabulate_scores"]
    made.unlink()
    subprocess.run([sys.executable, *words[1:]], cwd=finished, check=True, env=environment())
    assert made.read_bytes() == before


# ---------------------------------------------------------------------------- the real smoke run


def test_everything_is_there_and_says_what_made_it(finished):
    results, img = finished / "results/smoke", finished / "img/smoke"
    for name in TABLES:
        rows = io.load_csv(results / f"{name}.csv")
        facts = name == "verdicts"  # the paper's settings are facts of the paper's scale
        assert {row["scale"] for row in rows} == ({"smoke", "paper"} if facts else {"smoke"})
        assert {row["preset"] for row in rows} == ({"paper", "as_coded"} if facts else {"paper"})
        assert {row["device"] for row in rows} == {"cpu"}
        assert "scale smoke · preset paper · device cpu" in io.load_text(results / f"{name}.md")
    for name in FIGURES:
        assert (img / f"{name}.png").stat().st_size > 10_000
        assert (results / f"figures/{name}.gin").exists()
    for name in ("scale_rate_filters", "scale_rate_coefficients", "filterbank_1d", "filterbank_2d"):
        assert (img / f"{name}.png").stat().st_size > 10_000
    assert (img / "scale_rate.gif").read_bytes().startswith(b"GIF89a")
    assert io.load_json(results / "manifest.json")["scale"] == "smoke"
    assert not list(finished.rglob("*.part"))
    assert {path.suffix for path in img.iterdir()} == {".png", ".pdf", ".gif"}


def test_classifiers_were_trained_and_scored(finished):
    clips = finished / "results/smoke" / CLIPS
    rows = {row["model"]: row for row in io.load_csv(clips / "table2.csv")}
    assert list(rows) == [
        "mfcc_svm", "cqt", "scattering1d", "jtfs_linear", "jtfs", "jtfs_end_to_end"
    ]  # fmt: skip
    for model, row in rows.items():
        assert row["status"] == io.RUN
        assert row["n_test_clips"] == "16"
        assert row["clip_set"] == "soundfont_solos"
        assert row["at_paper_scale"] == "no"
        assert row["n_seeds"] == ("1" if model in ("mfcc_svm", "jtfs_linear") else "2")
    curves = [row for row in io.load_csv(clips / "learning_curves.csv") if row["epoch"]]
    assert len(curves) == 4 * 2  # one epoch, two seeds
    assert not list(clips.glob("partial/*"))
    verdicts = io.load_csv(finished / "results/smoke/verdicts.csv")
    reasons = {row["reason"] for row in verdicts if row["section"].startswith("4")}
    assert any("this run has soundfont_solos" in reason for reason in reasons)
    assert not any("not part of this run" in reason for reason in reasons)
    cost = {(row["stage"], row["name"]): row for row in io.load_csv(clips / "cost.csv")}
    assert float(cost["extraction", "jtfs"]["full_set_hours"]) > 0


def test_every_result_can_be_traced(finished):
    """Each number back to what made it: nothing is unrecorded, changed, stale or of another run."""
    run = [sys.executable, "scripts/verify_results.py", "--require-all", "--json", "verified.json"]
    done = subprocess.run(run, cwd=finished, capture_output=True, text=True, check=False)
    (finished / "verified.json").unlink(missing_ok=True)
    sidecar_of(finished / "verified.json").unlink(missing_ok=True)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = io.load_json(finished / "results/smoke/manifest.json")
    assert manifest["without_provenance"] == {}
    jobs = {output: job for job in manifest["jobs"] for output in job["outputs"]}
    fig4 = jobs["img/smoke/fig4_knn_ratios.png"]
    assert "results/smoke/knn/jtfs.npz" in fig4["inputs"]
    assert "data/smoke/chirps.npy" in jobs["results/smoke/features/jtfs/shard-0-of-2.npy"]["inputs"]


def test_section_4_without_a_soundfont_is_reported_not_fatal(tree):
    if any(Path(folder, FLUID_R3.file_name).expanduser().exists() for folder in USUAL_FOLDERS):
        pytest.skip("the test soundfont is installed on this machine")
    targets = [f"results/smoke/{CLIPS}/table2.csv"]
    targets += [f"img/smoke/{name}.png" for name in CLIP_FIGURES]
    settings = [item for item in SMOKE if not item.startswith("test_soundfont")]
    settings += ["seeds=1", "clip_shards=1", "classifiers=[mfcc_svm,cqt]"]
    (tree / "sounds").mkdir(exist_ok=True)
    status, text = snakemake(tree, *targets, *settings)
    assert status == 0, text
    rows = io.load_csv(tree / targets[0])
    assert len(rows) == 2
    for row in rows:
        assert row["status"].startswith("not run: ")
        assert "test_soundfont=" in row["status"]  # the remedy
    assert "not run" in io.load_text(tree / f"results/smoke/{CLIPS}/table2.md")


def test_sounds_were_resynthesised_and_scored(finished):
    results = finished / "results/smoke"
    rows = io.load_csv(results / "resynthesis.csv")
    runs = {(row["sound"], row["representation"], row["descent"]) for row in rows}
    expected = {("gull", d) for d in ("lbfgs", "bold_driver")}
    expected |= {(sound, "lbfgs") for sound in ("hawk", "wind_sea_1")}
    pairs = {(s, r, d) for s, d in expected for r in ("jtfs", "scattering1d")}
    assert pairs <= runs
    facts = io.load_json(finished / "data/smoke/textures/wind_sea_1.json")
    assert facts["source"] == RECORDING
    assert facts["n_samples"] == 8192
    for sound, representation, descent in pairs:
        stem = results / f"textures/{sound}/{representation}-{descent}"
        assert read_sound(f"{stem}.wav").n_samples == 8192
        errors = [float(row["best_error"]) for row in io.load_csv(f"{stem}.csv")]
        assert len(errors) == 4
        assert errors[-1] < errors[0]
    assert not list(results.glob("partial/*"))
    judged = [row for row in io.load_csv(results / "verdicts.csv") if row["section"][0] in "25"]
    assert {row["verdict"] for row in judged} >= {"within", "not run"}


def test_page_is_whole(finished):
    site = finished / "results/smoke/site"
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 6
    for page in pages:
        text = io.load_text(page)
        assert "scale smoke" in text
        assert not re.search(r"<(script|link|img|audio|source)[^>]+(src|href)=[\"']https?:", text)
    notebook = io.load_json(finished / "results/smoke/notebooks/resynthesis.ipynb")
    assert any(cell.get("outputs") for cell in notebook["cells"])


def test_missing_weights_are_reported_not_fatal(finished):
    facts = io.load_json(finished / "results/smoke/features/openl3.json")
    assert facts["status"] == io.NOT_RUN
    assert "weights" in facts["reason"]
    rows = io.load_csv(finished / "results/smoke/knn_scores.csv")
    status = {row["status"] for row in rows if row["representation"] == "openl3"}
    assert all(text.startswith("not run: ") for text in status)


def test_second_run_does_nothing(finished):
    assert planned(finished, *SMOKE) == {}


def test_other_batches_or_device_names_rerun_nothing(finished):
    assert planned(finished, *SMOKE, "memory_gb=3", "device=auto") == {}


def test_touching_reruns_nothing(finished):
    (finished / "jtfs_repro/features/mfcc.py").touch()
    assert planned(finished, *SMOKE) == {}


TAIL = {"tabulate_scores", "tabulate_verdicts", "plot_isomap", "plot_knn_ratios"}
TAIL |= {"build_site", "write_manifest"}
CLIP_TAIL = {"tabulate_table2", "tabulate_clip_cost", "plot_classifiers"}
CLIP_TAIL |= {"tabulate_verdicts", "write_manifest"}
TEXTURE_TAIL = {"evaluate_resynthesis", "tabulate_resynthesis", "tabulate_spins"}
TEXTURE_TAIL |= {"plot_resynthesis", "plot_error_curves", "plot_four_sounds", "animate_scale_rate"}
TEXTURES = {"resynthesize_texture": 8, "transform_scale_rate": 5, "plot_scale_rate_grid": 1}
TEXTURES |= {"plot_filterbank": 1, "execute_notebook": 2}
SPIN_LEAK = {"tabulate_spin_leak": 1, "plot_spin_leak": 1}


EDITS = [  # what is edited together reaches different rules
    {
        "gin/chirps/mfcc.gin": {"extract_features": 2, "score_representation": 1},
        "gin/instruments/train_jtfs.gin": {"train_classifier": 2, "extract_clips": 0},
        "gin/textures/descent_bold_driver.gin": {"resynthesize_texture": 2},
        "gin/chirps/spin_leak_figure.gin": {"plot_spin_leak": 1},
    },
    {
        "jtfs_repro/features/strf.py": {"extract_features": 2, "score_representation": 3},
        "jtfs_repro/training/baselines.py": {"fit_baseline": 2, "train_classifier": 0},
        "jtfs_repro/metrics/synchrony.py": {"evaluate_resynthesis": 3, "execute_notebook": 1},
    },
    {
        "jtfs_repro/scattering/filters.py": {
            "extract_features": 6,
            "score_representation": 3,
            "extract_clips": 4,
            "accumulate_statistics": 2,
            "train_classifier": 4,
            "train_end_to_end": 2,
            "fit_baseline": 1,
            **SPIN_LEAK,
            **TEXTURES,
        }
    },
    {
        "gin/instruments/medley_cqt.gin": {
            "extract_clips": 2,
            "accumulate_statistics": 1,
            "train_classifier": 2,
        },
        "gin/scale/smoke.gin:spin_leak": {**SPIN_LEAK, "extract_features": 0},
        "gin/chirps/scores.gin": {"tabulate_scores": 1, "score_representation": 0},
    },
    {
        "gin/instruments/statistics_jtfs.gin": {
            "accumulate_statistics": 1,
            "train_classifier": 2,
            "train_end_to_end": 2,
            "fit_baseline": 1,
            "extract_clips": 0,
        },
        "gin/scale/smoke.gin:isomap": {"score_representation": 8, "extract_features": 0},
    },
    {
        "jtfs_repro/models/convnets.py": {"train_classifier": 6, "train_end_to_end": 2},
        "jtfs_repro/studies/chirps/knn.py": {"score_representation": 8, "extract_features": 0},
    },
    {
        "jtfs_repro/resynthesis/loop.py": {"resynthesize_texture": 8, "execute_notebook": 1},
        "gin/instruments/table2.gin": {"tabulate_table2": 1, "train_classifier": 0},
        "gin/chirps/fig4.gin": {"plot_knn_ratios": 1, "plot_isomap": 0},
    },
    {
        "notebooks/scale_rate.ipynb": {"execute_notebook": 1, "write_manifest": 1},
        "gin/instruments/class_recalls.gin": {"plot_classifiers": 1},
        "gin/presets/tutorial.gin:mfcc": {"extract_features": 0, "tabulate_scores": 0},
    },
    {"jtfs_repro/site/templates/index.html": {"build_site": 1, "write_manifest": 0}},
]


@pytest.mark.parametrize("edits", EDITS, ids=" ".join)
def test_editing_a_file_reruns_what_depends_on_it(finished, edited, edits):
    expected = {}
    for name, jobs in edits.items():
        path = gin_files.path_of(name)
        edited(path, changed(name, finished / path))
        for rule, count in jobs.items():
            assert not (count and expected.get(rule)), "each rule by one edit"
            expected[rule] = count or expected.get(rule, 0)
    jobs = planned(finished, *SMOKE)
    assert {rule: jobs.get(rule, 0) for rule in expected} == expected
    allowed = {rule for rule, count in expected.items() if count} | TAIL
    allowed |= {"score_representation"} | CLIP_TAIL | TEXTURE_TAIL
    assert set(jobs) <= allowed


def changed(name, path):
    """Return the text of a file with a statement in every function, or with another value set."""
    text = path.read_text(encoding="utf-8")
    if name.endswith(".py"):
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                node.body.append(ast.Assert(test=ast.Constant(value=True)))
        return ast.unparse(ast.fix_missing_locations(tree))
    if not gin_files.is_gin(name):
        return f"{text}\n"
    own = gin_files.text_of(f"{path}{name.removeprefix(gin_files.path_of(name))}").splitlines()
    line = max(n for n, content in enumerate(own) if re.match(r"[\w./@]+ = ", content))
    lines = text.splitlines()
    lines[line] = lines[line].partition(" = ")[0] + " = 12345"
    return "\n".join(lines) + "\n"


def test_comments_rerun_nothing(finished, edited):
    """In the frame that every stage imports, in the transform, in settings."""
    for name in (
        "jtfs_repro/io.py",
        "jtfs_repro/config.py",
        "jtfs_repro/checks.py",
        "jtfs_repro/scattering/filters.py",
        "gin/chirps/jtfs.gin",
        "gin/instruments/training.gin",
    ):
        edited(name, (finished / name).read_text(encoding="utf-8") + "\n# why\n")
    assert planned(finished, *SMOKE) == {}


def test_new_weights_rerun_openl3_only(finished, edited):
    edited("data/openl3/openl3_audio_mel256_music.h5", "not weights, but there")
    jobs = planned(finished, *SMOKE)
    assert jobs["fetch_openl3_weights"] == 1
    assert jobs["extract_features"] == 2


def test_corrupt_features_are_one_line_and_finished_work_stays(finished):
    """The last test on the finished tree: it spoils it."""
    path = next(finished.glob("results/smoke/features/mfcc/shard-0-of-*.npy"))
    path.write_bytes(path.read_bytes()[:100])
    kept = finished / "results/smoke/manifold/strf.npz"
    assert kept.exists()
    status, text = snakemake(finished, "-R", "score_representation", *SMOKE, "features=[mfcc]")
    assert status != 0
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    assert lines
    assert all(
        f"{path.name}: its content is not what its sidecar records" in line for line in lines
    )
    assert "Traceback (most recent call last)" not in text
    assert kept.exists()
    assert not (finished / "results/smoke/manifold/mfcc.npz").exists()
