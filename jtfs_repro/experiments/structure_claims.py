"""The paper's settings and structure, sentence by sentence: Sections 3 to 5, Table 1, captions.

Every value of ours is read from a gin file of preset ``paper`` or counted from our own modules
when the verdicts are made. Where the paper contradicts itself, ``reason`` says how.
"""

from __future__ import annotations

from jtfs_repro.experiments import network_facts as nets
from jtfs_repro.experiments import structure_facts as facts
from jtfs_repro.experiments.fact_claims import FactClaim, Found, Read, bound, setting
from jtfs_repro.experiments.gin_settings import GinSettings
from jtfs_repro.experiments.published import NOTEBOOK_ITERATION_S, SCATTERING_M_S

CHIRPS, FIG2, SETTINGS = "3, chirps and settings", "3, Fig. 2", "4, settings"
TABLE1, DATA, TEXTURES = "4, Table 1 and Fig. 5", "4, data", "5, settings"
SPEED, TABLE2 = "5, speed", "4, Table 2"
SPEED_UP_MEASURED = round(SCATTERING_M_S / NOTEBOOK_ITERATION_S, 2)
OWN_PATHS = "the published tensor is WaveSpin's, with 191 paths; Kymatio's rules give 165"


def _fact(
    id: str, section: str, claim: str, read: Read, expected: object, **cells: object
) -> FactClaim:
    there = cells.pop("there", expected)
    return FactClaim(
        id=id,
        section=section,
        claim=claim,
        read=read,
        there=there,
        expected=expected,
        **cells,  # type: ignore[arg-type]
    )


def _constant(value: object, file: str = "") -> Read:
    """Return the reader of a value that follows from published numbers alone."""
    return lambda _: Found(value, file)


def _milliseconds(stage: str, name: str, sr: float) -> Read:
    """Return the reader of a length in samples as milliseconds."""

    def read(settings: GinSettings) -> Found:
        found = bound(stage, name)(settings)
        return Found(round(1000 * found.value / sr, 1), found.file)

    return read


