"""Synthetic scenes for tracking: objects on the ground, seen by a camera, with the truth.

People or vehicles move on the ground, are projected by a pinhole camera that may pan, shake and
drive, hide each other, and are reported by a simulated detector that misses, jitters, truncates at
the border and invents boxes. Everything follows from a seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WIDTH, HEIGHT = 960, 540
FOCAL = 900.0
"""Focal length in pixels."""
EYE_M = 2.2
"""Height of the camera above the ground in metres."""
NEAREST_M = 2.0


@dataclass(frozen=True)
class Scene:
    """What happens in a scene, and how its detector errs.

    Attributes:
        name: what the scene is about.
        objects: number of objects in view at once; each that leaves is replaced.
        seconds: length.
        fps: frames per second of the source.
        size_m: width and height of an object in metres.
        speed_m_s: the usual speed of an object, metres per second.
        depth_m: nearest and farthest distance from the camera in metres.
        turn: standard deviation of an object's change of direction, radians per square root of a
            second.
        pause_rate: how often an object stops for a while, per second.
        recall: probability that an object in full view is detected.
        jitter: standard deviation of the edges of a box, in heights of the box.
        false_rate: invented boxes per frame.
        pan_px: amplitude of the camera's slow panning, pixels.
        shake_px: standard deviation of the camera's position from frame to frame, pixels.
        drive_m_s: speed of the camera forward.
        dropped: fraction of frames that are never analysed.
        across: whether objects cross the view from side to side.
    """

    name: str
    objects: int = 8
    seconds: float = 20.0
    fps: float = 15.0
    size_m: tuple[float, float] = (0.6, 1.75)
    speed_m_s: float = 1.3
    depth_m: tuple[float, float] = (5.0, 18.0)
    turn: float = 0.25
    pause_rate: float = 0.05
    recall: float = 0.95
    jitter: float = 0.02
    false_rate: float = 0.1
    pan_px: float = 0.0
    shake_px: float = 0.0
    drive_m_s: float = 0.0
    dropped: float = 0.0
    across: bool = False


SCENES = (
    Scene("crossings", objects=6, across=True, turn=0.05, pause_rate=0.0, depth_m=(6, 9)),
    Scene("street", objects=12),
    Scene("occlusions", objects=14, depth_m=(5, 10), across=True, fps=20),
    Scene("jitter", objects=8, jitter=0.06, speed_m_s=0.5, pause_rate=0.3),
    Scene("misses", objects=8, recall=0.65, fps=20),
    Scene("pan and shake", objects=8, pan_px=120, shake_px=6, fps=25),
    Scene("driving", objects=10, drive_m_s=4.0, depth_m=(8, 30), fps=12),
    Scene("dropped frames", objects=8, dropped=0.6, fps=25),
    Scene("border", objects=8, depth_m=(3, 6), across=True, speed_m_s=1.6),
    Scene("vehicles", objects=6, size_m=(1.9, 1.5), speed_m_s=9.0, depth_m=(10, 30), turn=0.02,
          pause_rate=0.0, across=True, fps=12),
    Scene("slow camera", objects=8, fps=6),
    Scene("crowd", objects=35, depth_m=(6, 25), fps=12, seconds=15),
)  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """One frame: the truth, and what the detector reports.

    Attributes:
        time_s: time in seconds.
        truth: ``(n, 4)`` float64, xyxy in pixels, cut at the border.
        truth_id: ``(n,)`` int64, an object's number, the same in all frames.
        boxes: ``(m, 4)`` float32, xyxy in pixels.
        scores: ``(m,)`` float32, in 0..1.
    """

    time_s: float
    truth: Array
    truth_id: NDArray[np.int64]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]


@dataclass
class _World:
    """The objects that are in the scene: position on the ground, heading, speed, size."""

    scene: Scene
    rng: np.random.Generator
    rows: list[list[float]] = field(default_factory=list)  # x, z, heading, speed, pause, w, h, id
    next_id: int = 0

    def add(self, *, inside: bool) -> None:
        scene, rng = self.scene, self.rng
        z = rng.uniform(*scene.depth_m)
        reach = z * WIDTH / 2 / FOCAL
        if scene.across:
            side = rng.choice([-1.0, 1.0])
            x = rng.uniform(-reach, reach) if inside else side * (reach + scene.size_m[0])
            heading = 0.0 if side < 0 else np.pi
            heading += rng.normal(0, 0.12)
        else:
            x = rng.uniform(-reach, reach)
            if not inside:
                x = rng.choice([-1.0, 1.0]) * (reach + scene.size_m[0])
            heading = rng.uniform(-np.pi, np.pi) if inside else (0.0 if x < 0 else np.pi)
            heading += rng.normal(0, 0.5)
        scale = rng.normal(1, 0.07)
        speed = max(0.1, scene.speed_m_s * rng.normal(1, 0.25))
        width, height = scene.size_m[0] * scale, scene.size_m[1] * scale
        self.rows.append([x, z, heading, speed, 0.0, width, height, self.next_id])
        self.next_id += 1

    def step(self, seconds: float) -> None:
        scene, rng = self.scene, self.rng
        for row in self.rows:
            if row[4] > 0:
                row[4] -= seconds
            else:
                row[0] += np.cos(row[2]) * row[3] * seconds
                row[1] += np.sin(row[2]) * row[3] * seconds
                row[2] += rng.normal(0, scene.turn) * np.sqrt(seconds)
                if rng.random() < scene.pause_rate * seconds:
                    row[4] = rng.exponential(2.0)
            row[1] -= scene.drive_m_s * seconds
            low, high = scene.depth_m
            if not scene.drive_m_s and not low <= row[1] <= high:
                row[1] = min(max(row[1], low), high)
                row[2] = -row[2]
        self.rows = [row for row in self.rows if self._stays(row)]
        while len(self.rows) < scene.objects:
            if scene.drive_m_s:
                self.add(inside=True)
                self.rows[-1][1] = rng.uniform(0.7, 1.0) * scene.depth_m[1]
            else:
                self.add(inside=False)

    @staticmethod
    def _stays(row: list[float]) -> bool:
        reach = row[1] * WIDTH / 2 / FOCAL + 2 * row[5]
        return abs(row[0]) <= reach and row[1] > NEAREST_M


def frames(scene: Scene, seed: int, every: int = 1) -> Iterator[Frame]:
    """Generate the frames of a scene that are analysed.

    Args:
        seed: another seed gives another instance of the scene.
        every: analyse every n-th frame.
    """
    rng = np.random.default_rng([seed, *scene.name.encode()])
    world = _World(scene, rng)
    for _ in range(scene.objects):
        world.add(inside=True)
    phase = rng.uniform(0, 2 * np.pi)
    wobble: dict[int, Array] = {}
    for number in range(int(scene.seconds * scene.fps)):
        time_s = number / scene.fps
        pan = scene.pan_px * np.sin(phase + time_s * 0.9)
        offset = np.array([pan, 0.0]) + rng.normal(0, 1, 2) * scene.shake_px
        truth, ids, depth = _project(world, offset)
        boxes, scores = _detect(scene, rng, truth, ids, depth, wobble)
        dropped = rng.random() < scene.dropped
        if number % every == 0 and not dropped:
            yield Frame(time_s, truth, ids, boxes, scores)
        world.step(1 / scene.fps)


def _project(world: _World, offset: Array) -> tuple[Array, NDArray[np.int64], Array]:
    """Return the boxes in view cut at the border, their ids and distances, nearest first."""
    rows = np.array(world.rows, np.float64).reshape(-1, 8)
    rows = rows[np.argsort(rows[:, 1])]
    scale = FOCAL / rows[:, 1]
    centre = WIDTH / 2 + rows[:, 0] * scale
    foot = HEIGHT * 0.4 + EYE_M * scale
    width, height = rows[:, 5] * scale, rows[:, 6] * scale
    boxes = np.stack([centre - width / 2, foot - height, centre + width / 2, foot], axis=1)
    boxes += np.tile(offset, 2)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    cut = np.clip(boxes, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
    left = np.prod(np.clip(cut[:, 2:] - cut[:, :2], 0, None), axis=1)
    seen = left > 0.25 * area
    return cut[seen], rows[seen, 7].astype(np.int64), rows[seen, 1]


def _hidden(boxes: Array) -> Array:
    """Return the fraction of each box that nearer ones, those before it, cover."""
    hidden = np.zeros(len(boxes))
    grid = (np.arange(12) + 0.5) / 12
    for row in range(1, len(boxes)):
        x1, y1, x2, y2 = boxes[row]
        xs, ys = np.meshgrid(x1 + grid * (x2 - x1), y1 + grid * (y2 - y1))
        nearer = boxes[:row, :, None, None]
        inside = (
            (nearer[:, 0] < xs) & (xs < nearer[:, 2]) & (nearer[:, 1] < ys) & (ys < nearer[:, 3])
        )
        hidden[row] = inside.any(axis=0).mean()
    return hidden


def _detect(
    scene: Scene,
    rng: np.random.Generator,
    truth: Array,
    ids: NDArray[np.int64],
    depth: Array,
    wobble: dict[int, Array],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the detector reports of the true boxes, and what it invents."""
    hidden = _hidden(truth)
    chance = scene.recall * np.clip((0.85 - hidden) / 0.45, 0, 1)
    chance *= np.clip(1.25 - depth / 60, 0, 1)
    found = rng.random(len(truth)) < chance
    boxes, scores = [], []
    for row in np.flatnonzero(found):
        box, height = truth[row], truth[row, 3] - truth[row, 1]
        # Errors of a detector last: half of the jitter is slow.
        slow = wobble.get(int(ids[row]), np.zeros(4)) * 0.8 + rng.normal(0, 0.6, 4)
        wobble[int(ids[row])] = slow
        error = (0.6 * slow + 0.7 * rng.normal(0, 1, 4)) * scene.jitter * height
        boxes.append(box + error)
        scores.append(np.clip(rng.normal(0.97 - 0.7 * hidden[row] ** 1.5, 0.06), 0.12, 0.999))
    for _ in range(rng.poisson(scene.false_rate)):
        height = rng.uniform(40, 200)
        left, top = rng.uniform(0, WIDTH - 60), rng.uniform(0, HEIGHT - 60)
        boxes.append(np.array([left, top, left + height * 0.4, top + height]))
        scores.append(rng.beta(2, 4))
    kept = np.array(boxes, np.float64).reshape(-1, 4)
    order = np.argsort(-np.array(scores))
    return kept[order].astype(np.float32), np.array(scores, np.float32)[order]
