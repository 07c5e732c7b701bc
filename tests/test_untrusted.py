"""Files from outside: nothing in them runs, nothing leaves its folder, nothing is believed."""

import ast
import hashlib
import io as streams
import os
import sys
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from jtfs_repro import config, gin_trust, io
from jtfs_repro.datasets import archives
from jtfs_repro.datasets.debian_package import unpack_member
from jtfs_repro.datasets.medley_fetch import unpack
from jtfs_repro.features.openl3 import weights as openl3_weights
from jtfs_repro.resynthesis.checkpoint import Checkpoint
from jtfs_repro.site.contents import read_target
from jtfs_repro.training import checkpoints

ROOT = Path(__file__).parent.parent
HEAD = "from __gin__ import dynamic_registration\n"


# ------------------------------------------------------------------------------- code in pickles


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def torch_file(path, bomb):
    torch.save({"x": bomb}, path)


def sealed(path, bomb):
    checkpoints.save(path, {"x": bomb})


def npy(path, bomb):
    with path.open("wb") as file:
        np.save(file, np.array([bomb], dtype=object), allow_pickle=True)


def npz(path, bomb):
    with path.open("wb") as file:
        np.savez(file, a=np.array([bomb], dtype=object))


def found(path):
    if checkpoints.find(path.parent, {}) is None:
        raise io.FileError(f"{path}: set aside")


def resynthesis(path):
    if Checkpoint(path=path, identity={}).load() is None:
        raise io.FileError(f"{path}: ignored")


@pytest.mark.parametrize(
    ("name", "write", "load"),
    [
        ("last.ckpt", torch_file, checkpoints.load),
        ("last.ckpt", sealed, checkpoints.load),
        ("last.ckpt", sealed, found),
        ("previous.ckpt", sealed, found),
        ("best.pt", sealed, checkpoints.load),
        ("c", sealed, resynthesis),
        ("a.npy", npy, io.load_array),
        ("a.npy", npy, lambda path: io.load_array(path, mmap=True)),
        ("a.npz", npy, io.load_arrays),
        ("a.npz", npz, io.load_arrays),
    ],
)
def test_pickled_code_is_refused_and_not_run(tmp_path, capfd, name, write, load):
    path = tmp_path / name
    write(path, Bomb(tmp_path / "run"))
    with pytest.raises(io.FileError, match=name) as caught:
        load(path)
    assert "\n" not in config.describe(caught.value)
    assert capfd.readouterr().err.count("\n") <= 1
    assert not (tmp_path / "run").exists()


SOURCES = [
    path
    for folder in ("jtfs_repro", "scripts", "rules", "tools")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "pd.read_pickle"}
NEEDED = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
FORBIDDEN = {"shell": True, "weights_only": False, "allow_pickle": True}


