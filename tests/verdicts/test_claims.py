"""The folder of claims: everything published has a row, mistakes are one line, a row is enough."""

import csv
import re
import shutil
from pathlib import Path

import pytest
import study_standins
from medley_standins import tables as medley_tables
from texture_standins import STAMP
from verdict_standins import CLAIMS, cost, find, resynthesis, spins

from jtfs_repro import io, run
from jtfs_repro.plots.classifiers import REAL
from jtfs_repro.studies.chirps.scores import scores
from jtfs_repro.tables import format_cell
from jtfs_repro.verdicts.claims import FOLDER, ClaimError, load_claims
from jtfs_repro.verdicts.pages import columns_by_scale, markdown, verdict_page
from jtfs_repro.verdicts.rows import NO_STAGE, VERDICTS, VerdictRow
from jtfs_repro.verdicts.settings import GinSettings
from jtfs_repro.verdicts.table import Sources, verdicts

ROOT = Path(__file__).parents[2]
SMOKE = study_standins.STAMP


@pytest.fixture(scope="module")
def chirps():
    theta = study_standins.grid(3)
    made = scores(study_standins.study(theta), theta, stamp=SMOKE, n_bootstrap=5)
    return {"knn": made.knn, "embedding": made.embedding}


@pytest.fixture(scope="module")
def rows(chirps):
    textures = {"spins": spins(), "resynthesis": resynthesis(), "resynthesis-cost": cost()}
    return verdicts(Sources(tables={**chirps, **textures}))


# ---- what was published is there ----


def test_what_was_published_stays_as_it_is(rows):
    """The committed table of the paper's scale holds every claim that was ever judged."""
    names = ("kind", "section", "claim", "representation", "parameter", "unit", "value_there")
    found = {row["id"]: tuple(map(row.get, names)) for row in rows}
    for row in io.load_csv(ROOT / "results/paper/verdicts.csv"):
        assert found[row["id"]] == tuple(map(row.get, names)), row["id"]


def test_settings_and_counts_do_not_depend_on_the_run(rows):
    names = ("value_here", "tolerance", "tolerance_reason", "verdict", "reason", "preset")
    stored = {row["id"]: row for row in io.load_csv(ROOT / "results/paper/verdicts.csv")}
    own = [row for row in rows if row["quantity"] in ("setting", "counted or computed")]
    assert len(own) > 130
    for row in own:
        cells = [format_cell(row[name]) for name in names]
        assert cells == [stored[row["id"]][name] for name in names], row["id"]


def test_every_disagreement_and_defect_is_covered(rows):
    """29 disagreements, of which four are the code's alone, and 11 defects."""
    ids = [row["id"] for row in rows]
    for number in range(1, 30):
        found = [i for i in ids if i.startswith(f"code-{number:02d}-")]
        assert len(found) == (1 if number in (5, 8, 18, 26) else 2), found
    assert len([i for i in ids if re.match(r"defect-\d\d-", i)]) == 11
    assert {row["verdict"] for row in rows if row["id"].startswith("defect-")} == {"within"}


# ---- what every row keeps ----


def test_no_verdict_is_empty_and_no_identifier_twice(rows):
    assert len({row["id"] for row in rows}) == len(rows) == len(CLAIMS.claims) > 300
    assert {row["verdict"] for row in rows} == set(VERDICTS)


def test_not_run_says_what_is_missing_and_the_one_command(rows):
    absent = [row for row in rows if row["verdict"] == "not run"]
    workflow = r"snakemake --cores all( ablation)?( --config .*)?"
    known = re.compile(workflow + r'|(make peers && )?make benchmark OPTIONS=".*"')
    for row in absent:
        assert len(row["reason"]) > 8, row["id"]
        assert row["command"] == NO_STAGE or known.fullmatch(row["command"]), row["id"]
        assert row["value_here"] is None
    assert all(row["command"] == "" for row in rows if row["verdict"] != "not run")


def test_every_judged_row_has_its_tolerance_with_a_reason(rows):
    for row in rows:
        if row["verdict"] != "not run":
            assert row["tolerance"], row["id"]
            assert row["tolerance_reason"], row["id"]


