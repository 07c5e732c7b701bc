"""Every gin file: it belongs to a stage, parses in every stack, and builds what it configures."""

import re
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from jtfs_repro import config, io
from jtfs_repro.datasets.chirps import ChirpGrid, ChirpSynthesis
from jtfs_repro.experiments.extract_clips import Reading
from jtfs_repro.experiments.extract_features import extract_shard
from jtfs_repro.models.classifiers import CqtNet, JtfsNet, Scattering1dNet
from jtfs_repro.models.statistics import Statistics
from jtfs_repro.provenance import PRESETS, SCALES
from jtfs_repro.training.settings import TrainingSettings

ROOT = Path(__file__).parent.parent
GIN = ROOT / "gin"
STAGES = config.stages(GIN)
VARIANTS = ["", *sorted(path.name for path in (GIN / "variants").glob("*"))]
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
    folder = path.relative_to(GIN).parts
    assert folder[0] in ("features", "experiments", "presets", "scale", "variants")
    assert path.stem in STAGES
    if folder[0] in ("presets", "scale"):
        assert folder[1] in {"presets": PRESETS, "scale": SCALES}[folder[0]]


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
    over = {path.stem for path in (GIN / "scale/demo").glob("*.gin")}
    assert over <= {"chirps", "resynthesis", "training", "train_jtfs", "train_jtfs_end_to_end"}
    at_paper = {path.stem for path in (GIN / "scale/paper").glob("*.gin")}
    assert at_paper <= {"soundfont_solos", "textures"}
    for path in (GIN / "scale/demo").glob("train*.gin"):
        names = re.findall(r"^settings\.TrainingSettings\.(\w+) =", path.read_text(), re.MULTILINE)
        assert set(names) <= {"epochs", "epoch_size"}


# -------------------------------------------------------------------------------------- Section 4

CLIP_FEATURES = {
    "medley_jtfs": "jtfs_tensors.JtfsTensors",
    "medley_scattering1d": "scattering1d_tensor.Scattering1dTensor",
    "medley_cqt": "cqt_image.CqtImage",
    "medley_mfcc": "mfcc_moments.MfccMoments",
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
    network = config.bound(NETWORKS[model])(shapes=shapes, statistics=Statistics.neutral(shapes))
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
    for path in GIN.glob("features/*.gin"):  # what it may include
        (tmp_path / "gin/features").mkdir(exist_ok=True)
        (tmp_path / "gin/features" / path.name).write_text(path.read_text(encoding="utf-8"))
    with pytest.raises(config.ConfigError, match=rf"wrong\.gin:{number + 1}: .*misspelt"):
        config.load_gin([wrong])
