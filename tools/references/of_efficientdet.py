"""EfficientDet (rwightman/efficientdet-pytorch, Apache-2.0), narrow, and its own bench."""

from __future__ import annotations

from functools import partial
from typing import Any

from references import Reference, export, noise, project, run

WIDTH, HEIGHT = 128, 96  # which strides of 64 and 128 do not divide
NAMES = [f"{kind}_{level}" for kind in ("class", "box") for level in range(5)]


def _config(name: str, classes: int) -> Any:
    from effdet import get_efficientdet_config

    config = get_efficientdet_config(name)
    config.update(
        {
            "num_classes": classes, "image_size": (HEIGHT, WIDTH), "max_detection_points": 1000,
            "max_det_per_image": 500, "fpn_channels": 16, "fpn_cell_repeats": 1,
            "box_class_repeats": 1,
        }
    )  # fmt: skip
    return config


def network(name: str, classes: int) -> bytes:
    """Export one, its outputs spread: random weights are never sure of anything."""
    import torch
    from effdet import EfficientDet

    class Sure(torch.nn.Module):
        """The network with spread outputs."""

        def __init__(self) -> None:
            super().__init__()
            self.model = EfficientDet(_config(name, classes), pretrained_backbone=False)

        def forward(self, picture: Any) -> Any:
            logits, offsets = self.model(picture)
            return [_spread(x, 3) for x in logits], [_spread(x, 0.3) for x in offsets]

    return export(Sure(), [torch.from_numpy(noise(WIDTH, HEIGHT))], ["input"], NAMES)


def record() -> Reference:
    """A Lite network of five classes."""
    import torch
    from effdet.bench import DetBenchPredict

    name, classes, threshold = "tf_efficientdet_lite0", 5, 0.999
    model = network(name, classes)
    outputs = run(model, {"input": noise(WIDTH, HEIGHT)})

    class Recorded(torch.nn.Module):
        """Returns the recorded outputs, as the bench expects a network to."""

        def __init__(self) -> None:
            super().__init__()
            self.config = _config(name, classes)

        def forward(self, _: Any) -> Any:
            maps = [torch.from_numpy(array) for array in outputs.values()]
            return maps[:5], maps[5:]

    (found,) = DetBenchPredict(Recorded())(torch.from_numpy(noise(WIDTH, HEIGHT)))
    found = found[found[:, 4] > threshold].numpy()
    # The bench counts classes from 1; its suppression's IoU is written into effdet.anchors.
    return Reference(
        (WIDTH, HEIGHT), outputs, found[:, :4], found[:, 4], found[:, 5] - 1,
        threshold, 0.5, project("effdet", "Apache-2.0"), model,
    )  # fmt: skip


def _spread(x: Any, width: float) -> Any:
    return (x - x.mean()) / x.std().clamp_min(1e-6) * width


RECORDS = {"efficientdet": record}
FACES = {"efficientdet-d0": partial(network, "efficientdet_d0", 90)}
