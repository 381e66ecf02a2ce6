"""Truth: pictures and their annotations in COCO's format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from obscura.evaluation.errors import AnnotationsError

_SHOWN = 5  # maximum number of names in a message


@dataclass(frozen=True, eq=False)
class Truth:
    """Annotated pictures. Made by :func:`read_truth`.

    Attributes:
        pictures: file of each picture, by COCO's id.
        categories: COCO's id of each category, by its name.
        objects: COCO's annotations: ``id``, ``image_id``, ``category_id``, ``bbox`` as
            ``[x, y, width, height]`` in pixels, ``area`` in square pixels, ``iscrowd``.
    """

    pictures: dict[int, Path]
    categories: dict[str, int]
    objects: list[dict[str, Any]]

    @property
    def count(self) -> int:
        """Return the number of single objects annotated, without crowds."""
        return sum(not row["iscrowd"] for row in self.objects)

    def shared(self, labels: Sequence[str]) -> dict[int, int]:
        """Return COCO's id of each class of a model, by class_id; classes match by their names.

        Raises:
            AnnotationsError: no name is in both; the message lists some of each.
        """
        ids = {
            class_id: self.categories[label]
            for class_id, label in enumerate(labels)
            if label in self.categories
        }
        if not ids:
            raise AnnotationsError(
                "Model and annotations have no class in common",
                f"the model knows {some(labels)}; annotated are {some(list(self.categories))}",
                remedy="Classes are matched by name: choose another model, or rename the "
                "categories in the annotations.",
            )
        return ids


def read_truth(annotations: Path, images: Path) -> Truth:
    """Read an instances file, and find its pictures.

    Args:
        annotations: JSON in COCO's format (https://cocodataset.org/#format-data).
        images: the folder to which the file's names of pictures are relative.

    Raises:
        AnnotationsError: the file cannot be read or is not in that format, or pictures are missing
            in the folder; the message names them.
    """
    try:
        document = json.loads(annotations.read_text(encoding="utf-8"))
    except OSError as error:
        raise AnnotationsError(
            f"The annotations cannot be read ({error.strerror})", annotations
        ) from error
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, or nested without end
        raise AnnotationsError("The annotations are not JSON", f"{annotations}: {error}") from error
    try:
        truth = _parse(document, images)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise AnnotationsError(
            "The annotations are not in COCO's format", f"{annotations}: {reason}"
        ) from error
    missing = [str(path) for path in truth.pictures.values() if not path.is_file()]
    if missing:
        raise AnnotationsError(
            f"{len(missing)} of {len(truth.pictures)} annotated pictures are not there",
            some(missing),
            remedy="Name the folder that holds all of them.",
        )
    return truth


def some(names: Sequence[str]) -> str:
    """Return the first few names as one text, and how many there are beyond."""
    beyond = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {beyond} more" if beyond > 0 else "")


def _parse(document: Any, images: Path) -> Truth:
    if not isinstance(document, Mapping):
        raise TypeError("it holds no table")
    pictures = {int(row["id"]): _inside(images, row["file_name"]) for row in document["images"]}
    categories = {str(row["name"]): int(row["id"]) for row in document["categories"]}
    if not pictures:
        raise ValueError("it lists no pictures")
    known = set(categories.values())
    objects = []
    for number, row in enumerate(document["annotations"], start=1):
        x, y, width, height = (float(value) for value in row["bbox"])
        if row["image_id"] not in pictures or row["category_id"] not in known:
            raise ValueError(f"annotation {number} is of a picture or category that is not listed")
        objects.append(
            {
                "id": number,  # not its own, which pycocotools would need to be above 0 and unique
                "image_id": row["image_id"],
                "category_id": row["category_id"],
                "bbox": [x, y, width, height],
                "area": float(row.get("area", width * height)),
                "iscrowd": int(row.get("iscrowd", 0)),
            }
        )
    return Truth(pictures, categories, objects)


def _inside(images: Path, name: Any) -> Path:
    """Return the path of a picture; it may lie in a subfolder but not outside."""
    path = PurePosixPath(str(name))
    if path.is_absolute() or ".." in path.parts or set(str(name)) & set("\\:\0"):
        raise ValueError(f"the name of the picture {str(name)[:80]!r} leads out of the folder")
    return images / path
