"""The pure half of the frame loop: its rate, and where its milliseconds go."""
