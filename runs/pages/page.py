"""How a page is put together from its template, one style sheet, scripts and data.

Sources, rationales and messages on a page come from strangers. Four things keep them inert: the
template escapes what it prints; data is JSON in which no character can end the element around it;
the scripts only ever set text; and a content security policy lets nothing run but our own script,
by its hash, and nothing be fetched from anywhere.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from evaluators.decimals import signed
from runs.inert import inert
from runs.tables import clock, score_text

SCRIPTS = ("programs.js", "details.js", "phylogeny.js", "page.js")
"""What the page runs, in this order, as one script."""


def rendered(template: str, data: Any, **values: Any) -> str:
    """Return the page that a template makes of values, with `data` for its script."""
    style, script = text_of("page.css"), "\n".join(map(text_of, SCRIPTS))
    return (
        _environment()
        .get_template(template)
        .render(
            **values,
            policy=_policy(style, script),
            style=Markup(style),
            script=Markup(script),
            data=Markup(embedded(data)),
        )
    )


def embedded(value: Any) -> str:
    """Return JSON that can stand in a page: nothing in it ends a script element or a line."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def text_of(name: str) -> str:
    """Return the text of a file beside this one."""
    return (resources.files("runs.pages") / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


class _Beside(BaseLoader):
    """Load templates from this package, wherever it is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        try:
            return text_of(template), template, lambda: True
        except FileNotFoundError:
            raise TemplateNotFound(template) from None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_Beside(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What is printed is text of strangers until shown to be ours.
        finalize=lambda value: inert(value) if type(value) is str else value,
    )
    environment.filters |= {
        "clock": clock,
        "number": lambda value: "–" if value is None else f"{value:.4g}",
        "signed": signed,
        "score": lambda value, stderr=None: score_text(value, stderr),
        "usd": lambda value: f"${value:,.4f}",
    }
    return environment
