"""Trust in stored results: are they as recorded, and are two runs the same.

`run_manifest` gathers the sidecars of a run, `verification` compares what they record with what is
there, `folders` compares two runs number by number. Files are read here, and only the verdict is
written: nothing is repaired.
"""
