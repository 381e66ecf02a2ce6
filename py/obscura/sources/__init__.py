"""Sources: pictures, videos, cameras and streams, as frames in order.

>>> from obscura.sources import open_source
>>> with open_source("street.jpg") as source:
...     for frame in source:
...         frame.pixels.shape, frame.info.time_s
((512, 512, 4), 0.0)

Videos, cameras and streams need PyAV, which is the extra ``video``. Every frame of a video comes,
upright and in square pixels, at its own time, counted from the first frame:

>>> with open_source("street.mp4", every=8) as source:
...     [(frame.info.index, frame.info.time_s) for frame in source]
[(0, 0.0), (8, 0.8), (16, 1.6)]

What lies in folders, and what a pattern names, is listed by `listing.expand`:

>>> from obscura.sources.listing import Choice, expand
>>> list(expand(["street.*"], Choice(), complain=print))
['street.jpg', 'street.mp4']

docs/formats.md has what is stable.
"""

from obscura.sources.errors import SourceError
from obscura.sources.opening import open_source
from obscura.sources.source import Frame, Source

__all__ = ["Frame", "Source", "SourceError", "open_source"]
