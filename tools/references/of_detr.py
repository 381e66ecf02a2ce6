"""DETR, Deformable DETR, RT-DETR and D-FINE as transformers has them, and its post-processing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from references import Reference, export, noise, project, run

CLASSES = 5
QUERIES = 40
SIZE = (96, 64)


def detr() -> Reference:
    """Softmax over the classes and "no object"; a mask is fed."""
    from transformers import DetrConfig, DetrForObjectDetection, DetrImageProcessor

    config = DetrConfig(
        backbone_config=_resnet(["stage4"]), num_queries=QUERIES, num_labels=CLASSES,
        encoder_ffn_dim=32, decoder_ffn_dim=32, **_small(),
    )  # fmt: skip
    return _record(DetrForObjectDetection(config), DetrImageProcessor(), 0.5, mask=True)


def deformable_detr() -> Reference:
    """Sigmoid; the best pairs of query and class."""
    from transformers import (
        DeformableDetrConfig,
        DeformableDetrForObjectDetection,
        DeformableDetrImageProcessor,
    )

    config = DeformableDetrConfig(
        backbone_config=_resnet(["stage2", "stage3", "stage4"]), num_queries=QUERIES,
        num_labels=CLASSES, encoder_ffn_dim=32, decoder_ffn_dim=32, **_small() | {"d_model": 32},
    )  # fmt: skip
    return _record(DeformableDetrForObjectDetection(config), DeformableDetrImageProcessor(), 0.98)


def rtdetr_raw() -> Reference:
    """RT-DETR's queries before its post-processing."""
    return _record(*_rtdetr(), 0.98)


def rtdetr() -> Reference:
    """RT-DETR with its post-processing inside, as its project's export has it."""
    return _finished(*_rtdetr(), 0.98)


def dfine() -> Reference:
    """D-FINE, the same."""
    from transformers import DFineConfig, DFineForObjectDetection, RTDetrImageProcessor

    config = DFineConfig(
        backbone_config=_hgnet(), num_queries=QUERIES, num_labels=CLASSES, num_denoising=0,
        encoder_in_channels=[16, 16, 16], decoder_in_channels=[16, 16, 16], encoder_hidden_dim=16,
        encoder_ffn_dim=32, decoder_ffn_dim=32, d_model=16, encoder_attention_heads=2,
        decoder_attention_heads=2, decoder_layers=2, depth_mult=0.3, hidden_expansion=0.5,
    )  # fmt: skip
    return _finished(DFineForObjectDetection(config), RTDetrImageProcessor(), 0.98)


def _rtdetr() -> tuple[Any, Any]:
    from transformers import RTDetrConfig, RTDetrForObjectDetection, RTDetrImageProcessor
    from transformers.models.rt_detr.configuration_rt_detr_resnet import RTDetrResNetConfig

    backbone = RTDetrResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = RTDetrConfig(
        backbone_config=backbone, num_queries=QUERIES, num_labels=CLASSES, num_denoising=0,
        encoder_in_channels=[8, 16, 16], decoder_in_channels=[16, 16, 16], encoder_hidden_dim=16,
        encoder_ffn_dim=32, decoder_ffn_dim=32, d_model=16, encoder_attention_heads=2,
        decoder_attention_heads=2, decoder_layers=2, hidden_expansion=0.5,
    )  # fmt: skip
    return RTDetrForObjectDetection(config), RTDetrImageProcessor()


def _small() -> dict[str, int]:
    return {
        "d_model": 16, "encoder_layers": 1, "decoder_layers": 2, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
    }  # fmt: skip


def _resnet(stages: list[str]) -> Any:
    from transformers import ResNetConfig

    return ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], layer_type="basic",
        out_features=stages,
    )  # fmt: skip


def _hgnet() -> Any:
    from transformers import HGNetV2Config

    return HGNetV2Config(
        depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 16, 16], stem_channels=[3, 8, 8],
        stage_in_channels=[8, 8, 16, 16], stage_mid_channels=[8, 8, 8, 8],
        stage_out_channels=[8, 16, 16, 16], stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[2, 2, 2, 2], stage_kernel_size=[3, 3, 3, 3],
        stage_downsample=[False, True, True, True], stage_light_block=[False] * 4,
        out_features=["stage2", "stage3", "stage4"], return_idx=[1, 2, 3],
    )  # fmt: skip


