"""Tabulate the scores of all resyntheses, and what their iterations cost."""

from pathlib import Path

from jtfs_repro import config, io
from jtfs_repro.experiments.resynthesis_table import cost_table, resynthesis_table
from jtfs_repro.experiments.stored_resynthesis import load_cost, load_facts
from jtfs_repro.provenance import Stamp


def arguments():
    parser = config.parser(__doc__)
    parser.add_argument("--scores", nargs="+", required=True, help=".csv of each sound")
    parser.add_argument("--facts", nargs="+", required=True, help=".json of each, cost beside it")
    parser.add_argument("--table", required=True, help="output .csv; its .md is beside it")
    parser.add_argument("--cost", required=True, help="output .csv; its .md is beside it")
    return parser


def main(options):
    table = config.bound(resynthesis_table)([io.load_csv(path) for path in options.scores])
    facts = [load_facts(path) for path in options.facts]
    costs = cost_table(facts, [load_cost(path) for path in options.facts])
    io.save_csv(options.table, table.rows)
    io.save_text(Path(options.table).with_suffix(".md"), table.text)
    io.save_csv(options.cost, costs)
    text = io.csv_to_markdown(costs, caption=Stamp.common(facts).line)
    io.save_text(Path(options.cost).with_suffix(".md"), text)


if __name__ == "__main__":
    config.run_script(main, arguments())
