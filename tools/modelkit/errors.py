"""The errors that the model tools raise on purpose."""


class ConversionError(Exception):
    """A model cannot be fetched, read or converted; the message says why and what to do."""


class SourceUnavailable(ConversionError):
    """A registry cannot be reached, or its client is not installed."""
