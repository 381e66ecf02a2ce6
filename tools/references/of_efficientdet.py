"""EfficientDet (rwightman/efficientdet-pytorch, Apache-2.0): a Lite network and its own bench."""

from __future__ import annotations

from typing import Any

from references import Reference, export, noise, project, run


def record() -> Reference:
    """Five classes, 128 x 96, which strides of 64 and 128 do not divide."""
    import torch
    from effdet import EfficientDet, get_efficientdet_config
    from effdet.bench import DetBenchPredict

    width, height, threshold = 128, 96, 0.999
    config = get_efficientdet_config("tf_efficientdet_lite0")
    config.update(
        {
            "num_classes": 5, "image_size": (height, width), "max_detection_points": 1000,
            "max_det_per_image": 500,
            "fpn_channels": 16, "fpn_cell_repeats": 1, "box_class_repeats": 1,
        }
    )  # fmt: skip
    model = EfficientDet(config, pretrained_backbone=False)

    class Sure(torch.nn.Module):  # type: ignore[misc]
        """The network, its outputs spread: random weights are never sure of anything."""

        def __init__(self) -> None:
            super().__init__()
            self.model, self.config = model, config

        def forward(self, picture: Any) -> Any:
            logits, offsets = self.model(picture)
            return [_spread(x, 3) for x in logits], [_spread(x, 0.3) for x in offsets]

    sure = Sure().eval()
    picture = noise(width, height)
    names = [f"{kind}_{level}" for kind in ("class", "box") for level in range(5)]
    network = export(sure, [torch.from_numpy(picture)], ["input"], names)
    outputs = run(network, {"input": picture})

    class Recorded(torch.nn.Module):  # type: ignore[misc]
        """Returns the recorded outputs, as the bench expects a network to."""

        def __init__(self) -> None:
            super().__init__()
            self.config = config

        def forward(self, _: Any) -> Any:
            maps = [torch.from_numpy(array) for array in outputs.values()]
            return maps[:5], maps[5:]

    (found,) = DetBenchPredict(Recorded())(torch.from_numpy(picture))
    found = found[found[:, 4] > threshold].numpy()
    # The bench counts classes from 1; its suppression's IoU is written into effdet.anchors.
    return Reference(
        (width, height), outputs, found[:, :4], found[:, 4], found[:, 5] - 1,
        threshold, 0.5, project("effdet", "Apache-2.0"), network,
    )  # fmt: skip


def _spread(x: Any, width: float) -> Any:
    return (x - x.mean()) / x.std().clamp_min(1e-6) * width


RECORDS = {"efficientdet": record}
