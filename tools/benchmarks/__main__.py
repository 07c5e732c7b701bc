"""Measure, then write tables and figures: ``make benchmark``, ``python -m tools.benchmarks``."""

import signal
import sys

from jtfs_repro.config import ERROR_STATUS, TERMINATED_STATUS, USER_ERRORS, describe
from tools.benchmarks import plan, report
from tools.benchmarks.harness import Harness, Store


def main(chosen: plan.Options) -> None:
    """Run all jobs of the options and report them."""
    store = Store(chosen.output, resume=chosen.resume)
    harness = Harness(store, peer_python=chosen.peer_python, limit_s=chosen.limit_s)
    rates = harness.rates(chosen.settings)
    rows = harness.run(plan.jobs(chosen.settings), rates)
    report.write(chosen.output, rows, rates, chosen.settings)
    store.finish()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED_STATUS))
    try:
        main(plan.read())
    except USER_ERRORS as error:
        print(f"error: {describe(error)}", file=sys.stderr)
        sys.exit(ERROR_STATUS)
    except KeyboardInterrupt:
        print("\nerror: interrupted (run again with --resume)", file=sys.stderr)
        sys.exit(ERROR_STATUS)
