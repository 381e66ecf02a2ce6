"""Fetches the sample clip for trials of a tool."""

from __future__ import annotations

from typing import Any

from obscura.page.browser import files
from obscura.page.browser.dom import by_id
from obscura.page.browser.late import PartMissing
from obscura.page.features.context import Context
from obscura.page.features.sample.trial import Trial
from obscura.page.words import text


def start(context: Context) -> Trial:
    """Start the feature."""
    address = context.build.clip_url

    async def fetch() -> Any:
        try:
            blob, status = await files.fetch_blob(address)
        except Exception as error:
            raise PartMissing("The sample clip could not be loaded", error) from error
        if blob is None:
            raise PartMissing("The sample clip could not be loaded", status)
        return files.named(blob, text.SAMPLE_CLIP)

    return Trial(context, fetch, lambda name: by_id(name).focus())
