from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sandbox import Payload, WireError
from sandbox.wire import DTYPES, decode, encode, length

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
arrays = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda name: npst.arrays(name, npst.array_shapes(min_dims=0, min_side=0, max_dims=4))
)


def whole(payload: Payload) -> bytes:
    return b"".join(encode(payload))


def framed(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(4, "big") + text + body


def with_array(*spec: Any, body: bytes = b"") -> bytes:
    return framed({"data": {}, "arrays": [list(spec)]}, body)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_data_round_trip(data: dict[str, Any]):
    assert decode(whole(Payload(data))).data == data


@given(st.dictionaries(st.text(), arrays, max_size=3))
def test_arrays_round_trip(named: dict[str, np.ndarray]):
    parts = encode(Payload({}, named))
    received = decode(b"".join(parts)).arrays
    assert length(parts) == len(b"".join(parts))
    assert received.keys() == named.keys()
    for name, array in named.items():
        np.testing.assert_array_equal(received[name], array)
        assert received[name].dtype == array.dtype
        assert received[name].flags.writeable
        assert received[name].flags.aligned


def test_order_and_byte_order_do_not_matter():
    array = np.arange(6, dtype=">i4").reshape(2, 3).T
    received = decode(whole(Payload({}, {"a": array}))).arrays["a"]
    np.testing.assert_array_equal(received, array)
    assert received.flags.c_contiguous


def test_nan_travels_in_arrays_only():
    array = np.array([np.nan, np.inf])
    np.testing.assert_array_equal(decode(whole(Payload({}, {"a": array}))).arrays["a"], array)
    with pytest.raises(WireError, match="without NaN"):
        encode(Payload({"loss": float("nan")}))


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (Payload({"x": np.float32(1)}), "plain JSON"),
        (Payload({"x": {1, 2}}), "plain JSON"),
        (Payload({}, {"x": np.array(["text"])}), "booleans, integers or floats"),
        (Payload({}, {"x": np.array([1j])}), "booleans, integers or floats"),
        (Payload({}, {"x": np.array([object()])}), "booleans, integers or floats"),
        (Payload({}, {"x": [1.0]}), "numpy array"),  # pyright: ignore[reportArgumentType]
        (Payload({"x": "y" * 70_000}), "move long lists"),
    ],
)
def test_what_cannot_be_sent(payload: Payload, sentence: str):
    with pytest.raises(WireError, match=sentence):
        encode(payload)


def test_the_bound_on_the_header_is_a_parameter():
    payload = Payload({"x": "y" * 70_000})
    frame = b"".join(encode(payload, header_limit=2**20))
    assert decode(frame, header_limit=2**20).data == payload.data
    with pytest.raises(WireError, match="of at most 64"):
        decode(frame)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00\x00",
        b"\xff\xff\xff\xff",
        framed(b"{}")[:-1],
        framed(b"not json"),
        framed(b"\xff\xfe"),
        framed(b"[" * 60_000),
        framed(b'{"data": {"x": NaN}, "arrays": []}'),
        framed(b'{"data": {"x": 1e999}, "arrays": []}'),
        framed([]),
        framed({"data": {}}),
        framed({"data": {}, "arrays": [], "more": 1}),
        framed({"data": [], "arrays": []}),
        framed({"data": {}, "arrays": {}}),
        framed({"data": {}, "arrays": ["name"]}),
        framed({"data": {}, "arrays": []}, b"trailing"),
        with_array("a", "float32", [2], body=bytes(7)),
        with_array("a", "float32", [2], body=bytes(9)),
        with_array("a", "object", [1], body=bytes(8)),
        with_array("a", "O", [1], body=bytes(8)),
        with_array("a", ["float32"], [1], body=bytes(4)),
        with_array("a", "float32", [-1, -1], body=bytes(4)),
        with_array("a", "float32", [True], body=bytes(4)),
        with_array("a", "float32", [1.0], body=bytes(4)),
        with_array("a", "float32", 1, body=bytes(4)),
        with_array("a", "float32", [1] * 33, body=bytes(4)),
        with_array("a", "float32", [2**62, 2**62]),
        with_array("a", "float32", [0, 2**70]),
        with_array("a", "bool", [1], body=b"\x02"),
        with_array(1, "bool", [1], body=b"\x01"),
        framed({"data": {}, "arrays": [["a", "bool", [0]], ["a", "bool", [0]]]}),
    ],
)
def test_malformed_frames(frame: bytes):
    with pytest.raises(WireError, match=r"expected|JSON"):
        decode(frame)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(raw: bytes):
    for frame in (raw, framed(raw)):
        with pytest.raises(WireError):
            decode(frame)