def dangers(text):
    """Return what in a Python source could run what a file holds."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(node.module)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            given = {
                k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)
            }
            found += [name] * (name in CALLS or name.endswith((".extractall", "tar.extract")))
            found += [f"{name}({k})" for k, v in FORBIDDEN.items() if given.get(k) is v]
            argument, value = NEEDED.get(name, (None, None))
            found += [name] * (argument is not None and given.get(argument) is not value)
    return found


def test_no_source_runs_what_a_file_holds():
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in SOURCES}
    found = {path: dangers(text) for path, text in texts.items()}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "eval(x)",
        "np.load(x)",
        "np.load(x, allow_pickle=True)",
        "torch.load(x, weights_only=False)",
        "torch.load(x)",
        "subprocess.run(x, shell=True)",
        "yaml.load(x)",
        "tar.extractall(x)",
    ],
)
def test_the_search_for_such_sources_finds_them(text):
    assert dangers(text)


# -------------------------------------------------------------------------------------- archives

CLIP = "Medley-solos-DB_test-0_00000000-0000-4000-8000-000000000000.wav"
PROGRAM = "usr/share/x.sf2"


def member(name, data=b"data", *, kind=tarfile.REGTYPE, link="", size=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(data) if size is None else size
    return info.tobuf(tarfile.GNU_FORMAT) + data + b"\0" * (-len(data) % 512)


def property_of_the_next(text):
    """A pax header: ``length name=value``, the length with itself."""
    length = len(text) + 4
    return member("p", f"{length} {text}\n".encode(), kind=tarfile.XHDTYPE)


def tar(*members):
    return b"".join(members) + bytes(1024)


def deb(data):
    header = f"{'data.tar':<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
    return b"!<arch>\n" + header + data + b"\n" * (len(data) % 2)


def unpack_clips(tmp_path, make):
    archive, folder = tmp_path / "a.tar", tmp_path / "in/audio"
    archive.write_bytes(make(CLIP))
    folder.mkdir(parents=True)
    return unpack(archive, folder, n_clips=1, is_shown=False)


def unpack_package(tmp_path, make):
    package, sha256 = tmp_path / "a.tar", hashlib.sha256(b"data").hexdigest()
    package.write_bytes(deb(make(PROGRAM)))
    return unpack_member(package, PROGRAM, tmp_path / "in/x.sf2", n_bytes=4, sha256=sha256)


TOO_LARGE, NO_FILE = (
    "more than [0-9]+ bytes|is no clip",
    "is a link|regular file|is a device|special",
)
ARCHIVES = {
    "symbolic link": (
        lambda name: tar(member(name, b"", kind=tarfile.SYMTYPE, link="x")),
        NO_FILE,
    ),
    "link out": (
        lambda name: tar(member(name, b"", kind=tarfile.SYMTYPE, link="/etc/passwd")),
        "absolute path|regular file",
    ),
    "hard link": (
        lambda name: tar(member(name, b"", kind=tarfile.LNKTYPE, link="../../secret")),
        "outside the destination|regular file",
    ),
    "device": (lambda name: tar(member(name, b"", kind=tarfile.CHRTYPE)), NO_FILE),
    "pipe": (lambda name: tar(member(name, b"", kind=tarfile.FIFOTYPE)), NO_FILE),
    "folder": (lambda name: tar(member(name, b"", kind=tarfile.DIRTYPE)), NO_FILE),
    "declared huge": (lambda name: tar(member(name, size=10**12)), TOO_LARGE),
    "huge by property": (
        lambda name: tar(property_of_the_next("size=1000000000000"), member(name)),
        TOO_LARGE,
    ),
    "huge before": (lambda name: tar(member("o", size=10**12), member(name)), TOO_LARGE),
    "below zero": (lambda name: tar(member(name, size=-512)), "a size below zero"),
    "below zero before": (
        lambda name: tar(member("o", size=-1024), member(name)),
        "a size below zero",
    ),
    "huge name": (
        lambda name: tar(member("n", b"", kind=tarfile.GNUTYPE_LONGNAME, size=1 << 30)),
        "a header of 1073741824 bytes",
    ),
    "huge properties": (
        lambda name: tar(member("n", b"", kind=tarfile.XHDTYPE, size=1 << 30)),
        "a header of 1073741824 bytes",
    ),
    "holes": (
        lambda name: tar(member(name, b"", kind=tarfile.GNUTYPE_SPARSE, size=10**12)),
        "stored with holes",
    ),
    "holes by property": (
        lambda name: tar(
            property_of_the_next("GNU.sparse.size=1000000000000"),
            property_of_the_next("GNU.sparse.map=0,4"),
            member(name),
        ),
        f"{TOO_LARGE}|{NO_FILE}",
    ),
    "truncated": (lambda name: tar(member(name, bytes(5000)))[:3000], "unexpected end|regular"),
    "no archive": (lambda name: b"\x1f\x8b\x08\x00 nothing", "."),
}


@pytest.mark.parametrize("read", [unpack_clips, unpack_package])
@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_hostile_archive_is_refused_in_its_folder(tmp_path, kind, read):
    (tmp_path / "secret").write_text("secret")
    make, message = ARCHIVES[kind]
    with pytest.raises((io.FileError, OSError, *archives.BROKEN), match=message) as caught:
        read(tmp_path, make)
    assert "\n" not in str(caught.value)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {"a.tar", "secret"} | ({f"{CLIP[:-4]}.part"} if kind == "truncated" else set())


def test_harmless_archives_are_read(tmp_path):
    def make(name):
        return tar(property_of_the_next("comment=x"), member(name))

    assert unpack_clips(tmp_path, make) == 1
    assert unpack_package(tmp_path, make).read_bytes() == b"data"


def test_a_clip_above_the_folder(tmp_path):
    with pytest.raises(tarfile.OutsideDestinationError, match="outside the destination"):
        unpack_clips(tmp_path, lambda name: tar(member(f"../../{name}")))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.tar"]


def test_a_clip_that_is_in_an_archive_twice(tmp_path):
    with pytest.raises(io.FileError, match=r"a\.tar: Medley.*\.wav is in it twice"):
        unpack_clips(tmp_path, lambda name: tar(member(name), member(f"a/{name}", b"other")))


def test_a_clip_from_a_folder_or_the_root_lands_in_the_folder(tmp_path):
    assert unpack_clips(tmp_path, lambda name: tar(member("../x"), member(f"/a/{name}"))) == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.tar", CLIP]


def weights_with(tmp_path, change):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"a"]
        group = file.create_group("a")
        group.attrs["weight_names"] = [b"kernel:0"]
        change(group)
    return path


def huge(group):
    group.create_dataset("kernel:0", (10**12,), "float32", chunks=(1024,))


def external(group):
    group.create_dataset("kernel:0", (4,), "float32", external=[("/etc/passwd", 0, 16)])


def linked(group):
    other = Path(group.file.filename).with_name("other.h5")
    with h5py.File(other, "w") as file:
        file["x"] = np.ones(4, "float32")
    group["kernel:0"] = h5py.ExternalLink(str(other), "x")


def virtual(group):
    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    group.create_virtual_dataset("kernel:0", layout)


def objects(group):
    group.create_dataset("kernel:0", data=["a"], dtype=h5py.string_dtype())


def a_group(group):
    group.create_group("kernel:0")


@pytest.mark.parametrize("change", [huge, external, linked, virtual, objects, a_group])
def test_weights_that_reach_beyond_their_file(tmp_path, change):
    path = weights_with(tmp_path, change)
    with pytest.raises(io.FileError, match=r"weights\.h5: .*(corrupt HDF5|not a Keras)") as caught:
        openl3_weights.read_layers(path, path.read_bytes(), is_versioned=True)
    assert "\n" not in str(caught.value)


def test_weights_that_unpack_to_gigabytes():
    import gzip

    stream = streams.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=1) as file:
        for _ in range(45):
            file.write(bytes(1_000_000))
    with pytest.raises(io.FileError, match=r"w\.h5: more than 40000000 bytes"):
        openl3_weights.unpack(Path("w.h5"), stream.getvalue())


# ------------------------------------------------------------------------------------- gin files


@pytest.fixture
def gin_file(tmp_path, monkeypatch):
    """Write a gin file; beside it lies a package whose import makes a folder."""
    monkeypatch.syspath_prepend(tmp_path / "path")
    monkeypatch.delenv("JTFS_GIN_MODULES", raising=False)
    monkeypatch.setattr(gin_trust.gin_config, "_LOCATION_PREFIXES", [""])
    package = tmp_path / "path/foreign"
    package.mkdir(parents=True)
    effect = f"import os\nos.mkdir({str(tmp_path / 'run')!r})\n"
    (package / "__init__.py").write_text(
        effect + "class Thing:\n    def __init__(self, x=1): ...\n"
    )
    (package / "x.gin").write_text("n = 1\n")
    (tmp_path / "secret.gin").write_text("n = 1\n")

    def write(text, name="gin/features/a.gin"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    yield write
    sys.modules.pop("foreign", None)


def refused(path, message):
    with pytest.raises(config.ConfigError, match=message) as caught:
        config.load_gin([path])
    assert "\n" not in str(caught.value)
    assert not list(path.parents[2].glob("run"))


@pytest.mark.parametrize(
    "line",
    ["import foreign", "from foreign import thing", "import foreign.thing as x", "import os"],
)
def test_foreign_modules_are_not_imported(gin_file, line):
    module = line.split()[1].replace("foreign import", "foreign")
    message = rf"a\.gin:2: {module}.* may not be imported \(.*set JTFS_GIN_MODULES={module}"
    refused(gin_file(f"{HEAD}{line}\n"), message)


@pytest.mark.parametrize("module", ["io", "config", "download", "gin_trust", "provenance"])
def test_modules_that_act_are_not_imported(gin_file, module):
    message = rf"a\.gin:2: jtfs_repro\.{module} may not be imported \(gin files set parameters"
    refused(gin_file(f"{HEAD}from jtfs_repro import {module}\n"), message)


IMPORTS = """from jtfs_repro.plots import animation
from jtfs_repro.studies.instruments import clip_store
from jtfs_repro.features import mfcc
import jtfs_repro.features.mfcc
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "x = @clip_store.io.remove_folder()",
            "clip_store.io.remove_folder belongs to jtfs_repro.io",
        ),
        ("clip_store.io.atomic_path.path = 1", "atomic_path belongs to jtfs_repro.io"),
        ("x = @jtfs_repro.io.remove_folder()", "remove_folder belongs to jtfs_repro.io"),
        ("jtfs_repro.io.remove_folder.path = '/'", "remove_folder belongs to jtfs_repro.io"),
        ("x = @mfcc.checks.fail", "fail belongs to jtfs_repro.checks"),
        ("x = {'a': [@animation.np.save()]}", "save belongs to|save is a"),
        ("x = @clip_store.torch.load()", "belongs to torch"),
        ("x = @clip_store.os.system()", "system is a builtin_function"),
        ("x = @animation.save_animation()", "@animation.save_animation is a function of"),
        ("x = @a/b/animation.save_animation", "@animation.save_animation is a function of"),
        ("x = @mfcc.Mfcc.forward", "leads into the attributes of a type"),
        ("x = @mfcc.Mfcc.__init__.__globals__", "leads into the attributes of a type"),
        ("x = @mfcc.__builtins__", "__builtins__ is a dict"),
        ("x = @mfcc", "mfcc is a module"),
        ("x = @gin.macro.__globals__", "gin.macro.__globals__ may not be used"),
        ("mfcc.np.array:\n    object = 1", "is a builtin_function"),
    ],
)
def test_names_that_lead_elsewhere(gin_file, line, message):
    refused(gin_file(f"{HEAD}{IMPORTS}{line}\n"), rf"a\.gin:6: .*{message}")


