"""CenterNet's own decode (xingyizhou/CenterNet, MIT) as libreyolo carries it, with its network."""

from __future__ import annotations

import numpy as np

from references import Reference, export, noise, project, run


def record() -> Reference:
    """Three heads of random maps, 96 x 64, five classes."""
    import torch
    from libreyolo.postprocess.centernet import postprocess

    width, height, classes = 96, 64, 5

    class Heads(torch.nn.Module):
        """The heads' shapes and ranges; the backbone does not matter to the decode."""

        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.heads = torch.nn.ModuleList(
                torch.nn.Conv2d(3, channels, 7, stride=4, padding=3) for channels in (classes, 2, 2)
            )

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            hm, wh, reg = (head(x) for head in self.heads)
            return 3 * hm, wh.abs() * 8, reg.clamp(0, 1)

    picture = noise(width, height)
    network = export(Heads(), [torch.from_numpy(picture)], ["input"], ["hm", "wh", "reg"])
    outputs = run(network, {"input": picture})
    threshold = 0.95
    found = postprocess(
        {name: torch.from_numpy(array) for name, array in outputs.items()},
        conf_thres=threshold, input_size=(height, width),
    )  # fmt: skip
    return Reference(
        (width, height), outputs, found["boxes"], found["scores"], np.asarray(found["classes"]),
        threshold, 1.0, project("libreyolo", "MIT"), network,
    )  # fmt: skip


RECORDS = {"centernet": record}
