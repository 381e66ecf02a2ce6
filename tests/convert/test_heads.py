"""The heads of sealed models, against the same arithmetic written out anchor by anchor."""

from __future__ import annotations

from itertools import product
from math import exp
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from modelkit.heads import CenterNetHead, Head, SsdHead
from modelkit.seal import raw, seal
from modelkit.tfjs import GraphModel, Node

SIZE = (32, 48)  # height and width, different, so that no one swaps them unseen
KEEP = (2, 1, 4)  # of five columns, in an order of their own


def graph_of(channels: dict[str, tuple[int, int]], **constants: Any) -> GraphModel:
    """A graph with one random convolution an output: name -> channels, stride."""
    random = np.random.default_rng(3)
    nodes = {"image": Node("image", "Placeholder", (), {})}
    weights: dict[str, Any] = {}
    for name, (count, stride) in channels.items():
        step = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
        attributes = {"strides": step, "padding": {"s": list(b"SAME")}}
        nodes[f"{name}/w"] = Node(f"{name}/w", "Const", (), {})
        nodes[f"{name}/conv"] = Node(f"{name}/conv", "Conv2D", ("image", f"{name}/w"), attributes)
        nodes[f"{name}/b"] = Node(f"{name}/b", "Const", (), {})
        nodes[name] = Node(name, "BiasAdd", (f"{name}/conv", f"{name}/b"), {})
        weights[f"{name}/w"] = random.normal(0, 0.004, (3, 3, 3, count)).astype(np.float32)
        weights[f"{name}/b"] = random.normal(0, 1, count).astype(np.float32)
    for name, value in constants.items():
        nodes[name] = Node(name, "Const", (), {})
        weights[name] = np.asarray(value, np.float32)
    return GraphModel(nodes, weights)


def both(graph: GraphModel, head: Head, top: int) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Raw outputs [h, w, C] for a random picture, and what the sealed model makes of it."""
    image = np.random.default_rng(5).integers(0, 256, (1, *SIZE, 4), np.uint8)
    options: dict[str, Any] = {"image": "image", "size": SIZE, "native": SIZE}
    network = raw("raw", graph, outputs=head.outputs, **options)
    sealed = seal("sealed", graph, head, top=top, **options)
    planes = image[..., :3].astype(np.float32).transpose(0, 3, 1, 2)
    maps = ort.InferenceSession(network.SerializeToString()).run(None, {"image": planes})
    rows = ort.InferenceSession(sealed.SerializeToString()).run(None, {"image": image})
    return [item[0].transpose(1, 2, 0) for item in maps], [item[0] for item in rows]


def sigmoid(value: float) -> float:
    return 1 / (1 + exp(-value))


def test_ssd_takes_the_best_class_of_each_anchor_and_decodes_its_box() -> None:
    # Two maps: 4 x 6 cells with one anchor, 2 x 3 cells with two.
    count = 4 * 6 + 2 * 3 * 2
    corners = np.random.default_rng(4).uniform(0, 0.5, (1, count, 4))
    corners[..., 2:] += 0.3
    graph = graph_of(
        {"box0": (4, 8), "box1": (8, 16), "class0": (5, 8), "class1": (10, 16)},
        anchors=corners,
        by_centre=0.1,
        by_size=0.2,
    )
    head = SsdHead(
        boxes=("box0", "box1"),
        logits=("class0", "class1"),
        anchors="anchors",
        scales=("by_centre", "by_size"),
        columns=5,
        keep=KEEP,
    )

    (box0, box1, class0, class1), (boxes, scores, classes) = both(graph, head, top=10)

    rows = []
    offsets = np.concatenate([box0.reshape(-1, 4), box1.reshape(-1, 4)])
    logits = np.concatenate([class0.reshape(-1, 5), class1.reshape(-1, 5)])
    for anchor in range(count):
        y1, x1, y2, x2 = corners[0, anchor]
        dy, dx, dh, dw = offsets[anchor]
        cy = (y1 + y2) / 2 + dy * 0.1 * (y2 - y1)
        cx = (x1 + x2) / 2 + dx * 0.1 * (x2 - x1)
        h, w = (y2 - y1) * exp(dh * 0.2), (x2 - x1) * exp(dw * 0.2)
        label = max(range(len(KEEP)), key=lambda i: logits[anchor, KEEP[i]])
        score = sigmoid(logits[anchor, KEEP[label]])
        rows.append((score, label, (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)))
    rows.sort(key=lambda row: -row[0])
    np.testing.assert_allclose(scores, [row[0] for row in rows[:10]], atol=1e-5)
    assert classes.tolist() == [row[1] for row in rows[:10]]
    np.testing.assert_allclose(boxes, [row[2] for row in rows[:10]], atol=1e-5)
    assert len(set(classes.tolist())) > 1, "the case is to tell classes apart"


@pytest.mark.parametrize("top", [5, 12])
def test_centernet_takes_the_best_peaks_of_all_classes(top: int) -> None:
    graph = graph_of({"heat": (3, 4), "reach": (4, 4)})
    head = CenterNetHead(heat="heat", reach="reach", stride=4)

    (heat, reach), (boxes, scores, classes) = both(graph, head, top=top)

    height, width, count = heat.shape
    rows = []
    for y, x, label in product(range(height), range(width), range(count)):
        around = heat[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2, label]
        if heat[y, x, label] == around.max():
            left, up, right, down = reach[y, x]
            box = (4 * x - left, 4 * y - up, 4 * x + right, 4 * y + down)
            scaled = [edge / side for edge, side in zip(box, (48, 32, 48, 32), strict=True)]
            rows.append((sigmoid(heat[y, x, label]), label, scaled))
    rows.sort(key=lambda row: -row[0])
    assert len(rows) > top, "the case is to choose among peaks"
    np.testing.assert_allclose(scores, [row[0] for row in rows[:top]], atol=1e-5)
    assert classes.tolist() == [row[1] for row in rows[:top]]
    np.testing.assert_allclose(boxes, [row[2] for row in rows[:top]], atol=1e-4)


def test_centernet_gives_no_score_to_rows_beyond_the_last_peak() -> None:
    graph = graph_of({"heat": (1, 8), "reach": (4, 8)})

    (heat, _), (boxes, scores, _) = both(
        graph, CenterNetHead(heat="heat", reach="reach", stride=8), top=20
    )

    peaks = sum(
        heat[y, x, 0] == heat[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2, 0].max()
        for y, x in product(range(4), range(6))
    )
    assert 0 < peaks < 20
    assert (scores[peaks:] == 0).all()
    assert (scores[:peaks] > 0).all()
    assert np.isfinite(boxes).all()