@pytest.mark.parametrize(
    "text",
    [
        "from jtfs_repro.plots import animation\nx = @animation.save_animation()\n",
        "x = @save_animation()\n" + HEAD,
        f"{HEAD}from jtfs_repro.plots import animation as a\nx = @a.save_animation()\n"
        "from jtfs_repro.features import mfcc as a\n",
    ],
)
def test_the_order_of_lines_hides_nothing(gin_file, text):
    from jtfs_repro.plots.animation import save_animation

    config.bound(save_animation)  # known to gin by its name alone
    refused(gin_file(text), "save_animation is not known here|is a function of")


def test_what_a_gin_file_may_do(gin_file):
    text = f"{HEAD}{IMPORTS}n = 13\nmfcc.Mfcc.n_mfcc = %n\nx = [@mfcc.Mfcc, @b/mfcc.Mfcc()]\n"
    config.load_gin(
        [gin_file(text + "y = @gin.singleton()\nanimation.save_animation.frames = 2\n")]
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/etc/hostname", "leaves its folder"),
        ("../secret.gin", "leaves its folder"),
        ("features/../../secret.gin", "leaves its folder"),
        ("link.gin", r"leaves its folder: it is .*link\.gin"),
        ("foreign/x.gin", r"Unable to open file: foreign/x\.gin"),
        ("features/a.gin", "leads back to itself"),
    ],
)
def test_includes_stay_below_gin(gin_file, tmp_path, name, message):
    path = gin_file(f"{HEAD}include '{name}'\n")
    (path.parents[1] / "link.gin").symlink_to(tmp_path / "secret.gin")
    refused(path, rf"a\.gin:2: .*{message}")


