"""Run one stage of the workflow: ``python -m jtfs_repro STAGE --gin FILE ... --name path ...``."""

from jtfs_repro.run import main

if __name__ == "__main__":
    main()
