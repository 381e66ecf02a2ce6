"""Colours of a PNG that has no ICC profile: what its chunks cICP, gAMA and cHRM mean.

Source: PNG, third edition (https://www.w3.org/TR/png-3/), 11.3.2 and 12: cICP counts first, then
iCCP, sRGB, and last gAMA with cHRM. The code points of cICP are those of ITU-T H.273.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 100
"""Chunks read in search of cICP, which stands before the palette and the pixels."""
SAME_GAMMA = 0.05
"""A gamma this close to that of sRGB is taken for it, as by libpng and so by browsers."""


class Primaries(NamedTuple):
    """Chromaticities (CIE x, y) of white, red, green and blue."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]


_D65 = (0.3127, 0.3290)
SRGB = Primaries(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
PRIMARIES = {
    1: SRGB,  # BT.709
    5: Primaries(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),  # BT.601, 625 lines
    6: Primaries(_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),  # BT.601, 525 lines
    9: Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    11: Primaries((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),  # DCI-P3
    12: Primaries(_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),  # Display P3
}


def _srgb(signal: Floats) -> Floats:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _power(exponent: float) -> Callable[[Floats], Floats]:
    return lambda signal: signal**exponent


TRANSFERS = {
    **dict.fromkeys((1, 6, 14, 15), _power(2.4)),  # video, as a display shows it (BT.1886)
    4: _power(2.2),
    5: _power(2.8),
    8: _power(1.0),
    13: _srgb,
}
"""Linear light, 0..1, of a signal in 0..1. PQ and HLG (high dynamic range) are left out: each
browser shows them otherwise."""


def coded_profile(file: BinaryIO) -> bytes | None:
    """Return the ICC profile that stands for a PNG's cICP chunk; None if the file is no PNG, has
    none, or its code points are unknown.

    Args:
        file: open, at its beginning.
    """
    if file.read(len(SIGNATURE)) != SIGNATURE:
        return None
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8 or head[4:] in (b"PLTE", b"IDAT"):
            return None
        (length,) = struct.unpack(">I", head[:4])
        if head[4:] == b"cICP":
            points = file.read(4)
            if length != 4 or len(points) < 4:
                return None
            primaries, transfer = PRIMARIES.get(points[0]), TRANSFERS.get(points[1])
            return profile(primaries, transfer) if primaries and transfer else None
        file.seek(length + 4, 1)
    return None


def gamma_profile(info: dict[Any, Any]) -> bytes | None:
    """Return the ICC profile that stands for a PNG's gAMA and cHRM chunks; None for one that means
    sRGB.

    Args:
        info: what Pillow read: "gamma", "chromaticity" as white, red, green and blue, "srgb".
    """
    gamma = info.get("gamma")
    if not gamma or "srgb" in info:
        return None
    points: Sequence[float] = info.get("chromaticity", ())
    primaries = SRGB
    if len(points) == 8 and all(0 < y < 1 for y in points[1::2]):
        white, red, green, blue = zip(points[::2], points[1::2], strict=True)
        primaries = Primaries(white, red, green, blue)
    if abs(gamma * 2.2 - 1) < SAME_GAMMA and np.allclose(primaries, SRGB, atol=0.002):
        return None
    return profile(primaries, _power(1 / gamma))


def profile(primaries: Primaries, transfer: Callable[[Floats], Floats]) -> bytes | None:
    """Return an ICC profile (version 2.4, three primaries and a curve).

    Args:
        primaries: chromaticities.
        transfer: linear light, 0..1, of a signal in 0..1.

    Returns:
        None if the primaries span no colours.
    """
    matrix = _to_d50(primaries)
    if matrix is None:
        return None
    levels = np.clip(transfer(np.linspace(0, 1, 4096)), 0, 1)
    curve = b"curv\0\0\0\0" + struct.pack(">I", len(levels))
    curve += (levels * 65535).round().astype(">u2").tobytes()
    tags = {b"wtpt": _xyz(_D50)}
    for letter, colorant in zip(b"rgb", matrix.T, strict=True):
        tags[bytes([letter]) + b"XYZ"] = _xyz(colorant)
        tags[bytes([letter]) + b"TRC"] = curve
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    size = start + len(body)
    head = struct.pack(
        ">I4sI4s4s4s12x4s28x", size, b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    return (head + _xyz(_D50)[8:]).ljust(128, b"\0") + table + body


_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def _to_d50(primaries: Primaries) -> Floats | None:
    """Return the matrix from linear RGB to XYZ with white D50 (Bradford), as profiles have it; None
    if there is none."""
    white, *colorants = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries)
    columns = np.stack(colorants, axis=1)
    try:
        matrix: Floats = columns * np.linalg.solve(columns, white)
        cones = _BRADFORD @ white
        adapted: Floats = np.linalg.solve(
            _BRADFORD, ((_BRADFORD @ _D50) / cones)[:, None] * (_BRADFORD @ matrix)
        )
    except np.linalg.LinAlgError:
        return None
    fits = np.isfinite(adapted).all() and np.abs(adapted).max() < 1000
    return adapted if fits else None


def _xyz(values: Floats) -> bytes:
    """Return three numbers as an ICC tag of type XYZ."""
    return b"XYZ \0\0\0\0" + (values * 65536).round().astype(">i4").tobytes()
