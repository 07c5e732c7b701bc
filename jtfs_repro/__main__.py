"""Run one stage of the workflow: ``python -m jtfs_repro STAGE --gin FILE ... --name path ...``."""

from jtfs_repro.extras import reported

if __name__ == "__main__":
    with reported():
        from jtfs_repro.run import main

        main()
