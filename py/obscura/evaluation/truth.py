"""Truth: pictures and their annotations in COCO's format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from obscura import places
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
        listed: number of pictures that the file lists, those included that were left out.
        absent: number of pictures that were left out because they are not in the folder.
    """

    pictures: dict[int, Path]
    categories: dict[str, int]
    objects: list[dict[str, Any]]
    listed: int
    absent: int = 0

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
                f"the model has {some(labels)}; the annotations have {some(list(self.categories))}",
                remedy="Classes are matched by name: choose another model, or rename the "
                "categories in the annotations.",
            )
        return ids


def read_truth(annotations: Path, images: Path, limit: int = 0) -> Truth:
    """Read an instances file, and find its pictures. Those that are not in the folder are left out.

    Args:
        annotations: JSON in COCO's format (https://cocodataset.org/#format-data).
        images: the folder to which the file's names of pictures are relative.
        limit: keep only the first N pictures, in the file's order; 0 for all.

    Raises:
        AnnotationsError: the file cannot be read or is not in that format, or none of its pictures
            is in the folder; the message names some.
    """
    try:
        document = json.loads(annotations.read_text(encoding="utf-8"))
    except OSError as error:
        raise AnnotationsError(
            f"The annotations cannot be read: {error.strerror}", annotations
        ) from error
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or nested too deeply
        raise AnnotationsError("The annotations are not JSON", f"{annotations}: {error}") from error
    try:
        truth = _parse(document, images)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise AnnotationsError(
            "The annotations are not in COCO's format", f"{annotations}: {reason}"
        ) from error
    there = [number for number, path in truth.pictures.items() if places.is_file(path)]
    if not there:
        raise AnnotationsError(
            f"None of the {truth.listed} annotated pictures is in the folder",
            some([str(path) for path in truth.pictures.values()]),
            remedy="Name the folder that holds them with --images.",
        )
    return _part(truth, there[: limit or None], absent=truth.listed - len(there))


def _part(truth: Truth, numbers: Sequence[int], absent: int) -> Truth:
    """Return the truth of some of the pictures, by their ids."""
    chosen = set(numbers)
    return replace(
        truth,
        pictures={number: truth.pictures[number] for number in numbers},
        objects=[row for row in truth.objects if row["image_id"] in chosen],
        absent=absent,
    )


def some(names: Sequence[str]) -> str:
    """Return the first few names as one text, and how many there are beyond."""
    beyond = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {beyond} more" if beyond > 0 else "")


def _parse(document: Any, images: Path) -> Truth:
    if not isinstance(document, Mapping):
        raise TypeError("it is not an object with keys")
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
    return Truth(pictures, categories, objects, len(pictures))


def _inside(images: Path, name: Any) -> Path:
    """Return the path of a picture; it may lie in a subfolder but not outside."""
    path = PurePosixPath(str(name))
    if path.is_absolute() or ".." in path.parts or set(str(name)) & set("\\:\0"):
        raise ValueError(f"the name of the picture {str(name)[:80]!r} leads out of the folder")
    return images / path
