"""Generators of texts that a parser should fear, each from a seed of its own."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from programs.kind import Kind
from programs.load import library
from tests.programs.fuzz.hostile import EXPRESSIONS, HEADERS, STATEMENTS, TOPS

Rng = np.random.Generator
Generator = Callable[[Kind, Rng], str]

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")

_PYTHON = """
def class return lambda if else elif for while in not and or is None True False import from as with
try except finally raise yield await async global nonlocal del pass break continue match case type
: ; , . ( ) [ ] { } -> := == != << >> // ** @ % & | ^ ~ * *= += ... ' " ''' # \\
0 1 0.5 1e400 0x 1j 1_0 0b2
"""

_ALPHABET = [chr(c) for c in range(32, 127)] + list("\n\t\r\f\0\x07\x1b\x7f")
_STRANGE = list(
    "аеорсхіѕԁｇｗ𝐠ªⅷ²½٣۴Å\u0301\u200b\u200d\u202e\ufeff\u2028\u00a0\x85«“”’–−×÷√∂λ𝛽🙂\ud800\udfff"
)
_LOOKS = {
    "a": "а",
    "e": "е",
    "o": "о",
    "g": "ｇ",
    "w": "ｗ",
    "-": "−",
    "*": "×",
    "1": "１",
    "(": "（",
}


def pick(options: tuple[str, ...] | list[str], rng: Rng) -> str:
    """Draw one of several texts."""
    return options[int(rng.integers(len(options)))]


def known(kind: Kind, rng: Rng) -> str:
    """A library program as it is."""
    return pick([p.source for p in library(kind.name).values()], rng)


def changed(kind: Kind, rng: Rng) -> str:
    """A library program with a few characters changed."""
    text = list(known(kind, rng))
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(len(text)))
        length = int(rng.integers(0, 4))
        text[place : place + length] = pick(_ALPHABET, rng) * int(rng.integers(0, 3))
        text = text or [" "]
    return "".join(text)


def shuffled(kind: Kind, rng: Rng) -> str:
    """A library program whose tokens change places or repeat."""
    tokens = _TOKEN.findall(known(kind, rng))
    for _ in range(int(rng.integers(1, 5))):
        i, j = (int(k) for k in rng.integers(len(tokens), size=2))
        if rng.random() < 0.5:
            tokens[i], tokens[j] = tokens[j], tokens[i]
        else:
            tokens.insert(i, tokens[j])
    return "".join(tokens)


def crossed(kind: Kind, rng: Rng) -> str:
    """The first lines of one program and the last of another."""
    one, other = (known(kind, rng).splitlines(keepends=True) for _ in range(2))
    return "".join(one[: rng.integers(len(one) + 1)] + other[rng.integers(len(other) + 1) :])


def truncated(kind: Kind, rng: Rng) -> str:
    """A library program cut off, at either end."""
    text = known(kind, rng)
    place = int(rng.integers(len(text)))
    return text[:place] if rng.random() < 0.7 else text[place:]


def tokens(kind: Kind, rng: Rng) -> str:
    """Words of Python and of the language in any order, inside a function or not."""
    words = [*_PYTHON.split(), *kind.ops, *kind.entry.inputs, *kind.constants, "x", "m", "\n    "]
    line = " ".join(pick(words, rng) for _ in range(int(rng.integers(1, 60))))
    return line if rng.random() < 0.3 else _program(kind, f"    return {line}")


def characters(kind: Kind, rng: Rng) -> str:
    """Noise."""
    return "".join(pick(_ALPHABET + _STRANGE, rng) for _ in range(int(rng.integers(0, 200))))


def strange(kind: Kind, rng: Rng) -> str:
    """A library program with letters that look like others, or that nobody sees."""
    text = list(known(kind, rng))
    for _ in range(int(rng.integers(1, 8))):
        place = int(rng.integers(len(text)))
        if rng.random() < 0.5:
            text[place] = _LOOKS.get(text[place], text[place])
        else:
            text.insert(place, pick(_STRANGE, rng))
    return "".join(text)


def hostile_expression(kind: Kind, rng: Rng) -> str:
    """An attack where a value is expected."""
    value = pick(EXPRESSIONS, rng)
    for _ in range(int(rng.integers(0, 3))):
        around = pick(list(kind.ops), rng)
        value = pick(
            (f"{around}({value})", f"({value}) * g", f"-{value}", f"({value}).mean()"), rng
        )
    if rng.random() < 0.5:
        return _program(kind, f"    x = {value}\n    return x")
    names = re.findall(r"\b[a-z]\w*\b", known(kind, rng))
    return re.sub(rf"\b{pick(names, rng)}\b", lambda _: value, known(kind, rng), count=1)


def hostile_statement(kind: Kind, rng: Rng) -> str:
    """An attack on a line of its own, among the lines of a known program."""
    lines = known(kind, rng).splitlines()
    lines.insert(int(rng.integers(1, len(lines) + 1)), "    " + pick(STATEMENTS, rng))
    return "\n".join(lines)


def hostile_header(kind: Kind, rng: Rng) -> str:
    """An attack in the head of a function or above it."""
    text = known(kind, rng)
    params = ", ".join(kind.entry.required)
    if rng.random() < 0.5:
        head = pick(HEADERS, rng).format(name=kind.entry.name, params=params)
        return re.sub(r"def .*:", lambda _: head, text, count=1)
    return pick(TOPS, rng) + "\n\n" + text


def nested(kind: Kind, rng: Rng) -> str:
    """Brackets, calls, signs, blocks and choices, deeper than anyone writes."""
    depth = int(rng.choice((10, 63, 64, 65, 99, 150, 250, 1000, 5000, 12000)))
    opening, closing = (
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("sign(", ")"),
        ("-", ""),
        ("not ", ""),
        ("1 + ", ""),
        ("2 ** ", ""),
        ("", ".T"),
        ("", "[0]"),
        ("", "()"),
        ("lambda: ", ""),
        ("1 if 2 else ", ""),
        ("(x := ", ")"),
        ("{**", "}"),
        ("{1: ", "}"),
        ("f'{", "}'"),
        ("*", ""),
        ("await ", ""),
        ("", " for x in x"),
        ("1 < ", ""),
    )[int(rng.integers(21))]
    if rng.random() < 0.2:
        blocks = "".join(" " * i + "if 1:\n" for i in range(1, min(depth, 120)))
        return _program(kind, blocks)
    closings = closing * (depth if rng.random() < 0.7 else depth // 2)
    return _program(kind, f"    return {opening * depth}{kind.entry.required[0]}{closings}")


def large(kind: Kind, rng: Rng) -> str:
    """Long numbers, long names, many lines, many names, up to just below the limit and beyond."""
    count = int(rng.choice((100, 1000, 4000, 9000)))
    given = kind.entry.required[0]
    return (
        lambda: _program(kind, f"    return {'9' * count} * {given}"),
        lambda: _program(kind, f"    return (0x{'f' * count}).mean()"),
        lambda: _program(kind, f"    return 0x{'f' * count} // {given}"),
        lambda: _program(kind, f"    return 0.{'3' * count} * {given}"),
        lambda: _program(kind, f"    return 10**{'9' * count} * {given}"),
        lambda: _program(kind, f"    return {'a' * count}"),
        lambda: _program(kind, f"    return '{'a' * count}'"),
        lambda: _program(kind, f"    x = {given}\n" + "    x = x + x\n" * count + "    return x"),
        lambda: _program(kind, f"    return {' + '.join([given] * count)}"),
        lambda: _program(kind, f"    return {', '.join([given] * count)}"),
        lambda: _program(kind, f"    return lerp({', '.join([given] * count)})"),
        lambda: _program(kind, "".join(f"    v{i} = -{given}\n" for i in range(count))),
        lambda: _near_names(kind, count),
        lambda: (
            f"def {kind.entry.name}({', '.join(f'p{i}' for i in range(count))}):\n    return p0"
        ),
        lambda: _copies(kind, rng),
        lambda: "\n" * count + known(kind, rng) + " " * count,
        lambda: f'"""{"x" * count}"""\n' + known(kind, rng),
    )[int(rng.integers(17))]()


def huge(kind: Kind, rng: Rng) -> str:
    """Ten megabytes of one thing."""
    part = pick(("x = 1\n", "(", "9", "a", "\0", "#", "def f(x):\n    return x\n", "'''", "é"), rng)
    return part * (10_000_000 // len(part))


def doc(kind: Kind, rng: Rng) -> str:
    """A good program under a docstring of escapes, quotes and strange letters."""
    escapes = ["\\0", "\\x07", "\\r", "\\n", "\\ud800", '\\"', "\\\\", "'", "{", "\\t", "\\N{DASH}"]
    text = "".join(pick(escapes + _STRANGE + ["a ", "\n"], rng) for _ in range(rng.integers(1, 12)))
    return f'"""{text}"""\n\n' + known(kind, rng).split('"""\n', 1)[-1]


