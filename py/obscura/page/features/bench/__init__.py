"""The page that measures a device."""
