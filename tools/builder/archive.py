"""Zip files whose bytes depend only on their members."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

# The earliest time that the zip format can express.
EPOCH = (1980, 1, 1, 0, 0, 0)


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """Write ``members`` (archive name to contents) to ``path``, in the order of their names.

    They are stored without compression: hosts compress what they send, better than deflate does,
    and Python reads a stored member directly.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # Unix, on whatever system it is built
            info.external_attr = 0o644 << 16
            archive.writestr(info, members[name])


def read_zip(path: Path) -> dict[str, bytes]:
    """Return every file in the zip at ``path`` as archive name to contents."""
    with zipfile.ZipFile(path) as archive:
        return {
            info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()
        }
