"""A small reader of Mapbox Vector Tiles: enough to see in a test what a tile says."""

import struct
from dataclasses import dataclass
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Feature:
    """One feature; `at` is the first point of its geometry in units of the tile."""

    id: int
    properties: dict[str, Any]
    at: tuple[int, int]


def read_tile(data: bytes) -> dict[str, list[Feature]]:
    """Features by layer."""
    layers: dict[str, list[Feature]] = {}
    for number, value in _fields(data):
        if number == 3:
            name, features = _layer(value)
            layers.setdefault(name, []).extend(features)
    return layers


def _layer(data: bytes) -> tuple[str, list[Feature]]:
    found = list(_fields(data))
    name = next(value.decode() for number, value in found if number == 1)
    keys = [value.decode() for number, value in found if number == 3]
    values = [_value(value) for number, value in found if number == 4]
    return name, [_feature(value, keys, values) for number, value in found if number == 2]


def _feature(data: bytes, keys: list[str], values: list[Any]) -> Feature:
    found = dict(_fields(data))
    tags = _varints(found.get(2, b""))
    properties = {
        keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)
    }
    geometry = _varints(found.get(4, b""))
    return Feature(found.get(1, 0), properties, (_signed(geometry[1]), _signed(geometry[2])))


def _value(data: bytes) -> Any:
    number, raw = next(_fields(data))
    if number == 1:
        return raw.decode()
    if number == 2:
        return struct.unpack("<f", raw)[0]
    if number == 3:
        return struct.unpack("<d", raw)[0]
    return _signed(raw) if number == 6 else raw


def _fields(data: bytes) -> Any:
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, place = _varint(data, place)
            yield number, value
        else:
            if kind == BYTES:
                length, place = _varint(data, place)
            else:
                length = 8 if kind == FIXED64 else 4
            yield number, data[place : place + length]
            place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _varints(data: bytes) -> list[int]:
    found, place = [], 0
    while place < len(data):
        value, place = _varint(data, place)
        found.append(value)
    return found


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
