"""Anchors of published SSD networks, whose files do not hold them; see `anchors`.

- ``tensorflow``: TensorFlow's object detection API, six maps, scales 0.2 to 0.95
- ``ssd300`` and ``ssd300-coco``: Liu et al. 2016 (arXiv 1512.02325), for PASCAL VOC and for COCO
- ``ultraface``: Ultra-Light-Fast-Generic-Face-Detector-1MB (https://github.com/Linzaer)
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from obscura.families.common.anchors import Shapes, squares
from obscura.families.common.rows import Spec


class Set(NamedTuple):
    """Anchors of published networks."""

    strides: tuple[int, ...]
    each: tuple[int, ...]
    shapes: Callable[[Spec], tuple[Shapes, ...]]
    whole: bool  # see `anchors.place`
    clip: bool  # centres and sizes are clipped to 0..1
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def _tensorflow(spec: Spec) -> tuple[Shapes, ...]:
    scales = [0.2 + 0.15 * level for level in range(6)] + [1.0]
    levels = [[(0.1, 1.0), (0.2, 2.0), (0.2, 0.5)]]
    for scale, larger in pairwise(scales[1:]):
        ratios = [(scale, ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 0.3333)]
        levels.append([*ratios, (sqrt(scale * larger), 1.0)])
    short = min(spec.width, spec.height)
    wide, high = short / spec.width, short / spec.height
    return tuple(
        tuple((scale * sqrt(ratio) * wide, scale / sqrt(ratio) * high) for scale, ratio in level)
        for level in levels
    )


def _ssd300(first: tuple[float, ...]) -> Callable[[Spec], tuple[Shapes, ...]]:
    sides = (*first, 315.0)

    def shapes(_spec: Spec) -> tuple[Shapes, ...]:
        levels = []
        for level, (least, larger) in enumerate(pairwise(sides)):
            side, between = least / 300, sqrt(least * larger) / 300
            found = [(side, side), (between, between)]
            for ratio in (2.0, 3.0) if level in (1, 2, 3) else (2.0,):
                long, short = side * sqrt(ratio), side / sqrt(ratio)
                found += [(long, short), (short, long)]
            levels.append(tuple(found))
        return tuple(levels)

    return shapes


def _ultraface(spec: Spec) -> tuple[Shapes, ...]:
    return squares(spec, ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256)))


_PAPER = ((8, 16, 32, 64, 100, 300), (4, 6, 6, 6, 4, 4))
_CAFFE_MEAN = (123.0, 117.0, 104.0)  # red, green, blue
SETS = {
    "tensorflow": Set(
        (16, 32, 64, 128, 256, 512), (3, 6, 6, 6, 6, 6), _tensorflow, whole=True, clip=False,
        mean=(127.5,) * 3, std=(127.5,) * 3,
    ),
    "ssd300": Set(
        *_PAPER, _ssd300((30, 60, 111, 162, 213, 264)), whole=False, clip=True,
        mean=_CAFFE_MEAN, std=(1.0,) * 3,
    ),
    "ssd300-coco": Set(
        *_PAPER, _ssd300((21, 45, 99, 153, 207, 261)), whole=False, clip=True,
        mean=_CAFFE_MEAN, std=(1.0,) * 3,
    ),
    "ultraface": Set(
        (8, 16, 32, 64), (3, 2, 2, 3), _ultraface, whole=True, clip=True,
        mean=(127.0,) * 3, std=(128.0,) * 3,
    ),
}  # fmt: skip
