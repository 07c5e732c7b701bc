"""The stages of the workflow: one function a file, see `jtfs_repro.run`."""
