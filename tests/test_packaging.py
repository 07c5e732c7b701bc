"""What a reader installs, builds and cites: pins, image, environment, citation, licences."""

import ast
import re
import shlex
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import jtfs_repro
from tools import fresh_install

ROOT = Path(__file__).parent.parent
REQUIREMENTS = [ROOT / name for name in ("requirements.txt", "requirements-dev.txt")]
PEERS = ROOT / "requirements-peers.txt"
# what only tests and the comparison with peers import, where it is installed
OPTIONAL = {"kymatio", "resampy", "scrapl", "scrapl-loss"}
CFF_KEYS = {"cff-version", "message", "title", "authors"}
REFERENCE_KEYS = {"type", "title", "authors"}


def entries(path):
    lines = [line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-r ")]


def names(requirements):
    return {canonicalize_name(requirement.name) for requirement in requirements}


def pinned(*paths):
    return names(entry for path in paths or REQUIREMENTS for entry in entries(path))


@cache
def imported(folder):
    """Return the distributions that a folder's files import; a name of none stays as it is."""
    files = sorted((ROOT / folder).rglob("*.py"))
    own = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    own |= {"jtfs_repro", "rules", "tools", "tests"}
    found = {name for path in files for name in imports_of(path)}
    return {distribution(name) for name in found - own - set(sys.stdlib_module_names)}


def distribution(module):
    """Return the name of the package that brings a module; that of none stays as it is."""
    return canonicalize_name(distributions().get(module, [module])[0])


@cache
def distributions():
    return metadata.packages_distributions()


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", [*REQUIREMENTS, PEERS], ids=lambda path: path.name)
def test_every_requirement_is_one_exact_version(path):
    for entry in entries(path):
        specifiers = [(s.operator, "*" in s.version) for s in entry.specifier]
        assert specifiers == [("==", False)], f"{path.name}: {entry}"
    assert len(entries(path)) == len(names(entries(path)))


def test_the_installed_versions_are_the_pinned_ones():
    wrong = {}
    for entry in [entry for path in REQUIREMENTS for entry in entries(path)]:
        if entry.marker is None or entry.marker.evaluate():
            found = metadata.version(entry.name)
            if not entry.specifier.contains(found, prereleases=True):
                wrong[entry.name] = found
    assert not wrong


@pytest.mark.parametrize(
    ("folders", "paths"),
    [
        (("jtfs_repro", "scripts", "rules"), REQUIREMENTS[:1]),
        (("tests", "tools"), REQUIREMENTS),
    ],
    ids=["project", "tests"],
)
def test_what_is_imported_is_pinned(folders, paths):
    used = set().union(*map(imported, folders))
    assert used - OPTIONAL <= pinned(*paths)


def test_what_pinned_packages_need_is_pinned():
    waiting = sorted(pinned(REQUIREMENTS[0]))
    missing = set()
    for name in waiting:
        for text in metadata.distribution(name).requires or [] if is_installed(name) else []:
            needed = Requirement(text)
            applies = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if applies and not canonicalize_name(needed.name).startswith(("nvidia-", "triton")):
                missing |= {canonicalize_name(needed.name)} - pinned()
    assert not missing - {"cuda-bindings", "cuda-toolkit"}  # of torch's CUDA wheel alone


def is_installed(name):
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Build wheel and sdist once; return both, and the folder that the wheel is unpacked in."""
    folder = tmp_path_factory.mktemp("dist")
    wheel, sdist = fresh_install.build(folder)
    zipfile.ZipFile(wheel).extractall(folder / "wheel")
    return wheel, sdist, folder / "wheel"


@pytest.fixture(scope="session")
def needed(built):
    """Return extra -> names that the wheel needs; the extra "" is what `pip install .` brings."""
    text = next(built[2].glob("*.dist-info/METADATA")).read_text("utf-8")
    found = {}
    for line in Parser().parsestr(text, headersonly=True).get_all("Requires-Dist"):
        requirement = Requirement(line)
        extra = re.search(r'extra == "(\w+)"', str(requirement.marker))
        found.setdefault(extra[1] if extra else "", set()).add(canonicalize_name(requirement.name))
    return found


def test_wheel_holds_the_package_and_nothing_else(built):
    names = {name for name in zipfile.ZipFile(built[0]).namelist() if ".dist-info/" not in name}
    files = [path for path in (ROOT / "jtfs_repro").rglob("*") if path.is_file()]
    assert names == {str(f.relative_to(ROOT)) for f in files if f.suffix != ".pyc"}


def test_sdist_holds_what_a_wheel_is_built_from(built):
    wheel = {name for name in zipfile.ZipFile(built[0]).namelist() if ".dist-info/" not in name}
    with tarfile.open(built[1]) as archive:
        files = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    made = {name for name in files if name.startswith("jtfs_repro.egg-info/")}
    texts = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md"}
    recipe = {"MANIFEST.in", "PKG-INFO", "pyproject.toml", "setup.cfg", "setup.py"}
    assert files - made == wheel | texts | recipe


def test_transform_needs_torch_and_numpy_alone(built, needed):
    assert needed[""] == set(fresh_install.BASE)
    seconds, packages, output = fresh_install.probe(sys.executable, cwd=built[2])
    assert packages == []
    assert output.endswith("signals at once")  # the plan, the README's last line
    assert seconds <= fresh_install.SECONDS


def test_extras_name_what_requirements_pin(needed):
    assert needed["features"] <= needed["plots"] <= needed["workflow"] <= pinned(REQUIREMENTS[0])
    assert needed["bench"] <= pinned(PEERS)
    used = set().union(*map(imported, ("jtfs_repro", "scripts", "rules")))
    assert used <= needed["workflow"] | needed[""]


def rooms():
    """Return all rooms but provenance, which belongs to the frame: that is the workflow's."""
    names = {path.parent.name for path in (ROOT / "jtfs_repro").glob("*/__init__.py")}
    return sorted(names - {"provenance"})


@pytest.mark.parametrize("room", rooms())
def test_rooms_ask_for_the_extra_that_brings_what_they_import(room, needed):
    files = (ROOT / f"jtfs_repro/{room}").rglob("*.py")
    calls = [
        [word.value for word in call.args[1:]]
        for file in files
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "need" and call.args[2:]
    ]
    modules = {distribution(module) for _, *names in calls for module in names}
    used = imported(f"jtfs_repro/{room}") - needed[""]
    assert used == modules - {"gin-config"}  # that comes with the frame
    assert all(modules <= needed[extra] for extra, *_ in calls)


MISSING = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name == NAME else find(name, *rest)
"""


def without(module, code):
    """Run code where a module cannot be imported."""
    start = MISSING.replace("NAME", repr(module))
    command = [sys.executable, "-c", f"{start}\n{code}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("module", "code", "line"),
    [
        ("librosa", "import jtfs_repro.features.mfcc", "librosa is needed by jtfs_repro.features"),
        ("gin", "import jtfs_repro.studies", "gin is needed by jtfs_repro.studies"),
    ],
)
def test_missing_extra_is_named(module, code, line):
    done = without(module, code)
    assert done.returncode == 1
    assert re.search(rf"^ImportError: {line}: pip install 'jtfs_repro\[\w+\]'$", done.stderr, re.M)


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("gin", "jtfs_repro/__main__.py"),
        ("matplotlib", "scripts/plot_scale_rate.py"),
        ("gin", "scripts/compare_runs.py"),
    ],
)
def test_command_names_the_extra_for_all_in_one_line(module, file):
    start = "import runpy; sys.argv[1:] = ['plot_isomap']"
    done = without(module, f"{start}; runpy.run_path({file!r}, run_name='__main__')")
    line = f"error: {module} is needed by the workflow: pip install 'jtfs_repro[workflow]'\n"
    assert (done.returncode, done.stderr) == (1, line)


def instructions():
    """Return the Dockerfile's instructions: (keyword, rest)."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    logical = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [tuple(line.split(None, 1)) for line in logical if line.strip()]


def test_the_image_is_built_from_what_is_there():
    keywords = [keyword for keyword, _ in instructions()]
    assert keywords[0] == "FROM"
    assert set(keywords) <= {"FROM", "RUN", "ARG", "USER", "WORKDIR", "ENV", "COPY", "CMD"}
    copies = [shlex.split(rest) for keyword, rest in instructions() if keyword == "COPY"]
    sources = [word for words in copies for word in words[:-1] if not word.startswith("--")]
    assert sources
    assert all((ROOT / source).exists() for source in sources)
    base = re.match(r"python:(3\.\d+)-slim", dict(instructions())["FROM"])
    assert base
    assert tuple(map(int, base[1].split("."))) >= (3, 11)


def test_the_image_runs_without_root_from_user_to_command():
    keywords = [keyword for keyword, _ in instructions()]
    user = dict(instructions())["USER"]
    assert user not in ("root", "0")
    after = instructions()[keywords.index("USER") :]
    assert not [rest for keyword, rest in after if "apt-get" in rest]
    assert all("--chown=" in rest for keyword, rest in after if keyword == "COPY")


def test_the_image_calls_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    text = "\n".join(rest for keyword, rest in instructions() if keyword in ("RUN", "CMD"))
    called = set(re.findall(r'^(?:\[")?make"?,? "?([a-z]+)', text, re.MULTILINE))
    assert {"install", "figures"} <= called
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in called)


