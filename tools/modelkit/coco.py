"""The classes of the COCO detection task: names in order, and the ids COCO gives them."""

from obscura.cards.labels import COCO as LABELS
from obscura.cards.labels import COCO_IDS as IDS

__all__ = ["IDS", "LABELS"]
