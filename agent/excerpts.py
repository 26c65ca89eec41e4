"""Find texts that may be programs in what a model says: fenced, in JSON, or in prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from agent.functions import Text, programs_in
from programs.kind import Kind

FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*([\w+#-]*)[^\n]*\n", re.MULTILINE)

_NUMBER = re.compile(r"^[#*\s]*\d+[.):][*\s]+(?=\S)")
"""How a paragraph begins that is one of a list."""

LONGEST_RATIONALE = 300


class _Written(BaseModel):
    """A program in a JSON reply, under any of the names that models use."""

    model_config = ConfigDict(extra="ignore")
    source: str = Field(
        validation_alias=AliasChoices("program", "code", "source", "source_code", "function")
    )
    rationale: str = Field(
        "", validation_alias=AliasChoices("rationale", "thought", "reason", "idea", "description")
    )


def excerpts(text: str, kind: Kind) -> Iterator[tuple[Text, str]]:
    """Yield every text that may be a program, with what is said about it."""
    text = text.replace("\r\n", "\n")
    blocks = list(_blocks(text))
    listed = [w for body in ([b for b, _ in blocks] or [text]) for w in _listed(body)]
    if listed:
        for each in listed:
            inner = [b for b, _ in _blocks(each.source)] or [each.source]
            yield from ((s, _short(each.rationale)) for b in inner for s in programs_in(b, kind))
        return
    found = [(s, said) for body, said in blocks for s in programs_in(body, kind)]
    found = found or [(s, _short(_before(text, kind))) for s in programs_in(text, kind)]
    # A block without any function of ours still deserves to be told what is missing.
    yield from found or ((Text(body), said) for body, said in blocks[:1] if body.strip())


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield fenced blocks with the words before each; one that is cut off ends with the text."""
    place = 0
    while (opening := FENCE.search(text, place)) is not None:
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
    except (ValueError, RecursionError):
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


def _before(text: str, kind: Kind) -> str:
    return text.partition(f"def {kind.entry.name}")[0]


def _short(said: str) -> str:
    """Return the last paragraph before a program as one line: why the model offers it."""
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", said) if p.strip()]
    last = _NUMBER.sub("", paragraphs[-1]) if paragraphs else ""
    return last.strip("#* ").rstrip(":")[:LONGEST_RATIONALE]