CHIRP_CLAIMS = (
    _fact(
        "chirps-count",
        CHIRPS,
        "16 x 16 x 16 = 4096 chirps",
        facts.product("chirps", "ChirpGrid.n_f_c", "ChirpGrid.n_f_m", "ChirpGrid.n_gamma"),
        4096,
    ),
    setting(
        "chirps-f-c", CHIRPS, "f_c from 512 to 1024 Hz", ("chirps", "ChirpGrid.f_c_hz"),
        (512.0, 1024.0), unit="Hz",
    ),
    setting(
        "chirps-gamma", CHIRPS, "gamma from 0.5 to 4 octaves/s",
        ("chirps", "ChirpGrid.gamma_oct_per_s"), (0.5, 4.0), unit="octaves/s",
    ),
    setting(
        "chirps-bandwidth", CHIRPS, "every chirp sweeps w = 2 octaves",
        ("chirps", "ChirpSynthesis.bandwidth"), 2.0, unit="octaves",
    ),
    setting(
        "chirps-duration", CHIRPS, "duration of 4 s (from the STRF setting)",
        ("chirps", "ChirpSynthesis.duration"), 4.0, unit="s",
    ),
    setting("chirps-jtfs-q", CHIRPS, "JTFS with Q = 8", ("jtfs", "Jtfs.Q"), (8, 1), there=8),
    setting("chirps-jtfs-f", CHIRPS, "JTFS without averaging in frequency, F = 0",
            ("jtfs", "Jtfs.F"), 0),
    setting("chirps-scattering1d-q8", CHIRPS, "Scattering1D also with Q = 8, J = 14",
            ("scattering1d_q8", "Scattering1DFeature.J"), 14),
    setting("chirps-mfcc", CHIRPS, "20 MFCC", ("mfcc", "Mfcc.n_mfcc"), 20),
    setting("chirps-strf-duration", CHIRPS, "STRF of 4 s", ("strf", "Strf.duration"), 4.0,
            unit="s"),
    setting("chirps-openl3-dimension", CHIRPS, "OpenL3 embeddings of 6144 dimensions",
            ("openl3", "OpenL3.embedding_size"), 6144),
    setting("chirps-openl3-content", CHIRPS, "OpenL3 trained on music",
            ("openl3", "OpenL3.content"), "music"),
    setting("isomap-components", CHIRPS, "Isomap to three dimensions",
            ("isomap", "isomap.n_components"), 3),
    setting("isomap-neighbours", CHIRPS, "K = 40 neighbours, for Isomap and the regression",
            ("isomap", "isomap.n_neighbors"), 40),
)  # fmt: skip
FIG2_CLAIMS = (
    setting("fig2-f-c", FIG2, "both chirps have f_c = 512 Hz",
            ("cqt_chirps", "cqt_chirps.f_c_hz"), 512.0, unit="Hz"),
    setting("fig2-f-m", FIG2, "both chirps have f_m = 3 Hz",
            ("cqt_chirps", "cqt_chirps.f_m_hz"), 3.0, unit="Hz",
            reason="3 Hz lies outside the paper's own grid of 4 to 32 Hz"),
    setting("fig2-gamma", FIG2, "gamma = 0.5 and 4 octaves/s",
            ("cqt_chirps", "cqt_chirps.gamma_oct_per_s"), (0.5, 4.0), unit="octaves/s"),
)  # fmt: skip
CLIP_CLAIMS = (
    _fact(
        "clips-duration", DATA, "clips of 2^16 samples at 44.1 kHz last approximately 3 s",
        _constant(round((1 << 16) / 44100, 3)), 3.0, unit="s", relative=0.05,
        tolerance_reason="'approximately' read as 5 %",
        reason="arithmetic: 1.486 s; the files have 2^17 samples, resampled to 22 050 Hz 2^16",
    ),
    setting("section4-q", SETTINGS, "Q = 16 wavelets per octave", ("medley_jtfs", "JtfsTensors.Q"),
            (16, 1), there=16),
    setting("section4-t", SETTINGS, "T = 2^11 samples", ("medley_jtfs", "JtfsTensors.T"), 2048,
            unit="samples"),
    setting("section4-f", SETTINGS, "F = a quarter octave: 4 of 16 rows",
            ("medley_jtfs", "JtfsTensors.F"), 4, unit="rows"),
    setting("section4-scattering1d-j", SETTINGS, "Scattering1D with J = 13",
            ("medley_scattering1d", "Scattering1dTensor.J"), 13),
    setting("section4-scattering1d-q", SETTINGS, "Scattering1D with Q = 16",
            ("medley_scattering1d", "Scattering1dTensor.Q"), (16, 1), there=16),
    setting("section4-scattering1d-t", SETTINGS, "Scattering1D with T = 2^11 samples",
            ("medley_scattering1d", "Scattering1dTensor.T"), 2048, unit="samples"),
    _fact("section4-scattering1d-paths", SETTINGS, "Scattering1D of 1423 paths (orders 1 and 2)",
          facts.scattering1d_paths, 1423,
          reason="WaveSpin's count; Kymatio's rules give 175 + 1068 = 1243"),
    setting("section4-cqt-bins", SETTINGS, "CQT of 96 bins", ("medley_cqt", "CqtImage.n_bins"), 96),
    setting("section4-cqt-per-octave", SETTINGS, "12 bins per octave",
            ("medley_cqt", "CqtImage.bins_per_octave"), 12),
    setting("section4-cqt-hop", SETTINGS, "CQT with a hop of 256 samples",
            ("medley_cqt", "CqtImage.hop_length"), 256, unit="samples"),
    setting("section4-cqt-fmin", SETTINGS, "lowest frequency 32.7 Hz",
            ("medley_cqt", "CqtImage.fmin_hz"), 32.7, unit="Hz"),
    _fact("section4-cqt-shape", SETTINGS, "CQT of 96 x 257", facts.clip_map, "96 x 257"),
    setting("training-lr", SETTINGS, "learning rate 1e-3", ("training", "TrainingSettings.lr"),
            1e-3),
    setting("training-weight-decay", SETTINGS, "weight decay 0.1",
            ("training", "TrainingSettings.weight_decay"), 0.1),
    _fact("training-optimiser", SETTINGS, "optimiser AdamW", facts.optimiser, "AdamW"),
    setting("training-epochs-jtfs", SETTINGS, "30 epochs for JTFS",
            ("training+train_jtfs", "TrainingSettings.epochs"), 30),
    setting("training-epochs-cqt", SETTINGS, "20 epochs for CQT",
            ("training+train_cqt", "TrainingSettings.epochs"), 20),
    setting("training-epochs-scattering1d", SETTINGS, "20 epochs for Scattering1D",
            ("training+train_scattering1d", "TrainingSettings.epochs"), 20),
    setting("training-batch", SETTINGS, "batches of 32",
            ("training", "TrainingSettings.batch_size"), 32),
    setting("training-candidates", SETTINGS, "best of the final ten epochs",
            ("training", "TrainingSettings.last_epochs"), 10),
    setting("training-selection", SETTINGS, "chosen by validation accuracy",
            ("training", "TrainingSettings.selection"), "accuracy"),
    _fact("training-largest-weight", SETTINGS, "loss weighted by max N / N_k: 2401 / 123 at most",
          facts.largest_class_weight, 19.52),
)  # fmt: skip
TABLE1_CLAIMS = (
    _fact("table1-input", TABLE1, "input of 195 x 45 x 32: 4 + 191 channels",
          nets.layers("jtfs", nets.input_map), "195 x 45 x 32", reason=OWN_PATHS),
    _fact("table1-first-order", TABLE1, "S1 through filters of one octave (16 rows), average by 4",
          nets.layers("jtfs", nets.first_order_branch), "kernel 16x1, average over 4 rows",
          reason="four filters and a ReLU, which the paper does not mention"),
    _fact("table1-kernels", TABLE1, "kernels 7x7, 5x5, 3x3", nets.layers("jtfs", nets.kernels),
          "7x7, 5x5, 3x3"),
    _fact("table1-channels", TABLE1, "channels C, 2C, 4C",
          nets.layers("jtfs", nets.channels, is_published=True), "195, 195, 390, 780",
          reason="built for the published input"),
    _fact("table1-block-1", TABLE1, "block 1: convolution, batch norm, ReLU, max pooling",
          nets.layers("jtfs", nets.block_layers(1)),
          "Conv2d, BatchNorm2d, ReLU, MaxPool2d"),
    _fact("table1-pool", TABLE1, "max pooling 2 x 2", nets.layers("jtfs", nets.pool_size),
          "2 x 2"),
    _fact("table1-block-2", TABLE1, "block 2: convolution, batch norm, SE, ReLU",
          nets.layers("jtfs", nets.block_layers(2)),
          "Conv2d, BatchNorm2d, SqueezeExcitation, ReLU"),
    _fact("table1-block-3", TABLE1, "block 3: convolution, batch norm, SE, ReLU",
          nets.layers("jtfs", nets.block_layers(3)),
          "Conv2d, BatchNorm2d, SqueezeExcitation, ReLU"),
    _fact("table1-se", TABLE1, "squeeze and excitation with ratio 16",
          nets.layers("jtfs", nets.squeeze, is_published=True), "390 to 24, 780 to 48",
          reason="floor(C / 16), built for the published input"),
    _fact("table1-head", TABLE1, "head: Linear 64, ReLU, Dropout 0.5, Linear 8",
          nets.layers("jtfs", nets.head_layers),
          "Linear 64, ReLU, Dropout 0.5, Linear 8"),
    _fact("table1-parameters-jtfs", TABLE1,
          "parameters of Table 1's layers at the published input: 6 650 741 + 68 of the S1 filters",
          nets.parameters("jtfs", is_published=True), 6_650_809,
          reason="the paper prints no count; counted by hand from its layers"),
    _fact("table1-parameters-jtfs-ours", TABLE1,
          "the same at Kymatio's 169 channels: 5 002 540 + 68", nets.parameters("jtfs"), 5_002_608,
          kind="project", reason="what Table 2's JTFS row has here"),
    _fact("table1-parameters-cqt", TABLE1, "parameters of the CQT network, SE ratio 16",
          nets.parameters("cqt"), 531_362, reason="counted by hand from the layers"),
    _fact("table1-parameters-scattering1d", TABLE1,
          "parameters of the one-dimensional network at the published 1423 paths",
          nets.parameters("scattering1d", is_published=True), 2_964_007,
          reason="counted by hand from the layers"),
    _fact("table1-parameters-scattering1d-ours", TABLE1, "the same at Kymatio's 1243 paths",
          nets.parameters("scattering1d"), 2_270_312, kind="project",
          reason="what Table 2's Scattering1D row has here"),
    _fact("fig5-caption", TABLE1, "the caption of Fig. 5 calls the network EfficientNet-B0",
          nets.layers("jtfs", lambda net: f"Table 1's, {len(net.body.blocks)} blocks"),
          "EfficientNet-B0",
          reason="the caption contradicts Table 1, which the original's last version follows"),
)  # fmt: skip
TEXTURE_SETTINGS = (
    setting("textures-j", TEXTURES, "JTFS with J = 12",
            ("resynthesis_jtfs", "TimeFrequencyScattering.J"), 12),
    setting("textures-q", TEXTURES, "JTFS with Q = 12",
            ("resynthesis_jtfs", "TimeFrequencyScattering.Q"), (12, 1), there=12),
    _fact("textures-t", TEXTURES, "T = 2^13 samples at 22 050 Hz, 371.5 ms",
          _milliseconds("resynthesis_jtfs", "TimeFrequencyScattering.T", 22050.0), 371.5,
          unit="ms"),
    setting("textures-f", TEXTURES, "no averaging along log-frequency",
            ("resynthesis_jtfs", "TimeFrequencyScattering.F"), 0),
    setting("textures-scattering1d-j", TEXTURES, "Scattering1D with the same J = 12",
            ("resynthesis_scattering1d", "Scattering1D.J"), 12),
    setting("textures-scattering1d-q", TEXTURES, "Scattering1D with the same Q = 12",
            ("resynthesis_scattering1d", "Scattering1D.Q"), (12, 1), there=12),
    setting("textures-scattering1d-order", TEXTURES, "Scattering1D to order 2",
            ("resynthesis_scattering1d", "Scattering1D.max_order"), 2),
    setting("textures-mu", TEXTURES, "first step size 100",
            ("descent_bold_driver", "BoldDriver.mu_0"), 100.0),
    setting("textures-grow", TEXTURES, "step times 1.1 after a success",
            ("descent_bold_driver", "BoldDriver.grow"), 1.1),
    setting("textures-shrink", TEXTURES, "step times 0.55 after a failure",
            ("descent_bold_driver", "BoldDriver.shrink"), 0.55),
    setting("textures-iterations", TEXTURES, "200 iterations",
            ("resynthesis", "LoopSettings.iterations"), 200),
    setting("textures-length", TEXTURES, "recordings truncated to a power of two",
            ("resynthesis", "resynthesize.length"), "power_of_two",
            reason="any length works here; our own sounds have the paper's 65 536 samples"),
    setting("textures-dtype", TEXTURES, "computed in float64",
            ("resynthesis", "resynthesize.dtype"), "float64",
            reason="half the time and memory; dtype = 'float64' is a switch"),
    setting("fig6-arrow", TEXTURES, "the arrow of Fig. 6 is 370 ms long",
            ("fig6", "figure_resynthesis.arrow_s"), 0.37, unit="s"),
    setting("fig6-views", TEXTURES, "Fig. 6: gull 1.8-3 s, 0-7500 Hz; hawk 0-1 s, 0-8000 Hz",
            ("fig6", "figure_resynthesis.views"),
            {"gull": (1.8, 3.0, 0.0, 7500.0), "hawk": (0.0, 1.0, 0.0, 8000.0)}),
)  # fmt: skip
STRUCTURE_CLAIMS = (
    *CHIRP_CLAIMS,
    *FIG2_CLAIMS,
    *CLIP_CLAIMS,
    *TABLE1_CLAIMS,
    *TEXTURE_SETTINGS,
)
