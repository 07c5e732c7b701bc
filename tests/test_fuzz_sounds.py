"""Random and damaged sounds: a value, or one line that names the file; no memory for lies."""

import io as streams
import resource
import tracemalloc

import numpy as np
import pytest
import soundfile
from fuzz_cases import damaged, fuzz, sure_of
from hypothesis import given
from hypothesis import strategies as st
from tiny_soundfont import tiny_soundfont

from jtfs_repro import audio, io
from jtfs_repro.audio import plain_header
from jtfs_repro.datasets import clip_index, medley_solos_db
from jtfs_repro.datasets.clips import Clip, ClipSet
from jtfs_repro.datasets.soundfont_files import read_header

MORE_MEMORY = 150_000  # kB that all cases of a test may add to the process
N = 131072  # samples of a clip
FORMATS = [
    ("WAV", "PCM_16"),
    ("WAV", "FLOAT"),
    ("WAV", "MS_ADPCM"),
    ("WAVEX", "PCM_24"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("AIFF", "PCM_16"),
    ("AU", "ULAW"),
    ("CAF", "PCM_16"),
    ("W64", "PCM_16"),
    ("RF64", "PCM_16"),
    ("VOC", "PCM_16"),
    ("MP3", "MPEG_LAYER_III"),
]


def sounds():
    tone = 0.5 * np.sin(np.arange(600) / 5)
    for kind, subtype in FORMATS:
        stream = streams.BytesIO()
        soundfile.write(stream, np.stack([tone, tone], 1), 8000, subtype, format=kind)
        yield stream.getvalue()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "file.wav"


@pytest.fixture
def bounded():
    """Fail the test if it needs much memory at any time."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + MORE_MEMORY


@pytest.mark.usefixtures("bounded")
@fuzz
@given(content=st.one_of(st.binary(max_size=100), damaged(*sounds())))
def test_sound(path, content):
    found = sure_of(audio.read_sound, path, content)
    assert found is None or np.isfinite(found.samples).all()


CLIP = plain_header(N, 44100) + np.sin(np.arange(N, dtype="<f4")).astype("<f4").tobytes()


@pytest.mark.usefixtures("bounded")
@fuzz
@given(content=st.one_of(st.binary(max_size=100), damaged(*sounds(), CLIP, header=44)))
def test_check_of_a_clip(content):
    for form_problem in (clip_index.own_form_problem, medley_solos_db.form_problem):
        problem = clip_index.problem_of(content, form_problem)
        assert isinstance(problem, str)
        assert "\n" not in problem


@pytest.mark.usefixtures("bounded")
@fuzz
@given(content=st.one_of(st.binary(max_size=100), damaged(tiny_soundfont(), header=200)))
def test_soundfont(path, content):
    sure_of(read_header, path, content)


def lies(n_samples):
    """A few samples under headers that announce many."""
    samples = np.ones(64, "<f4").tobytes()
    yield plain_header(min(n_samples, (1 << 30) - 12), 44100) + samples
    au = b".snd" + (24).to_bytes(4, "big") + (0xFFFFFFFF).to_bytes(4, "big")
    yield (
        au + (6).to_bytes(4, "big") + (44100).to_bytes(4, "big") + (1).to_bytes(4, "big") + samples
    )
    stream = streams.BytesIO()
    soundfile.write(stream, np.ones(64) / 2, 44100, format="FLAC")
    flac = bytearray(stream.getvalue())
    total = int.from_bytes(flac[18:26], "big") >> 36 << 36 | min(n_samples, (1 << 36) - 1)
    flac[18:26] = total.to_bytes(8, "big")
    yield bytes(flac)


@pytest.mark.parametrize("n_samples", [1 << 31, 10**12])
def test_what_a_header_announces_is_not_allocated(path, n_samples):
    tracemalloc.start()
    try:
        for content in lies(n_samples):
            sure_of(audio.read_sound, path, content)
            for form_problem in (clip_index.own_form_problem, medley_solos_db.form_problem):
                clip_index.problem_of(content, form_problem)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_a_file_that_is_far_too_large_is_not_read(tmp_path):
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.write(CLIP)
        file.truncate(10**11)  # a hole: no disk is used
    clip = Clip(file="a.wav", subset="test", label="a", class_id=0, group="g", name="n", bytes=1)
    clips = ClipSet(name="own", classes=("a",), clips=[clip], folder=tmp_path)
    with pytest.raises(io.FileError, match=r"a\.wav: its content is not what the index records"):
        clips[:]
    for is_own, most in ((False, 2097152), (True, 536870912)):
        (problem,) = clip_index.check_clips(clips, is_own=is_own, progress=False)[1]
        assert problem["what"] == f"100000000000 bytes, a clip has at most {most}"
