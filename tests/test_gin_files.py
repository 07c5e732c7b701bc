"""Every gin file: it belongs to a stage, parses in every stack, and builds what it configures."""

from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from jtfs_repro import config, gin_files, io
from jtfs_repro.datasets.chirps import ChirpGrid, ChirpSynthesis
from jtfs_repro.features.extraction import extract_shard
from jtfs_repro.layout import PRESETS, SCALES
from jtfs_repro.models.classifiers import CqtNet, JtfsNet, Scattering1dNet
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.studies.instruments.extract_clips import Reading
from jtfs_repro.training.settings import TrainingSettings

ROOT = Path(__file__).parent.parent
GIN = ROOT / "gin"
STAGES = config.stages(GIN)
VARIANTS = ["", *config.variants(GIN)]
CLASSES = {
    "mfcc": "mfcc.Mfcc",
    "scattering1d_q1": "scattering1d.Scattering1DFeature",
    "scattering1d_q8": "scattering1d.Scattering1DFeature",
    "jtfs": "jtfs.Jtfs",
    "strf": "strf.Strf",
    "openl3": "openl3.OpenL3",
}


@pytest.fixture(autouse=True)
def _in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def load(stage, **run):
    config.load_gin(config.stack(stage, root=GIN, **run))


def n_samples(scale):
    return 8192 if scale == "smoke" else 32768


@pytest.mark.parametrize("path", sorted(GIN.rglob("*.gin")), ids=lambda p: str(p.relative_to(GIN)))
def test_file_belongs_to_a_stage(path):
    folder, *rest = path.relative_to(GIN).parts
    assert len(rest) == 1
    if folder not in config.OVERRIDES:
        assert path.stem in STAGES
        assert gin_files.sections(path) == []
    else:
        known = {"presets": PRESETS, "scale": SCALES, "variants": VARIANTS}[folder]
        assert path.stem in known
        assert set(gin_files.sections(path)) <= set(STAGES)
        alone = [s for s in gin_files.statements(f"{path}:none") if "__gin__" not in s.module]
        assert alone == []  # nothing is set for all stages


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("stage", STAGES)
def test_stacks_parse(stage, preset):
    for scale, variant in product(SCALES, VARIANTS):
        load(stage, preset=preset, scale=scale, variant=variant)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("preset", PRESETS)
def test_chirps_are_valid(preset, scale):
    load("chirps", preset=preset, scale=scale)
    assert config.bound(ChirpSynthesis)().n_samples == n_samples(scale)
    values = {"smoke": 4, "demo": 8, "paper": 16}[scale]
    assert config.bound(ChirpGrid)().shape == (values,) * 3


@pytest.mark.parametrize("scale", ["smoke", "demo"])  # paper has demo's features
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("feature", CLASSES)
def test_feature_is_built(feature, preset, scale):
    load(feature, preset=preset, scale=scale)
    module, name = CLASSES[feature].split(".")
    made = config.bound(getattr(import_module(f"jtfs_repro.features.{module}"), name))
    try:
        built = made(sr=8192.0, n_samples=n_samples(scale))
    except io.Unavailable:
        assert feature == "openl3"
        return
    assert built.bytes_per_signal > 0
    spans = sorted((part.start, part.stop) for part in built.parts.values())
    assert [0, *(stop for _, stop in spans)] == [*(start for start, _ in spans), built.dimension]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("feature", CLASSES)
def test_feature_runs_at_smoke_scale(feature, preset):
    load(feature, preset=preset, scale="smoke")
    signals = np.random.default_rng(0).standard_normal((2, n_samples("smoke")))
    shard = config.bound(extract_shard)(
        signals.astype(np.float32), sr=8192.0, shard=0, n_shards=1, device="cpu", progress=False
    )
    assert len(shard.features) == 2
    assert np.isfinite(shard.features).all()
    assert shard.report["status"] == io.RUN or feature == "openl3"


def test_paper_and_demo_differ_in_sizes_only():
    over = set(gin_files.sections(GIN / "scale/demo.gin"))
    assert over <= {"chirps", "resynthesis", "training", "train_jtfs", "train_jtfs_end_to_end"}
    at_paper = set(gin_files.sections(GIN / "scale/paper.gin"))
    assert at_paper <= {"soundfont_solos", "textures"}
    for stage in (stage for stage in over if stage.startswith("train")):
        names = gin_files.bindings([f"{GIN}/scale/demo.gin:{stage}"], root=GIN)
        assert {name.rpartition(".")[2] for name in names} <= {"epochs", "epoch_size"}


# ---------------------------------------------------------------------------------- sections

OVERRIDES = """from __gin__ import dynamic_registration

# [mfcc, jtfs]
from jtfs_repro.features import mfcc

mfcc.Mfcc.n_mfcc = 3  # few

# [strf]
strf.Strf.duration = None
"""


@pytest.fixture
def overrides(tmp_path):
    path = tmp_path / "gin/scale/demo.gin"
    path.parent.mkdir(parents=True)
    path.write_text(OVERRIDES)
    return path


