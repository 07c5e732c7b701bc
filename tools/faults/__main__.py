"""Try all faults and write docs/reliability.md: ``make faults``, ``python -m tools.faults``."""

import signal
import sys

from jtfs_repro.config import ERROR_STATUS, TERMINATED_STATUS, USER_ERRORS, describe
from tools.faults import harness, report


def main(chosen: harness.Options) -> int:
    """Try the faults of the options and report them; return 1 if a promise was broken."""
    harness.show(f"seed {chosen.seed}: every moment and choice is drawn from it")
    results = harness.try_faults(chosen)
    print(report.page(results, chosen))
    if chosen.output is not None:
        report.write(chosen.output, results, chosen)
    return 0 if all(result.is_kept for result in results) else ERROR_STATUS


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell had it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED_STATUS))
    try:
        sys.exit(main(harness.read()))
    except (*USER_ERRORS, RuntimeError) as error:
        print(f"error: {describe(error)}", file=sys.stderr)
        sys.exit(ERROR_STATUS)
    except KeyboardInterrupt:
        print("\nerror: interrupted (nothing was written)", file=sys.stderr)
        sys.exit(ERROR_STATUS)