def ignored(path):
    """Return whether .dockerignore leaves a path out: the last pattern that matches decides."""
    result = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = re.escape(line.lstrip("!"))
            pattern = pattern.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            if re.fullmatch(f"{pattern}(?:/.*)?", path):
                result = not line.startswith("!")
    return result


def test_the_image_holds_every_file_of_the_repository():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git repository")
    assert not [name for name in done.stdout.splitlines() if ignored(name)]


@pytest.mark.parametrize(
    "path",
    [
        ".venv/bin/python",
        "jtfs_repro/__pycache__/io.pyc",
        "data/chirps.npy",
        "results/features/jtfs.npy",
        "results/medley/predictions/cqt/seed-0.pt",
        "results/smoke/cost.csv",
        "img/demo+f16/fig3.png",
    ],
)
def test_the_image_holds_no_leftovers(path):
    assert ignored(path)


def test_the_conda_environment_takes_the_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *conda, pip = environment["dependencies"]
    assert "python=3.11" in conda
    assert "pip" in conda
    assert pip == {"pip": ["-r requirements.txt", "-e ."]}
    assert not any("==" in name for name in conda)  # versions are pinned in one place


def test_the_citation_has_what_its_schema_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation.keys() >= CFF_KEYS
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "The jtfs_repro authors"}]
    paper = citation["preferred-citation"]
    assert paper.keys() >= REFERENCE_KEYS
    assert [author["family-names"] for author in paper["authors"]] == [
        "Muradeli",
        "Vahidi",
        "Wang",
        "Han",
        "Lostanlen",
        "Lagrange",
        "Fazekas",
    ]
    assert paper["year"] == 2022
    assert paper["identifiers"][0]["value"] == "arXiv:2204.08269"


