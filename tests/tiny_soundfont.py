"""A minimal soundfont: one single-cycle looped waveform per program, at 440 Hz and key 69."""

import struct

import numpy as np

SR_HZ, PERIOD, CYCLES = 44000, 100, 20  # 440 Hz
PAD = 46  # zero samples that must follow a sample
SAMPLE_ID, INSTRUMENT, SAMPLE_MODES, ROOT_KEY = 53, 41, 54, 58
LOOPED = 1
PROGRAMS = (0, 30, 40, 52, 53, 56, 66, 71, 73)


def tiny_soundfont(*, name="Tiny", seed=0, programs=PROGRAMS):
    """Return the bytes of a .sf2; fonts of other seeds have other waveforms."""
    waves = [_wave(program, seed) for program in programs]
    samples = np.concatenate(waves).tobytes()
    n = len(programs)
    info = [
        _chunk(b"ifil", struct.pack("<HH", 2, 1)),
        _chunk(b"isng", b"EMU8000\0"),
        _chunk(b"INAM", _even(name)),
    ]
    presets = [_preset(f"P{p}", p, i) for i, p in enumerate(programs)] + [_preset("EOP", 0, n)]
    instruments = [_named(f"I{p}") + struct.pack("<H", i) for i, p in enumerate(programs)]
    instruments += [_named("EOI") + struct.pack("<H", n)]
    zones = struct.pack("<HH", SAMPLE_MODES, LOOPED), struct.pack("<HH", ROOT_KEY, 69)
    sizes = [len(wave) for wave in waves]
    starts = np.cumsum([0, *sizes])[:-1].tolist()
    headers = [_sample(f"S{p}", start) for p, start in zip(programs, starts, strict=True)]
    data = [
        _chunk(b"phdr", b"".join(presets)),
        _chunk(b"pbag", b"".join(struct.pack("<HH", i, 0) for i in range(n + 1))),
        _chunk(b"pmod", bytes(10)),
        _chunk(b"pgen", b"".join(struct.pack("<HH", INSTRUMENT, i) for i in range(n)) + bytes(4)),
        _chunk(b"inst", b"".join(instruments)),
        _chunk(b"ibag", b"".join(struct.pack("<HH", 3 * i, 0) for i in range(n + 1))),
        _chunk(b"imod", bytes(10)),
        _chunk(
            b"igen",
            b"".join(b"".join(zones) + struct.pack("<HH", SAMPLE_ID, i) for i in range(n))
            + bytes(4),
        ),
        _chunk(b"shdr", b"".join(headers) + _named("EOS") + bytes(26)),
    ]
    lists = _list(b"INFO", info) + _list(b"sdta", [_chunk(b"smpl", samples)]) + _list(b"pdta", data)
    return _chunk(b"RIFF", b"sfbk" + lists)


def _wave(program, seed):
    """Return 16-bit samples of a harmonic tone whose partials depend on program and seed."""
    amplitudes = np.random.default_rng([program, seed]).uniform(0.05, 0.5, 8)
    amplitudes[0] = 1
    t = np.arange(PERIOD * CYCLES) / PERIOD
    wave = sum(a * np.sin(2 * np.pi * k * t) for k, a in enumerate(amplitudes, start=1))
    wave = np.round(wave / np.abs(wave).max() * 20000).astype("<i2")
    return np.concatenate([wave, np.zeros(PAD, "<i2")])


def _chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _list(kind, chunks):
    return _chunk(b"LIST", kind + b"".join(chunks))


def _even(text):
    data = text.encode() + b"\0"
    return data + bytes(len(data) % 2)


def _named(name):
    return name.encode().ljust(20, b"\0")


def _preset(name, program, bag):
    return _named(name) + struct.pack("<HHHIII", program, 0, bag, 0, 0, 0)


def _sample(name, start):
    end = start + PERIOD * CYCLES
    places = struct.pack("<IIII", start, end, start + PERIOD, end - PERIOD)
    return _named(name) + places + struct.pack("<IBbHH", SR_HZ, 69, 0, 0, 1)
