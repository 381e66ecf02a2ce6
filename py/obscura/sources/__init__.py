"""Sources: pictures, videos, cameras and streams, as frames in order.

>>> from obscura.sources import open_source
>>> with open_source("street.jpg") as source:
...     for frame in source:
...         frame.pixels.shape, frame.info.time_s
((512, 512, 4), 0.0)

`listing.expand` lists what lies in folders; docs/formats.md has what is stable.
"""

from obscura.sources.errors import SourceError
from obscura.sources.opening import open_source
from obscura.sources.source import Frame, Source

__all__ = ["Frame", "Source", "SourceError", "open_source"]
