"""RF-DETR (Roboflow, Apache-2.0): its smallest network, and its own post-processing."""

from __future__ import annotations

from functools import partial

from references import Reference, export, noise, project, run

SIDE = 64


def network(classes: int) -> bytes:
    """Export the smallest one, for a small input and 40 queries."""
    import torch
    from rfdetr.config import RFDETRNanoConfig
    from rfdetr.models import build_model_from_config

    # Naming weights that are not loaded keeps it from fetching those of its backbone.
    config = RFDETRNanoConfig(
        num_classes=classes, resolution=SIDE, num_queries=40, num_select=40,
        pretrain_weights="none", positional_encoding_size=SIDE // 16, device="cpu",
    )  # fmt: skip
    model = build_model_from_config(config)
    model.eval()
    model.export()

    class Sure(torch.nn.Module):
        """The network, its logits spread: random weights are never sure of anything."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            boxes, logits = self.model(picture)[:2]
            return boxes, (logits - logits.mean(1, keepdim=True)) / logits.std(1, keepdim=True) * 3

    picture = torch.from_numpy(noise(SIDE, SIDE))
    return export(Sure(), [picture], ["input"], ["dets", "labels"])


def record() -> Reference:
    """Sigmoid over one column more than there are classes."""
    import torch
    from rfdetr.models.postprocess import PostProcess

    threshold, model = 0.98, network(5)
    outputs = run(model, {"input": noise(SIDE, SIDE)})
    (found,) = PostProcess(num_select=40)(
        {
            "pred_logits": torch.from_numpy(outputs["labels"]),
            "pred_boxes": torch.from_numpy(outputs["dets"]),
        },
        torch.tensor([[SIDE, SIDE]]),
    )
    kept = found["scores"] > threshold
    boxes, scores, labels = (found[key][kept].numpy() for key in ("boxes", "scores", "labels"))
    return Reference(
        (SIDE, SIDE), outputs, boxes, scores, labels, threshold, 1.0,
        project("rfdetr", "Apache-2.0"), model,
    )  # fmt: skip


RECORDS = {"rfdetr": record}
FACES = {"rfdetr-coco": partial(network, 90)}
