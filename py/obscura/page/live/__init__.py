"""Sources, and the loop that analyses their frames."""