def test_a_stage_reads_its_own_section_alone(overrides):
    assert gin_files.sections(overrides) == ["mfcc", "jtfs", "strf"]
    found = gin_files.bindings([f"{overrides}:jtfs"], root=overrides.parent)
    assert {name: b.value for name, b in found.items()} == {"mfcc.Mfcc.n_mfcc": 3}
    assert gin_files.bindings([f"{overrides}:scores"], root=overrides.parent) == {}
    assert gin_files.imports(f"{overrides}:mfcc") == "from jtfs_repro.features import mfcc"


def test_an_error_in_a_section_names_file_and_line(overrides):
    overrides.write_text(OVERRIDES.replace("n_mfcc", "n_mfc"))
    config.load_gin([f"{overrides}:scores"])
    with pytest.raises(config.ConfigError, match=rf"{overrides}:6: .*n_mfc"):
        config.load_gin([f"{overrides}:mfcc"])


def test_comments_imports_and_other_sections_do_not_change_what_is_set(overrides):
    before = gin_files.effective([f"{overrides}:mfcc"])
    text = OVERRIDES.replace("# few", "# two would do").replace("duration = None", "duration = 1")
    overrides.write_text(text.replace("jtfs_repro.features import", "elsewhere import"))
    assert gin_files.effective([f"{overrides}:mfcc"]) == before
    overrides.write_text(OVERRIDES.replace("= 3", "= 4"))
    assert gin_files.effective([f"{overrides}:mfcc"]) != before


# -------------------------------------------------------------------------------------- Section 4

CLIP_FEATURES = {
    "medley_jtfs": "jtfs.JtfsTensors",
    "medley_scattering1d": "scattering1d.Scattering1dTensor",
    "medley_cqt": "cqt.CqtImage",
    "medley_mfcc": "mfcc.MfccMoments",
}
NETWORKS = {"jtfs": JtfsNet, "scattering1d": Scattering1dNet, "cqt": CqtNet}


def made(dotted):
    module, name = dotted.split(".")
    return config.bound(getattr(import_module(f"jtfs_repro.features.{module}"), name))


@pytest.mark.parametrize("scale", ["smoke", "demo"])
@pytest.mark.parametrize("preset", ["paper", "as_coded"])
@pytest.mark.parametrize("model", NETWORKS)
def test_network_is_built_for_its_features(model, preset, scale):
    load(f"medley_{model}", preset=preset, scale=scale)
    shapes = made(CLIP_FEATURES[f"medley_{model}"])(sr=22050.0, n_samples=65536).shapes
    files = [
        path
        for stage in ("training", f"train_{model}")
        for path in config.stack(stage, root=GIN, preset=preset, scale=scale)
    ]
    config.load_gin(files)
    options = dict(shapes=shapes, statistics=Statistics.neutral(shapes), n_classes=8)
    network = config.bound(NETWORKS[model])(**options)
    counts = {"jtfs": 5_002_540 + 68, "scattering1d": 2_270_312}
    counts["cqt"] = 562_154 if preset == "as_coded" else 531_362
    if scale != "smoke" or model == "cqt":
        assert network.n_parameters == counts[model]
    settings = config.bound(TrainingSettings)()
    assert settings.lr_floor == (1e-8 if preset == "as_coded" else 1e-11)
    assert settings.epochs == {"smoke": 1, "demo": DEMO_EPOCHS}[scale]


DEMO_EPOCHS = 10


@pytest.mark.parametrize(("model", "epochs"), [("jtfs", 30), ("scattering1d", 20), ("cqt", 20)])
def test_schedule_of_the_paper(model, epochs):
    files = [
        path
        for stage in ("training", f"train_{model}")
        for path in config.stack(stage, root=GIN, scale="paper")
    ]
    config.load_gin(files)
    settings = config.bound(TrainingSettings)()
    assert settings.epochs == epochs
    assert settings.steps_per_epoch(5841) == 256
    assert (settings.weight_decay, settings.batch_size, settings.lr) == (0.1, 32, 1e-3)


@pytest.mark.parametrize(("preset", "scaling"), [("paper", "none"), ("as_coded", "std")])
def test_reading_of_the_clips(preset, scaling):
    load("medley_clips", preset=preset)
    assert config.bound(Reading)() == Reading(reading="resample_22050", scaling=scaling)


@pytest.mark.parametrize("stage", STAGES)
def test_misspelt_parameter_is_an_error_with_its_line(stage, tmp_path):
    text = Path(config.stack(stage, root=GIN)[0]).read_text(encoding="utf-8")
    lines = text.splitlines()
    number = next(i for i, line in enumerate(lines) if " = " in line and line[0].isalpha())
    lines[number] = lines[number].replace(" = ", "_misspelt = ", 1)
    wrong = tmp_path / "gin/wrong.gin"
    wrong.parent.mkdir()
    wrong.write_text("\n".join(lines))
    for path in GIN.glob("chirps/*.gin"):  # what it may include
        (tmp_path / "gin/chirps").mkdir(exist_ok=True)
        (tmp_path / "gin/chirps" / path.name).write_text(path.read_text(encoding="utf-8"))
    with pytest.raises(config.ConfigError, match=rf"wrong\.gin:{number + 1}: .*misspelt"):
        config.load_gin([wrong])