def test_an_included_file_is_checked_as_well(gin_file):
    gin_file(f"{HEAD}\nimport foreign\n", "gin/b.gin")
    refused(gin_file("include 'b.gin'\n"), r"b\.gin:3: foreign may not be imported")


def test_a_file_that_includes_too_many(gin_file):
    gin_file("include 'c.gin'\n" * 20, "gin/b.gin")
    gin_file("", "gin/c.gin")
    refused(gin_file("include 'b.gin'\n" * 20), r"more than 100 files included")


def test_a_module_that_the_user_allows_is_named(gin_file, tmp_path, monkeypatch, capfd):
    path = gin_file(f"{HEAD}import foreign\nforeign.Thing.x = 2\ny = @foreign.Thing()\n")
    monkeypatch.setenv("JTFS_GIN_MODULES", "other, foreign")
    config.load_gin([path])
    assert (tmp_path / "run").is_dir()
    line = capfd.readouterr().err
    assert (
        line == f"note: {path}: imports foreign, which JTFS_GIN_MODULES allows: its code is run\n"
    )
    path.write_text(f"{HEAD}import foreign\nx = @foreign.os.system()\n")
    with pytest.raises(config.ConfigError, match="system is a builtin_function"):
        config.load_gin([path])
    monkeypatch.setenv("JTFS_GIN_MODULES", "a b")
    with pytest.raises(config.ConfigError, match="JTFS_GIN_MODULES='a b' must be module names"):
        config.load_gin([path])


