"""Find programs in what a model says: fenced, in JSON, in prose, several, cut off, or none.

    Offer      a program that reads, with the model's reason for it
    Flawed     a text that is meant as a program, and the fault that keeps it from being one
    Reading    both of these, and one word for what the reply was worth

Nothing that a model says is executed: texts are cut out and parsed. A text is first read without
what stands around its functions, as a program of the language; only then, with its imports,
constants and classes, as free-form Python.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from programs.errors import Fault
from programs.kind import Kind
from programs.load import read_program
from programs.program import Program

LONGEST_RATIONALE = 300


class Worth(StrEnum):
    """What a reply was worth; every word but the first names a failure."""

    PROGRAM = "program"
    EMPTY = "empty"
    REFUSED = "refused"
    CUT_OFF = "cut off"
    MALFORMED = "malformed JSON"
    SIGNATURE = "wrong signature"
    OUTSIDE = "outside the language"
    FOREIGN = "another language"
    PROSE = "no program"


@dataclass(frozen=True, slots=True)
class Offer:
    """A program that reads."""

    program: Program
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Flawed:
    """A text that is no program of the kind, yet."""

    source: str
    fault: Fault
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply holds; `worth` is PROGRAM exactly when there are offers."""

    worth: Worth
    offers: tuple[Offer, ...] = ()
    flawed: tuple[Flawed, ...] = ()


class _Written(BaseModel):
    """A program in a JSON reply, under any of the names that models use."""

    model_config = ConfigDict(extra="ignore")
    source: str = Field(
        validation_alias=AliasChoices("program", "code", "source", "source_code", "function")
    )
    rationale: str = Field(
        "", validation_alias=AliasChoices("rationale", "thought", "reason", "idea", "description")
    )


def read_reply(text: str, kind: Kind, cut_off: bool = False) -> Reading:
    """Return the programs in a reply, or what it was instead."""
    offers: list[Offer] = []
    flawed: list[Flawed] = []
    for found, rationale in _texts(text, kind):
        program = _read(found, kind)
        if isinstance(program, Fault):
            flawed.append(Flawed(found.source, program, rationale))
        elif all(o.program.key != program.key for o in offers):
            offers.append(Offer(program, rationale))
    worth = Worth.PROGRAM if offers else _failure(text, kind, flawed, cut_off)
    return Reading(worth, tuple(offers), tuple(flawed))


