"""The classes of the COCO detection task: names in order, and the ids COCO gives them."""

from obscura.labels import COCO as LABELS
from obscura.labels import COCO_IDS as IDS

__all__ = ["IDS", "LABELS"]