def test_a_number_of_another_scale_never_stands_in_the_papers_column(rows):
    for row in rows:
        at_paper, here = columns_by_scale(row)
        assert not (at_paper and here)
        if row["scale"] != "paper":
            assert at_paper == "", row["id"]
            assert row["at_paper_scale"] == "no"
    lines = markdown(rows, stamp=SMOKE).splitlines()
    heads = next(line for line in lines if line.startswith("| claim |")).split(" | ")
    assert heads[3:5] == ["here, at paper scale", "here, at smoke scale"]
    spin = next(line for line in lines if "falling calls of a gull" in line).split(" | ")
    assert spin[3:5] == ["", "-6"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "Two Words"}, "lower-case words"),
        ({"verdict": ""}, "verdict=''"),
        ({"verdict": "not run"}, "have a reason, a command and no value"),
        ({"verdict": "not run", "value_here": None, "reason": "a GPU"}, "have a reason, a command"),
        ({"value_here": None}, "have a value and a tolerance"),
        ({"value_here": float("nan")}, "be finite"),
        ({"tolerance": ""}, "have a value and a tolerance"),
        ({"kind": "rumour"}, "kind='rumour'"),
        ({"scale": "demo", "at_paper_scale": "yes"}, "be 'paper' at paper scale"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(rows, changes, message):
    row = find(rows, id="chirps-count")
    with pytest.raises(ValueError, match=message):
        VerdictRow(**row | changes)


# ---- settings ----


def test_settings_are_read_and_not_copied(chirps, tmp_path):
    for path in sorted((ROOT / "gin").rglob("*.gin")):
        text = path.read_text().replace("(4.0, 16.0)", "(4.0, 17.0)")
        target = tmp_path / "gin" / path.relative_to(ROOT / "gin")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    with (tmp_path / "gin/scale/paper.gin").open("a") as file:
        file.write("# [own]\nx.Y.folder = '/data'\n")
    settings = GinSettings(folder=tmp_path / "gin")
    found = verdicts(Sources(tables=chirps, settings=settings))
    changed = find(found, id="code-01-f-m-range-as-coded")
    assert (changed["verdict"], changed["value_here"]) == ("outside", "f_m_hz = (4.0, 17.0)")
    assert changed["link"] == "gin/presets/as_coded.gin"
    assert find(found, id="code-01-f-m-range-paper")["verdict"] == "within"
    assert find(found, id="defect-11-choice-of-the-feature")["value_here"] == 1  # absolute path


# ---- adding claims, and mistakes ----

TABLES = {
    "embedding": [STAMP.as_dict()],
    "results": [
        {"model": "a", "score": "0.5", "low": "0.4", "high": "0.6", "minutes": "3"},
        {"model": "b", "score": "0.25", "low": "", "high": "", "minutes": ""},
    ],
}
RULES = """
same: {compare: equal, why: it is or it is not}
enough: {compare: at least, limit: 0.3, why: chosen}
like theirs: {compare: published, deviations: 2, why: two deviations}
surely: {compare: interval above, why: certain}
"""
RESULTS = """
results:
  scope: [[{say: "model {model}"}]]
  absent: {why: no results, config: [results=yes]}
  no row: {model: {why: "no model {wanted}"}}
  blank: {why: "{model} was not timed", scale: larger}
embedding: {absent: {why: none}}
"""
HEAD = "id,kind,section,claim,there,ours,item,rule,expected,note"
GOOD = [
    "a-lr,paper,4,learning rate 1e-3,1e-3,setting,training: TrainingSettings.lr,same,,",
    "b-paths,later,later: x,483 paths,483,computed,scrapl_paths(J_fr=5),same,,counted",
    "c-score,paper,4,enough,high,results,model=a: score in low to high,enough,,",
    "d-low,paper,4,enough,high,results,model=b: score,enough,,",
    "e-mean,paper,4,50 %,50 ± 2,results,model=a: score * 100,like theirs,,",
    "f-sure,paper,4,above 0.4,0.4,results,model=a: score in low to high,surely,,",
    "g-count,paper,4,two models,2,results,: number of rows,same,,",
    "h-least,paper,4,lowest,high,results,: lowest score,enough,,",
    "i-time,paper,4,timed,3,results,model=b: minutes,same,,",
    "j-gone,paper,4,a third,3,results,model=c: score,same,,",
    "k-text,paper,4,named,a,results,model=a: model,same,,",
    "l-rate,paper,4,rate,2,results,model=a: 1 / score,same,,",
    "m-none,later,later: x,not here,7,,,,,a clip set with no licence",
]
# id, value, verdict, tolerance, interval, reason
GOLDEN = """
a-lr|0.001|within|equal||
c-score|0.5|within|>= 0.3|0.4 to 0.6|model a
d-low|0.25|outside|>= 0.3||model b
e-mean|50|within|50.0 ± 4 (2 published sd)||model a
f-sure|0.5|outside|lower end 0.4 of the 95 % interval > 0.4|0.4 to 0.6|model a
g-count|2|within|equal||
h-least|0.25|outside|>= 0.3||model b
i-time||not run|||b was not timed
j-gone||not run|||no model c
k-text|a|within|equal||model a
l-rate|2|within|equal||model a
b-paths|483|within|equal||counted
m-none||not run|||a clip set with no licence
"""


def write(folder, lines, *, rules=RULES, tables=RESULTS, head=HEAD):
    folder.mkdir(exist_ok=True)
    (folder / "mine.csv").write_text("\n".join([head, *lines]) + "\n")
    (folder / "rules.yaml").write_text(rules)
    (folder / "tables.yaml").write_text(tables)
    return folder


def judge(folder, **tables):
    return verdicts(Sources(tables=TABLES | tables, claims=load_claims(folder)))


def test_made_claims_are_judged_as_written(tmp_path):
    names = ("id", "value_here", "verdict", "tolerance", "interval", "reason")
    rows = judge(write(tmp_path / "claims", GOOD))
    lines = ["|".join(format_cell(row[name]) for name in names) for row in rows]
    assert lines == GOLDEN.strip().splitlines()
    gone = find(rows, id="i-time")
    assert gone["command"] == "snakemake --cores all --config scale=paper"
    assert find(rows, id="m-none")["command"] == NO_STAGE
    absent = find(judge(tmp_path / "claims", results=[]), id="c-score")
    assert (absent["reason"], absent["link"]) == ("no results", "")
    assert absent["command"] == "snakemake --cores all --config results=yes"


def test_a_claim_is_one_row(chirps, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "claims")
    path = tmp_path / "claims/chirps.csv"
    with path.open(newline="", encoding="utf-8") as file:
        head = next(csv.reader(file))
    row = {"id": "new", "kind": "paper", "section": "3, Fig. 2", "claim": "f_m", "there": "3"}
    row |= {"ours": "setting", "item": "cqt_chirps: cqt_chirps.f_m_hz", "rule": "equal"}
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, head, restval="", lineterminator="\n").writerow(row)
    claims = load_claims(tmp_path / "claims")
    found = verdicts(Sources(tables=chirps, claims=claims))
    assert find(found, id="new")["verdict"] == "within"
    assert len(found) == len(CLAIMS.claims) + 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("results,model=a: scor,enough", r"column of results='scor' .*did you mean 'score'"),
        ("results,modle=a: score,enough", r"column of results='modle' .*did you mean 'model'"),
        ("results,model=a: score in low to hi,enough", "column of results='hi'"),
        ("results,model=a: model,enough", "our value 'a' must be a number"),
        ("results,model=a,enough", "must be 'column=value, ...: column'"),
        ("results,model: score,enough", "must name rows as 'column=value"),
        ("results,model=a; model=b: score,enough", "must name one row"),
        ("results,model=b: lowest minuts,enough", "column of results='minuts'"),
        ("results,model=a: score,surely", "needs an interval"),
        ("results,model=a: score,like theirs", "'high' must be 'mean ± deviation'"),
        ("result,model=a: score,enough", r"ours='result' .*did you mean 'results'"),
        ("results,model=a: score,enogh", r"rule='enogh' .*did you mean 'enough'"),
        ("setting,training: TrainingSettings.l,same", r"training.gin='TrainingSettings.l' .*mean"),
        ("setting,trainin: TrainingSettings.lr,same", r"stage='trainin' .*mean 'training'"),
        ("setting,TrainingSettings.lr,same", "must be 'stage: Name.parameter'"),
        ("setting,openl3: OpenL3.content,enough", "our value 'music' must be a number"),
        ("computed,scrap_paths(J_fr=5),same", r"value='scrap_paths' .*did you mean 'scrapl_paths'"),
        ("computed,scrapl_paths(Jfr=5),same", r"scrapl_paths='Jfr' .*did you mean 'J_fr'"),
        ("computed,scrapl_paths,same", "missing 1 required positional argument: 'J_fr'"),
        ("computed,network_parameters(model=cnn),same", "'cnn'"),
        (",,same", "then rule is empty, and note says what is missing"),
        (",,", "then rule is empty, and note says what is missing"),
    ],
)
def test_what_does_not_exist_is_one_line(tmp_path, line, message):
    ours, item, rule = line.split(",") if line.count(",") == 2 else line.split(",", 1)[:1] * 3
    if line.count(",") != 2:
        ours, _, rest = line.partition(",")
        item, _, rule = rest.rpartition(",")
    row = f'x-1,paper,4,a claim,high,{ours},"{item}",{rule},,'
    folder = write(tmp_path / "claims", [row])
    with pytest.raises(ClaimError, match=message) as error:
        judge(folder)
    assert str(error.value).startswith("claims/mine.csv: x-1: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": HEAD.replace("rule", "ruel")}, r"column='ruel' .*did you mean 'rule'"),
        ({"head": HEAD.replace("section", "note2")}, "column='note2'"),
        ({"rules": RULES.replace("limit", "limt")}, r"enough: word='limt' .*did you mean 'limit'"),
        ({"rules": RULES.replace("why: chosen", "say: x")}, "enough: it needs why"),
        ({"rules": RULES.replace("at least", "at leest")}, r"'at leest' .*did you mean 'at least'"),
        ({"rules": "a: [b"}, "rules.yaml: not YAML"),
        ({"tables": RESULTS.replace("scope", "scop")}, r"results: word='scop' .*mean 'scope'"),
        ({"tables": RESULTS + "a: {absent: {why: x}, models in: b}"}, r"a: models in='b' is not"),
        ({"tables": RESULTS.replace("scope", "only: {modle: a}\n  scope")}, "column='modle'"),
        ({"tables": RESULTS.replace("{model}", "{modle}")}, r"word='modle' .*mean 'model'"),
    ],
)
def test_mistakes_in_rules_and_tables_are_one_line(tmp_path, options, message):
    folder = write(tmp_path / "claims", GOOD, **options)
    with pytest.raises(ClaimError, match=message) as error:
        judge(folder)
    assert "\n" not in str(error.value)


