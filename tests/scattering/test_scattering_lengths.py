"""Signals of any length: lists, long sounds in windows, live streams."""

import math

import numpy as np
import pytest
import torch

from jtfs_repro.scattering import Scattering1D, TimeFrequencyScattering, padding

JOINT = {"J": 5, "J_fr": 2, "Q": 4, "shape": 512}
LONGEST = 3 * 2**11


def relative(a, b):
    return float((a - b).norm() / b.norm())


def parted(x, size=777):
    return x.split(size, dim=-1)


def joined(outputs):
    return torch.cat(outputs, dim=-1)


@pytest.mark.parametrize(
    "options",
    [
        {"format": "joint"},
        {"T": 300, "stride": 32, "F": 1},
        {"T": 8, "pad_mode": "zero", "F": 0},
        {"format": "joint", "pad_mode": "conj-reflect", "stride": 8},
        {"prune": 0.05},
    ],
    ids=str,
)
@pytest.mark.parametrize("N", [20_001, 2**14 + 96])
def test_blocks_are_the_whole_transform(options, N):
    """A quiet half after a loud one: the frames of each are right by themselves."""
    S = TimeFrequencyScattering(**JOINT, **options)
    x = torch.randn(2, N, dtype=torch.float64)
    x[:, N // 2 :] *= 1e-3
    whole = S.for_length(N)(x)
    found = list(S.blocks(x, longest=LONGEST))
    firsts = np.cumsum([0, *(block.shape[-1] for _, block in found[:-1])])
    assert len(found) > 2
    assert [first for first, _ in found] == firsts.tolist()
    blocks = joined([block for _, block in found])
    assert blocks.shape == whole.shape
    half = whole.shape[-1] // 2 + 40
    assert relative(blocks, whole) < 1e-6
    assert relative(blocks[..., half:], whole[..., half:]) < 1e-6
    if options.get("T", 32) >= 32:  # no longer wavelets than the average: no turn of the circle
        streamed = joined(list(S.stream(length=N, longest=LONGEST)(parted(x))))
        assert relative(streamed, whole) < 1e-6


def test_blocks_of_arrays_and_maps(tmp_path):
    """float32 from disk; a short sound is one block, bit-equal to its transform."""
    S = Scattering1D(J=5, Q=4, shape=512)
    x = np.random.default_rng(0).standard_normal(30_000).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    whole = S.for_length(len(x))(torch.from_numpy(x))
    found = S.blocks(np.load(tmp_path / "x.npy", mmap_mode="r"), longest=LONGEST)
    assert relative(joined([block for _, block in found]), whole) < 1e-6
    ((first, block),) = S.blocks(x[:3000])
    assert first == 0
    assert torch.equal(block, S.for_length(3000)(torch.from_numpy(x[:3000])))


def test_windows_have_gradients():
    S = Scattering1D(J=4, Q=1, shape=256)
    x = torch.randn(6000, dtype=torch.float64, requires_grad=True)
    blocks = joined([block for _, block in S.blocks(x, longest=2048)])
    (gradient,) = torch.autograd.grad(blocks.square().sum(), x)
    (right,) = torch.autograd.grad(S.for_length(6000)(x).square().sum(), x)
    assert relative(gradient, right) < 1e-6


def test_stream_of_unknown_length_starts_at_its_first_sample():
    """It is the whole transform where that pads by a multiple of the stride."""
    S = TimeFrequencyScattering(**JOINT, format="joint")
    x = torch.randn(2**14, dtype=torch.float64)
    stream = S.stream(sr=1000)
    outputs = [block for piece in parted(x, 5000) for block in stream.push(piece)]
    assert not outputs  # latency: less than a window has come
    outputs += stream.finish()
    assert relative(joined(outputs), S.for_length(2**14)(x)) < 1e-6
    assert stream.frames == 2**14 // S.stride
    assert stream.times(0, 2).tolist() == [0, S.stride / 1000]


@pytest.mark.parametrize("N", [2, 3, 50, 513])
def test_short_streams(N):
    S = Scattering1D(J=4, Q=2, shape=256, T=2)
    (block,) = S.stream().push(torch.ones(N)) or S.stream()([torch.ones(N)])
    assert block.shape[-1] == -(-N // 2)
    assert block.isfinite().all()
    assert block[0].sub(1).abs().max() < 1e-5  # the mean of a constant, up to its mirrored ends


def test_times_of_frames():
    """A click is where its frame says."""
    S = Scattering1D(J=5, Q=4, shape=512)
    N = 3001
    x = torch.zeros(N)
    x[1700] = 1
    times = S.frame_times(100, N)
    S_0 = S.for_length(N)(x)[0]
    assert len(times) == len(S_0)
    assert abs(times[S_0.argmax()] - 17) <= S.stride / 2 / 100


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"T": "global"},
        {"T": "global", "global_average": "mean"},
        {"T": 0, "out_type": "list"},
        {"out_type": "dict"},
    ],
    ids=str,
)
def test_lists_of_signals(options):
    """Each as by itself, in the order given; with gradient."""
    S = Scattering1D(J=4, Q=4, shape=512, **options)
    signals = [torch.randn(2, n, dtype=torch.float64) for n in (512, 600, 601, 300, 600)]
    signals[1].requires_grad_()
    outputs = S(signals)
    for x, output in zip(signals, outputs, strict=True):
        right = S.for_length(x.shape[-1])(x)
        torch.testing.assert_close(output, right, rtol=1e-9, atol=1e-12)
    if not options:
        outputs[1].sum().backward()
        assert signals[1].grad.shape == (2, 600)
    assert S([]) == []


