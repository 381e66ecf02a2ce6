"""The sample clip: people who walk through a room, drawn by tools/draw_clip.py."""
