#!/usr/bin/env python3
"""Trains a small detector of shapes from scratch, on the CPU, and writes it as shapes.onnx.

    python3 train.py [--steps 3000] [--out shapes.onnx]
    python3 train.py --data labelled --out mine.onnx     # on pictures of your own, see labelled.py

One network, one loss, no anchors: every cell of a 20 x 20 grid says what lies on it and how far
away the left, top, right and bottom of that thing's box are (FCOS, Tian et al. 2019).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from labelled import read
from shapes import LABELS, draw, letterbox
from torch import Tensor, nn
from torch.nn import functional

SIDE = 160  # pixels of the network's input, both ways
STRIDE = 8  # pixels a cell
MOST = 6  # shapes in a drawn scene
BATCH = 32
DESCRIPTION = "Shapes: a small detector trained from scratch on drawn scenes"


def convolution(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    """The usual three: convolution, batch norm, activation."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(),
    )


class Detector(nn.Module):
    """The network: images in, a box and a score for each class out of every cell."""

    def __init__(self, classes: int = len(LABELS)) -> None:
        super().__init__()
        self.near = nn.Sequential(
            convolution(3, 12, stride=2),
            convolution(12, 24, stride=2),
            convolution(24, 32, stride=2),
        )
        self.far = nn.Sequential(  # at half the resolution, to see the whole of a large shape
            convolution(32, 48, stride=2), convolution(48, 32), nn.Upsample(scale_factor=2)
        )
        self.join = nn.Sequential(convolution(32, 32), convolution(32, 32))
        self.head = nn.Conv2d(32, 4 + classes, 1)
        nn.init.constant_(self.head.bias[4:], -4.0)  # most cells hold nothing: begin with that
        grid = torch.arange(STRIDE / 2, SIDE, STRIDE)
        y, x = torch.meshgrid(grid, grid, indexing="ij")
        self.register_buffer("centres", torch.stack([x, y], dim=-1).reshape(-1, 2))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images ``(B, 3, SIDE, SIDE)``, RGB in 0..1, to what N cells say.

        Returns:
            Distances in pixels ``(B, N, 4)`` to left, top, right and bottom, and logits
            ``(B, N, classes)``.
        """
        near = self.near(images)
        rows = self.head(self.join(near + self.far(near))).flatten(2).transpose(1, 2)
        return rows[..., :4].exp() * STRIDE, rows[..., 4:]


class Exported(nn.Module):
    """The network as others read it: ``(B, 4 + classes, N)``, of cx, cy, width, height, scores."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> Tensor:
        distances, logits = self.detector(images)
        before, after = distances[..., :2], distances[..., 2:]
        middle = self.detector.centres + (after - before) / 2
        return torch.cat([middle, before + after, logits.sigmoid()], dim=-1).transpose(1, 2)


def loss(detector: Detector, images: Tensor, boxes: Tensor, classes: Tensor) -> Tensor:
    """How wrong the network is about a batch of boxes ``(B, MOST, 4)``, classes -1 where is none.

    A cell answers for a shape if it lies in the middle of its box. There the boxes should overlap
    (UnitBox, Yu et al. 2016) and the score should be that overlap; elsewhere the score should be 0
    (quality focal loss, Li et al. 2020).
    """
    distances, logits = detector(images)
    centres = detector.centres[:, None]
    wanted = torch.cat([centres - boxes[:, None, :, :2], boxes[:, None, :, 2:] - centres], dim=-1)
    aside = (wanted[..., :2] - wanted[..., 2:]).abs().amax(dim=-1) / 2  # from the box's middle
    inside = (wanted.amin(dim=-1) > 0) & (aside < 1.5 * STRIDE) & (classes >= 0)[:, None]
    image, cell, shape = inside.nonzero(as_tuple=True)

    found, truth = distances[image, cell], wanted[image, cell, shape]
    shared = torch.minimum(found, truth)
    shared, found, truth = (
        (four[:, 0] + four[:, 2]) * (four[:, 1] + four[:, 3]) for four in (shared, found, truth)
    )
    overlap = shared / (found + truth - shared)

    target = torch.zeros_like(logits)
    target[image, cell, classes[image, shape]] = overlap.detach()
    surprise = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    focal = (logits.sigmoid() - target).square() * surprise
    return (2 * (1 - overlap).sum() + focal.sum()) / max(len(overlap), 1)


