"""What happens in the sample clip: who walks where, and so what is right to count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clip.figure import Figure, Look, Pose
from clip.paint import Image, colour, grain, polygon

WIDTH, HEIGHT = 480, 360
FPS = 15
SECONDS = 12.0
WALL = 165
"""Height of the wall in pixels; below is the floor."""
TALL = 0.74
"""Height of people as a part of the distance of their feet from the picture's top."""
OUTSIDE = 70
"""Pixels beyond the picture's edge where people come from and go to."""
STANDING = 0.08
"""The stride of somebody who stands."""
SLOWING_S = 0.3


@dataclass(frozen=True)
class Walk:
    """Somebody's way through the picture, on a straight line."""

    look: Look
    foot_y: float
    """Where their feet are, in pixels from the top: the lower, the nearer."""
    begins_s: float
    speed: float
    """Pixels per second; negative to the left."""
    stop_x: float = 0.0
    """Where they stand for a while, if they do."""
    stops_s: float = 0.0
    """For how long they stand."""

    def pose(self, time_s: float) -> Pose | None:
        """Return where they are; None before they come and after they have gone."""
        time_s -= self.begins_s
        stride = 1.0
        if self.stops_s:
            arrival = (self.stop_x + OUTSIDE) / abs(self.speed)
            waited = min(max(time_s - arrival, 0), self.stops_s)
            stands = min(waited, self.stops_s - waited) / SLOWING_S
            stride -= (1 - STANDING) * min(stands, 1)
            time_s -= waited
        way = abs(self.speed) * time_s
        if not 0 <= way <= WIDTH + 2 * OUTSIDE:
            return None
        x = way - OUTSIDE if self.speed > 0 else WIDTH + OUTSIDE - way
        facing = 1 if self.speed > 0 else -1
        return Pose((x, self.foot_y), TALL * self.foot_y, facing, stride, way)


BLUE = Look("#2f6fae", "#39404e", "#e0a880", "#3b2a1e", "#2b2622")
RED = Look("#b8443c", "#2c2d33", "#8d5a3b", "#1a1614", "#d8d4cc")
GREEN = Look("#3f8a5f", "#2a3656", "#c08a62", "#2a1d14", "#3a2f28")
YELLOW = Look("#d2a83e", "#2f4a6e", "#f0c6a4", "#7a5230", "#2b2622")

WALKS = (  # from the farthest to the nearest: that is how they are painted
    Walk(RED, 262, 0.4, -110),
    Walk(YELLOW, 280, 7.0, 140),
    Walk(BLUE, 292, 0.4, 140),
    Walk(GREEN, 340, 3.2, 140, stop_x=308, stops_s=3.0),
)
"""Three come in, to the right. One of them waits on the yellow field, and leaves it again. One goes
out. The first and the last frame are empty, so that the clip can begin again at its end."""


def room() -> Image:
    """Return the empty room: a wall, a floor, a mat at the door, and a place to wait."""
    image = np.empty((HEIGHT, WIDTH, 3))
    down = np.linspace(0.86, 1.0, WALL)[:, None, None]
    image[:WALL] = colour("#d3cfc4") * down
    near = np.linspace(0.82, 1.12, HEIGHT - WALL)[:, None, None]
    image[WALL:] = colour("#b9b2a6") * near
    image[WALL - 8 : WALL] = colour("#7d746a")
    polygon(image, [(198, WALL), (224, WALL), (240, HEIGHT), (182, HEIGHT)], colour("#4c4a4e"), 0.8)
    polygon(image, [(264, 320), (350, 320), (356, HEIGHT), (256, HEIGHT)], colour("#c9b45a"), 0.45)
    grain(image, 1.6)
    return image


def frames() -> Iterator[NDArray[np.uint8]]:
    """Yield the frames, uint8 [HEIGHT, WIDTH, 3], RGB."""
    empty = room()
    for index in range(round(SECONDS * FPS)):
        image = empty.copy()
        for walk in WALKS:
            pose = walk.pose(index / FPS)
            if pose is not None:
                Figure(image, walk.look, pose).paint()
        yield image.clip(0, 255).astype(np.uint8)