def _program(kind: Kind, body: str) -> str:
    return f"def {kind.entry.name}({', '.join(kind.entry.required)}):\n{body}\n"


def _near_names(kind: Kind, count: int) -> str:
    """Many long names, all much like one that is not there."""
    names = [f"{'ab' * 90}{i:05}" for i in range(min(count, 300))]
    lines = "".join(f"    {n} = {kind.entry.required[0]}\n" for n in names)
    return _program(kind, lines + f"    return {'ab' * 92}")


def _copies(kind: Kind, rng: Rng) -> str:
    """Helpers that apply each other over and over."""
    body = pick(("x", "x + 1", "-x"), rng)
    times = pick(("f{i}(f{i}(x))", "repeat(f{i}, 64, x)", "recur(f{i}, 64, x)"), rng)
    lines = [f"def f0(x):\n    return {body}\n"]
    for i in range(int(rng.integers(2, 30))):
        lines.append(f"def f{i + 1}(x):\n    return {times.format(i=i)}\n")
    given = kind.entry.required[0]
    return "\n".join(lines) + _program(kind, f"    return f{len(lines) - 1}({given})")


GENERATORS: dict[Generator, float] = {
    known: 1,
    changed: 20,
    shuffled: 15,
    crossed: 6,
    truncated: 10,
    tokens: 15,
    characters: 5,
    strange: 10,
    hostile_expression: 15,
    hostile_statement: 8,
    hostile_header: 6,
    nested: 4,
    large: 1.5,
    doc: 5,
    huge: 0.1,
}
"""The generators with how often each is drawn."""