def test_an_identifier_stands_once_and_tables_are_known(tmp_path):
    folder = write(tmp_path / "claims", [GOOD[0], GOOD[0]])
    with pytest.raises(ClaimError, match=r"a-lr: stands in claims/mine.csv too"):
        load_claims(folder)
    folder = write(tmp_path / "claims", GOOD)
    with pytest.raises(ClaimError, match=r"table='result' .*did you mean 'results'"):
        judge(folder, result=[])


# ---- pages ----


def test_page_escapes_and_names_both_columns(rows):
    hostile = find(rows, id="chirps-count") | {
        "claim": "</script><b>bold</b>",
        "reason": '"><img src=x onerror=alert(1)>',
        "link": 'a"onmouseover="b.csv',
    }
    text = verdict_page([hostile, *rows[1:]], stamp=SMOKE)
    assert "<b>bold" not in text
    assert "<img" not in text
    assert 'onmouseover="b' not in text
    assert "&lt;b&gt;bold" in text
    assert "here, at paper scale" in text
    assert "here, at smoke scale" in text
    assert text.count("<script>") == 1
    assert "http" not in text  # nothing from a network
    assert text.count('class="row"') == len(rows)


def test_stage_writes_three_files_with_links_that_lead_there(chirps, tmp_path, monkeypatch):
    """Run in this process: a process of its own spends most of its time on imports."""
    made = medley_tables(clip_set=REAL)
    tables = {**chirps, "table2": made.rows, "differences": made.differences, "seeds": made.seeds}
    tables |= {"spins": spins(), "resynthesis": resynthesis(), "resynthesis-cost": cost()}
    for name, table in tables.items():
        io.save_csv(tmp_path / f"run/{name}.csv", table)
    inputs = [f"{name}=run/{name}.csv" for name in tables]
    monkeypatch.chdir(tmp_path)
    arguments = ["tabulate_verdicts", "--tables", *inputs, "--table", "run/verdicts.csv"]
    stage = run.load("tabulate_verdicts")
    run.call(stage, run.parser(stage).parse_args(arguments))
    found = io.load_csv(tmp_path / "run/verdicts.csv")
    assert find(found, id="table2-jtfs-average")["link"] == "table2.csv"
    assert find(found, id="chirps-count")["link"] == "../gin/chirps/chirps.gin"
    assert find(found, id="fig1-spin-gull")["verdict"] == "within"
    assert all(VerdictRow(**row) for row in found)  # read back, the rules still hold
    assert find(found, id="fig2-rate-gamma-4")["link"] == ""  # this run has no such table
    assert str(ROOT) not in io.load_text(tmp_path / "run/verdicts.md")
    assert str(tmp_path) not in io.load_text(tmp_path / "run/verdicts.html")