def test_version_and_licence_are_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == jtfs_repro.__version__
    assert f"## {citation['version']} " in (ROOT / "CHANGELOG.md").read_text("utf-8")
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert licence.startswith(f"{citation['license']} License")
    assert "2026 The jtfs_repro authors" in licence


def third_party():
    """Return package -> licence of the table in docs/third_party.md."""
    text = (ROOT / "docs/third_party.md").read_text("utf-8")
    table = text.partition("| package |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {name: licence for name, licence, _ in cells}


def stated_licence(name):
    """Return what a package's metadata say: an expression, else a short text, else a class."""
    facts = metadata.metadata(name)
    text = (facts.get("License") or "").strip()
    if facts.get("License-Expression"):
        return facts["License-Expression"]
    if text and "\n" not in text and len(text) <= 30:
        return text
    classes = [c for c in facts.get_all("Classifier") or [] if c.startswith("License ::")]
    return classes[-1].split(" :: ")[-1]


@pytest.mark.parametrize(("name", "licence"), third_party().items(), ids=str)
def test_licences_are_those_that_the_packages_state(name, licence):
    assert licence == stated_licence(name)


def test_every_package_that_is_used_is_in_the_table():
    listed = {canonicalize_name(name) for name in third_party()}
    text = REQUIREMENTS[0].read_text("utf-8").partition("# What those need in turn")[0]
    direct = {
        canonicalize_name(Requirement(line.partition("#")[0]).name)
        for line in text.splitlines()
        if line and not line.startswith("#")
    }
    assert direct <= listed
    used = set().union(*map(imported, ("jtfs_repro", "scripts", "rules", "tools")))
    assert used - OPTIONAL <= listed
