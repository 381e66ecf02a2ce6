"""Exit codes of commands."""

OK = 0
SOME_FAILED = 1
"""Some inputs failed, as stderr says; what is left is written."""
SENSELESS = 2
"""The command makes no sense, or would overwrite something."""
NO_ENGINE = 3
"""A model, a package or the engine is missing or damaged."""
NO_OUTPUT = 4
"""The output cannot be written."""
STOPPED = 130
"""After Ctrl-C, as shells have it. What was done is kept."""
NOBODY_READS = 141
"""The reader of the output has gone, as after ``| head``: the code of other programs."""
