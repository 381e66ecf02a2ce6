"""Paint for the sample clip: shaded tubes, shadows and grain on an array of pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float64]
"""[height, width, 3], RGB, 0..255."""
Point = tuple[float, float]
"""x, y in pixels."""

SIDE = 256  # pixels of a texture, which repeats
LIGHT = np.array([-0.35, -0.6, 0.72]) / math.sqrt(0.35**2 + 0.6**2 + 0.72**2)


def colour(code: str) -> NDArray[np.float64]:
    """Return "#rrggbb" as three numbers, 0..255."""
    return np.array([int(code[start : start + 2], 16) for start in (1, 3, 5)], float)


def noise(coarseness: float, seed: int) -> NDArray[np.float64]:
    """Return a texture [SIDE, SIDE] with mean 0 and deviation 1, the same for the same seed.

    Args:
        coarseness: about the size of its spots, in pixels.
    """
    white = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    rate = np.fft.fftfreq(SIDE)
    blur = np.exp(-20 * coarseness**2 * (rate[:, None] ** 2 + rate[None, :] ** 2))
    texture = np.fft.ifft2(np.fft.fft2(white) * blur).real
    return np.asarray(texture / texture.std())


FOLDS, GRAIN = noise(2.2, 7), noise(0.5, 8)


def grain(image: Image, strength: float) -> None:
    """Roughen all of an image."""
    rows, columns = np.indices(image.shape[:2])
    image += strength * GRAIN[rows % SIDE, columns % SIDE, None]


def polygon(image: Image, corners: list[Point], tint: NDArray[np.float64], cover: float) -> None:
    """Paint a convex polygon, whose corners go clockwise on the screen, over an image.

    Args:
        cover: 0 (nothing) to 1 (opaque).
    """
    rows, columns = np.indices(image.shape[:2])
    inside = np.full(image.shape[:2], np.inf)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = math.hypot(bx - ax, by - ay)
        inside = np.minimum(inside, ((bx - ax) * (rows - ay) - (by - ay) * (columns - ax)) / length)
    share = cover * np.clip(inside + 0.5, 0, 1)[..., None]
    image *= 1 - share
    image += share * tint


def shadow(image: Image, foot: Point, height: float) -> None:
    """Darken the floor under somebody of this height."""
    rows, columns = np.indices(image.shape[:2])
    along = (columns - foot[0] - 0.03 * height) / (0.26 * height)
    across = (rows - foot[1] - 0.012 * height) / (0.04 * height)
    image *= 1 - 0.45 * np.exp(-1.3 * (along**2 + across**2))[..., None]


def tube(
    image: Image,
    start: Point,
    end: Point,
    widths: Point,
    tint: NDArray[np.float64],
    light: float = 1.0,
    folds: float = 0.1,
) -> None:
    """Paint a tube with round ends, lit from the upper left.

    Args:
        widths: at its start and end, in pixels.
        light: brightness; less for what is on the far side.
        folds: how much its surface varies, as cloth does.
    """
    (ax, ay), (bx, by) = start, end
    first, last = widths[0] / 2, widths[1] / 2
    margin = max(first, last) + 1
    left, right = (max(0, int(edge)) for edge in (min(ax, bx) - margin, max(ax, bx) + margin + 2))
    top, bottom = (max(0, int(edge)) for edge in (min(ay, by) - margin, max(ay, by) + margin + 2))
    part = image[top:bottom, left:right]
    if not part.size:
        return
    rows, columns = np.indices(part.shape[:2])
    x, y = columns + left - ax, rows + top - ay
    run, rise = bx - ax, by - ay
    along = np.clip((x * run + y * rise) / (run * run + rise * rise + 1e-6), 0, 1)
    radius = first + (last - first) * along
    away_x, away_y = x - along * run, y - along * rise
    cover = np.clip(radius - np.hypot(away_x, away_y) + 0.5, 0, 1)[..., None]
    nx, ny = away_x / radius, away_y / radius
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0.02, 1))
    lit = 0.42 + 0.68 * np.clip(nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2], 0, 1)
    at = y.astype(int) % SIDE, x.astype(int) % SIDE
    lit += folds * (0.6 * FOLDS[at] + 0.35 * GRAIN[at])
    part *= 1 - cover
    part += cover * np.clip(tint * light * lit[..., None], 0, 255)
