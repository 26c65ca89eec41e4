"""What a model charges, from the price list that litellm ships, read without importing litellm.

Every price is the dearest that the list gives for a model (reasoning tokens, cache writes), so
that a cost computed from it is never too low.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agent.question import Question

PRICE_LIST = "model_prices_and_context_window_backup.json"
_PROMPT = ("input_cost_per_token", "cache_creation_input_token_cost")
_COMPLETION = ("output_cost_per_token", "output_cost_per_reasoning_token")

TOKENS_PER_MESSAGE = 16
TOKENS_PER_REQUEST = 64
"""Generous allowances for what a chat template adds around the text."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a prompt token, a completion token and a request."""

    prompt: float
    completion: float
    request: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return what a call cost."""
        spoken = prompt_tokens * self.prompt + completion_tokens * self.completion
        return spoken + self.request

    def worst(self, question: Question, samples: int) -> float:
        """Return the most that a question can cost.

        A token is at least one byte, so the bytes bound the tokens whatever the tokenizer.
        """
        said = sum(len(text.encode("utf-8", "replace")) for _, text in question.messages)
        prompt = said + TOKENS_PER_MESSAGE * len(question.messages) + TOKENS_PER_REQUEST
        return self.cost(prompt, question.max_tokens * samples)


def price_of(model: str) -> Price | None:
    """Return a model's price, or `None` where the list has none; a free model costs 0."""
    listed = _price_list()
    names = (model, model.partition("/")[2], model.rpartition("/")[2])
    entry = next((listed[n] for n in names if n in listed), None)
    if entry is None or entry.get("input_cost_per_token") is None:
        return None
    return Price(
        max(float(entry.get(k) or 0.0) for k in _PROMPT),
        max(float(entry.get(k) or 0.0) for k in _COMPLETION),
        float(entry.get("input_cost_per_request") or 0.0),
    )


@cache
def _price_list() -> dict[str, dict[str, Any]]:
    spec = find_spec("litellm")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder) / PRICE_LIST
        if path.is_file():
            return json.loads(path.read_text("utf-8"))
    return {}