def test_functions_that_gin_may_name_are_there():
    for name in gin_trust.FUNCTIONS:
        module, function = name.rsplit(".", 1)
        assert callable(getattr(__import__(module, fromlist=[""]), function))


# ------------------------------------------------------------------------------------------ site


def test_titles_from_file_names_cannot_turn_or_break_a_page(tmp_path):
    from site_standins import write_sound_files

    path = write_sound_files(tmp_path, "a", "<b>\u202egnp.\x1b[31m\udcff\u2028 שחף")
    assert read_target(path).title == "<b>\ufffdgnp.\ufffd[31m\ufffd\ufffd שחף"


# ---------------------------------------------------------------------------- memory of a GPU


def exhausted(*_, **__):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\nmore")


def test_a_training_that_exhausts_the_gpu_says_what_helps(tmp_path, monkeypatch):
    from training_toys import Toy, train

    monkeypatch.setattr(Toy, "forward", exhausted)
    with pytest.raises(ValueError, match=r"batch_size=16 must fit into the GPU's memory \(free it"):
        train(tmp_path)


@pytest.mark.parametrize("calls", [0, 2])
def test_a_resynthesis_that_exhausts_the_gpu_says_what_helps(monkeypatch, calls):
    from functools import partial

    from jtfs_repro.audio import Sound
    from jtfs_repro.provenance import Stamp
    from jtfs_repro.resynthesis.adam import Adam
    from jtfs_repro.scattering import Scattering1D
    from jtfs_repro.studies.textures import resynthesis as module

    forward, done = Scattering1D.forward, []

    def failing(self, x):
        done.append(x)
        return forward(self, x) if len(done) <= calls else exhausted()

    monkeypatch.setattr(Scattering1D, "forward", failing)
    sound = Sound(samples=np.sin(np.arange(512.0))[None], sr=8000)
    with pytest.raises(ValueError, match=r"segment=\d+ must fit .*\(lower segment in the gin file"):
        module.resynthesize(
            sound,
            name="x",
            stamp=Stamp(scale="smoke", preset="paper", device="cpu", variant=""),
            representation=partial(Scattering1D, J=5, Q=4, T=64),
            representation_name="scattering1d",
            descent=Adam,
            descent_name="adam",
            progress=False,
        )
