"""Memory of sessions: an estimate for each, and how much all of them may take.

A browser reveals neither how much memory a page may use nor how much it uses, so both are estimates
made in advance. They decide only which idle sessions stay open; a model is never refused because
of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan

RUNTIME = 32 << 20
"""Heap that onnxruntime-web takes without a network, with room for its growth in steps."""
PER_FILE_BYTE = 8
"""Weights stored as int8 become float32, and the runtime keeps a copy packed for its kernels."""
PER_PIXEL = 100
"""Activations for each pixel of the network's input."""
PER_THREAD = 4 << 20
"""A worker with a JavaScript heap of 2 to 3 MB, and a stack within the shared heap."""
GPU = 40 << 20
"""Buffers on the GPU, and the larger build of the runtime, or two of them."""
# Measured in Chromium 156 on one thread after a first run (wasm heap in MB, then the estimate):
# COCO-SSD 73, 83; CenterNet 320, 416 and 512: 50, 64; 62, 71; 65, 80; YOLOX nano 29, 80; YuNet
# at 640 pixels 39, 77. COCO-SSD on a GPU: a heap of 60 and buffers of 51, 125 estimated.

SHARE = 32
"""Of a device's memory, sessions may take one part in this many."""


def estimate(card: ModelCard, plan: Plan) -> int:
    """Return how many bytes a session takes, rather too many than too few."""
    pixels = card.input.width * card.input.height
    network = PER_FILE_BYTE * card.file.bytes + PER_PIXEL * pixels
    threads = PER_THREAD * (plan.threads - 1)
    return RUNTIME + network + threads + (GPU if plan.backend in ("webgpu", "webgl") else 0)


def largest(card: ModelCard, plans: Iterable[Plan]) -> int:
    """Return the highest estimate for any of these plans; 0 if there are none."""
    return max((estimate(card, plan) for plan in plans), default=0)


def budget(memory_gb: float, cards: Collection[ModelCard], plans: Collection[Plan]) -> int:
    """Return how many bytes all sessions may take together.

    Args:
        memory_gb: of the device; 0 if unknown.
        cards: of the models that the page ships. There is always room for two of the largest, so
            that another one can be opened beside the one in use.
        plans: the ways to run on this device.
    """
    two = 2 * max((largest(card, plans) for card in cards), default=0)
    return max(two, round(memory_gb * 2**30 / SHARE))