def test_lengths_share_their_wavelets():
    """A new length with the same padding makes averages alone, and gives the same bits."""
    for options in ({}, {"T": 0, "out_type": "list", "F": 0}, {"T": "global"}):
        S = TimeFrequencyScattering(**JOINT, **options)
        other = S.for_length(500)
        x = torch.randn(500)
        right = TimeFrequencyScattering(**{**JOINT, "shape": 500}, **options)(x)
        torch.testing.assert_close(other(x), right, rtol=0, atol=0)
        key = (x.device, x.dtype)
        ours, theirs = S.engine.tables(*key), other.engine.tables(*key)
        assert ours.first[0].band.gain is theirs.first[0].band.gain
        A, B = (t.second.branches[0].kernels.chunks[0].tiles[0].A for t in (ours, theirs))
        assert A is B


def test_refusals():
    S = Scattering1D(J=4, Q=1, shape=256)
    with pytest.raises(ValueError, match="T='global' must be None or a number of samples"):
        next(Scattering1D(J=4, shape=256, T="global").blocks(torch.ones(10_000)))
    with pytest.raises(ValueError, match="longest=100 must be >= "):
        S.stream(longest=100)
    with pytest.raises(ValueError, match="samples=11 must be the announced length=10 at most"):
        S.stream(length=10).push(torch.ones(11))
    stream = S.stream(length=1000)
    stream.push(torch.ones(999))
    with pytest.raises(ValueError, match="samples=999 must be the announced length=1000"):
        stream.finish()
    with pytest.raises(TypeError, match="must have a time axis"):
        next(S.blocks([1.0, 2.0]))
    with pytest.raises(TypeError, match=r"must be torch\.float32 or torch\.float64"):
        next(S.blocks(np.ones(1000, dtype=np.int16)))


# --- hours ---


@pytest.mark.parametrize("T", [1, 5.3, 64, 255.5, 3000.3])
def test_the_padding_of_long_signals_is_that_of_the_formula(T, monkeypatch):
    N = 64 * math.ceil(T) + torch.randint(1, 200_000, (3,)).numpy()
    short = [padding.half_support(n, T) for n in N]
    monkeypatch.setattr(padding, "ENOUGH", 10**9)
    assert short == [padding.half_support(n, T) for n in N]


def test_ten_hours_need_no_memory_before_they_are_read():
    assert padding.time_axis(10 * 3600 * 22050, 2048).N_padded == 2**30
