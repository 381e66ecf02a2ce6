#!/usr/bin/env python3
"""Trains one of torchvision's detectors on shapes and writes it as shapes-torchvision.onnx.

    python3 -m examples.torchvision.train [--steps 1000] [--out shapes-torchvision.onnx]

FCOS over a small network of our own. Whatever torchvision's other detectors are called, they are
trained and exported in the same way: see `Exported`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection import FCOS
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops import Conv2dNormActivation as Convolution
from torchvision.transforms.functional import pil_to_tensor

from examples.custom.shapes import LABELS, draw, stretch

SIDE = 160  # pixels of the network's input, both ways
BATCH = 16


class Backbone(nn.Module):
    """Two maps of 32 channels, of 8 and 16 pixels a cell."""

    out_channels = 32

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            *(Convolution(*pair, stride=2) for pair in ((3, 16), (16, 32), (32, 32)))
        )
        self.coarse = nn.Sequential(Convolution(32, 48, stride=2), Convolution(48, 32))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        fine = self.fine(images)
        coarse = self.coarse(fine)
        return {"fine": fine + nn.functional.interpolate(coarse, scale_factor=2), "coarse": coarse}


class Exported(nn.Module):
    """One picture in, boxes in its pixels, scores and labels (0 is the background) out.

    torchvision's detectors take lists and return dictionaries, which ONNX does not know.
    """

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        found = self.detector([images[0]])[0]
        return found["boxes"], found["scores"], found["labels"]


def train(steps: int, scenes: int) -> FCOS:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    drawn = [stretch(draw(rng, *rng.integers(120, 241, 2).tolist()), SIDE) for _ in range(scenes)]
    detector = FCOS(
        Backbone(),
        num_classes=1 + len(LABELS),  # with the background
        anchor_generator=AnchorGenerator(sizes=((32,), (64,)), aspect_ratios=((1.0,), (1.0,))),
        min_size=SIDE,
        max_size=SIDE,
        image_mean=[0.5] * 3,
        image_std=[0.25] * 3,
        nms_thresh=0.5,
        detections_per_img=50,
    )
    optimizer = torch.optim.AdamW(detector.parameters(), lr=0.002)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.002, total_steps=steps)
    for step in range(1, steps + 1):
        batch = [drawn[index] for index in rng.integers(scenes, size=BATCH)]
        images = [pil_to_tensor(scene.image) / 255 for scene in batch]
        truth = [
            {"boxes": torch.from_numpy(scene.boxes), "labels": torch.from_numpy(scene.classes) + 1}
            for scene in batch
        ]
        losses = detector(images, truth)
        error = sum(losses.values())
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step:5}   loss {error.item():.3f}", flush=True)
    return detector.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).with_name("shapes-torchvision.onnx")
    )
    options = parser.parse_args()
    detector = train(options.steps, options.scenes)
    torch.onnx.export(
        Exported(detector),
        (torch.rand(1, 3, SIDE, SIDE),),
        options.out,
        input_names=["images"],
        output_names=["boxes", "scores", "labels"],
        dynamo=False,  # the newer exporter does not get through torchvision's loops over lists
        opset_version=17,
    )
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
