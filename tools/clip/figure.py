"""A person seen from the side, who walks or stands: painted tubes for limbs, trunk and head."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clip.paint import Image, Point, colour, shadow, tube

FAR = 0.62
"""Light on the arm and leg of the far side."""
TURN = 0.035
"""By how much the far shoulder and hip are ahead and the near ones behind: people turn a little
towards the camera. In heights of the person."""
Tint = NDArray[np.float64]
STEP = 0.37
"""Length of a step in heights of the person."""
EYE, LIPS = colour("#2a2320"), colour("#8a4038")


@dataclass(frozen=True)
class Look:
    """Colours of somebody, as "#rrggbb"."""

    shirt: str
    trousers: str
    skin: str
    hair: str
    shoes: str


@dataclass(frozen=True)
class Pose:
    """Where somebody is in a frame, and how."""

    foot: Point
    """Where they stand, x and y in pixels."""
    height: float
    """In pixels."""
    facing: int
    """1 to the right, -1 to the left."""
    stride: float
    """1 walks, 0 stands."""
    way: float
    """Pixels walked so far: they decide where the legs are."""


def _on(start: Point, length: float, angle: float) -> Point:
    """Return the other end of a limb; an angle of 0 hangs straight down."""
    return start[0] + length * math.sin(angle), start[1] + length * math.cos(angle)


class Figure:
    """Paints somebody in one pose. All lengths below are in heights of the person."""

    def __init__(self, image: Image, look: Look, pose: Pose) -> None:
        self._image, self._pose = image, pose
        self._shirt, self._trousers = colour(look.shirt), colour(look.trousers)
        self._skin, self._hair, self._shoes = map(colour, (look.skin, look.hair, look.shoes))
        self._phase = math.pi * pose.way / (STEP * pose.height)
        x, y = pose.foot
        rise = 0.475 + 0.012 * pose.stride * math.cos(2 * self._phase)
        self._hip = (x, y - rise * pose.height)
        lean = 0.02 * pose.facing * pose.stride
        self._neck = self._off(self._hip, lean, -0.345)

    def paint(self) -> None:
        """Paint from the far side to the near one."""
        shadow(self._image, self._pose.foot, self._pose.height)
        opposite = self._phase + math.pi
        self._arm(opposite, TURN, FAR)
        self._leg(opposite, TURN, FAR)
        self._leg(self._phase, -TURN, 1)
        self._trunk()
        self._head()
        self._arm(self._phase, -TURN, 1)

    def _off(self, point: Point, x: float, y: float) -> Point:
        height = self._pose.height
        return point[0] + x * height, point[1] + y * height

    def _tube(
        self,
        start: Point,
        end: Point,
        widths: Point,
        tint: Tint,
        light: float = 1.0,
        folds: float = 0.1,
    ) -> None:
        height = self._pose.height
        scaled = widths[0] * height, widths[1] * height
        tube(self._image, start, end, scaled, tint, light, folds)

    def _leg(self, phase: float, ahead: float, light: float) -> None:
        pose, facing = self._pose, self._pose.facing
        swing = 0.42 * pose.stride * math.sin(phase)
        bend = 0.75 * pose.stride * max(0, math.cos(phase)) ** 1.5 + 0.04
        hip = self._off(self._hip, 0.7 * ahead * facing, 0)
        knee = _on(hip, 0.235 * pose.height, facing * (swing + 0.15 * bend))
        ankle = _on(knee, 0.215 * pose.height, facing * (swing - 0.8 * bend))
        ankle = (ankle[0], min(ankle[1], pose.foot[1] - 0.028 * pose.height))
        heel = self._off(ankle, -0.012 * facing, 0.014)
        toe = self._off(ankle, 0.075 * facing, 0.02)
        self._tube(heel, toe, (0.05, 0.036), self._shoes, light, 0.05)
        self._tube(knee, ankle, (0.092, 0.062), self._trousers, light)
        self._tube(hip, knee, (0.128, 0.092), self._trousers, light)

    def _arm(self, phase: float, ahead: float, light: float) -> None:
        pose, facing = self._pose, self._pose.facing
        swing = -0.5 * pose.stride * math.sin(phase)
        shoulder = self._off(self._neck, 1.6 * ahead * facing, 0.05)
        elbow = _on(shoulder, 0.165 * pose.height, facing * (swing - 0.06))
        wrist = _on(elbow, 0.135 * pose.height, facing * (swing + 0.12 + 0.2 * pose.stride))
        hand = _on(wrist, 0.04 * pose.height, facing * (swing + 0.3))
        self._tube(wrist, hand, (0.042, 0.036), self._skin, light, 0.03)
        self._tube(elbow, wrist, (0.058, 0.046), self._shirt, light)
        self._tube(shoulder, elbow, (0.08, 0.06), self._shirt, light)

    def _trunk(self) -> None:
        facing, hip, neck = self._pose.facing, self._hip, self._neck
        side = 0.6 * TURN
        self._tube(
            self._off(hip, -side, -0.02), self._off(hip, side, -0.02), (0.14, 0.14), self._trousers
        )
        chin = self._off(neck, 0.01 * facing, -0.055)
        self._tube(self._off(neck, 0, 0.02), chin, (0.07, 0.06), self._skin, 0.8, 0.02)
        for ahead in (side * facing, -side * facing):
            chest, waist = self._off(neck, 1.3 * ahead, 0.08), self._off(hip, ahead, -0.035)
            self._tube(chest, waist, (0.17, 0.15), self._shirt)
        self._tube(
            self._off(neck, -side, 0.04), self._off(neck, side, 0.045), (0.1, 0.1), self._shirt
        )

    def _head(self) -> None:
        """Face, nose, eye, mouth, hair and ear; lengths in parts of the head's half width."""
        facing = self._pose.facing
        centre = self._off(self._neck, 0.022 * facing, -0.085)
        unit = 0.058

        def part(
            start: Point, end: Point, widths: Point, tint: Tint, light: float, folds: float
        ) -> None:
            first, last = (self._off(centre, unit * facing * x, unit * y) for x, y in (start, end))
            self._tube(first, last, (unit * widths[0], unit * widths[1]), tint, light, folds)

        skin, hair = self._skin, self._hair
        part((0.1, 0.45), (0, -0.2), (1.45, 1.9), skin, 1, 0.02)
        part((0.82, 0.12), (0.95, 0.32), (0.2, 0.3), skin, 0.97, 0.02)
        part((0.5, -0.02), (0.62, -0.02), (0.16, 0.16), EYE, 1, 0)
        part((0.5, 0.75), (0.75, 0.73), (0.12, 0.1), LIPS, 1, 0)
        part((-0.45, -0.5), (0.4, -0.75), (1.5, 0.85), hair, 1, 0.16)
        part((-0.6, -0.4), (-0.55, 0.35), (1.2, 0.75), hair, 1, 0.16)
        part((-0.12, 0.1), (-0.1, 0.3), (0.3, 0.25), skin, 0.86, 0.02)