Data = tuple[Tensor, Tensor, Tensor]


def load(count: int, seed: int) -> Data:
    """Draw scenes: images uint8 ``(count, 3, SIDE, SIDE)``, boxes and classes padded to MOST."""
    rng = np.random.default_rng(seed)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    boxes = np.zeros((count, MOST, 4), np.float32)
    classes = np.full((count, MOST), -1, np.int64)
    for row in range(count):
        scene = letterbox(draw(rng, *rng.integers(120, 241, 2).tolist()), SIDE)
        images[row] = scene.image
        boxes[row, : len(scene.boxes)] = scene.boxes
        classes[row, : len(scene.boxes)] = scene.classes
    return torch.from_numpy(images).permute(0, 3, 1, 2), *map(torch.from_numpy, (boxes, classes))


def vary(images: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The same scenes mirrored and in other colours, at random: a shape remains what it is."""
    images = images[:, torch.randperm(3)]
    if torch.rand(()) < 0.5:
        images, boxes = (
            images.flip(3),
            (SIDE - boxes)[..., [2, 1, 0, 3]].where(
                torch.tensor([True, False, True, False]), boxes
            ),
        )
    if torch.rand(()) < 0.5:
        images, boxes = images.transpose(2, 3), boxes[..., [1, 0, 3, 2]]
    return images, boxes


def train(steps: int, data: Data, labels: tuple[str, ...] = LABELS, seed: int = 0) -> Detector:
    """Train a new network; says how it is getting on."""
    torch.manual_seed(seed)
    began = time.perf_counter()
    images, boxes, classes = data
    scenes = len(images)
    detector = Detector(len(labels))
    optimizer = torch.optim.AdamW(detector.parameters(), lr=0.004, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.004, total_steps=steps)
    recent = 0.0
    for step in range(1, steps + 1):
        chosen = torch.randint(scenes, (BATCH,))
        shown, truth = vary(images[chosen], boxes[chosen])
        error = loss(detector, shown / 255, truth, classes[chosen])
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        schedule.step()
        recent += error.item()
        if step % 100 == 0:
            spent = time.perf_counter() - began
            print(f"step {step:5}   loss {recent / 100:.3f}   {spent:4.0f} s", flush=True)
            recent = 0.0
    return detector.eval()


def export(detector: Detector, path: Path, labels: tuple[str, ...] = LABELS) -> None:
    """Write the network as one ONNX file that says itself what it is."""
    example = torch.zeros(1, 3, SIDE, SIDE)
    torch.onnx.export(
        Exported(detector).eval(),
        (example,),
        path,
        input_names=["images"],
        output_names=["output0"],
        external_data=False,
        verbose=False,
    )
    model = onnx.load(path)
    for part in (
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.value_info,
    ):
        del part.metadata_props[:]  # the exporter's notes, which quote this machine's paths
    about = {
        "description": DESCRIPTION if labels == LABELS else f"Finds {', '.join(labels)}",
        "task": "detect",
        "names": str(dict(enumerate(labels))),
        "imgsz": str([SIDE, SIDE]),
        "stride": str(STRIDE),
        "license": "Apache-2.0",
    }
    onnx.helper.set_model_props(model, about)
    onnx.save(model, path)
    print(f"{path}: {path.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument(
        "--data", type=Path, nargs="+", metavar="DIR", help="labelled pictures (COCO)"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("shapes.onnx"))
    options = parser.parse_args()
    labels = LABELS
    if options.data:
        images, boxes, classes, labels = read(options.data, SIDE)
        data = (
            torch.from_numpy(images).permute(0, 3, 1, 2),
            *map(torch.from_numpy, (boxes, classes)),
        )
        print(f"{len(images)} pictures of {', '.join(labels)}", flush=True)
    else:
        data = load(options.scenes, seed=0)
        print(f"{options.scenes} scenes drawn", flush=True)
    export(train(options.steps, data, labels), options.out, labels)


if __name__ == "__main__":
    main()
