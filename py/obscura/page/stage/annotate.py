"""Annotate: draw what the overlay shows onto a picture of the source's own size. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obscura.page.stage.display import Display
from obscura.page.stage.layers import UNIT_SIDE, BoxLayer, Layer
from obscura.page.stage.placement import place
from obscura.update import Update


def copy(canvas: Any, picture: Any, *, mirrored: bool) -> Any:
    """Draw a picture alone on a canvas, which takes on its size; return the canvas's context.

    Args:
        picture: a canvas that is not mirrored.
        mirrored: whether to draw its mirror image.
    """
    canvas.width, canvas.height = picture.width, picture.height
    context = canvas.getContext("2d")
    if mirrored:
        context.setTransform(-1, 0, 0, 1, picture.width, 0)
    context.drawImage(picture, 0, 0)
    return context


def annotate(
    canvas: Any,
    picture: Any,
    update: Update,
    labels: Sequence[str],
    display: Display,
    layers: Sequence[Layer] = (),
) -> None:
    """Draw a picture and its detections on a canvas, as people see them on the screen: with names,
    percentages and mirrored as the display says. Text and lines grow with the picture.

    Args:
        canvas: takes on the picture's size.
        picture: a canvas that is not mirrored.
        update: detections in pixels of the source, of which the picture may be a smaller copy.
        labels: names of the classes, by class_id.
        layers: those of the overlay, in order; boxes are drawn for this picture. () for boxes only.
    """
    width, height = picture.width, picture.height
    context = copy(canvas, picture, mirrored=display.mirrored)
    # Layers draw as on a screen of this size in CSS pixels.
    unit = max(min(width, height) / UNIT_SIDE, 1.0)
    context.setTransform(unit, 0, 0, unit, 0, 0)
    context.textBaseline = "middle"
    context.lineJoin = "round"
    boxes = BoxLayer(context)
    boxes.labels = labels
    boxes.names, boxes.percentages = display.names, display.percentages
    frame = update.frame
    placed = place(
        (width / unit, height / unit), (frame.width, frame.height), mirrored=display.mirrored
    )
    for layer in layers or (boxes,):
        (boxes if isinstance(layer, BoxLayer) else layer).draw(context, update, placed)
