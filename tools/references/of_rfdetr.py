"""RF-DETR (Roboflow, Apache-2.0): its smallest network on a small input, and its post-processing."""

from __future__ import annotations

from references import Reference, export, noise, project, run


def record() -> Reference:
    """Sigmoid over one column more than there are classes."""
    import torch
    from rfdetr.config import RFDETRNanoConfig
    from rfdetr.models import build_model_from_config
    from rfdetr.models.postprocess import PostProcess

    side, classes, threshold = 64, 5, 0.98
    # Naming weights that are not loaded keeps it from fetching those of its backbone.
    config = RFDETRNanoConfig(
        num_classes=classes, resolution=side, num_queries=40, num_select=40, pretrain_weights="none",
        positional_encoding_size=side // 16, device="cpu",
    )  # fmt: skip
    model = build_model_from_config(config)
    model.eval()
    model.export()

    class Sure(torch.nn.Module):  # type: ignore[misc]
        """The network, its logits spread: random weights are never sure of anything."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            boxes, logits = self.model(picture)[:2]
            return boxes, (logits - logits.mean(1, keepdim=True)) / logits.std(1, keepdim=True) * 3

    picture = noise(side, side)
    network = export(Sure(), [torch.from_numpy(picture)], ["input"], ["dets", "labels"])
    outputs = run(network, {"input": picture})
    (found,) = PostProcess(num_select=40)(
        {
            "pred_logits": torch.from_numpy(outputs["labels"]),
            "pred_boxes": torch.from_numpy(outputs["dets"]),
        },
        torch.tensor([[side, side]]),
    )
    kept = found["scores"] > threshold
    return Reference(
        (side, side), outputs, *(found[key][kept].numpy() for key in ("boxes", "scores", "labels")),
        threshold, 1.0, project("rfdetr", "Apache-2.0"), network,
    )  # fmt: skip


RECORDS = {"rfdetr": record}
