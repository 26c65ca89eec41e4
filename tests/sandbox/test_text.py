from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.log import BoundedLog
from sandbox.text import one_line, plain, size


def test_control_characters_are_shown():
    assert plain("\x1b[31mred\x07\ttab\r\nnext\u202e\ud800", 100) == (
        "\\x1b[31mred\\x07\ttab\nnext\\u202e\\ud800"
    )


def test_ordinary_writing_is_untouched():
    assert plain("größer → 寒い 🙂", 100) == "größer → 寒い 🙂"


def test_one_line():
    assert one_line("  a\n\n b\x1b c ") == "a b\\x1b c"


@given(st.text(), st.integers(0, 40))
def test_limits_hold(text: str, limit: int):
    assert len(plain(text, limit)) <= limit
    assert len(one_line(text, limit)) <= limit
    assert "\n" not in one_line(text, limit)


def test_size():
    assert [size(n) for n in (0, 1023, 1024, 2.1 * 2**30, 5 * 2**40)] == [
        *("0 bytes", "1023 bytes", "1.0 KiB", "2.1 GiB", "5.0 TiB")
    ]


@given(st.lists(st.binary(max_size=50)), st.integers(0, 300))
def test_the_log_keeps_both_ends(chunks: list[bytes], limit: int):
    log = BoundedLog(limit)
    for chunk in chunks:
        log.add(chunk)
    said, kept = b"".join(chunks), log.bytes()
    half = max(limit - 64, 0) // 2
    if len(said) <= 2 * half:
        assert kept == said
    else:
        assert kept.startswith(said[:half])
        assert kept.endswith(said[len(said) - half :])
        assert "left out" in kept.decode("utf-8", "replace")
