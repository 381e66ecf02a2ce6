"""The parts of the frame loop that need no browser: its pace and its timings."""
