"""Whole histories of the pipeline, with every fault that it must survive: see docs/faults.md."""

import os

# Read when a handler is imported: a tracer that traces nothing is a quarter of a history's time.
os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")