# -- finding texts ---------------------------------------------------------------------------------

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*([\w+#-]*)[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Text:
    """The functions of a program, and the `whole` with what they need to run as Python."""

    source: str
    whole: str = ""


def _texts(text: str, kind: Kind) -> Iterator[tuple[_Text, str]]:
    """Yield every text that may be a program, with what is said about it."""
    text = text.replace("\r\n", "\n")
    blocks = list(_blocks(text))
    listed = [w for body in ([b for b, _ in blocks] or [text]) for w in _listed(body)]
    if listed:
        for each in listed:
            inner = [b for b, _ in _blocks(each.source)] or [each.source]
            yield from ((s, _short(each.rationale)) for b in inner for s in _programs(b, kind))
        return
    found = [(s, said) for body, said in blocks for s in _programs(body, kind)]
    found = found or [(s, _short(_before(text, kind))) for s in _programs(text, kind)]
    # A block without any function of ours still deserves to be told what is missing.
    yield from found or ((_Text(body), said) for body, said in blocks[:1] if body.strip())


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield fenced blocks with the words before each; one that is cut off ends with the text."""
    place = 0
    while (opening := _FENCE.search(text, place)) is not None:
        closing = re.compile(rf"^[ \t>]*{opening[1]}[ \t]*$", re.MULTILINE).search(
            text, opening.end()
        )
        end = closing.start() if closing else len(text)
        yield text[opening.end() : end], _short(text[place : opening.start()])
        if closing is None:
            return
        place = closing.end()


def _listed(text: str) -> list[_Written]:
    """Return the programs of a JSON object or list, or none."""
    start = min((i for i in (text.find("{"), text.find("[")) if i >= 0), default=-1)
    if start < 0 or not re.search(r'"(?:program|code|source|function)', text):
        return []
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text[start:])
    except ValueError:
        return []
    return _written(value)


def _written(value: object) -> list[_Written]:
    if isinstance(value, list):
        return [w for each in value for w in _written(each)]
    try:
        return [_Written.model_validate(value)]
    except ValidationError:
        inner = value.values() if isinstance(value, dict) else ()
        return [w for each in inner if isinstance(each, list | dict) for w in _written(each)]


def _programs(text: str, kind: Kind) -> Iterator[_Text]:
    """Cut a text into programs: each ends with the body of a function named as the kind asks."""
    lines = textwrap.dedent(text.replace("\t", "    ")).split("\n")
    lines = [re.sub(r"^(?:>>>|\.\.\.) ?", "", line) for line in lines]
    entries = (kind.entry.name, *_FREE_ENTRIES.get(kind.name, ()))
    heads = [_HEAD.match(line) for line in lines]
    alone = sum(head is not None and head[1] in entries for head in heads) == 1
    module = _module("\n".join(lines)) if alone else ""
    imports = "".join(
        f"{line}\n" for line in lines if re.match(r"import \w|from \w\S* import", line)
    )
    kept: list[str] = []
    place = 0
    while place < len(lines):
        head = heads[place]
        if head is None:
            kept += [lines[place]] if re.match(r'\s*"""[^"]*"""\s*$', lines[place]) else []
            place += 1
            continue
        end = _end_of(lines, place)
        kept += lines[place:end]
        if head[1] in entries:
            source = "\n".join(kept).rstrip() + "\n"
            yield _Text(source, module or imports + source)
            kept = []
        place = end
    if not module and any(line.startswith("def ") for line in kept):
        yield _Text("\n".join(kept).rstrip() + "\n")


_HEAD = re.compile(r"(?:async )?def\s+(\w+)")
_FREE_ENTRIES = {"architecture": ("build",)}
"""Functions by which free-form programs are known, beside the language's own."""

_KEPT = (
    *(ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)


def _module(text: str) -> str:
    """Return a text that is Python without what it would do when imported; else nothing."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    lines: list[str | None] = [*text.split("\n")]
    for node in tree.body:
        docstring = node is tree.body[0] and ast.get_docstring(tree) is not None
        if not isinstance(node, _KEPT) and not docstring:
            end = node.end_lineno or node.lineno
            lines[node.lineno - 1 : end] = [None] * (end - node.lineno + 1)
    return "\n".join(line for line in lines if line is not None).strip() + "\n"


def _end_of(lines: list[str], start: int) -> int:
    """Return the line after a function: the first that is not indented once its body began."""
    depth = 0
    for place in range(start, len(lines)):
        line = lines[place]
        outside = line.strip() and not line[0].isspace() and depth == 0 and place > start
        if outside and not line.startswith("#"):
            return place
        code = line.partition("#")[0]
        depth = max(depth + sum(code.count(c) for c in "([{") - sum(map(code.count, ")]}")), 0)
    return len(lines)


def _before(text: str, kind: Kind) -> str:
    return text.partition(f"def {kind.entry.name}")[0]


def _short(said: str) -> str:
    """Return the last paragraph before a program as one line: why the model offers it."""
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", said) if p.strip()]
    return paragraphs[-1].strip("#* ").rstrip(":")[:LONGEST_RATIONALE] if paragraphs else ""


# -- reading one text ------------------------------------------------------------------------------

_MODULES = re.compile(
    r"\b(?:torch\.linalg|torch\.nn\.functional|torch|np|numpy|jnp|math|F)\.(?=\w)"
)


def _read(text: _Text, kind: Kind) -> Program | Fault:
    """Read a text; `torch.sqrt(v)` will do for `sqrt(v)` where that makes it a program."""
    plain = read_program(_MODULES.sub("", text.source), kind)
    if isinstance(plain, Program) and plain.genome is not None:
        return plain
    whole = read_program(text.whole, kind) if text.whole else plain
    return whole if isinstance(whole, Program) else read_program(text.source, kind)


# -- naming failures -------------------------------------------------------------------------------

_REFUSAL = re.compile(
    r"\b(?:I(?:'m| am) (?:sorry|unable)|I (?:can(?:no|')t|won't|must decline)|as an AI"
    r"|cannot (?:help|assist|comply))",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"#include\b|\bpublic static\b|\b(?:fn|function|func|void) \w+\s*\(|=>\s*\{|\bend\s*$",
    re.MULTILINE,
)


def _failure(text: str, kind: Kind, flawed: list[Flawed], cut_off: bool) -> Worth:
    if not text.strip():
        return Worth.EMPTY
    if cut_off:
        return Worth.CUT_OFF
    if _FOREIGN.search(text):
        return Worth.FOREIGN
    if flawed:
        entry = kind.entry.name
        wrong = f"`{entry}` must" in flawed[0].fault.message or f"def {entry}" not in text
        return Worth.SIGNATURE if wrong else _broken(text, flawed[0])
    if _REFUSAL.search(text.replace("’", "'")):
        return Worth.REFUSED
    if re.search(r'^\s*(?:```json\s*)?[\[{]\s*"', text):
        return Worth.MALFORMED
    return Worth.PROSE


def _broken(text: str, first: Flawed) -> Worth:
    """Tell a program that stops in the middle from one that is outside the language."""
    opened = len(_FENCE.findall(text)) % 2 == 1
    return Worth.CUT_OFF if opened and "return" not in first.source else Worth.OUTSIDE