def _record(model: Any, processor: Any, threshold: float, *, mask: bool = False) -> Reference:
    """Export the queries' logits and boxes; let the processor read them."""
    import torch

    class Queries(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pixel_values: Any, pixel_mask: Any = None) -> Any:
            made = self.model(pixel_values=pixel_values, pixel_mask=pixel_mask)
            return _sure(made.logits), made.pred_boxes

    model.eval()
    width, height = SIZE
    feeds: dict[str, Any] = {"pixel_values": noise(width, height)}
    if mask:
        feeds["pixel_mask"] = np.ones((1, height, width), np.int64)
    network = export(
        Queries(), [torch.from_numpy(a) for a in feeds.values()], list(feeds),
        ["logits", "pred_boxes"],
        {"pixel_values": {0: "batch_size"}, "logits": {0: "batch_size"}},
    )  # fmt: skip
    outputs = run(network, feeds)
    return _read(processor, outputs, outputs, threshold, network)


def _finished(model: Any, processor: Any, threshold: float) -> Reference:
    """Export with the post-processing inside: labels, boxes and scores, given the picture's size.

    This is `RTDETRPostProcessor.forward` in deploy mode of the projects (Apache-2.0), which no
    package has; what it must come to is said by the processor, from the same logits and boxes.
    """
    import torch

    class Deployed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, images: Any, orig_target_sizes: Any) -> Any:
            made = self.model(pixel_values=images)
            logits = _sure(made.logits)
            centre, side = made.pred_boxes[..., :2], made.pred_boxes[..., 2:]
            boxes = torch.cat([centre - side / 2, centre + side / 2], -1)
            boxes = boxes * orig_target_sizes.repeat(1, 2).unsqueeze(1)
            scores, index = torch.topk(torch.sigmoid(logits).flatten(1), QUERIES, dim=-1)
            labels = index % CLASSES
            rows = (index // CLASSES).unsqueeze(-1).repeat(1, 1, 4)
            return labels, boxes.gather(1, rows), scores, logits, made.pred_boxes

    model.eval()
    width, height = SIZE
    feeds = {"images": noise(width, height), "orig_target_sizes": np.array([[width, height]])}
    names = ["labels", "boxes", "scores", "logits", "pred_boxes"]
    axes = {key: {0: "N"} for key in (*feeds, *names[:3])}
    network = export(
        Deployed(), [torch.from_numpy(a) for a in feeds.values()], list(feeds), names, axes
    )
    everything = run(network, feeds)
    finished = {key: everything[key] for key in names[:3]}
    return _read(processor, everything, finished, threshold, _without(network, names[3:]))


def _sure(logits: Any) -> Any:
    """Spread logits: random weights are never sure of anything."""
    return (logits - logits.mean(1, keepdim=True)) / logits.std(1, keepdim=True) * 3


def _without(network: bytes, names: list[str]) -> bytes:
    """Take outputs off a network."""
    import onnx

    model = onnx.load_from_string(network)
    kept = [value for value in model.graph.output if value.name not in names]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    return bytes(model.SerializeToString())


def _read(
    processor: Any,
    queries: dict[str, Any],
    outputs: dict[str, Any],
    threshold: float,
    network: bytes,
) -> Reference:
    import torch
    from transformers.utils import ModelOutput

    made = ModelOutput(
        logits=torch.from_numpy(queries["logits"]),
        pred_boxes=torch.from_numpy(queries["pred_boxes"]),
    )
    (found,) = processor.post_process_object_detection(
        made, threshold=threshold, target_sizes=[SIZE[::-1]]
    )
    return Reference(
        SIZE, outputs, found["boxes"].numpy(), found["scores"].numpy(), found["labels"].numpy(),
        threshold, 1.0, project("transformers", "Apache-2.0"), network,
    )  # fmt: skip


RECORDS: dict[str, Callable[[], Reference]] = {
    "detr": detr,
    "deformable-detr": deformable_detr,
    "rtdetr-raw": rtdetr_raw,
    "rtdetr": rtdetr,
    "dfine": dfine,
}
