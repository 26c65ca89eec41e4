"""Payloads cross process boundaries as frames: a JSON header, then raw arrays; never pickle.

    4 bytes      length of the header, big-endian
    header       {"data": …, "arrays": [[name, dtype, shape], …]} as UTF-8 JSON
    the arrays   one after another, C order, little-endian

Whoever decodes trusts nothing: every length is bounded before it is used, the sizes must add up to
the byte, and only booleans, integers and floats exist. What breaks a rule is a `WireError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sandbox.base import Payload
from sandbox.text import one_line, size

HEADER_LIMIT = 64 * 1024
DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    )
}
Part = bytes | bytearray | memoryview
_MAX_DIMENSIONS = 32
_PREFIX = 4


class WireError(ValueError):
    """Raise for a payload that cannot be sent, or for bytes that are not a frame."""


def encode(payload: Payload, header_limit: int = HEADER_LIMIT) -> list[Part]:
    """Return the frame in parts; `b"".join(parts)` is the whole of it."""
    arrays = {name: _portable(name, array) for name, array in payload.arrays.items()}
    specs = [[name, array.dtype.name, list(array.shape)] for name, array in arrays.items()]
    header = _dump({"data": dict(payload.data), "arrays": specs})
    if len(header) > header_limit:
        raise WireError(
            f"the data take {size(len(header))} of JSON, at most {size(header_limit)} are allowed: "
            "move long lists into arrays"
        )
    prefix = len(header).to_bytes(_PREFIX, "big")
    return [prefix + header, *(_raw(array) for array in arrays.values() if array.nbytes)]


def length(parts: Sequence[Part]) -> int:
    """Count the bytes of a frame in parts."""
    return sum(len(part) for part in parts)


def decode(frame: Part, header_limit: int = HEADER_LIMIT) -> Payload:
    """Return the payload in `frame`; its arrays are fresh, aligned and writable."""
    view = memoryview(frame)
    start = _PREFIX + int.from_bytes(view[:_PREFIX], "big")
    if len(view) < _PREFIX or start - _PREFIX > header_limit:
        raise WireError(f"expected a header of at most {size(header_limit)}, saw none")
    if len(view) < start:
        raise WireError(f"expected {start} bytes up to the end of the header, saw {len(view)}")
    data, specs = _header(bytes(view[_PREFIX:start]))
    total = start + sum(math.prod(shape) * DTYPES[dtype].itemsize for _, dtype, shape in specs)
    if len(view) != total:
        raise WireError(f"expected a frame of {total} bytes as its header says, saw {len(view)}")
    return Payload(data, dict(_arrays(view[start:], specs)))


def _portable(name: str, array: np.ndarray) -> np.ndarray:
    if not isinstance(name, str):
        raise WireError(f"expected names of arrays to be text, saw {one_line(repr(name), 80)}")
    if not isinstance(array, np.ndarray):
        raise WireError(f"expected a numpy array under {name!r}, saw {type(array).__name__}")
    if array.dtype.name not in DTYPES or array.ndim > _MAX_DIMENSIONS:
        raise WireError(
            f"expected booleans, integers or floats of at most {_MAX_DIMENSIONS} dimensions under "
            f"{name!r}, saw {array.dtype.name} of {array.ndim}"
        )
    return np.asarray(array, dtype=DTYPES[array.dtype.name], order="C")


def _dump(header: dict[str, Any]) -> bytes:
    try:
        return json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(
            f"the data must be plain JSON without NaN or infinity (numbers such as these may "
            f"travel in arrays): {one_line(str(error), 200)}"
        ) from error


def _raw(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _header(text: bytes) -> tuple[dict[str, Any], list[tuple[str, str, tuple[int, ...]]]]:
    try:
        header = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise WireError(f"the header is not JSON: {one_line(str(error), 200)}") from error
    if not isinstance(header, dict) or header.keys() != {"data", "arrays"}:
        raise WireError("expected a header with exactly the keys data and arrays")
    data, arrays = header["data"], header["arrays"]
    if not isinstance(data, dict) or not isinstance(arrays, list):
        raise WireError("expected data to be an object and arrays to be a list")
    specs = [_spec(entry) for entry in arrays]
    if len({name for name, _, _ in specs}) != len(specs):
        raise WireError("expected every array to have its own name, saw one twice")
    return data, specs


def _spec(entry: object) -> tuple[str, str, tuple[int, ...]]:
    match entry:
        case [str(name), str(dtype), [*shape]] if dtype in DTYPES and _is_shape(shape):
            return name, dtype, tuple(shape)
    raise WireError(
        f"expected [name, dtype, shape] for each array, saw {one_line(repr(entry), 200)}"
    )


def _is_shape(shape: list[Any]) -> bool:
    natural = all(type(extent) is int and extent >= 0 for extent in shape)
    return natural and len(shape) <= _MAX_DIMENSIONS


def _arrays(
    body: memoryview, specs: list[tuple[str, str, tuple[int, ...]]]
) -> Iterator[tuple[str, np.ndarray]]:
    offset = 0
    for name, dtype, shape in specs:
        end = offset + math.prod(shape) * DTYPES[dtype].itemsize
        yield name, _array(body[offset:end], DTYPES[dtype], shape)
        offset = end


def _array(raw: memoryview, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
    if dtype == np.bool_ and np.any(np.frombuffer(raw, np.uint8) > 1):
        raise WireError("expected booleans to be the bytes 0 and 1")
    try:
        array = np.empty(shape, dtype)
    except ValueError as error:  # an array of no elements may still claim an impossible extent
        raise WireError(f"expected a possible shape, saw {shape}: {error}") from error
    if array.nbytes:
        _raw(array)[:] = raw
    return array


def _refuse(constant: str) -> float:
    raise WireError(f"{constant} is not allowed in JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)
