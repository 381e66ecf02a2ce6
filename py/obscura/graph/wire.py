"""The Protocol Buffers wire format, as far as ONNX uses it.

https://protobuf.dev/programming-guides/encoding: a message is a sequence of fields, each a
number, a wire type and a value. Files are read piece by piece, so that their size does not matter:
unwanted fields are skipped by their length.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from obscura.errors import ModelUnreadable

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WINDOW = 1 << 16  # bytes
MOST_FIELDS = 2_000_000  # walked in one file; the largest known detectors have some ten thousand

Read = Callable[[int, int], bytes]
"""``read(start, stop)`` returns these bytes of a file."""


class Field(NamedTuple):
    """One field: its number, and where its value lies (`BYTES`) or what it is (numbers)."""

    number: int
    wire_type: int
    start: int
    stop: int
    value: int = 0


class Reader:
    """Walks the fields of messages in one file.

    Raises (all methods):
        ModelUnreadable: the bytes are not a message, or are cut short.
    """

    def __init__(self, read: Read, size: int) -> None:
        self._read, self._size = read, size
        self._window, self._start = b"", 0
        self._walked = 0

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield the fields of the message from ``start`` to ``stop``, in order."""
        at = start
        while at < stop:
            key, at = self._varint(at, stop)
            number, wire_type = key >> 3, key & 7
            self._walked += 1
            if number == 0:
                raise ModelUnreadable("The file is not an ONNX model", "a field without a number")
            if self._walked > MOST_FIELDS:
                raise ModelUnreadable("The model has too many parts", f"over {MOST_FIELDS}")
            if wire_type == VARINT:
                value, end = self._varint(at, stop)
                yield Field(number, wire_type, at, end, value)
            elif wire_type == BYTES:
                length, at = self._varint(at, stop)
                end = at + length
                self._inside(end, stop)
                yield Field(number, wire_type, at, end)
            elif wire_type in (FIXED32, FIXED64):
                end = at + (4 if wire_type == FIXED32 else 8)
                value = int.from_bytes(self._bytes(at, end, stop), "little")
                yield Field(number, wire_type, at, end, value)
            else:
                raise ModelUnreadable("The file is not an ONNX model", f"wire type {wire_type}")
            at = end

    def text(self, field: Field, most: int = 1 << 20) -> str:
        """Return a field's bytes as UTF-8 text; more than ``most`` bytes are refused."""
        if field.wire_type != BYTES:
            raise ModelUnreadable(
                "The file is not an ONNX model", f"field {field.number} is no text"
            )
        if field.stop - field.start > most:
            raise ModelUnreadable("The file holds an absurdly long name", field.stop - field.start)
        return self._bytes(field.start, field.stop, field.stop).decode("utf-8", "replace")

    def numbers(self, field: Field) -> list[int]:
        """Return a repeated integer field's values, packed or not."""
        if field.wire_type == VARINT:
            return [field.value]
        values, at = [], field.start
        while at < field.stop:
            value, at = self._varint(at, field.stop)
            values.append(value)
        return values

    def _varint(self, at: int, stop: int) -> tuple[int, int]:
        offset = at - self._start
        if 0 <= offset < len(self._window) and at < stop and self._window[offset] < 0x80:
            return self._window[offset], at + 1  # by far the most
        value = shift = 0
        while True:
            byte = self._bytes(at, at + 1, stop)[0]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, at
            shift += 7
            if shift > 63:
                raise ModelUnreadable("The file is not an ONNX model", "a number without an end")

    def _bytes(self, start: int, stop: int, limit: int) -> bytes:
        self._inside(stop, limit)
        if start < self._start or stop > self._start + len(self._window):
            end = min(self._size, max(stop, start + WINDOW))
            self._window, self._start = self._read(start, end), start
        offset = start - self._start
        return self._window[offset : offset + stop - start]

    def _inside(self, stop: int, limit: int) -> None:
        if stop > limit or stop > self._size:
            raise ModelUnreadable("The model's file is damaged or cut off", f"{self._size} bytes")


def signed(value: int) -> int:
    """Return a varint's 64 bits as a signed number."""
    return value - (1 << 64) if value >= 1 << 63 else value


def varint(number: int, value: int) -> bytes:
    """Encode an integer field."""
    return _raw(number << 3 | VARINT) + _raw(value & 0xFFFF_FFFF_FFFF_FFFF)


def bytes_field(number: int, value: bytes | str) -> bytes:
    """Encode a field of bytes: a text (as UTF-8), a message, or raw data."""
    data = value.encode() if isinstance(value, str) else value
    return _raw(number << 3 | BYTES) + _raw(len(data)) + data


def float_field(number: int, value: float) -> bytes:
    """Encode a float32 field."""
    return _raw(number << 3 | FIXED32) + struct.pack("<f", value)


def _raw(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
