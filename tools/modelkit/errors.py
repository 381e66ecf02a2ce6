"""The one error the model tools raise on purpose."""


class ConversionError(Exception):
    """A model cannot be fetched, read or converted; the message says why and what to do."""
